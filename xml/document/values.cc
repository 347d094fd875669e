#include "xml/document/values.hh"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <bitset>
#include <cctype>
#include <charconv>

namespace lxvirt::xml {

namespace {

// Parses a whole text as a number; std::from_chars() takes neither blanks nor a '+' before it.
template <typename T>
std::optional<T> number(std::string_view text, int base) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
    return value;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

using CpuBits = std::bitset<kMaxCpus>;

// Parses the number of a CPU or node, below kMaxCpus.
std::optional<unsigned> cpu_number(std::string_view text) {
    const auto value = number<unsigned>(trim(text), 10);
    if (!value || *value >= kMaxCpus) return std::nullopt;
    return value;
}

// Applies one item of a list: "3", "0-3" or "^2".
bool apply_item(std::string_view item, CpuBits& bits) {
    if (item.front() == '^') {
        const auto excluded = cpu_number(item.substr(1));
        if (excluded) bits.reset(*excluded);
        return excluded.has_value();
    }
    const std::size_t dash = item.find('-');
    const auto first = cpu_number(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : cpu_number(item.substr(dash + 1));
    if (!first || !last || *last < *first) return false;
    for (unsigned i = *first; i <= *last; ++i) bits.set(i);
    return true;
}

// Writes runs of neighbours as FIRST-LAST.
std::string set_text(const CpuBits& bits) {
    std::string result;
    for (unsigned i = 0; i < kMaxCpus; ++i) {
        if (!bits.test(i)) continue;
        unsigned last = i;
        while (last + 1 < kMaxCpus && bits.test(last + 1)) ++last;
        if (!result.empty()) result += ',';
        result += i == last ? fmt::format("{}", i) : fmt::format("{}-{}", i, last);
        i = last;
    }
    return result;
}

// Maps the prefix of a disk's name to its bus, as libvirt's virDiskNameToBusDeviceIndex() does.
struct DiskName {
    std::string_view prefix, bus;
};
constexpr std::array<DiskName, 6> kDiskNames{{
    {"fd", "fdc"},
    {"hd", "ide"},
    {"sd", "scsi"},
    {"vd", "virtio"},
    {"xvd", "xen"},
    {"ubd", "uml"},
}};

// Returns the entry whose prefix the name has, or null.
const DiskName* disk_name(std::string_view name) {
    for (const DiskName& entry : kDiskNames)
        if (name.substr(0, entry.prefix.size()) == entry.prefix) return &entry;
    return nullptr;
}

}  // namespace

std::optional<std::uint64_t> to_unsigned(std::string_view text) {
    return number<std::uint64_t>(text, 10);
}

std::optional<std::int64_t> to_signed(std::string_view text) {
    return number<std::int64_t>(text, 10);
}

// Parses a number as C does: hexadecimal after 0x, octal after a leading 0. A lone "0" is decimal.
std::optional<std::uint64_t> to_unsigned_any_base(std::string_view text) {
    if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X")
        return number<std::uint64_t>(text.substr(2), 16);
    if (text.size() > 1 && text.front() == '0') return number<std::uint64_t>(text.substr(1), 8);
    return to_unsigned(text);
}

std::optional<std::uint64_t> unit_bytes(std::string_view unit) {
    std::string lower(unit);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    // Units are those of libvirt: KB is 1000 bytes, K and KiB are 1024 (virScaleInteger()).
    if (lower == "b" || lower == "byte" || lower == "bytes") return 1;
    const std::size_t power = std::string_view("kmgtpe").find(lower.empty() ? ' ' : lower[0]);
    if (power == std::string_view::npos) return std::nullopt;
    const std::string_view rest = std::string_view(lower).substr(1);
    if (!rest.empty() && rest != "b" && rest != "ib") return std::nullopt;
    std::uint64_t bytes = 1;
    for (std::size_t i = 0; i <= power; ++i) bytes *= rest == "b" ? 1000 : 1024;
    return bytes;
}

std::optional<MacAddress> to_mac(std::string_view text) {
    MacAddress mac{};
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const std::size_t colon = text.find(':');
        if ((colon == std::string_view::npos) != (i + 1 == mac.size())) return std::nullopt;
        const std::string_view group = text.substr(0, colon);
        const auto value = number<unsigned>(group, 16);
        if (!value || group.size() > 2) return std::nullopt;
        mac[i] = static_cast<std::uint8_t>(*value);
        text.remove_prefix(std::min(text.size(), group.size() + 1));
    }
    return mac;
}

std::string mac_text(const MacAddress& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

std::string random_mac() {
    // 52:54:00 is the prefix of QEMU and of libvirt's own addresses.
    MacAddress mac{0x52, 0x54, 0x00};
    // getrandom(2) returns as few as three bytes in one piece, and a signal does not interrupt
    // that.
    (void)!::getrandom(mac.data() + 3, 3, 0);
    return mac_text(mac);
}

bool SocketAddress::zero_beyond(unsigned prefix) const {
    for (unsigned bit = prefix; bit < bits(); ++bit)
        if ((bytes[bit / 8] >> (7 - bit % 8)) & 1) return false;
    return true;
}

bool SocketAddress::ones_beyond(unsigned prefix) const {
    for (unsigned bit = prefix; bit < bits(); ++bit)
        if (!((bytes[bit / 8] >> (7 - bit % 8)) & 1)) return false;
    return true;
}

void SocketAddress::clear_beyond(unsigned prefix) {
    for (unsigned bit = prefix; bit < bits(); ++bit)
        bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
}

bool SocketAddress::shares(const SocketAddress& other, unsigned prefix) const {
    if (v6 != other.v6) return false;
    SocketAddress a = *this, b = other;
    a.clear_beyond(prefix);
    b.clear_beyond(prefix);
    return a.bytes == b.bytes;
}

std::uint32_t SocketAddress::distance_from(const SocketAddress& lower) const {
    const std::size_t first = bits() / 8 - 4;
    const auto last_four = [first](const SocketAddress& address) {
        std::uint32_t value = 0;
        for (std::size_t i = first; i < first + 4; ++i) value = value << 8 | address.bytes[i];
        return value;
    };
    return last_four(*this) - last_four(lower);
}

std::string SocketAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const char* text = ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer.data(),
                                   static_cast<socklen_t>(buffer.size()));
    return text != nullptr ? text : "";
}

std::optional<SocketAddress> to_ip_address(std::string_view text) {
    SocketAddress address;
    const std::string terminated(text);
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
    address.v6 = true;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

SocketAddress prefix_mask(unsigned prefix) {
    SocketAddress mask;
    std::fill_n(mask.bytes.begin(), 4, std::uint8_t{0xff});
    mask.clear_beyond(prefix);
    return mask;
}

std::optional<unsigned> mask_prefix(const SocketAddress& mask) {
    unsigned prefix = 0;
    // A mask has its ones first; a one after a zero makes it invalid.
    while (prefix < mask.bits() && ((mask.bytes[prefix / 8] >> (7 - prefix % 8)) & 1)) ++prefix;
    if (!mask.zero_beyond(prefix)) return std::nullopt;
    return prefix;
}

std::optional<std::string> canonical_set(std::string_view text) {
    CpuBits bits;
    // libvirt allows blanks around numbers.
    text = trim(text);
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view item = trim(text.substr(0, comma));
        if (item.empty() || !apply_item(item, bits)) return std::nullopt;
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return set_text(bits);
}

std::optional<unsigned> disk_index(std::string_view name) {
    const DiskName* kind = disk_name(name);
    if (kind == nullptr) return std::nullopt;
    std::string_view letters = name.substr(kind->prefix.size());
    // Digits at the end number a partition; libvirt accepts "sda1" and gives it the index of "sda".
    while (!letters.empty() && letters.back() >= '0' && letters.back() <= '9')
        letters.remove_suffix(1);
    if (letters.empty() || letters.size() > 4) return std::nullopt;
    unsigned index = 0;
    for (const char letter : letters) {
        if (letter < 'a' || letter > 'z') return std::nullopt;
        index = index * 26 + static_cast<unsigned>(letter - 'a') + 1;
    }
    return index - 1;
}

std::string_view bus_of_disk(std::string_view name) {
    const DiskName* kind = disk_name(name);
    return kind != nullptr ? kind->bus : std::string_view();
}

}  // namespace lxvirt::xml
