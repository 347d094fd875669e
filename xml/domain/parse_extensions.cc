// Parses <metadata>, <seclabel>, <lxc:namespace> and <lx:container>.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "xml/document/read.hh"
#include "xml/domain/container_parts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

constexpr int kMetadataLevel = 2;  // <domain><metadata> are around it

// Reads a shared namespace; both attributes are required, as in libvirt.
std::optional<SharedNamespace> parse_share(const Element& element) {
    SharedNamespace share;
    const std::string type = string_attribute(element, "type");
    const std::string_view missing = "No lxc environment type specified";
    const auto hint = fmt::format("type is {}, and value says which", list_of(kShareTypes));
    if (type.empty()) element.fail(ErrorCode::internal_error, missing, hint);
    const auto known = value_of(kShareTypes, type);
    if (!known)
        element.fail(ErrorCode::internal_error,
                     fmt::format("Unknown LXC namespace source '{}'", type), hint);
    share.type = *known;
    share.value = string_attribute(element, "value");
    if (share.value.empty()) element.fail(ErrorCode::internal_error, missing, hint);
    if (share.type == ShareType::none) return std::nullopt;
    return share;
}

// Returns nothing where every namespace is 'none', which is the default.
std::optional<LxcNamespace> parse_namespace(const Element& element) {
    LxcNamespace result;
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        child.mark_read();
        if (child.name() == "sharenet")
            result.sharenet = parse_share(child);
        else if (child.name() == "shareipc")
            result.shareipc = parse_share(child);
        else if (child.name() == "shareuts")
            result.shareuts = parse_share(child);
        else
            child.fail(ErrorCode::config_unsupported,
                       fmt::format("unsupported Namespace feature: {}", child.name()),
                       "there are sharenet, shareipc and shareuts");
    }
    if (!result.sharenet && !result.shareipc && !result.shareuts) return std::nullopt;
    return result;
}

// Reads model and type of a label, by libvirt's rules for what may be left out
// (virSecurityLabelDefParseXML()).
void parse_label_kind(const Element& element, bool only_one, SecurityLabel& label) {
    label.model = string_attribute(element, "model");
    label.type = word_attribute(element, "type", kSecurityTypes);
    label.relabel = enum_attribute(element, "relabel", kYesNo);
    if (label.model.empty() && !only_one)
        element.fail(ErrorCode::xml_error, "missing security model when using multiple labels",
                     "<seclabel model='...'>");
    if (label.model.empty() && (label.type.empty() || label.type == "static"))
        element.fail(ErrorCode::xml_error, "missing security model in domain seclabel",
                     "<seclabel model='...'>");
    if (label.model.empty()) label.model = label.type = "none";
    if (label.type.empty()) label.type = label.model == "none" ? "none" : "dynamic";
    if (label.type == "none" && label.relabel.value_or(false))
        element.fail(ErrorCode::config_unsupported,
                     "resource relabeling is not compatible with 'none' label type",
                     "relabel='no'");
    if (label.type == "dynamic" && !label.relabel.value_or(true))
        element.fail(ErrorCode::config_unsupported,
                     "dynamic label type must use resource relabeling", "relabel='yes'");
}

// Reads <seclabel>. The image's label is chosen at a start, so a definition keeps none.
SecurityLabel parse_label(const Element& element, bool only_one, bool live) {
    SecurityLabel label;
    parse_label_kind(element, only_one, label);
    if (label.type == "none") {
        label.relabel.reset();
        return label;
    }
    if (const Element child = element.child("label")) label.label = child.text();
    if (const Element child = element.child("imagelabel"); child && live)
        label.imagelabel = child.text();
    if (const Element child = element.child("baselabel")) label.baselabel = child.text();
    if (label.type == "static" && label.label.empty())
        element.fail(ErrorCode::xml_error, "security label is missing",
                     "type='static' needs <label>");
    // A dynamic label relabels files by default, a static one does not.
    if (!label.relabel) label.relabel = label.type == "dynamic";
    return label;
}

}  // namespace

std::vector<std::string> parse_metadata(const Element& parent) {
    std::vector<std::string> result;
    const Element metadata = parent.child("metadata");
    if (!metadata) return result;
    std::set<std::string_view> seen;
    for (Element child = metadata.first_child(); child; child = child.next_sibling()) {
        child.mark_tree_read();
        // libvirt keeps one element for each namespace, the first.
        const std::string_view uri = child.namespace_uri();
        if (uri.empty() || !seen.insert(uri).second) {
            parent.document().notice(
                child, fmt::format("<{}> in <metadata> {} and was left out", child.name(),
                                   uri.empty() ? "has no XML namespace"
                                               : "is the second of its XML namespace"));
            continue;
        }
        result.push_back(serialize(child.node(), kMetadataLevel));
    }
    return result;
}

// Reads all labels; a model may have one label only.
void parse_security_labels(const Element& domain, Domain& out, bool live) {
    const std::vector<Element> elements = domain.children("seclabel");
    std::set<std::string> models;
    for (const Element& element : elements) {
        SecurityLabel label = parse_label(element, elements.size() == 1, live);
        if (!models.insert(label.model).second)
            element.fail(ErrorCode::xml_detail,
                         fmt::format("seclabel for model {} is already provided", label.model),
                         "one <seclabel> per model");
        out.seclabels.push_back(std::move(label));
    }
}

// Reads <lxc:namespace> and <lx:container>. A second <lxc:namespace> is ignored; a second
// <lx:container> is an error, since nothing says which one counts.
void parse_extensions(const Element& domain, Domain& out) {
    bool seen = false;
    for (Element child = domain.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() == kLxcNamespace && child.name() == "namespace") {
            child.mark_read();
            if (child.first_child() && !out.lxc_namespace)
                out.lxc_namespace = parse_namespace(child);
        } else if (child.namespace_uri() == kContainerNamespace && child.name() == "container") {
            if (seen)
                child.fail(ErrorCode::xml_error, "a second <lx:container> element",
                           "put all of it into one");
            seen = true;
            out.container = parse_container(child);
            add_container_notices(child, out);
        }
    }
}

}  // namespace lxvirt::xml
