// Writes XML in libvirt's layout: two spaces for each level, attributes in single quotes, the five
// predefined entities. Everything is appended to one string. Nothing is checked: the callers know
// their elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace lxvirt::xml {

// Says which form of a document is wanted.
inline constexpr std::size_t kMaxDocumentSize = 10U << 20;  // bytes, of what is read and written

struct FormatOptions {
    bool live = false;    // with id, aliases, ttys and generated names
    unsigned indent = 0;  // spaces before the outermost element
};

// Builds one document. An element is start(), its attributes, and then empty(), or children() ...
// end(), or content().
// Returns `text` with the characters escaped that have a meaning in XML.
[[nodiscard]] std::string escaped(std::string_view text);

class Writer {
  public:
    explicit Writer(unsigned indent) : indent_(indent) { out_.reserve(4096); }

    // Begins an element.
    void start(std::string_view name);
    void attribute(std::string_view name, std::string_view value);
    void attribute(std::string_view name, std::uint64_t value);
    void attribute(std::string_view name, std::int64_t value);
    // Appends an attribute where there is a value.
    void attribute_if(std::string_view name, std::string_view value);
    template <typename T>
    void attribute_if(std::string_view name, const std::optional<T>& value) {
        if (value) attribute(name, static_cast<std::uint64_t>(*value));
    }
    // Ends the element as <name/>.
    void empty();
    // Ends the start tag; what follows is indented deeper, until end().
    void children();
    void end(std::string_view name);
    // Ends the start tag, and writes the text of the element and its end tag.
    void content(std::string_view value, std::string_view name);

    // Write <name>value</name> on a line; the _if forms do so only where there is a value.
    void text(std::string_view name, std::string_view value);
    void text_if(std::string_view name, std::string_view value);
    template <typename T>
    void text_if(std::string_view name, const std::optional<T>& value) {
        if (value) text(name, std::to_string(*value));
    }
    // Writes <name unit='unit'>value</name>.
    void sized(std::string_view name, std::string_view unit, std::uint64_t value);
    // Writes <name/>.
    void flag(std::string_view name);
    // Writes <name a='b'/> with those attributes that have a value; writes nothing if none has.
    void empty_if(std::string_view name,
                  std::initializer_list<std::pair<std::string_view, std::string_view>> attributes);
    // Writes an empty line, as libvirt has some between the parts of <capabilities>.
    void blank() { out_ += '\n'; }
    // Writes text that is XML already; only its first line is indented.
    void raw(std::string_view xml);

    // Moves the document out.
    // Returns the text. Throws config_unsupported if it is larger than a document that is read may be, since
    // nobody could read it back: escaping makes a text up to six times as long.
    [[nodiscard]] std::string take();

  private:
    enum class Place { attribute, text };
    void escape(std::string_view value, Place place);

    std::string out_;
    unsigned indent_;
};

}  // namespace lxvirt::xml
