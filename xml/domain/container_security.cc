// Parses and formats the elements of <lx:container> that close a container or open it: what is
// write-protected and hidden, what is in /dev, which devices it may use, its keys, its cores, and through whose ids a file
// system is shown.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file/file.hh"
#include "base/text/text.hh"
#include "xml/document/read.hh"
#include "xml/domain/container_parts.hh"
#include "xml/domain/domain.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Each open of a device goes through all of them.
constexpr std::size_t kMostDeviceRules = 1000;
constexpr std::string_view kAllAccess = "rwm";
constexpr std::array<Name<bool>, 2> kIdmaps{{{"container", true}, {"none", false}}};
constexpr std::array<Name<bool>, 2> kCalls{{{"allow", true}, {"deny", false}}};

// Returns whether state is 'on', the default.
bool parse_state(const Element& element) {
    return enum_attribute(element, "state", kOnOff).value_or(true);
}

// Returns an absolute path without "..", "." and double slashes, so that each place has exactly one
// name.
std::string clean_path_attribute(const Element& element, std::string_view name) {
    std::string path = required(element, name);
    require_absolute(element, fmt::format("{} of <lx:{}>", name, element.name()), path);
    if (path == "/" || base::clean_path(path) != path ||
        (path + "/").find("/../") != std::string::npos)
        fail_attribute(element, name, path,
                       "a path below '/' without '..', '.' and double slashes");
    return path;
}

// Reads <lx:readonly> or <lx:mask>. state='off' is only for a path that every container protects.
template <std::size_t N>
void parse_path(const Element& element, const std::array<std::string_view, N>& defaults,
                std::vector<ContainerPath>& paths) {
    ContainerPath made{clean_path_attribute(element, "path"), parse_state(element)};
    if (!made.on && !has_word(defaults, made.path))
        fail_attribute(element, "path", made.path,
                       fmt::format("with state='off' one of {}", list_of(defaults)));
    // A path that every container protects anyway is not stored.
    if (!made.on || !has_word(defaults, made.path)) paths.push_back(std::move(made));
}

constexpr std::string_view kDevFolder = "/dev/";

// Returns a path below /dev that is to be made in the container.
std::string dev_path(const Element& element) {
    std::string path = clean_path_attribute(element, "path");
    if (!path.starts_with(kDevFolder)) fail_attribute(element, "path", path, "a path below /dev");
    return path;
}

// Reads <lx:node>. The mode is octal and covers the permission bits only.
ContainerNode parse_node(const Element& element) {
    ContainerNode node;
    node.path = dev_path(element);
    node.on = parse_state(element);
    if (!node.on && !has_word(kOptionalNodes, node.path.substr(kDevFolder.size())))
        fail_attribute(
            element, "path", node.path,
            fmt::format("with state='off' one of those in /dev: {}", list_of(kOptionalNodes)));
    if (const auto text = element.attribute("mode")) {
        node.mode = base::parse_number<std::uint32_t>(*text, 8);
        if (!node.mode || *node.mode > 0777)
            fail_attribute(element, "mode", *text, "an octal number up to 0777");
    }
    return node;
}

// Reads <lx:link>. The helper makes links in /dev itself only.
ContainerLink parse_link(const Element& element) {
    ContainerLink link{dev_path(element), required(element, "target")};
    if (link.path.find('/', kDevFolder.size()) != std::string::npos)
        fail_attribute(element, "path", link.path, "a name in /dev itself");
    return link;
}

// Parses <lx:dev>. The size is that of the tmpfs on /dev, in bytes; a path may be given once, as a node
// or as a link.
void parse_dev(const Element& element, Container& out) {
    if (const auto size = unsigned_attribute(element, "size")) {
        if (*size < kLeastDevSize)
            fail_attribute(element, "size", std::to_string(*size),
                           fmt::format("bytes, {} or more", kLeastDevSize));
        out.dev.size = size;
    }
    std::set<std::string> seen;
    const auto name_once = [&](const Element& child, const std::string& path) {
        if (!seen.insert(path).second)
            child.fail(ErrorCode::xml_error, fmt::format("'{}' is twice in <lx:dev>", path),
                       "one <lx:node> or <lx:link> for each path");
    };
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() != kContainerNamespace) continue;
        if (child.name() == "node") {
            child.mark_read();
            ContainerNode node = parse_node(child);
            name_once(child, node.path);
            out.dev.nodes.push_back(std::move(node));
        } else if (child.name() == "link") {
            child.mark_read();
            ContainerLink link = parse_link(child);
            name_once(child, link.path);
            out.dev.links.push_back(std::move(link));
        }
    }
}

// Reads a child of <lx:device_rules>.
ContainerDeviceRule parse_rule(const Element& element) {
    const std::string device = required(element, "device");
    const std::string access = string_attribute(element, "access");
    const bool allow = element.name() == "allow";
    const auto rule = parse_device_rule(fmt::format("{} {}", device, access), allow);
    if (!rule || device.find_first_of("rwm") != std::string::npos)
        fail_attribute(element, "device", device, "'a', 'c MAJOR:MINOR' or 'b MAJOR:MINOR'");
    if (rule->is_whole() && !access.empty() && access != kAllAccess)
        fail_attribute(element, "access", access, "nothing with device='a'");
    return *rule;
}

void parse_device_rules(const Element& element, Container& out) {
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() != kContainerNamespace) continue;
        if (child.name() != "allow" && child.name() != "deny") continue;
        child.mark_read();
        if (out.device_rules.size() >= kMostDeviceRules)
            child.fail(ErrorCode::xml_error,
                       fmt::format("<lx:device_rules> has more than {} rules", kMostDeviceRules),
                       "one rule for all minor numbers of a major one: device='c 1:*'");
        add_device_rule(out.device_rules, parse_rule(child));
    }
}

// Parses <lx:filesystem>: how a <filesystem> is mounted.
void parse_filesystem_mount(const Element& element, Container& out) {
    ContainerFilesystem made;
    made.target = required(element, "target");
    made.idmapped = enum_attribute(element, "idmap", kIdmaps);
    const auto submounts = enum_attribute(element, "submounts", kYesNo);
    made.submounts = submounts.value_or(true);
    if (!submounts) (void)required(element, "idmap");
    out.filesystems.push_back(std::move(made));
}

// Writes the paths; state='on' is the default and is left out.
void format_paths(Writer& out, std::string_view name, const std::vector<ContainerPath>& paths) {
    for (const ContainerPath& path : paths)
        format_flat(out, name, {{"path", path.path}, {"state", path.on ? "" : "off"}});
}

// Writes <lx:dev>; the mode of a node has four octal digits.
void format_dev(Writer& out, const ContainerDev& dev) {
    if (dev == ContainerDev{}) return;
    out.start("lx:dev");
    out.attribute_if("size", dev.size);
    if (dev.nodes.empty() && dev.links.empty()) return out.empty();
    out.children();
    for (const ContainerNode& node : dev.nodes)
        format_flat(out, "lx:node",
                    {{"path", node.path},
                     {"mode", node.mode ? fmt::format("{:04o}", *node.mode) : ""},
                     {"state", node.on ? "" : "off"}});
    for (const ContainerLink& link : dev.links)
        format_flat(out, "lx:link", {{"path", link.path}, {"target", link.target}});
    out.end("lx:dev");
}

void format_device_rules(Writer& out, const std::vector<ContainerDeviceRule>& rules) {
    if (rules.empty()) return;
    out.start("lx:device_rules");
    out.children();
    for (const ContainerDeviceRule& rule : rules)
        format_flat(
            out, rule.allow ? "lx:allow" : "lx:deny",
            {{"device", rule.device}, {"access", rule.access == kAllAccess ? "" : rule.access}});
    out.end("lx:device_rules");
}

}  // namespace

std::optional<ContainerDeviceRule> parse_device_rule(std::string_view text, bool allow) {
    const auto words = base::split_words(text);
    if (words.empty() || words.size() > 3) return std::nullopt;
    // The kernel takes "a" for everything, whatever follows.
    if (words[0] == "a") return ContainerDeviceRule{allow, "a", std::string(kAllAccess)};
    if ((words[0] != "b" && words[0] != "c") || words.size() < 2) return std::nullopt;
    const auto colon = words[1].find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    ContainerDeviceRule rule{allow, std::string(words[0]), {}};
    for (const std::string_view part : {words[1].substr(0, colon), words[1].substr(colon + 1)}) {
        const auto number = base::parse_number<std::uint32_t>(part);
        if (!number && part != "*") return std::nullopt;
        rule.device += rule.device.size() == 1 ? ' ' : ':';
        rule.device += number ? std::to_string(*number) : "*";
    }
    const std::string_view access = words.size() == 3 ? words[2] : kAllAccess;
    if (access.find_first_not_of(kAllAccess) != std::string_view::npos) return std::nullopt;
    for (const char c : kAllAccess)
        if (access.find(c) != std::string_view::npos) rule.access += c;
    return rule;
}

void add_device_rule(std::vector<ContainerDeviceRule>& rules, ContainerDeviceRule rule) {
    if (rule.is_whole()) rules.clear();
    for (std::size_t at = rules.size(); at-- != 0 && rule.allow && rules[at].allow;)
        if (rules[at] == rule) return;
    rules.push_back(std::move(rule));
}

bool parse_container_security(const Element& element, Container& out) {
    const std::string_view name = element.name();
    if (name == "readonly")
        parse_path(element, kReadonlyPaths, out.readonly_paths);
    else if (name == "mask")
        parse_path(element, kMaskedPaths, out.masked_paths);
    else if (name == "dev")
        parse_dev(element, out);
    else if (name == "device_rules")
        parse_device_rules(element, out);
    else if (name == "keyring")
        out.keyring = {.session = enum_attribute(element, "session", kYesNo).value_or(true),
                       .calls = enum_attribute(element, "calls", kCalls).value_or(false)};
    else if (name == "calls")
        out.calls = {.vsock = enum_attribute(element, "vsock", kCalls).value_or(false),
                     .io_uring = enum_attribute(element, "io_uring", kCalls).value_or(false)};
    else if (name == "core_scheduling")
        out.core_scheduling = true;
    else if (name == "filesystem")
        parse_filesystem_mount(element, out);
    else
        return false;
    return true;
}

void format_container_security(Writer& out, const Container& container) {
    for (const ContainerFilesystem& filesystem : container.filesystems)
        format_flat(
            out, "lx:filesystem",
            {{"target", filesystem.target},
             {"idmap", filesystem.idmapped ? std::string(name_of(kIdmaps, *filesystem.idmapped))
                                           : std::string()},
             {"submounts", filesystem.submounts ? "" : "no"}});
    format_paths(out, "lx:readonly", container.readonly_paths);
    format_paths(out, "lx:mask", container.masked_paths);
    format_dev(out, container.dev);
    format_device_rules(out, container.device_rules);
    format_flat(out, "lx:keyring",
                {{"session", container.keyring.session ? "" : "no"},
                 {"calls", container.keyring.calls ? "allow" : ""}});
    format_flat(out, "lx:calls",
                {{"vsock", container.calls.vsock ? "allow" : ""},
                 {"io_uring", container.calls.io_uring ? "allow" : ""}});
    if (container.core_scheduling) out.flag("lx:core_scheduling");
}

void check_named_once(const Element& container) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (Element child = container.first_child(); child; child = child.next_sibling()) {
        const std::string_view name = child.name();
        const bool by_path = name == "readonly" || name == "mask";
        if (child.namespace_uri() != kContainerNamespace || (!by_path && name != "filesystem"))
            continue;
        const std::string_view attribute = by_path ? "path" : "target";
        const std::string_view value = child.attribute(attribute).value_or("");
        if (!seen.emplace(name, value).second)
            child.fail(ErrorCode::xml_error,
                       fmt::format("a second <lx:{} {}='{}'>", name, attribute, value),
                       fmt::format("one for each {}", attribute));
    }
}

// These are notices and not faults: the device may be detached for a while and come back.
void add_container_notices(const Element& element, const Domain& domain) {
    std::map<std::string_view, FilesystemType> types;  // by the target
    if (!domain.container.filesystems.empty())
        for (const Filesystem& filesystem : domain.filesystems)
            types.emplace(filesystem.target, filesystem.type);
    for (const ContainerFilesystem& entry : domain.container.filesystems) {
        const auto notice = [&](std::string_view why) {
            element.document().notice(
                element,
                fmt::format("<lx:filesystem target='{}'> has no effect: {}", entry.target, why));
        };
        const auto found = types.find(entry.target);
        if (found == types.end())
            notice("no <filesystem> of the domain has this target");
        else if (found->second == FilesystemType::bind || found->second == FilesystemType::ram)
            notice("the <filesystem> of this target is none of the host's");
        else if (domain.idmap.empty() && entry.submounts)
            notice("the domain has no <idmap>");
    }
}

}  // namespace lxvirt::xml
