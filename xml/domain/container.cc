// Parses and formats <lx:container>. Elements that only close or open a container are in
// container_security.cc.
#include "xml/domain/container.hh"

#include <fmt/format.h>

#include <functional>
#include <map>

#include "base/text/text.hh"
#include "xml/document/identity.hh"
#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/container_parts.hh"
#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

// Returns a required attribute; throws xml_error with the element's usage as the hint if it is
// absent or empty.
std::string required(const Element& element, std::string_view name) {
    std::string value = string_attribute(element, name);
    if (value.empty())
        element.fail(ErrorCode::xml_error, fmt::format("<lx:{}> has no '{}'", element.name(), name),
                     fmt::format("<lx:{} {}='...'>", element.name(), name));
    return value;
}

// Writes an empty element with the attributes that have a value; nothing if none has one.
void format_flat(Writer& out, std::string_view name, const Attributes& attributes) {
    bool any = false;
    for (const auto& [key, value] : attributes) any = any || !value.empty();
    if (!any) return;
    out.start(name);
    for (const auto& [key, value] : attributes) out.attribute_if(key, value);
    out.empty();
}

ContainerGuard parse_guard(const Element& element) {
    ContainerGuard guard;
    for (const auto& [name, member] : kGuards)
        guard.*member = enum_attribute(element, name, kYesNo);
    return guard;
}

void format_guard(Writer& out, const ContainerGuard& guard) {
    out.start("lx:guard");
    for (const auto& [name, member] : kGuards)
        if (const auto& on = guard.*member) out.attribute(name, name_of(kYesNo, *on));
    out.empty();
}

namespace {

constexpr std::string_view kUnlimited = "unlimited";
constexpr std::array<Name<bool>, 2> kVariableUsers{{{"init", false}, {"hooks", true}}};

// Returns a name that becomes part of a path below /proc or in a control group; anything that could
// lead elsewhere is refused.
std::string file_name(const Element& element, std::string_view allowed) {
    std::string name = required(element, "name");
    const auto is_part_of_name = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || allowed.find(c) != std::string_view::npos;
    };
    for (const char c : name)
        if (!is_part_of_name(c) || name.find("..") != std::string::npos || name.front() == '/')
            fail_attribute(element, "name", name, "letters, digits, '_', '-' and inner dots");
    return name;
}

// Parses NAME and VALUE of a setting; `allowed` is as in file_name().
ContainerSetting parse_setting(const Element& element, std::string_view allowed) {
    return {file_name(element, allowed), string_attribute(element, "value")};
}

// Returns a limit; nothing for the word "unlimited".
std::optional<std::uint64_t> parse_limit_value(const Element& element, std::string_view name) {
    const std::string text = required(element, name);
    if (text == kUnlimited) return std::nullopt;
    const auto value = base::parse_number<std::uint64_t>(text);
    if (!value) fail_attribute(element, name, text, "a number or 'unlimited'");
    return value;
}

// Parses <lx:prlimit>. The units are those of getrlimit(2): bytes, seconds or numbers, by the
// limit's name.
ContainerLimit parse_limit(const Element& element) {
    ContainerLimit limit;
    limit.name = word_attribute(element, "name", kLimitNames);
    if (limit.name.empty()) (void)required(element, "name");
    limit.soft = parse_limit_value(element, "soft");
    limit.hard = parse_limit_value(element, "hard");
    if (limit.hard && (!limit.soft || *limit.soft > *limit.hard))
        fail_attribute(element, "soft", string_attribute(element, "soft"),
                       "no more than 'hard', which setrlimit(2) would refuse");
    return limit;
}

// Reads <lx:mount>. The source is a path of the host, a device, or any word for a file system that
// has none.
ContainerMount parse_mount(const Element& element) {
    ContainerMount mount{required(element, "source"), required(element, "target"),
                         string_attribute(element, "type"), string_attribute(element, "options")};
    require_absolute(element, "target of <lx:mount>", mount.target);
    return mount;
}

// Parses <lx:cgroup>: a file of version 1 or 2 and the text that is written into it at a start. A
// device rule, which earlier versions of lxvirt kept here, becomes one of <lx:device_rules>.
void parse_group_value(const Element& element, Container& out) {
    const std::string version = required(element, "version");
    if (version != "1" && version != "2") fail_attribute(element, "version", version, "1 or 2");
    ContainerGroupValue made{version == "2", file_name(element, "."), required(element, "value")};
    const bool allows = made.name == "devices.allow";
    if (!allows && made.name != "devices.deny") {
        out.groups.push_back(std::move(made));
        return;
    }
    auto rule = parse_device_rule(made.value, allows);
    if (!rule) fail_attribute(element, "value", made.value, "'TYPE MAJOR:MINOR ACCESS' or 'a'");
    add_device_rule(out.device_rules, std::move(*rule));
}

// Parses a list such as "4, 24, 27": group ids in the container.
std::vector<std::uint32_t> parse_group_ids(const Element& element) {
    std::vector<std::uint32_t> ids;
    const std::string text = required(element, "groups");
    for (const std::string_view word : base::split(text, ',')) {
        const auto id = base::parse_number<std::uint32_t>(base::trim(word));
        if (!id) fail_attribute(element, "groups", text, "numbers, with commas between");
        ids.push_back(*id);
    }
    return ids;
}

// Parses the options of one interface, which is named by the place of the <interface> in <devices>,
// from 0.
ContainerInterface parse_interface_options(const Element& element) {
    ContainerInterface interface;
    (void)required(element, "index");
    interface.index = static_cast<unsigned>(unsigned_attribute(element, "index").value_or(0));
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() != kContainerNamespace) continue;
        if (child.name() == "option") {
            interface.options.push_back(parse_setting(child, "."));
        } else if (child.name() == "guard") {
            if (interface.guard)
                child.fail(ErrorCode::xml_error, "a second <lx:guard> in <lx:interface>",
                           "put all of it into one");
            interface.guard = parse_guard(child);
        } else if (child.name() == "publish") {
            interface.publications.push_back(parse_publication(child));
        } else {
            continue;  // stays unread, so it becomes a notice
        }
        child.mark_read();
    }
    return interface;
}

// Parses <lx:hooks> with the children <lx:hook>; the version decides how lxc passes data to hooks.
void parse_hooks(const Element& element, Container& out) {
    out.hook_version = static_cast<unsigned>(unsigned_attribute(element, "version", 1).value_or(0));
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() != kContainerNamespace || child.name() != "hook") continue;
        child.mark_read();
        const std::string type = word_attribute(child, "type", kHookTypes);
        if (type.empty()) (void)required(child, "type");
        out.hooks.push_back({type, required(child, "command")});
    }
}

// Parses <lx:environment>. Without a value it names a variable of the caller's.
void parse_variable(const Element& element, Container& out) {
    std::string name = required(element, "name");
    const auto value = element.attribute("value");
    const auto for_hooks = enum_attribute(element, "for", kVariableUsers);
    if (value.has_value() != for_hooks.has_value())
        element.fail(ErrorCode::xml_error,
                     fmt::format("<lx:environment name='{}'> has one of 'value' and 'for'", name),
                     "both, or none of them for the caller's value");
    if (!value)
        out.inherited_environment.push_back(std::move(name));
    else
        out.variables.push_back({std::move(name), std::string(*value), *for_hooks});
}

// Parses <lx:hostdev>: how the container sees a network device of the host.
ContainerHostdev parse_hostdev(const Element& element) {
    ContainerHostdev made;
    made.source = required(element, "source");
    made.name = string_attribute(element, "name");
    const std::string mac = string_attribute(element, "mac");
    if (!mac.empty()) {
        const auto parsed = to_mac(mac);
        if (!parsed) fail_attribute(element, "mac", mac, "six pairs of digits: 52:54:00:01:02:03");
        made.mac = mac_text(*parsed);
    }
    if (const auto mtu = unsigned_attribute(element, "mtu")) made.mtu = static_cast<unsigned>(*mtu);
    constexpr std::array<std::string_view, 1> words{"host"};
    made.host_permissions = !word_attribute(element, "permissions", words).empty();
    return made;
}

// Parses <lx:autostart>: an order of any sign, and a delay in seconds.
void parse_autostart(const Element& element, Container& out) {
    if (const auto text = element.attribute("order")) {
        out.start_order = base::parse_number<int>(*text);
        if (!out.start_order) fail_attribute(element, "order", *text, "a whole number");
    }
    if (const auto delay = unsigned_attribute(element, "delay"))
        out.start_delay = static_cast<unsigned>(*delay);
}

using Reader = std::function<void(const Element&, Container&)>;

// Maps each child's name to the function that reads it.
const std::map<std::string_view, Reader>& readers() {
    using E = const Element&;
    static const std::map<std::string_view, Reader> table{
        {"rootfs",
         [](E e, Container& c) {
             c.rootfs_options = string_attribute(e, "options");
             c.rootfs_storage = string_attribute(e, "storage");
         }},
        {"mount", [](E e, Container& c) { c.mounts.push_back(parse_mount(e)); }},
        {"mount_auto", [](E e, Container& c) { c.mount_auto = base::trim(e.text()); }},
        {"cgroup", [](E e, Container& c) { parse_group_value(e, c); }},
        {"sysctl", [](E e, Container& c) { c.sysctls.push_back(parse_setting(e, "./")); }},
        {"proc", [](E e, Container& c) { c.procs.push_back(parse_setting(e, "")); }},
        {"prlimit", [](E e, Container& c) { c.limits.push_back(parse_limit(e)); }},
        {"no_new_privs", [](E, Container& c) { c.no_new_privs = true; }},
        {"init", [](E e, Container& c) { c.init_groups = parse_group_ids(e); }},
        {"environment", parse_variable},
        {"hostdev", [](E e, Container& c) { c.hostdevs.push_back(parse_hostdev(e)); }},
        {"seccomp",
         [](E e, Container& c) {
             c.seccomp_profile = required(e, "profile");
             require_absolute(e, "profile of <lx:seccomp>", c.seccomp_profile);
         }},
        {"signal",
         [](E e, Container& c) {
             c.halt_signal = string_attribute(e, "halt");
             c.reboot_signal = string_attribute(e, "reboot");
             c.stop_signal = string_attribute(e, "stop");
         }},
        {"time",
         [](E e, Container& c) {
             c.boot_offset = string_attribute(e, "boot");
             c.monotonic_offset = string_attribute(e, "monotonic");
         }},
        {"interface",
         [](E e, Container& c) { c.interfaces.push_back(parse_interface_options(e)); }},
        {"autostart", parse_autostart},
        {"group", [](E e, Container& c) { c.start_groups.push_back(required(e, "name")); }},
        {"hooks", parse_hooks},
        {"key",
         [](E e, Container& c) {
             c.keys.push_back({required(e, "name"), string_attribute(e, "value")});
         }},
    };
    return table;
}

// Writes one element for each setting, with the attribute value even if that is empty.
void format_settings(Writer& out, std::string_view name,
                     const std::vector<ContainerSetting>& settings) {
    for (const ContainerSetting& setting : settings) {
        out.start(name);
        out.attribute("name", setting.name);
        out.attribute("value", setting.value);
        out.empty();
    }
}

std::string limit_text(const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : std::string(kUnlimited);
}

template <typename T>
std::string optional_text(const std::optional<T>& value) {
    return value ? std::to_string(*value) : std::string();
}

// Writes mounts and values of control groups.
void format_groups_of(Writer& out, const Container& container) {
    for (const ContainerMount& mount : container.mounts)
        format_flat(out, "lx:mount",
                    {{"source", mount.source},
                     {"target", mount.target},
                     {"type", mount.type},
                     {"options", mount.options}});
    out.text_if("lx:mount_auto", container.mount_auto);
    for (const ContainerGroupValue& value : container.groups)
        format_flat(
            out, "lx:cgroup",
            {{"version", value.unified ? "2" : "1"}, {"name", value.name}, {"value", value.value}});
}

// Writes what the init starts with; a list without members and an empty text write nothing.
void format_process(Writer& out, const Container& container) {
    format_settings(out, "lx:sysctl", container.sysctls);
    format_settings(out, "lx:proc", container.procs);
    for (const ContainerLimit& limit : container.limits)
        format_flat(out, "lx:prlimit",
                    {{"name", limit.name},
                     {"soft", limit_text(limit.soft)},
                     {"hard", limit_text(limit.hard)}});
    if (container.no_new_privs) out.flag("lx:no_new_privs");
    format_flat(out, "lx:init",
                {{"groups", fmt::format("{}", fmt::join(container.init_groups, ","))}});
    for (const std::string& name : container.inherited_environment)
        format_flat(out, "lx:environment", {{"name", name}});
    for (const ContainerVariable& variable : container.variables) {
        out.start("lx:environment");
        out.attribute("name", variable.name);
        out.attribute("value", variable.value);
        out.attribute("for", name_of(kVariableUsers, variable.for_hooks));
        out.empty();
    }
    format_flat(out, "lx:seccomp", {{"profile", container.seccomp_profile}});
    format_container_security(out, container);
    format_flat(out, "lx:signal",
                {{"halt", container.halt_signal},
                 {"reboot", container.reboot_signal},
                 {"stop", container.stop_signal}});
    format_flat(out, "lx:time",
                {{"boot", container.boot_offset}, {"monotonic", container.monotonic_offset}});
}

// Writes <lx:interface> with what it contains.
void format_interface_options(Writer& out, const ContainerInterface& interface) {
    out.start("lx:interface");
    out.attribute("index", static_cast<std::uint64_t>(interface.index));
    out.children();
    if (interface.guard) format_guard(out, *interface.guard);
    for (const ContainerPublication& publication : interface.publications)
        format_publication(out, publication);
    format_settings(out, "lx:option", interface.options);
    out.end("lx:interface");
}

// Writes <lx:hooks>; version 0 is the default and is left out.
void format_hooks(Writer& out, const Container& container) {
    if (container.hooks.empty()) return;
    out.start("lx:hooks");
    if (container.hook_version != 0)
        out.attribute("version", static_cast<std::uint64_t>(container.hook_version));
    out.children();
    for (const ContainerHook& hook : container.hooks)
        format_flat(out, "lx:hook", {{"type", hook.type}, {"command", hook.command}});
    out.end("lx:hooks");
}

}  // namespace

Container parse_container(const Element& element) {
    Container container;
    element.mark_read();
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        if (child.namespace_uri() != kContainerNamespace) continue;
        const auto reader = readers().find(child.name());
        if (reader != readers().end())
            reader->second(child, container);
        else if (!parse_container_security(child, container))
            continue;  // stays unread, so it becomes a notice
        child.mark_read();
    }
    check_named_once(element);
    return container;
}

void format_container(Writer& out, const Container& container) {
    out.start("lx:container");
    out.attribute("xmlns:lx", kContainerNamespace);
    out.children();
    format_flat(out, "lx:rootfs",
                {{"options", container.rootfs_options}, {"storage", container.rootfs_storage}});
    format_groups_of(out, container);
    format_process(out, container);
    for (const ContainerInterface& interface : container.interfaces)
        format_interface_options(out, interface);
    for (const ContainerHostdev& hostdev : container.hostdevs)
        format_flat(out, "lx:hostdev",
                    {{"source", hostdev.source},
                     {"name", hostdev.name},
                     {"mac", hostdev.mac},
                     {"mtu", optional_text(hostdev.mtu)},
                     {"permissions", hostdev.host_permissions ? "host" : ""}});
    format_flat(out, "lx:autostart",
                {{"order", optional_text(container.start_order)},
                 {"delay", optional_text(container.start_delay)}});
    for (const std::string& name : container.start_groups)
        format_flat(out, "lx:group", {{"name", name}});
    format_hooks(out, container);
    format_settings(out, "lx:key", container.keys);
    out.end("lx:container");
}

bool is_layered(const Container& container) {
    const std::string& storage = container.rootfs_storage;
    const auto colon = storage.find(':');
    return colon != std::string::npos &&
           base::contains_word("overlay overlayfs aufs", storage.substr(0, colon));
}

}  // namespace lxvirt::xml
