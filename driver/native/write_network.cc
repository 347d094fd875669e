// Writes interfaces, and network devices of the host: lxc.net.N.*.
#include <fmt/format.h>

#include <algorithm>

#include "driver/native/context.hh"
#include "driver/native/writer.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::native {

namespace {

// Says whether a route is a default route with a gateway, the only kind that lxc has.
bool is_default(const xml::Route& route) {
    return xml::route_prefix(route) == 0 && !route.gateway.empty() && !route.metric;
}

// Writes one NIC under its number, and changes the interface to what convert() makes of that.
class NicWriter {
  public:
    // `kind` is lxc's type of a direct interface.
    NicWriter(Writer& writer, unsigned number, std::string kind = "macvlan")
        : writer_(writer), number_(number), kind_(std::move(kind)) {}

    // Writes an option that has a value.
    void put(std::string_view option, const std::string& value, const char* element) {
        if (!value.empty()) writer_.put(fmt::format("net.{}.{}", number_, option), value, element);
    }

    // Writes an interface, and leaves in `nic` what convert() will make of the lines.
    void write(xml::Interface& nic) {
        write_type(nic);
        put("hwaddr", nic.mac, "mac");
        put("name", nic.guest, "guest");
        if (nic.type == xml::InterfaceType::direct) {
            drop(!nic.target.empty(), "target", "a macvlan has no end on the host");
            nic.target.clear();
        }
        put("veth.pair", nic.target, "target");
        nic.link_up = nic.link_up.value_or(true);
        if (*nic.link_up) put("flags", "up", "link");
        if (nic.mtu) put("mtu", std::to_string(*nic.mtu), "mtu");
        write_vlan(nic);
        write_addresses(nic.ips, nic.routes);
        drop_rest(nic);
    }

    // Writes a network device of the host, which lxc moves into the container: type "phys".
    void write(xml::Hostdev& device) {
        put("type", "phys", "hostdev");
        put("link", device.source, "hostdev");
        for (const xml::ContainerHostdev& seen : writer_.domain.container.hostdevs)
            if (seen.source == device.source) {
                put("hwaddr", seen.mac, "lx:hostdev");
                put("name", seen.name, "lx:hostdev");
                if (seen.mtu) put("mtu", std::to_string(*seen.mtu), "lx:hostdev");
            }
        put("flags", "up", "hostdev");
        write_addresses(device.ips, device.routes);
    }

    // Writes the options that libvirt's XML has no place for, and removes those that lxc does not
    // know.
    void write(xml::ContainerInterface& more) {
        std::erase_if(
            more.options,
            [&](const xml::ContainerSetting& option) {
                if (is_kept_option(option.name) && !option.value.empty()) {
                    put(option.name, option.value, "lx:interface");
                    return false;
                }
                writer_.lose("lx:interface", fmt::format("lxc has no option '{}'", option.name));
                return true;
            });
    }

    // Writes the addresses, then the default routes. IPv4 addresses move to the front, the order in
    // which convert() returns them.
    void write_addresses(std::vector<xml::IpAddress>& ips, std::vector<xml::Route>& routes) {
        for (xml::IpAddress& ip : ips) {
            if (ip.family.empty()) ip.family = "ipv4";
            drop(!ip.peer.empty(), "ip", "lxc has no peer");
            ip.peer.clear();
            // Without a prefix an address is a whole one here, and of its class's network to lxc.
            ip.prefix = ip.prefix.value_or(ip.family == "ipv6" ? 128 : 32);
            put(ip.family + ".address", fmt::format("{}/{}", ip.address, *ip.prefix), "ip");
        }
        std::stable_partition(ips.begin(), ips.end(),
                              [](const xml::IpAddress& ip) { return ip.family == "ipv4"; });
        write_routes(routes);
    }

  private:
    // Records a loss if the XML had the thing.
    void drop(bool given, const char* element, std::string why) {
        if (given) writer_.lose(element, std::move(why));
    }

    // Writes the type. An interface of a network is written with the network's bridge.
    void write_type(xml::Interface& nic) {
        if (nic.type == xml::InterfaceType::direct) {
            put("type", kind_, "interface");
            put("link", nic.source, "source");
            // convert() sets the mode to 'bridge' for other kinds, for which it has no meaning.
            if (kind_ != "macvlan") nic.mode = xml::DirectMode::bridge;
            if (kind_ != "macvlan") return;
            // libvirt's default mode is vepa.
            nic.mode = nic.mode.value_or(xml::DirectMode::vepa);
            const std::string_view mode = xml::name_of(xml::kDirectModes, *nic.mode);
            put("macvlan.mode", mode == "passthrough" ? "passthru" : std::string(mode), "source");
            return;
        }
        put("type", "veth", "interface");
        if (nic.type == xml::InterfaceType::network) {
            const std::string network = nic.source;
            // A caller without a connection to the network driver gives no function.
            nic.source = writer_.options.bridge ? writer_.options.bridge(network) : "";
            writer_.approximate(
                "interface",
                nic.source.empty()
                    ? fmt::format("network '{}' has no bridge that could "
                                  "be named: on none",
                                  network)
                    : fmt::format("network '{}' as its bridge '{}'", network, nic.source));
            nic.type = xml::InterfaceType::bridge;
            drop(!nic.portgroup.empty(), "interface", "the portgroup: lxc has none");
            nic.portgroup.clear();
        }
        // A veth without a bridge is libvirt's type 'ethernet'.
        if (nic.source.empty()) nic.type = xml::InterfaceType::ethernet;
        if (nic.type == xml::InterfaceType::ethernet) nic.source.clear();
        put("link", nic.source, "source");
    }

    // Writes at most one untagged VLAN and any number of tagged ones.
    void write_vlan(xml::Interface& nic) {
        if (!nic.vlan) return;
        if (nic.type == xml::InterfaceType::direct) {
            writer_.lose("vlan", "lxc has VLANs on a veth only");
            nic.vlan.reset();
            return;
        }
        // lxc has one key for the untagged VLAN and another one for each tagged VLAN.
        nic.vlan->trunk = nic.vlan->trunk || nic.vlan->tags.size() > 1;
        std::stable_partition(
            nic.vlan->tags.begin(), nic.vlan->tags.end(),
            [](const xml::VlanTag& tag) { return tag.native_mode == "untagged"; });
        for (xml::VlanTag& tag : nic.vlan->tags) {
            const bool native = !nic.vlan->trunk || tag.native_mode == "untagged";
            drop(tag.native_mode == "tagged", "vlan", "a native VLAN that is tagged");
            if (!native || !nic.vlan->trunk) tag.native_mode.clear();
            put(native ? "veth.vlan.id" : "veth.vlan.tagged.id", std::to_string(tag.id), "vlan");
        }
    }

    // Writes the default routes; lxc has one gateway for each family.
    void write_routes(std::vector<xml::Route>& routes) {
        std::vector<xml::Route> made;
        for (const bool v6 : {false, true}) {
            const auto found = std::find_if(routes.begin(), routes.end(), [&](const auto& route) {
                return is_default(route) && (route.family == "ipv6") == v6;
            });
            if (found == routes.end()) continue;
            put(v6 ? "ipv6.gateway" : "ipv4.gateway", found->gateway, "route");
            xml::Route route;
            route.family = v6 ? "ipv6" : "ipv4";
            route.address = v6 ? "::" : "0.0.0.0";
            if (v6) route.prefix = 0;
            route.gateway = found->gateway;
            made.push_back(std::move(route));
        }
        drop(made.size() != routes.size(), "route", "lxc has one gateway and no other routes");
        routes = std::move(made);
    }

    // Drops what lxc has no key for.
    void drop_rest(xml::Interface& nic) {
        drop(nic.bandwidth.has_value(), "bandwidth", "lxc has no key for it");
        nic.bandwidth.reset();
        drop(nic.virtualport.has_value(), "virtualport", "lxc has no key for it");
        nic.virtualport.reset();
        drop(nic.filterref.has_value(), "filterref", "lxc has no key for it");
        nic.filterref.reset();
        nic.filter_parameters.clear();
        drop(nic.isolated.has_value(), "port", "lxc has no key for it");
        nic.isolated.reset();
        drop(!nic.script.empty(), "script", "lxc calls its scripts otherwise (script.up)");
        nic.script.clear();
        drop(!nic.model.empty(), "model", "a container has no model of a card");
        nic.model.clear();
        drop(!nic.source_ips.empty() || !nic.source_routes.empty(), "source",
             "addresses of the host's end");
        nic.source_ips.clear();
        nic.source_routes.clear();
    }

    Writer& writer_;
    unsigned number_;
    std::string kind_;
};

// Returns what <lx:interface> makes of a direct interface: "macvlan", "ipvlan" or "vlan".
std::string direct_kind(const xml::Container& container, std::size_t index) {
    for (const xml::ContainerInterface& more : container.interfaces)
        for (const xml::ContainerSetting& option : more.options)
            if (more.index == index && (option.name == "ipvlan.mode" || option.name == "vlan.id"))
                return option.name.substr(0, option.name.find('.'));
    return "macvlan";
}

}  // namespace

void write_interfaces(Writer& writer) {
    xml::Domain& domain = writer.domain;
    unsigned number = 0;
    for (std::size_t i = 0; i < domain.interfaces.size(); ++i) {
        NicWriter nic(writer, number++, direct_kind(domain.container, i));
        nic.write(domain.interfaces[i]);
        for (xml::ContainerInterface& more : domain.container.interfaces)
            if (more.index == i) {
                nic.write(more);
                if (more.guard) writer.lose("lx:guard", "lxc has no key for it");
                more.guard.reset();
                if (!more.publications.empty()) writer.lose("lx:publish", "lxc has no key for it");
                more.publications.clear();
            }
    }
    for (xml::Hostdev& device : domain.hostdevs)
        if (device.type == xml::HostdevType::net) NicWriter(writer, number++).write(device);
    std::erase_if(domain.container.hostdevs, [&](const xml::ContainerHostdev& seen) {
        const bool lost = std::none_of(
            domain.hostdevs.begin(), domain.hostdevs.end(), [&](const xml::Hostdev& device) {
                return (device.type == xml::HostdevType::net || seen.host_permissions) &&
                       device.source == seen.source;
            });
        if (lost) writer.lose("lx:hostdev", fmt::format("there is no device '{}'", seen.source));
        return lost;
    });
    std::erase_if(domain.container.interfaces, [&](const xml::ContainerInterface& more) {
        if (more.index < domain.interfaces.size()) return more.options.empty();
        writer.lose("lx:interface", fmt::format("there is no interface {}", more.index));
        return true;
    });
    if (domain.features.privnet)
        NicWriter(writer, number).put("type", "empty", "privnet");
    else if (number == 0)
        NicWriter(writer, number).put("type", "none", "interface");
}

}  // namespace lxvirt::driver::native
