#include "xml/document/document.hh"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace lxvirt::xml {

namespace {

// The state of libxml2's callbacks, which reach it through xmlParserCtxt::_private.
struct ParseState {
    std::string error;  // the first error
    int error_line = 0;
    std::string excerpt;  // of the document where it was found: two lines, or nothing
    startElementNsSAX2Func start_element = nullptr;
    std::size_t parts = 0;  // elements and attributes so far
};

// Returns the line at which the parser stands and a pointer below it, as libvirt shows them; nothing
// for an empty line. Of a long line at most kMaxExcerpt bytes on each side of the place are shown.
std::string excerpt_at(const xmlParserInput* input) {
    constexpr std::ptrdiff_t kMaxExcerpt = 80;
    if (input == nullptr || input->cur == nullptr) return {};
    const auto is_end = [](xmlChar c) { return c == '\n' || c == '\r' || c == 0; };
    const xmlChar* place = input->cur;
    while (place > input->base && is_end(*place)) --place;
    const xmlChar* begin = place;
    while (begin > input->base && !is_end(begin[-1]) && place - begin < kMaxExcerpt) --begin;
    // A character of several bytes is not cut.
    while (begin < place && (*begin & 0xC0) == 0x80) ++begin;
    const xmlChar* end = begin;
    while (end < input->end && !is_end(*end) && end - place < kMaxExcerpt) ++end;
    while (end > begin && end < input->end && (*end & 0xC0) == 0x80) --end;
    if (begin == end) return {};
    const auto column = std::count_if(begin, std::min(std::max(input->cur, begin), end),
                                      [](xmlChar c) { return (c & 0xC0) != 0x80; });
    return fmt::format("{}\n{:->{}}^", std::string(begin, end), "",
                       static_cast<std::size_t>(column));
}

// Stops the parser; the first error counts.
void stop(xmlParserCtxt* parser, std::string error) {
    auto* state = static_cast<ParseState*>(parser->_private);
    if (state->error.empty()) {
        state->error = std::move(error);
        state->error_line = parser->input != nullptr ? parser->input->line : 0;
        state->excerpt = excerpt_at(parser->input);
    }
    xmlStopParser(parser);
}

// Stores the line of each element in its _private field, shifted by one bit for the reading mark:
// libxml2 keeps only 16 bits of a line.
void start_element(void* context, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
                   int namespace_count, const xmlChar** namespaces, int attribute_count,
                   int defaulted_count, const xmlChar** attributes) {
    auto* parser = static_cast<xmlParserCtxt*>(context);
    auto* state = static_cast<ParseState*>(parser->_private);
    if (parser->nodeNr >= kMaxDepth) {
        stop(parser, fmt::format("elements are nested deeper than {} levels", kMaxDepth));
        return;
    }
    state->parts += 1 + static_cast<std::size_t>(namespace_count + attribute_count);
    if (state->parts > kMaxParts) {
        stop(parser,
             fmt::format("the document has more than {} elements and attributes", kMaxParts));
        return;
    }
    state->start_element(context, name, prefix, uri, namespace_count, namespaces, attribute_count,
                         defaulted_count, attributes);
    if (parser->node != nullptr && parser->input != nullptr)
        parser->node->_private =
            reinterpret_cast<void*>(static_cast<std::intptr_t>(parser->input->line) << 1);
}

// A document type could declare entities that expand without bound or read files.
void refuse_document_type(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
    stop(static_cast<xmlParserCtxt*>(context),
         "a document type declaration (<!DOCTYPE>) is not allowed here: entities are never loaded "
         "or expanded");
}

// Keeps the first error of the parser; later ones follow from it.
void collect_error(void* context, xmlError* error) {
    auto* parser = static_cast<xmlParserCtxt*>(context);
    auto* state = static_cast<ParseState*>(parser->_private);
    if (error->level < XML_ERR_ERROR || !state->error.empty()) return;
    state->error = error->message != nullptr ? error->message : "not well-formed";
    while (!state->error.empty() && state->error.back() == '\n') state->error.pop_back();
    state->error_line = error->line;
    state->excerpt = excerpt_at(parser->input);
    // libxml2 gives lines up to 65535 only; beyond, the parser's position is the best that is
    // known.
    if (parser->input != nullptr && error->line >= 65535) state->error_line = parser->input->line;
}

constexpr std::size_t kMaxAttributes = 1000;  // of one element, namespaces included

// Returns the place of the first element with more attributes than kMaxAttributes, or npos. libxml2
// compares each attribute of an element with all others, so it must not see such an element. What is
// no XML may be misread here; the parser refuses it in any case.
std::size_t find_crowded_element(std::string_view text) {
    const auto skip = [&](std::size_t at, std::string_view end) {
        const auto found = text.find(end, at);
        return found == std::string_view::npos ? text.size() : found + end.size();
    };
    for (std::size_t at = text.find('<'); at < text.size(); at = text.find('<', at)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("<!--"))
            at = skip(at + 4, "-->");
        else if (rest.starts_with("<![CDATA["))
            at = skip(at, "]]>");
        else if (rest.starts_with("<?"))
            at = skip(at, "?>");
        else {
            const std::size_t start = at;
            std::size_t count = 0;
            for (at = text.find_first_of(">\"'", at); at < text.size() && text[at] != '>';
                 at = text.find_first_of(">\"'", at)) {
                at = skip(at + 1, text.substr(at, 1));
                if (++count > kMaxAttributes) return start;
            }
        }
    }
    return std::string_view::npos;
}

struct FreeParser {
    void operator()(xmlParserCtxt* parser) const { xmlFreeParserCtxt(parser); }
};

}  // namespace

std::string Notice::message() const {
    return fmt::format("{}:{}: {}", file, line, text);
}

Document::Document(std::string_view text, std::string file) : file_(std::move(file)) {
    static std::once_flag initialized;
    std::call_once(initialized, [] { xmlInitParser(); });
    const auto fail_at = [this](int line, std::string_view what, std::string excerpt = {}) {
        const Notice fault{file_, std::max(line, 1), std::string(what)};
        if (!excerpt.empty()) excerpt.insert(0, "\n");
        throw PlacedError(base::ErrorCode::xml_detail, fault.message() + excerpt, fault, nullptr);
    };
    if (text.size() > kMaxDocumentSize)
        fail_at(1, fmt::format("the document has {} bytes; at most {} are read", text.size(),
                               kMaxDocumentSize));
    if (text.empty()) fail_at(1, "Document is empty");
    const auto line_of = [&](std::size_t at) {
        return 1 + static_cast<int>(std::count(
                       text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    };
    // libxml2 would take the text up to there for the whole document.
    if (const auto at = text.find('\0'); at != std::string_view::npos)
        fail_at(line_of(at), "the document holds a zero byte");
    if (const auto at = find_crowded_element(text); at != std::string_view::npos)
        fail_at(line_of(at), fmt::format("an element has more than {} attributes", kMaxAttributes));

    const std::unique_ptr<xmlParserCtxt, FreeParser> parser(xmlNewParserCtxt());
    if (!parser) base::fail(base::ErrorCode::no_memory, "XML parser");
    ParseState state;
    parser->_private = &state;
    state.start_element = parser->sax->startElementNs;
    parser->sax->startElementNs = start_element;
    parser->sax->internalSubset = refuse_document_type;
    parser->sax->serror = reinterpret_cast<xmlStructuredErrorFunc>(collect_error);
    // libxml2 hands a structured error handler the parser as its context.
    parser->userData = parser.get();

    document_.reset(xmlCtxtReadMemory(
        parser.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr,
        XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOWARNING | XML_PARSE_COMPACT));
    if (!state.error.empty()) fail_at(state.error_line, state.error, state.excerpt);
    if (!document_ || !parser->wellFormed || xmlDocGetRootElement(document_.get()) == nullptr)
        fail_at(parser->input != nullptr ? parser->input->line : 1,
                "the document is not well-formed");
}

Element Document::root() {
    const Element element(xmlDocGetRootElement(document_.get()), this);
    element.mark_read();
    return element;
}

void Document::notice(const Element& element, std::string text, std::string general) {
    // One notice more than kMaxNotices is added, which says that the list is not complete.
    if (notices_.size() > kMaxNotices) return;
    if (notices_.size() == kMaxNotices)
        text = "more is not supported and was left out; the rest is not listed one by one";
    notices_.push_back(Notice{file_, element.line(), std::move(text), std::move(general)});
}

bool Document::take_out(const PlacedError& error) {
    xmlNode* const node = error.node();
    // An element from which a faulty child was removed may fail now only because that child is
    // missing, so its failure is not recorded.
    const bool follows =
        std::find(incomplete_.begin(), incomplete_.end(), node) != incomplete_.end();
    if (!follows) faults_->push_back(error.fault());
    if (faults_->size() >= kMaxFaults || incomplete_.size() >= kMaxFaults || node == nullptr ||
        node->parent == nullptr || node->parent->type != XML_ELEMENT_NODE) {
        abandoned_ = true;
        return false;
    }
    incomplete_.push_back(node->parent);
    // The node stays alive in taken_out_, since elements that point to it are in use.
    xmlUnlinkNode(node);
    taken_out_.emplace_back(node);
    return true;
}

std::string serialize(xmlNode* node, int level) {
    struct FreeNode {
        void operator()(xmlNode* copy) const {
            if (copy->type == XML_DOCUMENT_NODE)  // the XPath "/" selects the document
                xmlFreeDoc(reinterpret_cast<xmlDoc*>(copy));
            else
                xmlFreeNode(copy);
        }
    };
    struct FreeBuffer {
        void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
    };
    // Copying declares the namespaces on the copy that are declared further up in the document.
    const std::unique_ptr<xmlNode, FreeNode> copy(xmlDocCopyNode(node, node->doc, 1));
    const std::unique_ptr<xmlBuffer, FreeBuffer> buffer(xmlBufferCreate());
    if (!copy || !buffer || xmlNodeDump(buffer.get(), node->doc, copy.get(), level, 1) < 0)
        base::fail(base::ErrorCode::no_memory, "XML text");
    return {reinterpret_cast<const char*>(xmlBufferContent(buffer.get())),
            static_cast<std::size_t>(xmlBufferLength(buffer.get()))};
}

}  // namespace lxvirt::xml
