// A parsed XML document, and a borrowed view of its elements, for the parsers of xml/ only.
//
// Document owns libxml2's tree. Parsing is hardened: no network access, no document type
// declaration (hence no entities but the five of XML), at most 10 MiB and kMaxDepth levels of
// elements. The document knows the line of every element, also beyond libxml2's limit of 65535.
//
// Reading marks: an attribute, child or text that a parser asks for by name counts as read. When
// the parsers are done, report_unread() makes a Notice of everything that is still unread, so that
// nothing of a document is dropped in silence.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hh"
#include "xml/document/notice.hh"
#include "xml/document/writer.hh"

namespace lxvirt::xml {

inline constexpr int kMaxDepth = 100;  // levels of elements
// Elements, attributes and namespace declarations of one document: so many take less than 200 MB.
inline constexpr std::size_t kMaxParts = 300'000;
inline constexpr std::size_t kMaxNotices = 1000;  // more are summed up in one
inline constexpr std::size_t kMaxFaults = 100;    // each costs reading a part once more

class Document;
class Element;

// Told of every attribute and child element that a parser asks `element` for by `name`, and, with
// `found`, of every attribute that is read and every element (`name` is empty) that is marked. Null
// but in tests/support/asked_names.cc, by which a test compares the parsers with the schemas.
using ReadWatcher = void (*)(const Element& element, bool attribute, std::string_view name,
                             bool found);
inline ReadWatcher read_watcher = nullptr;

// Thrown by Element::fail() and by Document's constructor: an Error that knows its place.
class PlacedError : public base::Error {
  public:
    // `detail` is the whole sentence, place included; `fault` is the same for a list of faults.
    // `node` is the element that is wrong, or null where that is the whole document.
    PlacedError(base::ErrorCode code, std::string_view detail, Notice fault, xmlNode* node)
        : Error(code, detail), fault_(std::move(fault)), node_(node) {}
    [[nodiscard]] const Notice& fault() const { return fault_; }
    [[nodiscard]] xmlNode* node() const { return node_; }

  private:
    Notice fault_;
    xmlNode* node_;
};

// A borrowed element, or none (falsy). Copying it is cheap; the Document must outlive it.
class Element {
  public:
    Element() = default;
    Element(xmlNode* node, Document* document) : node_(node), document_(document) {}
    explicit operator bool() const { return node_ != nullptr; }

    // Returns the name without its prefix.
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] std::string_view namespace_uri() const;  // empty: none
    [[nodiscard]] int line() const;  // where the start tag ends, counted from 1
    [[nodiscard]] Document& document() const { return *document_; }
    [[nodiscard]] xmlNode* node() const { return node_; }

    // Returns the value of an attribute without a namespace and marks it as read; nothing where
    // there is none. The view lives as long as the document.
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
    // Returns all text directly in the element, and marks it as read.
    [[nodiscard]] std::string text() const;
    // Returns the first child of that name without a namespace and marks it as read; further ones
    // of the name stay unread, and so become notices.
    [[nodiscard]] Element child(std::string_view name) const;
    // Returns all children of that name without a namespace, in order, and marks them as read.
    [[nodiscard]] std::vector<Element> children(std::string_view name) const;

    // Walk over all child elements without marking them: the caller marks those that it
    // understands.
    [[nodiscard]] Element first_child() const;
    [[nodiscard]] Element next_sibling() const;
    void mark_read() const;
    // Marks the element and everything below it as read.
    void mark_tree_read() const;
    // Marks an attribute as read that states a run-time fact or needs no action.
    void ignore(std::string_view attribute_name) const { (void)attribute(attribute_name); }

    // Throws PlacedError: `words`, a sentence of libvirt's, and in parentheses the place and
    // `hint`, which says what would be right.
    [[noreturn]] void fail(base::ErrorCode code, std::string_view words,
                           std::string_view hint) const;

  private:
    xmlNode* node_ = nullptr;
    Document* document_ = nullptr;
};

// Owns a parsed document, its reading marks, and the notices and faults about it.
class Document {
  public:
    // Parses `text`; `file` names the document in errors. Throws Error(xml_detail), "FILE:LINE:
    // what is wrong".
    Document(std::string_view text, std::string file);

    // Returns the outermost element and marks it as read.
    [[nodiscard]] Element root();
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] xmlDoc* get() const { return document_.get(); }

    // Adds a notice about `element`. Beyond kMaxNotices, notices are dropped after one that says
    // so. For `general` see Notice.
    void notice(const Element& element, std::string text, std::string general = {});

    // Makes parse_collecting() add faults to `faults`, which the caller keeps, instead of throwing
    // them (ParseOptions::faults).
    void collect(std::vector<Notice>* faults) { faults_ = faults; }
    [[nodiscard]] bool collects() const { return faults_ != nullptr; }
    // Says whether faults are collected and there are some.
    [[nodiscard]] bool faulty() const { return collects() && !faults_->empty(); }
    // Records why the schema refuses the document, where faults are collected. It becomes a fault
    // in report_unread() if the parsers find none themselves.
    void refuse(Notice fault) { refused_ = std::move(fault); }
    // Runs `parse`, which reads a part of the document into `out`. Where faults are collected, an
    // element that is wrong is recorded and removed from the tree, and the part is read again
    // without it, so that the next fault can be found.
    template <typename Out, typename Parse>
    void parse_collecting(Out& out, Parse&& parse) {
        if (faults_ == nullptr) return parse();
        for (const Out before = out;; out = before) {
            try {
                return parse();
            } catch (const PlacedError& error) {
                if (!take_out(error)) return;
            }
        }
    }
    // Runs `rules`, which hold across several elements. Where faults are collected the rules are
    // skipped if there are any, because a missing element would cause faults that the document does
    // not have.
    template <typename Rules>
    void check_collecting(Rules&& rules) {
        if (faults_ == nullptr) return rules();
        if (!faults_->empty()) return;
        try {
            rules();
        } catch (const PlacedError& error) {
            faults_->push_back(error.fault());
        }
    }
    // Adds a notice for everything that no parser has asked for, and sorts the notices by line.
    // Where the schema has refused the document and the parsers found no fault, these notices
    // become the faults.
    void report_unread();
    // Moves the notices out.
    [[nodiscard]] std::vector<Notice> take_notices() { return std::move(notices_); }

  private:
    struct Free {
        void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    };
    void report_unread(const Element& element);
    // Removes the element that is wrong from the tree and records the fault. Returns false where
    // nothing can be removed: the outermost element is wrong, or there are kMaxFaults.
    bool take_out(const PlacedError& error);

    std::string file_;
    std::unique_ptr<xmlDoc, Free> document_;
    std::vector<Notice> notices_;
    std::vector<Notice>* faults_ = nullptr;  // borrowed
    std::optional<Notice> refused_;
    bool abandoned_ = false;  // a part was not read to its end, so unread proves nothing
    struct FreeNode {
        void operator()(xmlNode* node) const { xmlFreeNode(node); }
    };
    std::vector<std::unique_ptr<xmlNode, FreeNode>> taken_out_;  // destroyed before the document
    std::vector<const xmlNode*> incomplete_;  // elements from which others were removed
};

// Formats `node` and everything below it, indented by two spaces for each level from `level` on,
// except for the first line. Namespaces that it needs are declared on it.
[[nodiscard]] std::string serialize(xmlNode* node, int level);

}  // namespace lxvirt::xml
