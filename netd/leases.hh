// The DHCP leases of one network, from the file that dnsmasq keeps (its lease.c; one line each:
// expiry MAC IP NAME CLIENT-ID, IPv6 ones after a line "duid ...").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::netd {

struct Lease {
    std::int64_t expiry = 0;  // seconds since 1970; 0 = never ends
    std::string mac;          // empty where an IPv6 lease does not say it
    std::string iaid;         // IPv6
    std::string ip;
    std::string hostname;   // empty: unknown
    std::string client_id;  // client id, or DUID for IPv6; empty: unknown
    bool v6 = false;
};

struct Leases {
    std::vector<Lease> leases;         // in the file's order
    std::vector<std::string> notices;  // "FILE:LINE: ..." for what could not be read
};

// Tolerates a last line that is cut short (dnsmasq writes in place), with a notice. `file` is what
// notices call it. Reads 500 in well under a millisecond.
[[nodiscard]] Leases parse_leases(std::string_view text, std::string_view file);

}  // namespace lxvirt::netd
