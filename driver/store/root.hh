// Where state lives: every path below one root folder, which is "" for the machine's own state
// (lxc:///) or DIR (lxc:///embed?root=DIR), and the locks that stand there. No other file spells
// these paths; docs/architecture.md describes the tree.
//
// There are four kinds of locks, all files below run/lxvirt/lock/ that are never removed:
//
//     alive       NAME.alive  held by the supervisor as long as it lives; asked, never waited for
//     operation   NAME.op     held by one command while it changes one domain or network
//     define      define-*    held by a command that adds or renames an object of one kind
//     others                  apply.lock, subnets.lock, events.lock
//
// Only the alive lock tells whether an object runs, and by which pid: the kernel releases it when
// the process ends, in whatever way, so it cannot be stale as a file with a pid can be.
//
// Deadlocks are avoided by order: apply's lock before all others; the define lock before a domain's
// operation lock; two domains' locks only together, in the order of their names, and only in
// lock_to_define(); a network's operation lock after a domain's. lock_to_define() does not wait for
// an operation lock while it holds the define lock; it lets go of everything, waits, and begins
// again.
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
    std::string hook_scope;  // stands before the name in a hook's environment

    // These return the paths of one object, whether it exists or not.
    [[nodiscard]] std::string definition(std::string_view name) const;
    [[nodiscard]] std::string autostart_folder() const { return definitions + "/autostart"; }
    [[nodiscard]] std::string autostart_link(std::string_view name) const;
    [[nodiscard]] std::string folder(std::string_view name) const;  // the run folder
    [[nodiscard]] std::string live(std::string_view name) const;
    [[nodiscard]] std::string alive_lock(std::string_view name) const;
    [[nodiscard]] std::string operation_lock(std::string_view name) const;
    [[nodiscard]] std::string log(std::string_view name) const;
};

// The locks of a command that adds or renames an object. The caller may let go of `define` before
// `objects`, as a start does that takes long.
struct DefineLocks {
    std::optional<base::OperationLock> define;
    std::vector<base::OperationLock> objects;
};

// One root. It is cheap to make, holds no descriptor, and has no state beside the paths.
class Root {
  public:
    // Borrows nothing. `folder` is "" for the machine's own state, otherwise an absolute path,
    // which may not exist yet; links in it are resolved. Makes nothing. Throws invalid_arg if the
    // path is not absolute.
    explicit Root(const std::string& folder = {});

    // Makes the missing folders; those with private content get mode 0700. Throws SystemError.
    void make_folders() const;

    // Returns "system", or 12 hexadecimal digits that stay the same for the same folder. IFALIAS
    // and names of kernel objects carry this word, as the kernel's names are shared by all roots.
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    // Paths that survive a reboot of the host.
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

    // Paths of this boot: run/ is a tmpfs on the machine's own root, and files of another boot are
    // told by the boot id in them.
    [[nodiscard]] std::string run() const { return folder_ + "/run/lxvirt"; }
    [[nodiscard]] std::string domains() const { return domain_paths_.running; }
    // The run folder of one domain.
    [[nodiscard]] std::string domain(std::string_view name) const {
        return domain_paths_.folder(name);
    }
    [[nodiscard]] std::string live(std::string_view name) const { return domain_paths_.live(name); }
    [[nodiscard]] std::string status(std::string_view name) const;
    [[nodiscard]] std::string pending(std::string_view name) const;
    // The path of the record that tells how the domain's last run of this boot ended: a
    // HelperStatus with state "stopped", the reason ("shutdown", "destroyed", "crashed", "failed")
    // and `exit`. Whoever ends the run writes it.
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

    // The paths of each kind. Networks have locks of their own, as a container may have a network's
    // name.
    [[nodiscard]] const ObjectPaths& domain_paths() const { return domain_paths_; }
    [[nodiscard]] const ObjectPaths& network_paths() const { return network_paths_; }
    // Returns the folder with the ports of a running network, one file each.
    [[nodiscard]] std::string ports(std::string_view network) const {
        return network_paths_.folder(network) + "/ports";
    }
    // Returns the path of the undo record of a running network's change.
    [[nodiscard]] std::string network_pending(std::string_view network) const {
        return network_paths_.folder(network) + "/" + base::kPendingFile;
    }
    // Returns the path of the lock that is held while `apply` changes anything.
    [[nodiscard]] std::string apply_lock() const { return locks() + "/apply.lock"; }
    // Returns the path of the lock that a network's start holds from its look at the host's
    // addresses until it has its own, so that two starts do not choose the same.
    [[nodiscard]] std::string subnet_lock() const { return locks() + "/subnets.lock"; }
    // Taken last of all, while a domain begins to use a disk (driver/device/shared_disks.hh).
    [[nodiscard]] std::string disks_lock() const { return locks() + "/disks.lock"; }

    // Takes the operation lock of one domain. Throws operation_timeout, naming the holder, after
    // `limit` (operation_timeout of lxvirt.conf if none is given). Throws resource_busy at once if
    // the caller runs below a hook of this very domain, which would wait for itself.
    [[nodiscard]] base::OperationLock lock_domain(
        std::string_view name, std::optional<std::chrono::milliseconds> limit = {}) const {
        return lock(domain_paths_, name, limit);
    }
    // Takes the operation lock of one network; call it after lock_domain(), never before it. Throws
    // as lock_domain() does.
    [[nodiscard]] base::OperationLock lock_network(std::string_view name) const {
        return lock(network_paths_, name, {});
    }
    // Takes the define lock and then the operation locks of `names`, for what adds or renames an
    // object. The define lock is not held while another operation on one of them is waited for, so
    // a slow start keeps nobody from defining something else. Throws as lock_domain() does.
    [[nodiscard]] DefineLocks lock_to_define(std::vector<std::string> names) const {
        return lock_to_define(domain_paths_, std::move(names));
    }
    [[nodiscard]] DefineLocks lock_to_define_network(const std::string& name) const {
        return lock_to_define(network_paths_, {name});
    }

    // Returns the supervisor's pid, asked of the kernel by the alive lock; nullopt if the container
    // does not run.
    [[nodiscard]] std::optional<pid_t> running(std::string_view name) const;
    // Returns the pid of the network's lxnetd; nullopt if it does not run, and also if it runs on
    // after its lxnetd was killed.
    [[nodiscard]] std::optional<pid_t> supervised(std::string_view network) const;

    // Has a supervisor make its alive lock's file and its control socket anew where somebody has
    // removed them. The caller holds the operation lock. A socket that is not there afterwards is
    // whoever's error who needs it.
    void repair_domain(std::string_view name, pid_t supervisor) const {
        repair(domain_paths_, name, supervisor);
    }
    void repair_network(std::string_view name, pid_t supervisor) const {
        repair(network_paths_, name, supervisor);
    }

    // Returns the variable that a hook's environment carries ("LXVIRT_HOOK_OF=..."), by which
    // lock_domain() recognises its caller.
    [[nodiscard]] std::string hook_environment(const ObjectPaths& paths,
                                               std::string_view name) const;

  private:
    void repair(const ObjectPaths& paths, std::string_view name, pid_t supervisor) const;
    [[nodiscard]] base::OperationLock lock(const ObjectPaths& paths, std::string_view name,
                                           std::optional<std::chrono::milliseconds> limit) const;
    [[nodiscard]] DefineLocks lock_to_define(const ObjectPaths& paths,
                                             std::vector<std::string> names) const;
    // Removes temporary files that a killed command left.
    void sweep(const ObjectPaths& paths, std::string_view name) const;
    // Throws resource_busy if this process runs below a hook of the object.
    void refuse_own_hook(const ObjectPaths& paths, std::string_view name) const;
    std::string folder_;
    std::string id_;
    ObjectPaths domain_paths_, network_paths_;
};

}  // namespace lxvirt::driver
