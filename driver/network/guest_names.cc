#include "driver/network/guest_names.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"
#include "netd/plan.hh"
#include "xml/document/values.hh"

namespace lxvirt::driver {

namespace {

constexpr std::size_t kMostLabel = 63;  // bytes of a label (RFC 1035)

std::string folder_of(const Root& root, const std::string& network, const char* folder) {
    return root.network_paths().folder(network) + "/" + folder;
}

// Returns true where a line with another text stood there, which dnsmasq still knows. dnsmasq passes
// over files whose names begin with a dot, as those of write_atomic() do.
bool write_entry(const Root& root, const xml::Network& network, const char* folder,
                 const std::string& mac, const std::string& text) {
    const std::string path = folder_of(root, network.name, folder);
    // The lxnetd of an older build has not made it.
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", path);
    const std::string file = path + "/" + mac;
    const auto before = base::try_read_state(file);
    if (before == text) return false;
    base::write_atomic(file, text, 0644, base::Durability::volatile_);
    return before.has_value();
}

// A line is "MAC", then ",NAME" and ",ADDRESS", of which one may be missing.
std::optional<GuestLine> parse_line(std::string_view text) {
    const std::vector<std::string_view> fields = base::split(base::trim(text), ',');
    if (fields.size() < 2) return std::nullopt;
    GuestLine line{.mac = std::string(fields[0]), .name = {}, .address = {}};
    const bool last_is_address = xml::to_ip_address(fields.back()).has_value();
    if (last_is_address) line.address = fields.back();
    if (fields.size() == 3 || !last_is_address) line.name = fields[1];
    return line;
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

std::vector<const xml::DhcpHost*> static_hosts(const xml::Network& network,
                                               const base::MacAddress& mac) {
    std::vector<const xml::DhcpHost*> found;
    for (const xml::NetworkIp& ip : network.ips)
        for (const xml::DhcpHost& host : ip.dhcp.hosts)
            if (base::parse_mac(host.mac) == mac) found.push_back(&host);
    return found;
}

std::optional<GuestLine> guest_line(const Root& root, const xml::Network& network,
                                    const std::string& mac) {
    const auto text =
        base::try_read_state(folder_of(root, network.name, netd::kGuestNames) + "/" + mac);
    return text ? parse_line(*text) : std::nullopt;
}

std::vector<GuestLine> guest_lines(const Root& root, const xml::Network& network) {
    std::vector<GuestLine> lines;
    for (const std::string& mac :
         base::list_folder(folder_of(root, network.name, netd::kGuestNames)))
        // A write that was killed has left a temporary file, which dnsmasq does not read either.
        if (base::parse_mac(mac))
            if (auto line = guest_line(root, network, mac)) lines.push_back(std::move(*line));
    return lines;
}

bool announce_guest(const Root& root, const xml::Network& network, const std::string& name,
                    const std::string& reserved, const xml::Interface& interface) {
    const auto mac = base::parse_mac(interface.mac);
    if ((name.empty() && reserved.empty()) || !mac || !network.makes_bridge()) return false;
    std::string addresses;
    const auto add = [&](const std::string& address) { addresses += address + "\t" + name + "\n"; };
    const auto hosts = static_hosts(network, *mac);
    for (const xml::DhcpHost* host : hosts)
        if (host->name.empty() && !host->ip.empty()) add(host->ip);
    for (const xml::IpAddress& ip : interface.ips) add(ip.address);
    if (!addresses.empty() && !name.empty())
        (void)write_entry(root, network, netd::kGuestAddresses, interface.mac, addresses);
    const bool dhcp = std::any_of(network.ips.begin(), network.ips.end(),
                                  [](const xml::NetworkIp& ip) { return !ip.dhcp.empty(); });
    // dnsmasq takes one line for an address only.
    if (!dhcp || !hosts.empty() || (!addresses.empty() && reserved.empty())) return false;
    std::string line = interface.mac;
    if (!name.empty()) line += "," + name;
    if (!reserved.empty()) line += "," + reserved;
    return write_entry(root, network, netd::kGuestNames, interface.mac, line + "\n");
}

void forget_guest(const Root& root, const xml::Network& network, const std::string& mac) {
    (void)base::remove_file(folder_of(root, network.name, netd::kGuestNames) + "/" + mac);
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
