#include "driver/supervisor/container_hooks.hh"

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/store/journal.hh"
#include "driver/store/settings.hh"
#include "driver/supervisor/helper_process.hh"

namespace lxvirt::driver {

namespace {

// These hooks run in the container's namespaces before its root file system becomes the root.
constexpr std::string_view kStaged[] = {"pre-mount", "mount", "autodev"};

// Returns lxc.rootfs.mount, the folder at which such hooks find the root file system.
std::string stage_folder(const xml::Domain& domain) {
    for (const xml::ContainerSetting& key : domain.container.keys)
        if (key.name == "lxc.rootfs.mount" && key.value.starts_with('/')) return key.value;
    return base::parent_folder(helper_path()) + "/rootfs";
}

// Returns lxc.rootfs.path in lxc's own form ("overlay:/a:/b") if there is one, otherwise the root's
// source.
std::string root_path(const xml::Domain& domain) {
    if (!domain.container.rootfs_storage.empty()) return domain.container.rootfs_storage;
    const xml::Filesystem* root = domain.root();
    return root == nullptr ? "/" : root->source;
}

// Returns all that hooks are told: lxc's environment variables (lxc.container.conf(5), "CONTAINER
// HOOKS ENVIRONMENT VARIABLES"), the time limit in seconds, and the variable that keeps a hook from
// waiting for its own domain.
helper::Hooks facts_for_hooks(const xml::Domain& domain, const Root& root) {
    helper::Hooks made;
    made.name = domain.name;
    made.version = domain.container.hook_version;
    made.limit = static_cast<std::uint64_t>(load_settings(root).hook_timeout.count());
    made.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME=/",
                        root.hook_environment(root.domain_paths(), domain.name),
                        "LXC_NAME=" + domain.name,
                        "LXC_CONFIG_FILE=" + root.definition(domain.name),
                        "LXC_ROOTFS_MOUNT=" + stage_folder(domain),
                        "LXC_ROOTFS_PATH=" + root_path(domain),
                        "LXC_CGNS_AWARE=1",
                        "LXC_LOG_LEVEL=ERROR",
                        fmt::format("LXC_HOOK_VERSION={}", made.version)};
    if (!domain.consoles.empty() && !domain.consoles.front().log_file.empty())
        made.environment.push_back("LXC_CONSOLE_LOGPATH=" + domain.consoles.front().log_file);
    for (const xml::ContainerVariable& variable : domain.container.variables)
        if (variable.for_hooks) made.environment.push_back(variable.name + "=" + variable.value);
    for (const xml::InitEnv& variable : domain.os.initenv)
        made.inner_environment.push_back(variable.name + "=" + variable.value);
    return made;
}

// Returns the moment of a hook that the driver runs; its output becomes log lines of the domain.
helper::HookMoment moment(const Root& root, const xml::Domain& domain, std::string_view type) {
    return {.type = type,
            .environment = {},
            .arguments = {},
            .log = [&root,
                    name = domain.name](const std::string& line) { log_line(root, name, line); }};
}

}  // namespace

helper::Hooks container_hooks(const xml::Domain& domain, const Root& root) {
    const auto& hooks = domain.container.hooks;
    if (hooks.empty()) return {};
    helper::Hooks made = facts_for_hooks(domain, root);
    for (const xml::ContainerHook& hook : hooks)
        made.all.push_back(
            {.section = "lxc", .type = hook.type, .command = hook.command, .arguments = {}});
    for (const std::string_view type : kStaged)
        if (has_hook(made, type)) made.stage = stage_folder(domain);
    return made;
}

void add_link_hooks(helper::Hooks& hooks, const xml::Domain& domain, const Root& root,
                    const std::vector<helper::Link>& links) {
    for (const xml::ContainerInterface& interface : domain.container.interfaces)
        for (const xml::ContainerSetting& option : interface.options) {
            const bool up = option.name == "script.up";
            if ((!up && option.name != "script.down") || interface.index >= links.size()) continue;
            if (hooks.all.empty()) hooks = facts_for_hooks(domain, root);
            const helper::Link& link = links[interface.index];
            helper::Hook hook{.section = "net",
                              .type = up ? "up" : "down",
                              .command = option.value,
                              .arguments = {}};
            if (link.kind == helper::LinkKind::veth)
                hook.arguments = {"veth", link.bridge, link.host};
            else
                hook.arguments = {"macvlan", link.host};
            hooks.all.push_back(std::move(hook));
        }
}

void run_pre_start(const Root& root, const xml::Domain& domain, bool reboot) {
    const helper::Hooks hooks = container_hooks(domain, root);
    helper::HookMoment now = moment(root, domain, "pre-start");
    if (reboot) now.environment.emplace_back("LXC_TARGET=reboot");
    run_hooks(hooks, now);
}

void run_destroy_hooks(const Root& root, const xml::Domain& domain) {
    run_hooks(container_hooks(domain, root), moment(root, domain, "destroy"));
}

void run_late_end_hooks(const Root& root, const xml::Domain& domain) {
    if (domain.container.hooks.empty()) return;
    (void)run_end_hooks(container_hooks(domain, root), moment(root, domain, ""), "stop");
}

std::chrono::seconds end_hooks_limit(const Root& root, const xml::Domain& domain) {
    std::chrono::seconds limit{0};
    const auto& container = domain.container;
    if (container.hooks.empty() && container.interfaces.empty()) return limit;
    const std::chrono::seconds each = load_settings(root).hook_timeout;
    for (const xml::ContainerHook& hook : container.hooks)
        if (hook.type == "stop" || hook.type == "post-stop") limit += each;
    for (const xml::ContainerInterface& interface : container.interfaces)
        for (const xml::ContainerSetting& option : interface.options)
            if (option.name == "script.down") limit += each;
    return limit;
}

}  // namespace lxvirt::driver
