#include "driver/store/root.hh"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/run_files.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// Set in the environment of every hook, and of all that the hook starts.
constexpr const char* kHookVariable = "LXVIRT_HOOK_OF";

// Returns the path without "..", links and double slashes, as far as the folder exists; "" for "/".
std::string canonical(const std::string& folder) {
    std::error_code error;
    std::string path = std::filesystem::weakly_canonical(folder, error).string();
    if (error) base::fail_with(error.value(), "resolve root folder '{}'", folder);
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path == "/" ? "" : path;
}

// Makes a folder with mode 0700. Its parents are tried only if they are missing, as this runs at
// every connection.
void make_private(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return;
    base::make_folders(base::parent_folder(path));
    base::make_folders(path, 0700);
}

// Returns FOLDER/NAMESUFFIX.
std::string join(std::string folder, std::string_view name, std::string_view suffix) {
    folder.append("/").append(name).append(suffix);
    return folder;
}

}  // namespace

Root::Root(const std::string& folder) {
    if (!folder.empty()) {
        if (folder.front() != '/')
            base::fail(base::ErrorCode::invalid_arg, "root folder '{}' must be an absolute path",
                       folder);
        folder_ = canonical(folder);
    }
    id_ = folder_.empty() ? "system" : fmt::format("{:016x}", base::fnv1a(folder_)).substr(0, 12);
    // The locks of objects end in ".op" and ".alive", so none has the name of another lock, which
    // ends in ".lock".
    const std::string lock_folder = run() + "/lock";
    domain_paths_ = {.kind = "domain",
                     .definitions = etc() + "/lxc",
                     .running = run() + "/lxc",
                     .locks = lock_folder,
                     .define_lock = lock_folder + "/define-lxc.lock",
                     .logs = folder_ + "/var/log/lxvirt/lxc",
                     .hook_scope = id_ + "/"};
    network_paths_ = {.kind = "network",
                      .definitions = etc() + "/networks",
                      .running = run() + "/network",
                      .locks = lock_folder + "/network",
                      .define_lock = lock_folder + "/define-network.lock",
                      .logs = folder_ + "/var/log/lxvirt/network",
                      .hook_scope = id_ + "/network/"};
}

void Root::make_folders() const {
    base::make_folders(etc());
    base::make_folders(run());
    for (const ObjectPaths* paths : {&domain_paths_, &network_paths_}) {
        make_private(paths->definitions);
        make_private(paths->autostart_folder());
        make_private(paths->logs);
        make_private(paths->locks);
    }
    make_private(domains());
    make_private(ended_folder());
    // dnsmasq runs as nobody and has to get through to its files.
    base::make_folders(network_paths_.running, 0711);
}

std::string ObjectPaths::definition(std::string_view name) const {
    return join(definitions, name, ".xml");
}

std::string ObjectPaths::autostart_link(std::string_view name) const {
    return join(autostart_folder(), name, ".xml");
}

std::string ObjectPaths::folder(std::string_view name) const {
    return join(running, name, "");
}

std::string ObjectPaths::live(std::string_view name) const {
    return join(running, name, std::string("/") + base::kLiveFile);
}

std::string ObjectPaths::alive_lock(std::string_view name) const {
    return join(locks, name, ".alive");
}

std::string ObjectPaths::operation_lock(std::string_view name) const {
    return join(locks, name, ".op");
}

std::string ObjectPaths::log(std::string_view name) const {
    return join(logs, name, ".log");
}

std::string Root::status(std::string_view name) const {
    return join(domains(), name, std::string("/") + base::kStatusFile);
}

std::string Root::pending(std::string_view name) const {
    return join(domains(), name, std::string("/") + base::kPendingFile);
}

std::string Root::ended(std::string_view name) const {
    return join(ended_folder(), name, "");
}

base::JournalFile Root::journal() const {
    return {run() + "/events", locks() + "/events.lock"};
}

void Root::refuse_own_hook(const ObjectPaths& paths, std::string_view name) const {
    const char* const hook = ::secure_getenv(kHookVariable);
    if (hook != nullptr &&
        fmt::format("{}={}", kHookVariable, hook) == hook_environment(paths, name))
        base::fail(base::ErrorCode::resource_busy,
                   "a hook of {0} '{1}' cannot change this {0}: the operation that runs the hook "
                   "holds its lock",
                   paths.kind, name);
}

base::OperationLock Root::lock(const ObjectPaths& paths, std::string_view name,
                               std::optional<std::chrono::milliseconds> limit) const {
    refuse_own_hook(paths, name);
    base::OperationLock lock = base::OperationLock::acquire(
        paths.operation_lock(name), limit.value_or(load_settings(*this).operation_timeout));
    sweep(paths, name);
    return lock;
}

namespace {

// Removes autostart links to nothing, which a removal or rename that was cut short has left. They
// start nothing, but an object of the same name that is defined later would start.
void sweep_links(const ObjectPaths& paths) {
    for (const std::string& link : base::list_folder(paths.autostart_folder()))
        if (!base::exists(paths.definitions + "/" + link))
            (void)base::remove_file(paths.autostart_folder() + "/" + link);
}

}  // namespace

// Removes temporary files that a killed writer may have left. The caller holds the operation lock,
// so nobody writes them now.
void Root::sweep(const ObjectPaths& paths, std::string_view name) const {
    (void)base::remove_file(base::temporary_of(paths.definition(name)));
    if (&paths == &domain_paths_) (void)base::remove_file(base::temporary_of(ended(name)));
}

DefineLocks Root::lock_to_define(const ObjectPaths& paths, std::vector<std::string> names) const {
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) refuse_own_hook(paths, name);
    const auto limit = load_settings(*this).operation_timeout;
    for (;;) {
        DefineLocks locks;
        locks.define = base::OperationLock::acquire(paths.define_lock, limit);
        sweep_links(paths);
        const auto busy = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
            auto lock = base::OperationLock::try_acquire(paths.operation_lock(name));
            if (!lock) return true;
            locks.objects.push_back(std::move(*lock));
            sweep(paths, name);
            return false;
        });
        if (busy == names.end()) return locks;
        // The define lock is let go of before the busy operation is waited for.
        locks = {};
        (void)base::OperationLock::acquire(paths.operation_lock(*busy), limit);
    }
}

// If somebody has removed the lock's file, the helper still holds a lock that nobody can see; then its
// control socket tells. Nobody makes the file anew while that answers.
std::optional<pid_t> Root::running(std::string_view name) const {
    const std::string lock = alive_lock(name);
    if (const auto holder = base::record_lock_holder(lock)) return holder;
    // The first start of a domain has no lock's file yet, but no status either.
    if (base::exists(lock) || !base::exists(status(name))) return std::nullopt;
    return base::holder_of_removed(lock, "lxc_helper");
}

std::optional<pid_t> Root::supervised(std::string_view network) const {
    const std::string lock = network_paths_.alive_lock(network);
    if (const auto holder = base::record_lock_holder(lock)) return holder;
    if (base::exists(lock) ||
        !base::exists(network_paths_.folder(network) + "/" + base::kStatusFile))
        return std::nullopt;
    return base::holder_of_removed(lock, "lxnetd");
}

void Root::repair(const ObjectPaths& paths, std::string_view name, pid_t supervisor) const {
    const auto is_whole = [&] {
        return base::exists(paths.alive_lock(name)) &&
               base::exists(paths.folder(name) + "/" + base::kControlSocket);
    };
    if (is_whole()) return;
    // A supervisor of an older lxvirt does not wait for the signal, and would end.
    constexpr std::uint64_t hang_up = 1U << (SIGHUP - 1);
    const auto blocked = base::status_value(supervisor, "SigBlk");
    const auto process = base::open_pidfd(supervisor);
    if (!process || !blocked ||
        (base::parse_number<std::uint64_t>(*blocked, 16).value_or(0) & hang_up) == 0)
        return;
    (void)base::send_signal(*process, SIGHUP);
    constexpr int most = 200;  // looks, with 5 ms between
    for (int i = 0; i < most && !is_whole(); ++i)
        if (base::wait_readable(*process, std::chrono::milliseconds(5))) return;
}

std::string Root::hook_environment(const ObjectPaths& paths, std::string_view name) const {
    return fmt::format("{}={}{}", kHookVariable, paths.hook_scope, name);
}

}  // namespace lxvirt::driver
