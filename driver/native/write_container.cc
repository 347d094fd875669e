// Writes consoles and <lx:container>, most of which came from keys of lxc.
#include <fmt/format.h>

#include <algorithm>

#include "driver/native/context.hh"
#include "driver/native/writer.hh"

namespace lxvirt::driver::native {

namespace {

// Says whether the container has a console without /dev/ttyN, lxc's tty.max = 0.
bool has_no_terminal(const xml::Domain& domain) {
    const auto& nodes = domain.container.dev.nodes;
    return domain.consoles.size() == 1 &&
           std::any_of(nodes.begin(), nodes.end(), [](const xml::ContainerNode& node) {
               return node.path == "/dev/tty1" && !node.on;
           });
}

// lxc has plain terminals only, and a log for the first.
void write_consoles(Writer& writer) {
    std::vector<xml::Console>& consoles = writer.domain.consoles;
    if (consoles.empty()) {
        writer.approximate("console", "lxc always has one");
        consoles.emplace_back();
    }
    const std::size_t count = has_no_terminal(writer.domain) ? 0 : consoles.size();
    writer.put("tty.max", std::to_string(count), "console");
    for (std::size_t i = 0; i < consoles.size(); ++i) {
        // The console is built anew with what convert() would make of the lines, so that a
        // comparison of the two domains finds what was lost.
        const xml::Console console = std::exchange(consoles[i], {});
        xml::Console& made = consoles[i];
        made.port = static_cast<unsigned>(i);
        const bool logs = !console.log_file.empty();
        if (console.type != made.type || console.target_type != made.target_type ||
            console.port != made.port || !console.source_path.empty() || (logs && i != 0))
            writer.lose("console", fmt::format("how console {} is made: lxc has plain ones, and a "
                                               "log of the first",
                                               i));
        if (!logs || i != 0 || !writer.put("console.logfile", console.log_file, "log")) continue;
        // lxc appends to its log of the console, and libvirt's default is to truncate.
        if (!console.log_append.value_or(false)) writer.approximate("log", "lxc appends to it");
        made.log_file = console.log_file;
        made.log_append = true;
    }
}

// Returns a limit as lxc writes it: "1024" or "unlimited".
std::string limit_text(const std::optional<std::uint64_t>& limit) {
    return limit ? std::to_string(*limit) : "unlimited";
}

// Writes what closes a container; lxc has keys for little of it.
void write_closing(Writer& writer) {
    xml::Container& container = writer.domain.container;
    if (container.dev.size)
        writer.put("autodev.tmpfs.size", std::to_string(*container.dev.size), "lx:dev");
    // Clears a list and reports the loss once, not for each member.
    const auto lose = [&](auto& values, const char* element, const char* why) {
        if (!values.empty()) writer.lose(element, why);
        values.clear();
    };
    lose(container.readonly_paths, "lx:readonly", "lxc knows mount.auto only");
    lose(container.masked_paths, "lx:mask", "lxc hides nothing");
    const bool no_terminal = has_no_terminal(writer.domain);
    if (container.dev.nodes.size() > (no_terminal ? 1U : 0U))
        writer.lose("lx:dev", "lxc has no key for device nodes");
    container.dev.nodes.clear();
    if (no_terminal) container.dev.nodes.push_back({.path = "/dev/tty1", .mode = {}, .on = false});
    lose(container.dev.links, "lx:dev", "lxc has no key for links in /dev");
    if (container.keyring.calls) writer.lose("lx:keyring", "lxc's filter decides about the calls");
    container.keyring.calls = false;
    if (container.calls != xml::ContainerCalls{})
        writer.lose("lx:calls", "lxc's filter decides about the calls");
    container.calls = {};
    if (!container.keyring.session) writer.put("keyring.session", "0", "lx:keyring");
    if (container.core_scheduling) writer.put("sched.core", "1", "lx:core_scheduling");
}

// Writes the variables of the init alone, and of hooks alone, for which lxc 7 has keys. An empty one
// of both is a line of every version. They become ordered as convert() reads them.
void write_variables(Writer& writer) {
    std::vector<xml::ContainerVariable>& all = writer.domain.container.variables;
    std::vector<xml::ContainerVariable> of_both, made;
    for (const xml::ContainerVariable& variable : all) {
        const xml::ContainerVariable twin{variable.name, variable.value, true};
        if (!variable.for_hooks && variable.value.empty() &&
            std::find(all.begin(), all.end(), twin) != all.end() &&
            writer.put("environment", variable.name + "=", "lx:environment")) {
            of_both.push_back(variable);
            of_both.push_back(twin);
        }
    }
    for (const bool for_hooks : {false, true})
        for (const xml::ContainerVariable& variable : all)
            if (variable.for_hooks == for_hooks &&
                std::find(of_both.begin(), of_both.end(), variable) == of_both.end() &&
                writer.put(for_hooks ? "environment.hooks" : "environment.runtime",
                           fmt::format("{}={}", variable.name, variable.value), "lx:environment"))
                made.push_back(variable);
    of_both.insert(of_both.end(), made.begin(), made.end());
    all = std::move(of_both);
}

// Writes what the init starts with; a value that no line can hold is lost.
void write_process(Writer& writer) {
    xml::Container& container = writer.domain.container;
    const auto put_all = [&](std::vector<xml::ContainerSetting>& settings, const char* prefix,
                             const char* element) {
        std::erase_if(settings, [&](const xml::ContainerSetting& setting) {
            return !writer.put(fmt::format("{}.{}", prefix, setting.name), setting.value, element);
        });
    };
    put_all(container.sysctls, "sysctl", "lx:sysctl");
    put_all(container.procs, "proc", "lx:proc");
    for (const xml::ContainerLimit& limit : container.limits)
        writer.put("prlimit." + limit.name,
                   fmt::format("{}:{}", limit_text(limit.soft), limit_text(limit.hard)),
                   "lx:prlimit");
    if (container.no_new_privs) writer.put("no_new_privs", "1", "lx:no_new_privs");
    write_closing(writer);
    std::string groups;
    // lxc separates the numbers with commas.
    for (const std::uint32_t group : container.init_groups)
        groups += fmt::format("{}{}", groups.empty() ? "" : ",", group);
    if (!groups.empty()) writer.put("init.groups", groups, "lx:init");
    write_variables(writer);
    std::erase_if(container.inherited_environment, [&](const std::string& name) {
        return !writer.put("environment", name, "lx:environment");
    });
    const std::tuple<const char*, std::string*, const char*> texts[] = {
        {"seccomp.profile", &container.seccomp_profile, "lx:seccomp"},
        {"signal.halt", &container.halt_signal, "lx:signal"},
        {"signal.reboot", &container.reboot_signal, "lx:signal"},
        {"signal.stop", &container.stop_signal, "lx:signal"},
        {"time.offset.boot", &container.boot_offset, "lx:time"},
        {"time.offset.monotonic", &container.monotonic_offset, "lx:time"}};
    for (const auto& [key, text, element] : texts)
        if (!text->empty() && !writer.put(key, *text, element)) text->clear();
}

// Writes start order, groups and hooks.
void write_start(Writer& writer) {
    xml::Container& container = writer.domain.container;
    if (writer.options.autostart) writer.put("start.auto", "1", "autostart");
    if (container.start_order)
        writer.put("start.order", std::to_string(*container.start_order), "lx:autostart");
    if (container.start_delay)
        writer.put("start.delay", std::to_string(*container.start_delay), "lx:autostart");
    // lxc splits the value at commas and blanks, so such a name would become several groups.
    std::erase_if(container.start_groups, [&](const std::string& group) {
        if (group.find_first_of(", \t") != std::string::npos) {
            writer.lose("lx:group", fmt::format("lxc reads '{}' as several groups", group));
            return true;
        }
        return !writer.put("group", group, "lx:group");
    });
    if (container.hook_version != 0)
        writer.put("hook.version", std::to_string(container.hook_version), "lx:hooks");
    std::erase_if(container.hooks, [&](const xml::ContainerHook& hook) {
        return !writer.put("hook." + hook.type, hook.command, "lx:hook");
    });
}

// Writes the stored keys, such as "lxc.log.level", under the names that lxc 3 gave them.
void write_keys(Writer& writer) {
    std::erase_if(
        writer.domain.container.keys,
        [&](xml::ContainerSetting& setting) {
            const std::string name = modern_name(setting.name);
            if (!is_kept_key(name)) {
                writer.lose("lx:key", fmt::format("lxc knows no key '{}'", setting.name));
                return true;
            }
            setting.name = "lxc." + name;
            return !writer.put(name, setting.value, "lx:key");
        });
}

}  // namespace

void write_container(Writer& writer) {
    write_consoles(writer);
    std::vector<xml::ContainerGroupValue>& groups = writer.domain.container.groups;
    // The keys of v1 come first, so that convert() reads them in the same order.
    std::stable_partition(groups.begin(), groups.end(),
                          [](const xml::ContainerGroupValue& value) { return !value.unified; });
    for (const xml::ContainerGroupValue& value : groups)
        writer.put(fmt::format("cgroup{}.{}", value.unified ? "2" : "", value.name), value.value,
                   "lx:cgroup");
    write_process(writer);
    write_start(writer);
    write_keys(writer);
}

}  // namespace lxvirt::driver::native
