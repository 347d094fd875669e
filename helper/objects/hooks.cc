#include "helper/objects/hooks.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/process/spawn.hh"
#include "base/text/text.hh"

namespace lxvirt::helper {

namespace {

// Limits the bytes that are kept of each stream of a hook: enough to explain a failure, and few
// enough for one message.
constexpr std::size_t kOutputLimit = 6000;

// Returns the words of a hook's process. Arguments are passed through "$@" and so need no quoting.
// Version 0 of the interface passes name, section and type as arguments (lxc.container.conf(5),
// lxc.hook.version).
std::vector<std::string> words_of(const Hooks& hooks, const Hook& hook, const HookMoment& moment) {
    std::vector<std::string> words{"/bin/sh", "-c", "exec " + hook.command + " \"$@\"", "sh"};
    if (hooks.version == 0) words.insert(words.end(), {hooks.name, hook.section, hook.type});
    words.insert(words.end(), hook.arguments.begin(), hook.arguments.end());
    if (hooks.version == 0)
        words.insert(words.end(), moment.arguments.begin(), moment.arguments.end());
    return words;
}

// Returns the environment of a hook. Version 1 of the interface passes there what version 0 passes
// as arguments.
std::vector<std::string> environment_of(const Hooks& hooks, const Hook& hook,
                                        const HookMoment& moment) {
    std::vector<std::string> made = hooks.environment;
    const auto add = [&](const std::vector<std::string>& more) {
        made.insert(made.end(), more.begin(), more.end());
    };
    add(moment.environment);
    if (moment.inside) add(hooks.inner_environment);
    if (hooks.version == 0) return made;
    add({"LXC_HOOK_TYPE=" + hook.type, "LXC_HOOK_SECTION=" + hook.section});
    constexpr const char* about_link[] = {"LXC_NET_TYPE=", "LXC_NET_PARENT=", "LXC_NET_PEER="};
    for (std::size_t i = 0; i < std::min(hook.arguments.size(), std::size(about_link)); ++i)
        made.push_back(about_link[i] + hook.arguments[i]);
    return made;
}

// Returns the last non-empty line, of standard error if there is one.
std::string last_words(const base::SpawnResult& result) {
    for (const std::string* text : {&result.errors, &result.output}) {
        const std::string_view all = base::trim(*text);
        if (!all.empty()) return std::string(all.substr(all.rfind('\n') + 1));
    }
    return {};
}

// Runs one hook; throws hook_script_failed with the last line of the output.
void run_hook(const Hooks& hooks, const Hook& hook, const HookMoment& moment) {
    base::SpawnOptions options;
    options.argv = words_of(hooks, hook, moment);
    options.env = environment_of(hooks, hook, moment);
    options.limit = std::chrono::seconds(hooks.limit);
    options.output_limit = kOutputLimit;
    options.tied = !moment.inside;  // hooks inside end with the container anyway
    options.cancel = moment.cancel;
    options.in_child = moment.in_child;
    const base::SpawnResult result = base::run_program(options);
    for (const std::string* text : {&result.output, &result.errors})
        for (const std::string_view line : base::split(*text, '\n'))
            if (moment.log && !line.empty())
                moment.log(fmt::format("hook {}: {}", hook.type, line));
    if (result.succeeded()) return;
    const std::string output = last_words(result);
    base::fail(base::ErrorCode::hook_script_failed, "hook {} '{}': {}{}{}", hook.type, hook.command,
               result.text(), output.empty() ? "" : ": ", output);
}

}  // namespace

bool has_hook(const Hooks& hooks, std::string_view type) {
    return std::any_of(
        hooks.all.begin(), hooks.all.end(), [&](const Hook& hook) { return hook.type == type; });
}

void run_hooks(const Hooks& hooks, const HookMoment& moment) {
    // The order is that of the document.
    for (const Hook& hook : hooks.all)
        if (hook.type == moment.type) run_hook(hooks, hook, moment);
}

// A hook that fails does not keep the next ones from running: what they clean up has to be cleaned
// up.
bool run_end_hooks(const Hooks& hooks, HookMoment moment, const std::string& target) {
    bool succeeded = true;
    moment.environment.push_back("LXC_TARGET=" + target);
    std::vector<std::string> namespaces;
    namespaces.swap(moment.arguments);
    for (const char* type : {"down", "stop", "post-stop"}) {
        moment.type = type;
        moment.arguments = moment.type == "stop" ? namespaces : std::vector<std::string>{};
        succeeded = true;
        try {
            run_hooks(hooks, moment);
        } catch (const base::Exception& error) {
            succeeded = false;
            if (moment.log) moment.log(error.message());
        }
    }
    return succeeded;
}

}  // namespace lxvirt::helper
