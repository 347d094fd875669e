#include "netd/leases.hh"

#include <fmt/format.h>

#include "base/text/text.hh"

namespace lxvirt::netd {

namespace {

constexpr std::string_view kUnknown = "*";  // dnsmasq's word for a field without a value

std::string known(std::string_view field) {
    return field == kUnknown ? std::string() : std::string(field);
}

// Parses a line. For IPv4 it is EXPIRY MAC IP NAME CLIENT-ID, where the hardware type comes before
// a MAC ("06-") unless it is Ethernet's. For IPv6 it is EXPIRY IAID IP NAME DUID; the IAID is a
// number, with a T before it for a temporary address.
std::optional<Lease> parse_line(std::string_view line) {
    const std::vector<std::string_view> fields = base::split_words(line);
    if (fields.size() != 5) return std::nullopt;
    const auto expiry = base::parse_number<std::int64_t>(fields[0]);
    if (!expiry || *expiry < 0) return std::nullopt;
    Lease lease;
    lease.expiry = *expiry;
    lease.v6 = fields[2].find(':') != std::string_view::npos;
    (lease.v6 ? lease.iaid : lease.mac) = fields[1];
    lease.ip = fields[2];
    lease.hostname = known(fields[3]);
    lease.client_id = known(fields[4]);
    return lease;
}

}  // namespace

Leases parse_leases(std::string_view text, std::string_view file) {
    Leases result;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        // The server's own DUID
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.starts_with("duid ")) continue;  // dnsmasq's own DUID
        // A line without its newline is still being written, although it may look complete.
        if (auto lease = end != std::string_view::npos ? parse_line(line) : std::nullopt)
            result.leases.push_back(std::move(*lease));
        else
            result.notices.push_back(fmt::format("{}:{}: {} and was left out", file, number,
                                                 end == std::string_view::npos
                                                     ? "the last lease is cut short"
                                                     : "this is no lease"));
    }
    return result;
}

}  // namespace lxvirt::netd
