// Defines the network "default" that comes with lxvirt, on a subnet and a bridge that the host does
// not use. The shipped document has libvirt's addresses (192.168.122.0/24, virbr0), so a host that
// runs libvirtd as well needs others.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/process/build_tree.hh"
#include "config.hh"
#include "driver/api/local.hh"
#include "driver/network/definitions.hh"
#include "driver/network/life.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

// Returns the path of the shipped document: in the source tree for a program of the build tree,
// otherwise the installed one.
std::string shipped_file() {
    if (const auto tree = base::own_build_tree())
        return tree->source + "/examples/networks/default.xml";
    return NETWORK_FOLDER "/default.xml";
}

// Returns the subnets of all networks of this root that are defined, whether they run or not.
std::vector<xml::UsedSubnet> used_by_definitions(const NetworkDefinitions& definitions) {
    std::vector<xml::UsedSubnet> used;
    for (const std::string& name : definitions.names()) {
        const auto network = definitions.load(name);
        if (!network) continue;
        for (const xml::NetworkIp& ip : network->ips)
            used.push_back({fmt::format("network '{}'", name), ip.address, xml::ip_prefix(ip)});
    }
    return used;
}

}  // namespace

DefinedNetwork LocalNetworks::define_default() {
    require_write("virNetworkDefineXML");
    const std::string file = shipped_file();
    xml::Network network = xml::parse_network(base::read_file(file), {.file = file}).network;
    const NetworkDefinitions definitions(root_);
    if (find_network(root_, network.name))
        base::fail(base::ErrorCode::operation_failed,
                   "network '{0}' already exists: it is left as it is (net-destroy {0} and "
                   "net-undefine {0} make room for the one that comes with lxvirt)",
                   network.name);
    std::vector<xml::UsedSubnet> used = used_subnets("");
    for (xml::UsedSubnet& subnet : used_by_definitions(definitions))
        used.push_back(std::move(subnet));
    const auto subnet = xml::free_default_subnet(used);
    if (!subnet)
        base::fail(base::ErrorCode::operation_failed,
                   "no subnet below 192.168.0.0/16 is free for network '{}'", network.name);
    // 192.168.122.0/24 comes first if it is free, as people know it from libvirt.
    xml::move_to_subnet(network, *subnet);
    base::Netlink netlink;
    const auto links = netlink.links();
    if (std::any_of(links.begin(), links.end(), [&network](const base::LinkFacts& link) {
            return link.name == network.bridge.name;
        }))
        network.bridge.name.clear();  // store() chooses the next free name
    return store({std::move(network), {}}, file, true);
}

}  // namespace lxvirt::driver
