// Writes XML in libvirt's layout: two spaces a level, attributes in single quotes, the five
// predefined entities. Appends to one string; nothing is checked, the callers know their elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::xml {

struct FormatOptions {
    bool live = false;    // id, aliases, ttys, generated names
    unsigned indent = 0;  // spaces before the outermost element
};

class Writer {
  public:
    explicit Writer(unsigned indent) : indent_(indent) { out_.reserve(4096); }

    // An element: start(), attributes, then empty() or children() ... end().
    void start(std::string_view name);
    void attribute(std::string_view name, std::string_view value);
    void attribute(std::string_view name, std::uint64_t value);
    void attribute(std::string_view name, std::int64_t value);
    // Only where there is a value.
    void attribute_if(std::string_view name, std::string_view value);
    template <typename T>
    void attribute_if(std::string_view name, const std::optional<T>& value) {
        if (value) attribute(name, static_cast<std::uint64_t>(*value));
    }
    void empty();
    void children();
    void end(std::string_view name);
    // Instead of children(): the text of a started element, and its end.
    void content(std::string_view value, std::string_view name);

    // <name>value</name> on a line; the _if forms only where there is a value.
    void text(std::string_view name, std::string_view value);
    void text_if(std::string_view name, std::string_view value);
    template <typename T>
    void text_if(std::string_view name, const std::optional<T>& value) {
        if (value) text(name, std::to_string(*value));
    }
    // <name unit='unit'>value</name>
    void sized(std::string_view name, std::string_view unit, std::uint64_t value);
    // <name/>
    void flag(std::string_view name);
    // Text that is XML already, indented before its first line only.
    void raw(std::string_view xml);

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    enum class Place { attribute, text };
    void escape(std::string_view value, Place place);

    std::string out_;
    unsigned indent_;
};

}  // namespace lxvirt::xml
