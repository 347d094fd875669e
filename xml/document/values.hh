// Conversions between text and the small values of the XML: numbers, sizes with units, hardware and
// IP addresses, sets of CPUs. All are pure functions. A text that is no such value gives
// std::nullopt, and the caller words the error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

// Parse decimal digits with nothing around them, to_signed() also a leading "-"; nothing on
// overflow.
[[nodiscard]] std::optional<std::uint64_t> to_unsigned(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> to_signed(std::string_view text);
// Parses "0x1f", "017" and "31" as C does; libvirt's USB ids are written so.
[[nodiscard]] std::optional<std::uint64_t> to_unsigned_any_base(std::string_view text);

// Returns the bytes in one unit: "KiB" and "k" 1024, "KB" 1000, "b" and "bytes" 1 and so on, in any
// case (libvirt's formatdomain.html, <memory>). Nothing for an unknown unit.
[[nodiscard]] std::optional<std::uint64_t> unit_bytes(std::string_view unit);

// An Ethernet address in transmission order.
using MacAddress = std::array<std::uint8_t, 6>;
// Parses six groups of one or two hexadecimal digits with colons between them.
[[nodiscard]] std::optional<MacAddress> to_mac(std::string_view text);
[[nodiscard]] std::string mac_text(const MacAddress& mac);
// Draws an address that begins with 52:54:00, the prefix of QEMU and libvirt.
[[nodiscard]] std::string random_mac();

// An address of either family. A prefix is a number of leading bits.
struct SocketAddress {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};  // in network order; IPv4 uses the first four
    [[nodiscard]] unsigned bits() const { return v6 ? 128 : 32; }
    // Say whether all bits after the first `prefix` are 0, or 1: a network or a broadcast address.
    [[nodiscard]] bool zero_beyond(unsigned prefix) const;
    [[nodiscard]] bool ones_beyond(unsigned prefix) const;
    void clear_beyond(unsigned prefix);  // leaves the network's address
    // Says whether both addresses are of one family and begin with the same `prefix` bits.
    [[nodiscard]] bool shares(const SocketAddress& other, unsigned prefix) const;
    // Returns how many addresses lie between `lower` and this one; both must differ in the last
    // four bytes only.
    [[nodiscard]] std::uint32_t distance_from(const SocketAddress& lower) const;
    [[nodiscard]] std::string text() const;  // as inet_ntop(3)
};
// Parses an IPv4 or IPv6 address as inet_pton(3) does; nothing for any other text.
[[nodiscard]] std::optional<SocketAddress> to_ip_address(std::string_view text);
// Returns the IPv4 netmask of a prefix, 255.255.255.0 for 24.
[[nodiscard]] SocketAddress prefix_mask(unsigned prefix);
// Returns the prefix of a netmask; nothing where the mask has holes.
[[nodiscard]] std::optional<unsigned> mask_prefix(const SocketAddress& mask);

inline constexpr unsigned kMaxCpus = 1024;  // the size of libvirt's bitmaps of CPUs and nodes
// Returns "0-1,3,7" for "0-3,^2,7": a set of CPUs in libvirt's form. Nothing where the text is
// malformed, an empty text where the set is empty.
[[nodiscard]] std::optional<std::string> canonical_set(std::string_view text);

// Returns the index in a disk's name: 1 for "vdb", 26 for "sdaa". Nothing where no bus has names of
// this form.
[[nodiscard]] std::optional<unsigned> disk_index(std::string_view name);
// Returns the bus that such a name implies, "virtio" for "vdb"; empty where none does.
[[nodiscard]] std::string_view bus_of_disk(std::string_view name);

}  // namespace lxvirt::xml
