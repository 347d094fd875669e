// Custom elements of <metadata>, as virDomainSetMetadata() and virDomainGetMetadata() of libvirt
// change and read them: one element for each XML namespace. They are kept as text and parsed for
// each call, which is rare.

#include "xml/domain/metadata.hh"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>

#include "base/error.hh"

namespace lxvirt::xml {

namespace {

using base::ErrorCode;

struct FreeDocument {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using DocumentPointer = std::unique_ptr<xmlDoc, FreeDocument>;

struct FreeBuffer {
    void operator()(xmlBuffer* buffer) const { xmlBufferFree(buffer); }
};

const xmlChar* chars(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}

std::string_view view(const xmlChar* text) {
    return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

// Parses a small document without network access. Returns null where it is not well-formed or has a
// document type.
DocumentPointer parse(const std::string& text) {
    // xmlReadMemory() takes an int for the size.
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
    DocumentPointer document(xmlReadMemory(
        text.data(), static_cast<int>(text.size()), nullptr, nullptr,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS));
    // A document type could define entities that grow without bound.
    if (document && document->intSubset != nullptr) return nullptr;
    return document;
}

// Returns the root element as text, indented by `level` elements.
std::string serialise(xmlDoc* document, int level) {
    const std::unique_ptr<xmlBuffer, FreeBuffer> buffer(xmlBufferCreate());
    xmlNode* const root = xmlDocGetRootElement(document);
    if (!buffer || xmlNodeDump(buffer.get(), document, root, level, 1) < 0)
        base::fail(ErrorCode::no_memory, "write a metadata element");
    return std::string(view(xmlBufferContent(buffer.get())));
}

// Calls act(element) for a node and all elements below it, parents first.
template <typename Act>
void for_each_element(xmlNode* node, const Act& act) {
    act(node);
    for (xmlNode* child = node->children; child != nullptr; child = child->next)
        if (child->type == XML_ELEMENT_NODE) for_each_element(child, act);
}

// Says whether the root element belongs to the namespace.
bool has_namespace(const xmlDoc* document, const std::string& uri) {
    const xmlNode* const root = xmlDocGetRootElement(document);
    return root != nullptr && root->ns != nullptr && view(root->ns->href) == uri;
}

// Removes the namespace from the elements and attributes that have it, and its declarations.
void strip_namespace(xmlNode* root, const std::string& uri) {
    for_each_element(root, [&uri](xmlNode* node) {
        if (node->ns != nullptr && view(node->ns->href) == uri) node->ns = nullptr;
        for (xmlAttr* attribute = node->properties; attribute != nullptr;
             attribute = attribute->next)
            if (attribute->ns != nullptr && view(attribute->ns->href) == uri)
                attribute->ns = nullptr;
    });
    // Declarations are freed only now, when no node refers to them any more.
    for_each_element(root, [&uri](xmlNode* node) {
        for (xmlNs** link = &node->nsDef; *link != nullptr;) {
            xmlNs* const declared = *link;
            if (view(declared->href) != uri) {
                link = &declared->next;
                continue;
            }
            *link = declared->next;
            declared->next = nullptr;
            xmlFreeNs(declared);
        }
    });
}

// Returns `value` as an element of the namespace. Elements that declare a namespace of their own
// keep it.
std::string with_namespace(const std::string& value, const std::string& uri,
                           const std::string& key) {
    // The key becomes the prefix of the namespace, so it has to be a name without a colon (NCName).
    if (xmlValidateNCName(chars(key), 0) != 0)
        base::fail(ErrorCode::invalid_arg,
                   "metadata key '{}' must be an XML prefix: letters, digits, '-', "
                   "'_' and '.', not beginning with a digit",
                   key);
    const DocumentPointer document = parse(value);
    if (!document)
        base::fail(ErrorCode::xml_error, "metadata value must be one well-formed XML element");
    xmlNode* const root = xmlDocGetRootElement(document.get());
    // xmlNewNs() returns null if the element declares the prefix already.
    xmlNs* const space = xmlNewNs(root, chars(uri), chars(key));
    if (space == nullptr)
        base::fail(ErrorCode::invalid_arg, "metadata value declares the prefix '{}' itself", key);
    for_each_element(root, [space](xmlNode* node) {
        if (node->ns == nullptr) xmlSetNs(node, space);
    });
    constexpr int kDepth = 2;  // the elements <domain><metadata> are around it
    return serialise(document.get(), kDepth);
}

}  // namespace

std::optional<std::string> find_metadata(const std::vector<std::string>& elements,
                                         const std::string& uri) {
    for (const std::string& element : elements) {
        const DocumentPointer document = parse(element);
        if (!document || !has_namespace(document.get(), uri)) continue;
        // libvirt returns the element without its namespace, as the caller gave it.
        strip_namespace(xmlDocGetRootElement(document.get()), uri);
        return serialise(document.get(), 0);
    }
    return std::nullopt;
}

void replace_metadata(std::vector<std::string>& elements, const std::string& uri,
                      const std::string& key, const std::optional<std::string>& value) {
    if (uri.empty()) base::fail(ErrorCode::invalid_arg, "metadata needs a namespace URI");
    // The new element is made first, so that a bad value leaves the old one in place.
    const auto added = value ? std::optional(with_namespace(*value, uri, key)) : std::nullopt;
    const auto same = [&uri](const std::string& element) {
        const DocumentPointer document = parse(element);
        return document && has_namespace(document.get(), uri);
    };
    elements.erase(std::remove_if(elements.begin(), elements.end(), same), elements.end());
    if (added) elements.push_back(*added);
}

}  // namespace lxvirt::xml
