#include "driver/supervisor/guest.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"
#include "driver/store/lookup.hh"
#include "helper/exchange/status.hh"

namespace lxvirt::driver {

using base::ErrorCode;

Init open_init(const Root& root, const std::string& name) {
    const auto status = helper::read_status(root.status(name));
    if (!root.running(name) || !status) fail_not_running();
    if (!status->init_pid) fail_not_running();
    auto process = base::open_pidfd(*status->init_pid);
    if (!process || base::start_time(*status->init_pid) != status->init_start) fail_not_running();
    return {.pid = *status->init_pid, .process = std::move(*process), .dev = status->dev};
}

bool is_own_namespace(base::Fd space, const std::string& kind) {
    struct stat own {
    }, other{};
    if (::stat(("/proc/self/ns/" + kind).c_str(), &own) != 0 || ::fstat(space.get(), &other) != 0)
        base::fail_errno("compare the {} namespaces", kind);
    return own.st_ino == other.st_ino;
}

Guest::Guest(const Root& root, const std::string& name) : init_(open_init(root, name)) {
    const std::string proc = fmt::format("/proc/{}", init_.pid);
    try {
        root_ = base::open_file(proc + "/root", O_PATH | O_DIRECTORY);
        mounts_ = base::open_file(proc + "/ns/mnt", O_RDONLY);
        network_ = base::open_file(proc + "/ns/net", O_RDONLY);
        users_ = base::open_file(proc + "/ns/user", O_RDONLY);
        host_name_ = base::open_file(proc + "/ns/uts", O_RDONLY);
    } catch (const base::SystemError& error) {
        if (error.error() == ENOENT || error.error() == ESRCH) fail_not_running();
        throw;
    }
    // The init is still there, so the pid belonged to the init while the files were opened.
    if (base::wait_readable(init_.process, std::chrono::milliseconds(0))) fail_not_running();
}

std::optional<base::UniqueFd> Guest::try_dev() const {
    auto dev = base::try_open_in_root(root_, "/dev", O_PATH | O_DIRECTORY);
    struct stat info {};
    if (!dev || ::fstat(dev->get(), &info) != 0 || info.st_dev != init_.dev ||
        !base::mount_place(*dev, "/dev").is_root)
        return std::nullopt;
    return dev;
}

base::UniqueFd Guest::dev() const {
    auto dev = try_dev();
    if (!dev)
        base::fail(ErrorCode::operation_failed,
                   "the container has replaced or unmounted its /dev: no device node can be made "
                   "or removed there before it is restarted");
    return std::move(*dev);
}

}  // namespace lxvirt::driver
