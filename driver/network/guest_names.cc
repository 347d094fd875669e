#include "driver/network/guest_names.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "netd/plan.hh"

namespace lxvirt::driver {

namespace {

constexpr std::size_t kMostLabel = 63;  // bytes of a label (RFC 1035)

// dnsmasq passes over files whose names begin with a dot, as those of write_atomic() do.
void write_entry(const Root& root, const xml::Network& network, const char* folder,
                 const std::string& mac, const std::string& text) {
    const std::string path = root.network_paths().folder(network.name) + "/" + folder;
    // The lxnetd of an older build has not made it.
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", path);
    const std::string file = path + "/" + mac;
    if (base::try_read_state(file) == text) return;
    base::write_atomic(file, text, 0644, base::Durability::volatile_);
}

}  // namespace

std::string guest_name(const std::string& domain) {
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    const bool fits = !domain.empty() && domain.size() <= kMostLabel && is_letter(domain.front()) &&
                      is_letter(domain.back()) &&
                      std::all_of(domain.begin(), domain.end(),
                                  [&](char c) { return is_letter(c) || c == '-' || c == '_'; });
    return fits ? domain : "";
}

void announce_guest(const Root& root, const xml::Network& network, const std::string& name,
                    const xml::Interface& interface) {
    const auto mac = base::parse_mac(interface.mac);
    if (name.empty() || !mac || !network.makes_bridge()) return;
    std::string addresses;
    const auto add = [&](const std::string& address) { addresses += address + "\t" + name + "\n"; };
    bool dhcp = false, named = false;
    for (const xml::NetworkIp& ip : network.ips) {
        dhcp = dhcp || !ip.dhcp.empty();
        for (const xml::DhcpHost& host : ip.dhcp.hosts) {
            if (base::parse_mac(host.mac) != mac) continue;
            named = true;  // dnsmasq takes one line for an address only
            if (host.name.empty() && !host.ip.empty()) add(host.ip);
        }
    }
    for (const xml::IpAddress& ip : interface.ips) add(ip.address);
    if (!addresses.empty())
        write_entry(root, network, netd::kGuestAddresses, interface.mac, addresses);
    else if (dhcp && !named)
        write_entry(root, network, netd::kGuestNames, interface.mac,
                    interface.mac + "," + name + "\n");
}

std::string guest_address_file(const Root& root, const xml::Interface& interface) {
    return fmt::format("{}/{}/{}", root.network_paths().folder(interface.source),
                       netd::kGuestAddresses, interface.mac);
}

void forget_guests(const std::string& network_folder) {
    for (const char* name : {netd::kGuestNames, netd::kGuestAddresses}) {
        const std::string folder = network_folder + "/" + name;
        for (const std::string& file : base::list_folder(folder))
            (void)base::remove_file(folder + "/" + file);
        if (::rmdir(folder.c_str()) != 0 && errno != ENOENT)
            base::fail_errno("remove folder '{}'", folder);
    }
}

}  // namespace lxvirt::driver
