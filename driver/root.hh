// Where state lives: every path of the design's table below one root folder, which is "/" (lxc:///)
// or DIR (lxc:///embed?root=DIR), and the locks that stand there. The only place that spells these
// paths.
//
// Order of locks (design, hard part 12): the define lock before a domain's; two domains' only in
// rename, in the order of their names.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/journal.hh"
#include "base/lock.hh"

namespace lxvirt::driver {

// Held while a domain is added or renamed; the define lock may be let go before the others.
struct DefineLocks {
    std::optional<base::OperationLock> define;
    std::vector<base::OperationLock> domains;
};

class Root {
  public:
    // `folder`: "" for the machine's own state, else an absolute path. Makes nothing.
    // Throws invalid_arg where it is not absolute.
    explicit Root(const std::string& folder = {});

    // Makes the folders that are missing, those with private content with mode 0700. Throws
    // SystemError.
    void make_folders() const;

    // "system", or 12 hexadecimal digits that stay the same for the same folder: for IFALIAS and
    // names of kernel objects, which are not root-scoped.
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    // Persistent.
    [[nodiscard]] std::string etc() const { return folder_ + "/etc/lxvirt"; }
    [[nodiscard]] std::string definitions() const { return etc() + "/lxc"; }
    [[nodiscard]] std::string definition(std::string_view name) const;
    [[nodiscard]] std::string autostart_folder() const { return definitions() + "/autostart"; }
    [[nodiscard]] std::string autostart_link(std::string_view name) const;
    [[nodiscard]] std::string hooks() const { return etc() + "/hooks"; }
    [[nodiscard]] std::string settings() const { return etc() + "/lxvirt.conf"; }
    [[nodiscard]] std::string library() const { return folder_ + "/var/lib/lxvirt"; }
    [[nodiscard]] std::string logs() const { return folder_ + "/var/log/lxvirt/lxc"; }
    [[nodiscard]] std::string log(std::string_view name) const;

    // Of this boot.
    [[nodiscard]] std::string run() const { return folder_ + "/run/lxvirt"; }
    [[nodiscard]] std::string domains() const { return run() + "/lxc"; }
    [[nodiscard]] std::string domain(std::string_view name) const;  // the folder of one
    [[nodiscard]] std::string live(std::string_view name) const;
    [[nodiscard]] std::string status(std::string_view name) const;
    [[nodiscard]] std::string pending(std::string_view name) const;
    // How the domain's last run of this boot ended: a HelperStatus with state "stopped", the reason
    // ("shutdown", "destroyed", "crashed", "failed") and `exit`; written by whoever ends it.
    [[nodiscard]] std::string ended_folder() const { return run() + "/ended"; }
    [[nodiscard]] std::string ended(std::string_view name) const;
    [[nodiscard]] std::string locks() const { return run() + "/lock"; }
    [[nodiscard]] std::string alive_lock(std::string_view name) const;
    [[nodiscard]] std::string operation_lock(std::string_view name) const;
    // No domain's lock ends in ".lock", so none can have the name of these two.
    [[nodiscard]] std::string define_lock() const { return locks() + "/define-lxc.lock"; }
    [[nodiscard]] base::JournalFile journal() const;

    // The lock of one domain's operations. Error(operation_timeout) naming the holder after `limit`
    // (operation_timeout of lxvirt.conf where it is not given); resource_busy at once where the
    // caller runs below a hook of this very domain, which would otherwise wait for itself.
    [[nodiscard]] base::OperationLock lock_domain(
        std::string_view name, std::optional<std::chrono::milliseconds> limit = {}) const;
    // The define lock and then the operation locks of `names`, for what adds or renames a domain.
    // The define lock is not held while an operation of one of them is waited for, so that a slow
    // start keeps nobody from defining something else.
    [[nodiscard]] DefineLocks lock_to_define(std::vector<std::string> names) const;

    // The supervisor's pid, asked of the kernel; nothing where the container does not run.
    [[nodiscard]] std::optional<pid_t> running(std::string_view name) const;

    // What a hook's environment carries, so that lock_domain() knows where it is called from.
    [[nodiscard]] std::string hook_environment(std::string_view name) const;

  private:
    void refuse_own_hook(std::string_view name) const;
    std::string folder_;
    std::string id_;
};

// A domain's name is a file's name: throws xml_error where it is empty, longer than 200 bytes,
// starts with a dot, or contains a slash or a control character.
void check_name(std::string_view name);

}  // namespace lxvirt::driver
