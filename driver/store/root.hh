// Where state lives: every path of the design's table below one root folder, which is "/" (lxc:///)
// or DIR (lxc:///embed?root=DIR), and the locks that stand there. The only place that spells these
// paths.
//
// Order of locks (design, hard part 12): the define lock before a domain's; two domains' only in
// rename, in the order of their names; a network's after a domain's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file/journal.hh"
#include "base/file/lock.hh"
#include "base/file/run_files.hh"

namespace lxvirt::driver {

// The files of one kind of object, which are laid out alike for domains and networks.
struct ObjectPaths {
    std::string kind;         // "domain", "network": also the root element of the definitions
    std::string definitions;  // the folder of NAME.xml
    std::string running;      // the folder of the run folders
    std::string locks;
    std::string define_lock;
    std::string logs;
    std::string hook_scope;  // before the name in a hook's environment

    [[nodiscard]] std::string definition(std::string_view name) const;
    [[nodiscard]] std::string autostart_folder() const { return definitions + "/autostart"; }
    [[nodiscard]] std::string autostart_link(std::string_view name) const;
    [[nodiscard]] std::string folder(std::string_view name) const;  // of what runs
    [[nodiscard]] std::string live(std::string_view name) const;
    [[nodiscard]] std::string alive_lock(std::string_view name) const;
    [[nodiscard]] std::string operation_lock(std::string_view name) const;
    [[nodiscard]] std::string log(std::string_view name) const;
};

// Held while an object is added or renamed; the define lock may be let go before the others.
struct DefineLocks {
    std::optional<base::OperationLock> define;
    std::vector<base::OperationLock> objects;
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
    [[nodiscard]] std::string definitions() const { return domain_paths_.definitions; }
    [[nodiscard]] std::string definition(std::string_view name) const {
        return domain_paths_.definition(name);
    }
    [[nodiscard]] std::string autostart_folder() const { return domain_paths_.autostart_folder(); }
    [[nodiscard]] std::string autostart_link(std::string_view name) const {
        return domain_paths_.autostart_link(name);
    }
    [[nodiscard]] std::string hooks() const { return etc() + "/hooks"; }
    [[nodiscard]] std::string applied() const { return etc() + "/applied"; }
    [[nodiscard]] std::string settings() const { return etc() + "/lxvirt.conf"; }
    [[nodiscard]] std::string library() const { return folder_ + "/var/lib/lxvirt"; }
    [[nodiscard]] std::string logs() const { return domain_paths_.logs; }
    [[nodiscard]] std::string log(std::string_view name) const { return domain_paths_.log(name); }

    // Of this boot.
    [[nodiscard]] std::string run() const { return folder_ + "/run/lxvirt"; }
    [[nodiscard]] std::string domains() const { return domain_paths_.running; }
    [[nodiscard]] std::string domain(std::string_view name) const {  // the folder of one
        return domain_paths_.folder(name);
    }
    [[nodiscard]] std::string live(std::string_view name) const { return domain_paths_.live(name); }
    [[nodiscard]] std::string status(std::string_view name) const;
    [[nodiscard]] std::string pending(std::string_view name) const;
    // How the domain's last run of this boot ended: a HelperStatus with state "stopped", the reason
    // ("shutdown", "destroyed", "crashed", "failed") and `exit`; written by whoever ends it.
    [[nodiscard]] std::string ended_folder() const { return run() + "/ended"; }
    [[nodiscard]] std::string ended(std::string_view name) const;
    [[nodiscard]] std::string locks() const { return domain_paths_.locks; }
    [[nodiscard]] std::string alive_lock(std::string_view name) const {
        return domain_paths_.alive_lock(name);
    }
    [[nodiscard]] std::string operation_lock(std::string_view name) const {
        return domain_paths_.operation_lock(name);
    }
    [[nodiscard]] base::JournalFile journal() const;

    // The same for networks, which have locks of their own: a container may have a network's name.
    [[nodiscard]] const ObjectPaths& domain_paths() const { return domain_paths_; }
    [[nodiscard]] const ObjectPaths& network_paths() const { return network_paths_; }
    // The ports of a running network, one file each.
    [[nodiscard]] std::string ports(std::string_view network) const {
        return network_paths_.folder(network) + "/ports";
    }
    // The undo record of a change of a running network.
    [[nodiscard]] std::string network_pending(std::string_view network) const {
        return network_paths_.folder(network) + "/" + base::kPendingFile;
    }
    // Held while `apply` changes anything.
    [[nodiscard]] std::string apply_lock() const { return locks() + "/apply.lock"; }
    // Held from the look at the host's addresses until a network has its own.
    [[nodiscard]] std::string subnet_lock() const { return locks() + "/subnets.lock"; }

    // The lock of one domain's operations. Error(operation_timeout) naming the holder after `limit`
    // (operation_timeout of lxvirt.conf where it is not given); resource_busy at once where the
    // caller runs below a hook of this very domain, which would otherwise wait for itself.
    [[nodiscard]] base::OperationLock lock_domain(
        std::string_view name, std::optional<std::chrono::milliseconds> limit = {}) const {
        return lock(domain_paths_, name, limit);
    }
    // After a domain's, never before it.
    [[nodiscard]] base::OperationLock lock_network(std::string_view name) const {
        return lock(network_paths_, name, {});
    }
    // The define lock and then the operation locks of `names`, for what adds or renames an object.
    // The define lock is not held while an operation of one of them is waited for, so that a slow
    // start keeps nobody from defining something else.
    [[nodiscard]] DefineLocks lock_to_define(std::vector<std::string> names) const {
        return lock_to_define(domain_paths_, std::move(names));
    }
    [[nodiscard]] DefineLocks lock_to_define_network(const std::string& name) const {
        return lock_to_define(network_paths_, {name});
    }

    // The supervisor's pid, asked of the kernel; nothing where the container does not run.
    [[nodiscard]] std::optional<pid_t> running(std::string_view name) const;
    // Of a network that runs; nothing too where it goes on without one, which was killed.
    [[nodiscard]] std::optional<pid_t> supervised(std::string_view network) const;

    // What a hook's environment carries, so that lock_domain() knows where it is called from.
    [[nodiscard]] std::string hook_environment(const ObjectPaths& paths,
                                               std::string_view name) const;

  private:
    [[nodiscard]] base::OperationLock lock(const ObjectPaths& paths, std::string_view name,
                                           std::optional<std::chrono::milliseconds> limit) const;
    [[nodiscard]] DefineLocks lock_to_define(const ObjectPaths& paths,
                                             std::vector<std::string> names) const;
    void sweep(const ObjectPaths& paths, std::string_view name) const;
    void refuse_own_hook(const ObjectPaths& paths, std::string_view name) const;
    std::string folder_;
    std::string id_;
    ObjectPaths domain_paths_, network_paths_;
};

}  // namespace lxvirt::driver
