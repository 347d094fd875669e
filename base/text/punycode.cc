#include "base/text/punycode.hh"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

// The parameters of RFC 3492, section 5.
constexpr std::uint32_t kBase = 36, kTMin = 1, kTMax = 26, kSkew = 38, kDamp = 700;
constexpr std::uint32_t kInitialBias = 72, kInitialN = 128;
constexpr std::size_t kLongestLabel = 63;  // RFC 1035, section 2.3.4

// Returns the code points, or nothing for what is no UTF-8.
std::optional<std::vector<std::uint32_t>> code_points(std::string_view text) {
    std::vector<std::uint32_t> points;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return std::nullopt;
        const auto first = static_cast<unsigned char>(text[0]);
        std::uint32_t point = length == 1 ? first : first & (0x7FU >> length);
        for (std::size_t i = 1; i < length; ++i)
            point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
        points.push_back(point);
        text.remove_prefix(length);
    }
    return points;
}

char digit(std::uint32_t value) {
    return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

// Section 6.1.
std::uint32_t adapted(std::uint32_t delta, std::uint32_t count, bool first) {
    delta = first ? delta / kDamp : delta / 2;
    delta += delta / count;
    std::uint32_t k = 0;
    for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) delta /= kBase - kTMin;
    return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

// Appends `delta` as a number of variable length (section 6.3).
void append_number(std::string& out, std::uint32_t delta, std::uint32_t bias) {
    for (std::uint32_t k = kBase;; k += kBase) {
        const std::uint32_t t = k <= bias ? kTMin : std::min(k - bias, kTMax);
        if (delta < t) break;
        out += digit(t + (delta - t) % (kBase - t));
        delta = (delta - t) / (kBase - t);
    }
    out += digit(delta);
}

}  // namespace

std::optional<std::string> punycode_label(std::string_view text) {
    const auto points = code_points(text);
    // A longer text makes no label, and the numbers below cannot overflow for a shorter one.
    if (!points || points->size() > kLongestLabel) return std::nullopt;
    std::string out = "xn--";
    std::uint32_t handled = 0;
    for (const std::uint32_t point : *points)
        if (point < kInitialN) {
            out += static_cast<char>(point);
            ++handled;
        }
    const std::uint32_t basic = handled;
    if (basic > 0) out += '-';
    std::uint32_t n = kInitialN, delta = 0, bias = kInitialBias;
    while (handled < points->size()) {
        std::uint32_t next = std::numeric_limits<std::uint32_t>::max();
        for (const std::uint32_t point : *points)
            if (point >= n) next = std::min(next, point);
        delta += (next - n) * (handled + 1);
        n = next;
        for (const std::uint32_t point : *points) {
            if (point < n) ++delta;
            if (point != n) continue;
            append_number(out, delta, bias);
            bias = adapted(delta, handled + 1, handled == basic);
            delta = 0;
            ++handled;
        }
        ++delta;
        ++n;
    }
    if (out.size() > kLongestLabel) return std::nullopt;
    return out;
}

}  // namespace lxvirt::base
