#include "base/uuid.hh"

#include <sys/random.h>

#include <array>
#include <cstdint>

#include "base/error.hh"

namespace lxvirt::base {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

std::string format_uuid(const Bytes& bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string random_uuid() {
    Bytes bytes = {};
    // getrandom(2) returns up to 256 bytes at once as soon as the kernel's generator is seeded;
    // before that it blocks, and a signal may interrupt it.
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        if (errno != EINTR) fail_errno("get random bytes");
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 4122
    return format_uuid(bytes);
}

std::optional<std::string> parse_uuid(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return std::nullopt;
    text = text.substr(first, text.find_last_not_of(kBlank) - first + 1);

    Bytes bytes = {};
    for (unsigned char& byte : bytes) {
        while (!text.empty() && (text.front() == '-' || text.front() == ' ')) text.remove_prefix(1);
        if (text.size() < 2) return std::nullopt;
        const int high = hex_value(text[0]);
        const int low = hex_value(text[1]);
        if (high < 0 || low < 0) return std::nullopt;
        byte = static_cast<std::uint8_t>(high * 16 + low);
        text.remove_prefix(2);
    }
    if (!text.empty()) return std::nullopt;
    return format_uuid(bytes);
}

}  // namespace lxvirt::base
