// The small values of the XML as text and back: numbers, sizes with units, hardware and IP
// addresses, sets of CPUs. Pure; "not such a value" is std::nullopt and the caller words the error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

// Decimal digits only, no sign, no blanks; nothing on overflow.
[[nodiscard]] std::optional<std::uint64_t> to_unsigned(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> to_signed(std::string_view text);
// Also "0x1f" and "017", as C reads them (usb ids).
[[nodiscard]] std::optional<std::uint64_t> to_unsigned_any_base(std::string_view text);

// Bytes in one of a unit: "KiB" 1024, "KB" 1000, "k" 1024, "b" and "bytes" 1 ... without regard to
// case (libvirt's formatdomain.html, <memory>). Nothing for an unknown unit.
[[nodiscard]] std::optional<std::uint64_t> unit_bytes(std::string_view unit);

using MacAddress = std::array<std::uint8_t, 6>;
// Six groups of one or two hex digits with colons.
[[nodiscard]] std::optional<MacAddress> to_mac(std::string_view text);
[[nodiscard]] std::string mac_text(const MacAddress& mac);
[[nodiscard]] std::string random_mac();  // below 52:54:00, as libvirt's

struct SocketAddress {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};  // 4 of them for IPv4
    [[nodiscard]] unsigned bits() const { return v6 ? 128 : 32; }
    [[nodiscard]] bool zero_beyond(unsigned prefix) const;
    [[nodiscard]] bool ones_beyond(unsigned prefix) const;
    void clear_beyond(unsigned prefix);  // leaves the network of an address
    // Whether both are of one family and begin with the same `prefix` bits.
    [[nodiscard]] bool shares(const SocketAddress& other, unsigned prefix) const;
    // How many addresses lie from `lower` to this one, which only differs in the last four bytes.
    [[nodiscard]] std::uint32_t distance_from(const SocketAddress& lower) const;
    [[nodiscard]] std::string text() const;  // canonical, as inet_ntop(3)
};
[[nodiscard]] std::optional<SocketAddress> to_ip_address(std::string_view text);
// "255.255.255.0" for 24.
[[nodiscard]] SocketAddress prefix_mask(unsigned prefix);
// The length of a netmask without holes.
[[nodiscard]] std::optional<unsigned> mask_prefix(const SocketAddress& mask);

inline constexpr unsigned kMaxCpus = 1024;  // libvirt's bitmap of CPUs and nodes
// "0-3,^2,7" as libvirt prints it: "0-1,3,7". Nothing where it is malformed; "" where it is empty.
[[nodiscard]] std::optional<std::string> canonical_set(std::string_view text);

// The index in a disk name ("vdb" is 1, "sdaa" is 26); nothing where no bus has such names.
[[nodiscard]] std::optional<unsigned> disk_index(std::string_view name);
// The bus that such a name implies ("vdb": virtio); empty where none does.
[[nodiscard]] std::string_view bus_of_disk(std::string_view name);

}  // namespace lxvirt::xml
