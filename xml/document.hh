// A parsed XML document and a borrowed view of its elements, for the parsers of this folder only.
//
// Document owns the libxml2 tree and is hardened: no network, no document type declaration (so no
// entity but the five of XML), at most 10 MiB and kMaxDepth levels. It knows the line of every
// element, beyond libxml2's 65535 too.
//
// Reading marks: an attribute, child or text that a parser asks for by name is "read"; whatever is
// left unread when the parsers are done becomes a Notice (report_unread), so that nothing of a
// document is dropped in silence.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hh"
#include "xml/parse.hh"

namespace lxvirt::xml {

inline constexpr std::size_t kMaxDocumentSize = 10U << 20;  // bytes
inline constexpr int kMaxDepth = 100;                       // elements
inline constexpr std::size_t kMaxNotices = 1000;

class Document;

// A borrowed element; falsy where there is none. Copy it freely; the Document outlives it.
class Element {
  public:
    Element() = default;
    Element(xmlNode* node, Document* document) : node_(node), document_(document) {}
    explicit operator bool() const { return node_ != nullptr; }

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] std::string_view namespace_uri() const;  // empty where there is none
    [[nodiscard]] int line() const;                        // where its start tag ends
    [[nodiscard]] Document& document() const { return *document_; }
    [[nodiscard]] xmlNode* node() const { return node_; }

    // These mark what they return as read. A view lives as long as the document.
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
    [[nodiscard]] std::string text() const;
    // The first child of that name (and no namespace); later ones stay unread.
    [[nodiscard]] Element child(std::string_view name) const;
    // Every child of that name, in order.
    [[nodiscard]] std::vector<Element> children(std::string_view name) const;

    // Every child element, unmarked: the caller marks what it understands.
    [[nodiscard]] Element first_child() const;
    [[nodiscard]] Element next_sibling() const;
    void mark_read() const;
    // The element and all below it.
    void mark_tree_read() const;
    // An attribute that says a run-time fact or needs no action.
    void ignore(std::string_view attribute_name) const { (void)attribute(attribute_name); }

    // Throws base::Error: libvirt's `words`, then the place and what would be right in parentheses.
    [[noreturn]] void fail(base::ErrorCode code, std::string_view words,
                           std::string_view hint) const;

  private:
    xmlNode* node_ = nullptr;
    Document* document_ = nullptr;
};

class Document {
  public:
    // Throws base::Error (xml_detail) "FILE:LINE: what is wrong".
    Document(std::string_view text, std::string file);

    [[nodiscard]] Element root();
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] xmlDoc* get() const { return document_.get(); }

    void notice(const Element& element, std::string text);
    // Adds a notice for all that no parser asked for, and sorts the notices by line.
    void report_unread();
    [[nodiscard]] std::vector<Notice> take_notices() { return std::move(notices_); }

  private:
    struct Free {
        void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    };
    void report_unread(const Element& element);

    std::string file_;
    std::unique_ptr<xmlDoc, Free> document_;
    std::vector<Notice> notices_;
};

// `node` and all below it as text, laid out from `level` (two spaces each; the first line is not
// indented), namespaces it needs declared on it.
[[nodiscard]] std::string serialize(xmlNode* node, int level);

}  // namespace lxvirt::xml
