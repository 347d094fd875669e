#include "xml/document/writer.hh"

#include "base/error.hh"

namespace lxvirt::xml {

// The caller ends an element with empty(), children() or content().
void Writer::start(std::string_view name) {
    out_.append(indent_, ' ');
    out_ += '<';
    out_ += name;
}

void Writer::attribute(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "='";
    escape(value, Place::attribute);
    out_ += '\'';
}

void Writer::attribute(std::string_view name, std::uint64_t value) {
    attribute(name, std::string_view(std::to_string(value)));
}

void Writer::attribute(std::string_view name, std::int64_t value) {
    attribute(name, std::string_view(std::to_string(value)));
}

void Writer::attribute_if(std::string_view name, std::string_view value) {
    if (!value.empty()) attribute(name, value);
}

void Writer::empty() {
    out_ += "/>\n";
}

// libvirt indents by two blanks.
void Writer::children() {
    out_ += ">\n";
    indent_ += 2;
}

void Writer::end(std::string_view name) {
    indent_ -= 2;
    out_.append(indent_, ' ');
    out_ += "</";
    out_ += name;
    out_ += ">\n";
}

void Writer::content(std::string_view value, std::string_view name) {
    out_ += '>';
    escape(value, Place::text);
    out_ += "</";
    out_ += name;
    out_ += ">\n";
}

void Writer::text(std::string_view name, std::string_view value) {
    start(name);
    content(value, name);
}

void Writer::text_if(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
}

void Writer::sized(std::string_view name, std::string_view unit, std::uint64_t value) {
    start(name);
    attribute("unit", unit);
    content(std::to_string(value), name);
}

void Writer::flag(std::string_view name) {
    start(name);
    empty();
}

// The text is one element with the indentation of its own lines.
void Writer::empty_if(
    std::string_view name,
    std::initializer_list<std::pair<std::string_view, std::string_view>> attributes) {
    bool started = false;
    for (const auto& [attribute_name, value] : attributes) {
        if (value.empty()) continue;
        if (!started) start(name);
        started = true;
        attribute(attribute_name, value);
    }
    if (started) empty();
}

void Writer::raw(std::string_view xml) {
    out_.append(indent_, ' ');
    out_ += xml;
    out_ += '\n';
}

// Escapes a value. libvirt escapes both kinds of quotes everywhere. Newlines and tabs in an
// attribute it writes as they are, so that the next parser turns them into blanks (XML 1.0, 3.3.3),
// and carriage returns are lost in the same way; both are written as character references here, so
// that what is written is what is read back.
void Writer::escape(std::string_view value, Place place) {
    for (const char c : value) {
        switch (c) {
            case '<': out_ += "&lt;"; break;
            case '>': out_ += "&gt;"; break;
            case '&': out_ += "&amp;"; break;
            case '\'': out_ += "&apos;"; break;
            case '"': out_ += "&quot;"; break;
            case '\r': out_ += "&#13;"; break;
            case '\n': out_ += place == Place::attribute ? "&#10;" : "\n"; break;
            case '\t': out_ += place == Place::attribute ? "&#9;" : "\t"; break;
            default: out_ += c;
        }
    }
}

std::string Writer::take() {
    if (out_.size() > kMaxDocumentSize)
        base::fail(
            base::ErrorCode::config_unsupported,
            "the document would have {} bytes when it is written; at most {} can be read back",
            out_.size(), kMaxDocumentSize);
    return std::move(out_);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '\'': out += "&apos;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

}  // namespace lxvirt::xml
