// Converts consoles, start order and hooks, and stores keys that are only kept for a conversion
// back.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::native {

// lxc has a console besides its terminals; libvirt's first console is both.
void convert_consoles(Context& context) {
    unsigned count = 1;
    if (const Line* line = context.one("tty.max")) {
        const auto asked = base::parse_number<unsigned>(line->value);
        if (!asked || *asked > 64)
            context.untranslated(*line, "not a number of terminals up to 64");
        else
            count = std::max(1U, *asked);
        // lxc has a console without a terminal then.
        if (asked == 0U) {
            context.domain.container.dev.nodes.push_back(
                {.path = "/dev/tty1", .mode = {}, .on = false});
            context.kept(*line, "as <lx:dev>, of which /dev/tty1 is left out");
        }
        if (asked && *asked != 0 && *asked <= 64)
            context.approximated(*line,
                                 "/dev/tty1 and /dev/console are one terminal, as libvirt "
                                 "has it");
    }
    for (unsigned port = 0; port < count; ++port) {
        xml::Console console;
        console.port = port;
        context.domain.consoles.push_back(std::move(console));
    }
    if (const Line* line = context.one("console.logfile")) {
        if (line->value.starts_with('/')) {
            context.domain.consoles.front().log_file = line->value;
            context.domain.consoles.front().log_append = true;
        } else {
            context.untranslated(*line, "not an absolute path");
        }
    }
    if (const Line* line = context.one("console.path");
        line != nullptr && line->value != "auto" && line->value != "/dev/console")
        context.approximated(*line, "there is always a console, on a pty of its own");
}

namespace {

// Converts lxc.start.* and lxc.group.
void convert_autostart(Context& context) {
    xml::Container& container = context.domain.container;
    // The autostart mark is a file of the driver and not part of the XML, therefore the caller sets
    // it.
    if (const Line* line = context.one("start.auto"); line != nullptr && line->value != "0") {
        context.autostart = true;
        if (!context.options.sets_autostart)
            context.approximated(*line, "not in the XML: 'autostart' sets it, import-lxc does");
    }
    if (const Line* line = context.one("start.order")) {
        container.start_order = base::parse_number<int>(line->value);
        if (container.start_order)
            context.kept(*line, "as <lx:autostart>");
        else
            context.untranslated(*line, "not a number");
    }
    if (const Line* line = context.one("start.delay")) {
        container.start_delay = base::parse_number<unsigned>(line->value);
        if (container.start_delay)
            context.kept(*line, "as <lx:autostart>");
        else
            context.untranslated(*line, "not a number of seconds");
    }
    for (const Line* line : context.all("group")) {
        std::string names = line->value;
        // lxc separates groups with commas or spaces.
        std::replace(names.begin(), names.end(), ',', ' ');
        for (const std::string_view name : base::split_words(names))
            container.start_groups.emplace_back(name);
        context.kept(*line, "as <lx:group>");
    }
}

// Converts hooks of both versions (lxc.container.conf(5), "CONTAINER HOOKS"): version 0 passes
// arguments, version 1 passes environment variables.
void convert_hooks(Context& context) {
    xml::Container& container = context.domain.container;
    if (const Line* line = context.one("hook.version")) {
        container.hook_version = line->value == "1" ? 1 : 0;
        if (line->value != "0" && line->value != "1")
            context.untranslated(*line, "hooks have the versions 0 and 1");
    }
    constexpr std::string_view prefix = "hook.";
    for (const Line* line : context.all_below(prefix)) {
        const std::string_view type = std::string_view(line->name).substr(prefix.size());
        if (type == "version") continue;
        if (!xml::has_word(xml::kHookTypes, type)) {
            context.untranslated(*line, fmt::format("there is no hook '{}', but {}", type,
                                                    xml::list_of(xml::kHookTypes)));
            continue;
        }
        container.hooks.push_back({std::string(type), line->value});
        context.kept(*line, type == "clone"
                                ? "as <lx:hook>, which is never run: lxvirt clones nothing"
                                : "as <lx:hook>");
    }
}

// A key that is stored in <lx:key> for a conversion back to lxc's format.
struct KeptKey {
    std::string_view name;  // ends in a dot: everything below it
    std::string_view why;   // an end of the message "as <lx:key>, not acted upon: ..."
};

// The keys that lxc knows and that have no effect in this release.
constexpr std::array<KeptKey, 22> kKept{{
    {"rootfs.mount", "lxvirt mounts the root on a place of its own"},
    {"rootfs.managed", "lxvirt never removes a root file system"},
    {"pty.max", "terminals are limited by the kernel's own setting"},
    {"tty.dir", "terminals are in /dev"},
    {"console.", "the console has lxvirt's own size and rotation"},
    {"namespace.", "lxvirt decides by the rest which namespaces are made"},
    {"apparmor.", "the profile's details are not acted upon"},
    {"selinux.", "the context's details are not acted upon"},
    {"seccomp.", "the filter's details are not acted upon"},
    {"ephemeral", "a container is never removed at its end"},
    {"log.", "lxvirt logs to its own file"},
    {"monitor.", "there is no monitor"},
    {"keyring.", "the container begins with a keyring of its own"},
    {"cgroup.dir.", "lxvirt lays its groups out itself"},
    {"cgroup.relative", "lxvirt lays its groups out itself"},
    {"cgroup.use", "lxvirt lays its groups out itself"},
    {"cgroup.pattern", "lxvirt lays its groups out itself"},
    {"execute.cmd", "it is lxc-execute's, not lxc-start's"},
    {"start.", "nothing in lxvirt is like it"},
    {"uts.", "nothing in lxvirt is like it"},
    {"init.", "nothing in lxvirt is like it"},
    {"rootfs.", "nothing in lxvirt is like it"},
}};
// Keys of old releases of lxc, for which nothing has to be done today.
constexpr std::string_view kObsolete[] = {"kmsg", "pivotdir", "cgroup.namespace", "arch.legacy"};

// Returns the first entry that fits; entries with a longer name stand before their prefixes.
const KeptKey* find_kept(std::string_view name) {
    for (const KeptKey& key : kKept)
        if (name == key.name || (key.name.ends_with('.') && name.starts_with(key.name)))
            return &key;
    return nullptr;
}

// Stores the lines that no part has asked for, if lxc knows their keys; the others keep the verdict
// of an unknown key.
void keep_keys(Context& context) {
    for (const Line* line : context.unasked()) {
        const std::string_view name = line->name;
        const KeptKey* known = find_kept(name);
        if (std::find(std::begin(kObsolete), std::end(kObsolete), name) != std::end(kObsolete)) {
            context.approximated(*line, "obsolete: nothing is to be done for it");
        } else if (known != nullptr && line->value.empty()) {
            context.exact(*line);
        } else if (known != nullptr) {
            context.domain.container.keys.push_back({"lxc." + line->name, line->value});
            context.kept(*line, fmt::format("as <lx:key>, not acted upon: {}", known->why));
        }
    }
}

}  // namespace

bool is_kept_key(std::string_view name) {
    return find_kept(name) != nullptr;
}

void convert_rest(Context& context) {
    convert_autostart(context);
    convert_hooks(context);
    keep_keys(context);
}

}  // namespace lxvirt::driver::native
