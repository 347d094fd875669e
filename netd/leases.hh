// Reads the DHCP leases of one network from the file that dnsmasq keeps: one line "EXPIRY MAC IP
// NAME CLIENT-ID" for each lease, those of IPv6 after a line "duid ..." (lease.c of dnsmasq).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::netd {

// One lease.
struct Lease {
    std::int64_t expiry = 0;  // seconds since 1970; 0: never expires
    std::string mac;          // empty for IPv6, whose leases do not name it
    std::string iaid;         // IPv6: identity association (RFC 8415)
    std::string ip;
    std::string hostname;   // empty: unknown
    std::string client_id;  // client identifier, for IPv6 the DUID; empty: unknown
    bool v6 = false;
};

// The content of the file.
struct Leases {
    std::vector<Lease> leases;         // in the order of the file
    std::vector<std::string> notices;  // "FILE:LINE: ..." for each line that was left out
};

// Parses the file's text; `file` names it in notices. A last line without its end is left out with
// a notice, since dnsmasq writes the file in place and may be in the middle of it.
[[nodiscard]] Leases parse_leases(std::string_view text, std::string_view file);

}  // namespace lxvirt::netd
