// Encodes plain structs to bytes and back, for everything that crosses a process boundary: the
// launch plan, the control protocol, the status. The encoding is XDR (RFC 4506): big-endian 32- and
// 64-bit integers, strings padded to 4 bytes, arrays and optionals preceded by a count. A struct
// lists its members once,
//
//     template <typename Self, typename Visitor>
//     static void fields(Self& self, Visitor& visit) { visit("name", self.name); ... }
//
// and this one list serves the encoder, the decoder and the printer of `lxsh plan`. The decoder
// trusts nothing: it checks every length against the bytes that are left, and it treats bytes after
// the last member as an error.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.hh"

namespace lxvirt::base {

namespace detail {
// Stands in for an encoder or decoder, so that the concept below can be spelled.
struct NullVisitor {
    template <typename T>
    void operator()(const char*, T&) {}
};
template <typename T>
concept HasFields = requires(T& value, NullVisitor& visitor) {
    T::fields(value, visitor);
};
}  // namespace detail

// Appends values to a byte string in XDR form. Integers of up to 32 bits and all enumerations take
// four bytes, larger integers eight.
class Encoder {
  public:
    // Moves the bytes out; the encoder is empty afterwards.
    [[nodiscard]] std::string take() { return std::move(out_); }

    // Called by a struct's fields(); names of members are not transmitted.
    template <typename T>
    void operator()(const char*, const T& value) {
        put(value);
    }

    template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(T value) {
        if constexpr (sizeof(T) <= 4)
            put_u32(static_cast<std::uint32_t>(value));
        else
            put_u64(static_cast<std::uint64_t>(value));
    }
    void put(std::string_view text) {
        put_u32(static_cast<std::uint32_t>(text.size()));
        out_.append(text);
        out_.append((4 - text.size() % 4) % 4, '\0');
    }
    void put(const std::string& text) { put(std::string_view(text)); }
    template <typename T>
    void put(const std::vector<T>& values) {
        put_u32(static_cast<std::uint32_t>(values.size()));
        for (const T& value : values) put(value);
    }
    template <typename T>
    void put(const std::optional<T>& value) {
        put_u32(value.has_value() ? 1 : 0);
        if (value) put(*value);
    }
    template <detail::HasFields T>
    void put(const T& value) {
        T::fields(value, *this);
    }

  private:
    void put_u32(std::uint32_t value) {
        for (int shift = 24; shift >= 0; shift -= 8)
            out_.push_back(static_cast<char>(value >> shift));
    }
    void put_u64(std::uint64_t value) {
        put_u32(static_cast<std::uint32_t>(value >> 32));
        put_u32(static_cast<std::uint32_t>(value));
    }
    std::string out_;
};

// Reads back what an Encoder wrote. Every member function throws Error(internal_error) on malformed
// data.
class Decoder {
  public:
    // `what` names the data in errors: "launch plan". `data` must outlive the decoder.
    Decoder(std::string_view data, std::string_view what) : rest_(data), what_(what) {}

    // Called by a struct's fields(); remembers the member's name for error messages.
    template <typename T>
    void operator()(const char* field, T& value) {
        field_ = field;
        get(value);
    }

    template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
    void get(T& value) {
        if constexpr (sizeof(T) <= 4)
            value = static_cast<T>(get_u32());
        else
            value = static_cast<T>(get_u64());
    }
    void get(std::string& text) {
        const std::uint32_t size = get_u32();
        const std::size_t padded = size + (4 - std::size_t{size} % 4) % 4;
        if (padded > rest_.size()) bad("a string is longer than the data");
        text.assign(rest_.substr(0, size));
        rest_.remove_prefix(padded);
    }
    template <typename T>
    void get(std::vector<T>& values) {
        const std::uint32_t count = get_u32();
        if (count > rest_.size() / 4) bad("an array is longer than the data");
        values.clear();
        // Reserve little: `count` is the sender's claim, checked only against four bytes per
        // element, while an element in memory may be far larger.
        values.reserve(std::min<std::size_t>(count, 16));
        for (std::uint32_t i = 0; i < count; ++i) get(values.emplace_back());
    }
    template <typename T>
    void get(std::optional<T>& value) {
        const std::uint32_t present = get_u32();
        if (present > 1) bad("an option is neither 0 nor 1");
        value.reset();
        if (present == 1) get(value.emplace());
    }
    template <detail::HasFields T>
    void get(T& value) {
        T::fields(value, *this);
    }

    // Throws unless all bytes were used, so that a longer message of another version is not taken
    // for this one.
    void finish() const {
        if (!rest_.empty()) bad("bytes are left over");
    }

  private:
    std::uint32_t get_u32() {
        if (rest_.size() < 4) bad("the data is cut short");
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i)
            value = (value << 8) | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
        rest_.remove_prefix(4);
        return value;
    }
    std::uint64_t get_u64() {
        const std::uint64_t high = get_u32();
        return (high << 32) | get_u32();
    }
    [[noreturn]] void bad(std::string_view why) const {
        fail(ErrorCode::internal_error, "malformed {}: {} at field '{}'", what_, why, field_);
    }

    // Bytes not yet read.
    std::string_view rest_;
    std::string_view what_;
    const char* field_ = "";
};

// Returns the XDR form of `value`. Cannot fail.
template <detail::HasFields T>
[[nodiscard]] std::string encode(const T& value) {
    Encoder encoder;
    encoder.put(value);
    return encoder.take();
}

// Returns the value that encode() made `data` of. Throws Error(internal_error) that names `what`
// and the field at which the data went wrong.
template <detail::HasFields T>
[[nodiscard]] T decode(std::string_view data, std::string_view what) {
    Decoder decoder(data, what);
    T value{};
    decoder.get(value);
    decoder.finish();
    return value;
}

}  // namespace lxvirt::base
