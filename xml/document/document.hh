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
#include "xml/document/notice.hh"

namespace lxvirt::xml {

inline constexpr std::size_t kMaxDocumentSize = 10U << 20;  // bytes
inline constexpr int kMaxDepth = 100;                       // elements
inline constexpr std::size_t kMaxNotices = 1000;
inline constexpr std::size_t kMaxFaults = 100;  // each costs reading a part once more

class Document;
class Element;

// Told of every attribute and child element that a parser asks `element` for by `name`, and, with
// `found`, of every attribute that is read and every element (`name` is empty) that is marked. Null
// but in tests/support/asked_names.cc, by which a test compares the parsers with the schemas.
using ReadWatcher = void (*)(const Element& element, bool attribute, std::string_view name,
                             bool found);
inline ReadWatcher read_watcher = nullptr;

// What Element::fail() and Document() throw: an Error that knows its place.
class PlacedError : public base::Error {
  public:
    // `detail` is the whole sentence, place and all; `node` null where it is the document.
    PlacedError(base::ErrorCode code, std::string_view detail, Notice fault, xmlNode* node)
        : Error(code, detail), fault_(std::move(fault)), node_(node) {}
    [[nodiscard]] const Notice& fault() const { return fault_; }
    [[nodiscard]] xmlNode* node() const { return node_; }

  private:
    Notice fault_;
    xmlNode* node_;
};

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

    // ParseOptions::faults: from now on attempt() keeps what is wrong instead of throwing it.
    void collect(std::vector<Notice>* faults) { faults_ = faults; }
    [[nodiscard]] bool collects() const { return faults_ != nullptr; }
    [[nodiscard]] bool faulty() const { return collects() && !faults_->empty(); }
    // What the schema says of it: a fault, unless the parsers find one themselves.
    void refuse(Notice fault) { refused_ = std::move(fault); }
    // Runs `parse`, which reads a part of the document into `out`. Where faults are collected an
    // element that is wrong is taken out of the tree and the part is read again without it.
    template <typename Out, typename Parse>
    void attempt(Out& out, Parse&& parse) {
        if (faults_ == nullptr) return parse();
        for (const Out before = out;; out = before) {
            try {
                return parse();
            } catch (const PlacedError& error) {
                if (!take_out(error)) return;
            }
        }
    }
    // Runs `rules`, which hold across elements; with a fault in one of those they would find more.
    template <typename Rules>
    void attempt_rules(Rules&& rules) {
        if (faults_ == nullptr) return rules();
        if (!faults_->empty()) return;
        try {
            rules();
        } catch (const PlacedError& error) {
            faults_->push_back(error.fault());
        }
    }
    // Adds a notice for all that no parser asked for, and sorts the notices by line. They are
    // faults where the schema has refused the document for no other reason.
    void report_unread();
    [[nodiscard]] std::vector<Notice> take_notices() { return std::move(notices_); }

  private:
    struct Free {
        void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    };
    void report_unread(const Element& element);
    // False where nothing can be taken out: the outermost element is wrong, or kMaxFaults are.
    bool take_out(const PlacedError& error);

    std::string file_;
    std::unique_ptr<xmlDoc, Free> document_;
    std::vector<Notice> notices_;
    std::vector<Notice>* faults_ = nullptr;  // borrowed
    std::optional<Notice> refused_;
    bool abandoned_ = false;  // a part was not read to its end, so that unread means nothing
    struct FreeNode {
        void operator()(xmlNode* node) const { xmlFreeNode(node); }
    };
    std::vector<std::unique_ptr<xmlNode, FreeNode>> taken_out_;  // goes before the document
    std::vector<const xmlNode*> incomplete_;                     // what they were taken out of
};

// `node` and all below it as text, laid out from `level` (two spaces each; the first line is not
// indented), namespaces it needs declared on it.
[[nodiscard]] std::string serialize(xmlNode* node, int level);

}  // namespace lxvirt::xml
