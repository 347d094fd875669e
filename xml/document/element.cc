// Element: reading with marks. The mark of an element is the lowest bit of xmlNode::_private, above
// which its line is stored. An attribute or text is read if its _private is not null.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "xml/document/document.hh"

namespace lxvirt::xml {

namespace {

std::string_view view(const xmlChar* text) {
    return text != nullptr ? std::string_view(reinterpret_cast<const char*>(text))
                           : std::string_view();
}

std::intptr_t bits(const xmlNode* node) {
    return reinterpret_cast<std::intptr_t>(node->_private);
}

// The mark says that a parser knows the element; report_unread() lists all others.
bool is_read(const xmlNode* node) {
    return (bits(node) & 1) != 0;
}

xmlNode* next_element(xmlNode* node) {
    while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

bool is_text(const xmlNode* node) {
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

// Returns "<os>" or "<lx:dev>", as the document has it.
std::string tag(const xmlNode* node) {
    if (node->ns != nullptr && node->ns->prefix != nullptr)
        return fmt::format("<{}:{}>", view(node->ns->prefix), view(node->name));
    return fmt::format("<{}>", view(node->name));
}

void watch(const Element& element, bool attribute, std::string_view name, bool found) {
    if (read_watcher != nullptr) read_watcher(element, attribute, name, found);
}

bool has_unread_text(const xmlNode* node) {
    for (const xmlNode* child = node->children; child != nullptr; child = child->next) {
        if (!is_text(child) || child->_private != nullptr) continue;
        const std::string_view text = view(child->content);
        if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) return true;
    }
    return false;
}

}  // namespace

std::string_view Element::name() const {
    return view(node_->name);
}

std::string_view Element::namespace_uri() const {
    return node_->ns != nullptr ? view(node_->ns->href) : std::string_view();
}

int Element::line() const {
    // The lowest bit is the mark.
    return static_cast<int>(bits(node_) >> 1);
}

std::optional<std::string_view> Element::attribute(std::string_view name) const {
    watch(*this, true, name, false);
    for (xmlAttr* attribute = node_->properties; attribute != nullptr;
         attribute = attribute->next) {
        // An attribute with a prefix belongs to somebody else's namespace.
        if (attribute->ns != nullptr || view(attribute->name) != name) continue;
        attribute->_private = node_;
        watch(*this, true, name, true);
        // Entities are never expanded, so a value is one text node, or none where it is empty.
        return attribute->children != nullptr ? view(attribute->children->content)
                                              : std::string_view("");
    }
    return std::nullopt;
}

std::string Element::text() const {
    std::string result;
    for (xmlNode* child = node_->children; child != nullptr; child = child->next) {
        // Text may be in several nodes, with comments and CDATA sections between them.
        if (!is_text(child)) continue;
        child->_private = node_;
        result += view(child->content);
    }
    return result;
}

Element Element::child(std::string_view name) const {
    watch(*this, false, name, false);
    for (Element child = first_child(); child; child = child.next_sibling()) {
        if (child.node_->ns != nullptr || child.name() != name) continue;
        child.mark_read();
        return child;
    }
    return {};
}

std::vector<Element> Element::children(std::string_view name) const {
    watch(*this, false, name, false);
    std::vector<Element> result;
    for (Element child = first_child(); child; child = child.next_sibling()) {
        if (child.node_->ns != nullptr || child.name() != name) continue;
        child.mark_read();
        result.push_back(child);
    }
    return result;
}

Element Element::first_child() const {
    return {next_element(node_->children), document_};
}

Element Element::next_sibling() const {
    return {next_element(node_->next), document_};
}

void Element::mark_read() const {
    watch(*this, false, "", true);
    node_->_private = reinterpret_cast<void*>(bits(node_) | 1);
}

void Element::mark_tree_read() const {
    mark_read();
    for (xmlAttr* attribute = node_->properties; attribute != nullptr;
         attribute = attribute->next) {
        attribute->_private = node_;
        watch(*this, true, view(attribute->name), true);
    }
    (void)text();
    for (Element child = first_child(); child; child = child.next_sibling()) child.mark_tree_read();
}

// The parenthesis names file and line, since libvirt's sentence does not.
void Element::fail(base::ErrorCode code, std::string_view words, std::string_view hint) const {
    const std::string_view between = words.empty() ? "" : ": ";
    throw PlacedError(
        code, fmt::format("{} ({}:{}: {})", words, document_->file(), line(), hint),
        Notice{document_->file(), line(), fmt::format("{}{}{}", words, between, hint)}, node_);
}

void Document::report_unread(const Element& element) {
    xmlNode* node = element.node();
    for (const xmlAttr* attribute = node->properties; attribute != nullptr;
         attribute = attribute->next) {
        if (attribute->_private != nullptr) continue;
        notice(element,
               fmt::format("attribute '{}' of {} is not supported by lxvirt and was left out",
                           view(attribute->name), tag(node)));
    }
    if (has_unread_text(node))
        notice(element,
               fmt::format("text inside {} means nothing there and was left out", tag(node)));
    std::set<std::string_view> read_names;
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (is_read(child.node())) {
            report_unread(child);
            read_names.insert(child.name());
            // A parser that asks for one element of a name reads the first.
        } else if (read_names.contains(child.name()) && child.namespace_uri().empty()) {
            notice(child, fmt::format("a second {} counts for nothing and was left out",
                                      tag(child.node())));
        } else {
            notice(child, fmt::format("{} in {} is not supported by lxvirt and was left out",
                                      tag(child.node()), tag(node)));
        }
    }
}

void Document::report_unread() {
    if (abandoned_) return;
    // Notices of parsers were added before; the list is sorted by line at the end, with the
    // parsers' first.
    const std::vector<Notice> before = std::exchange(notices_, {});
    report_unread(root());
    if (refused_ && faults_->empty()) {
        *faults_ = std::exchange(notices_, {});
        if (faults_->empty()) faults_->push_back(*refused_);
    }
    notices_.insert(notices_.begin(), before.begin(), before.end());
    std::stable_sort(notices_.begin(), notices_.end(),
                     [](const Notice& a, const Notice& b) { return a.line < b.line; });
}

}  // namespace lxvirt::xml
