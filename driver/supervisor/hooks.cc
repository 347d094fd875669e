#include "driver/supervisor/hooks.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/spawn.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// Returns whether the path is a regular file that this process may execute.
bool is_runnable(const std::string& path) {
    struct stat facts = {};
    return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

// Returns the scripts of a kind that would run, in their order.
std::vector<std::string> scripts(const Root& root, HookKind kind) {
    std::vector<std::string> paths;
    const std::string main = root.hooks() + (kind == HookKind::lxc ? "/lxc" : "/network");
    if (is_runnable(main)) paths.push_back(main);
    const std::string folder = main + ".d";
    for (const std::string& entry : base::list_folder(folder)) {
        std::string path = folder + "/" + entry;
        if (entry.front() != '.' && is_runnable(path)) paths.push_back(std::move(path));
    }
    return paths;
}

std::string last_line(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const auto start = text.rfind('\n');
    return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

}  // namespace

bool has_hooks(const Root& root, HookKind kind) {
    return !scripts(root, kind).empty();
}

void run_hooks(const Root& root, const HookCall& call, const std::string& xml) {
    const auto paths = scripts(root, call.kind);
    if (paths.empty()) return;
    base::SpawnOptions options;
    options.env = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/",
        root.hook_environment(
            call.kind == HookKind::lxc ? root.domain_paths() : root.network_paths(), call.name)};
    options.input = xml;
    options.limit = load_settings(root).hook_timeout;
    for (const std::string& path : paths) {
        options.argv = {path, call.name, call.operation, call.suboperation, call.extra};
        const base::SpawnResult result = base::run_program(options);
        if (result.succeeded()) continue;
        const std::string said = last_line(result.errors);
        base::fail(base::ErrorCode::hook_script_failed, "'{} {} {} {} {}': {}{}{}", path, call.name,
                   call.operation, call.suboperation, call.extra, result.text(),
                   said.empty() ? "" : ": ", said);
    }
}

}  // namespace lxvirt::driver
