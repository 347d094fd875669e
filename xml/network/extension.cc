// <lx:network xmlns:lx='urn:lxvirt:network:1'>, the last child of <network>: the guards of its ports,
// all of them or those of a portgroup.
//
//   <lx:network>
//     <lx:guard mac='yes'/>
//     <lx:portgroup name='web'><lx:guard ip='yes' arp='yes'/></lx:portgroup>
//   </lx:network>
#include <algorithm>

#include "xml/document/read.hh"
#include "xml/domain/container_parts.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

bool is_ours(const Element& element, std::string_view name) {
    return element.namespace_uri() == kExtensionNamespace && element.name() == name;
}

// Calls `take` with each child of that name, and marks it as read.
template <typename Take>
void each_child(const Element& parent, std::string_view name, Take&& take) {
    for (Element child = parent.first_child(); child; child = child.next_sibling()) {
        if (!is_ours(child, name)) continue;
        child.mark_read();
        take(child);
    }
}

// Reads the <lx:guard> of `parent`, which has one at most.
ContainerGuard parse_one_guard(const Element& parent, const Network& network) {
    ContainerGuard guard;
    bool found = false;
    each_child(parent, "guard", [&](const Element& element) {
        if (found)
            element.fail(ErrorCode::xml_error, "a second <lx:guard>",
                         "one <lx:guard> has all attributes");
        found = true;
        guard = parse_guard(element);
        if (guard.asks() && network.uses_macvlan())
            element.fail(ErrorCode::config_unsupported,
                         fmt::format("network '{}' has no ports on the host that could be guarded",
                                     network.name),
                         "guards are for networks with a bridge");
    });
    return guard;
}

void parse_group(const Element& element, Network& out) {
    const std::string name = string_attribute(element, "name");
    const auto group = std::find_if(out.portgroups.begin(), out.portgroups.end(),
                                    [&](const PortGroup& one) { return one.name == name; });
    if (group == out.portgroups.end())
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("network '{}' has no portgroup '{}'", out.name, name),
                     "<lx:portgroup> names a <portgroup> of the network");
    group->guard.fill_from(parse_one_guard(element, out));
}

}  // namespace

void parse_extension(const Element& root, Network& out) {
    each_child(
        root, "network",
        [&](const Element& extension) {
            out.guard.fill_from(parse_one_guard(extension, out));
            each_child(
                extension, "portgroup", [&](const Element& group) { parse_group(group, out); });
        });
}

void format_extension(Writer& out, const Network& network) {
    const ContainerGuard silent;
    const bool any = network.guard != silent ||
                     std::any_of(network.portgroups.begin(), network.portgroups.end(),
                                 [&](const PortGroup& group) { return group.guard != silent; });
    if (!any) return;
    out.start("lx:network");
    out.attribute("xmlns:lx", kExtensionNamespace);
    out.children();
    if (network.guard != silent) format_guard(out, network.guard);
    for (const PortGroup& group : network.portgroups) {
        if (group.guard == silent) continue;
        out.start("lx:portgroup");
        out.attribute("name", group.name);
        out.children();
        format_guard(out, group.guard);
        out.end("lx:portgroup");
    }
    out.end("lx:network");
}

}  // namespace lxvirt::xml
