// Adds the mounts of <lx:container>, and what it says about the root: the options of fstab(5) as
// lxc reads them, and layers.
#include <sys/mount.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

using base::ErrorCode;
using base::fail;

// Pairs an option with a bit of mount_setattr(2) or mount(2).
struct Word {
    std::string_view option;
    std::uint64_t value;
};
constexpr Word kFlags[] = {
    {"ro", MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
};
// The recursive forms mean the same here: a mount is made together with the mounts below it, or
// without them.
constexpr Word kPropagations[] = {
    {"shared", MS_SHARED},    {"rshared", MS_SHARED},        {"private", MS_PRIVATE},
    {"rprivate", MS_PRIVATE}, {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE},
};
// Options without a meaning here: they are the default, or concern the host's own table of mounts.
constexpr std::string_view kNothing =
    "rw defaults suid dev exec atime relatime norelatime nostrictatime diratime async nomand "
    "symfollow create=dir create=file slave rslave auto noauto user nouser users nofail";

// The options of one mount, parsed.
struct Options {
    // With `relative` the source is a path in the container.
    bool bind = false, recursive = false, optional = false, relative = false;
    bool move = false;     // the mount itself: of a path in the container
    bool creates = false;  // make the target; otherwise a missing one is an error
    std::uint64_t attributes = 0;
    std::uint32_t propagation = 0;
    std::string idmap;                  // "container", "none", or the path of a user namespace
    std::vector<helper::KeyValue> own;  // for the file system
};

// Takes an option that is a plain word and sets the bit for it; returns false for any other.
bool take_word(std::string_view option, Options& made) {
    for (const Word& flag : kFlags)
        if (option == flag.option) {
            made.attributes |= flag.value;
            return true;
        }
    for (const Word& word : kPropagations)
        if (option == word.option) {
            made.propagation = static_cast<std::uint32_t>(word.value);
            return true;
        }
    return option.empty() || base::contains_word(kNothing, option);
}

// Parses options as lxc does (lxc.container.conf(5), lxc.mount.entry). An option that is not known
// here is the file system's.
Options read_options(std::string_view text) {
    constexpr std::string_view idmap = "idmap=";
    Options made;
    for (const std::string_view option : base::split(text, ',')) {
        made.creates = made.creates || option.starts_with("create=");
        if (take_word(option, made)) continue;
        const auto equals = option.find('=');
        if (option == "bind" || option == "rbind") {
            made.bind = true;
            made.recursive = option == "rbind";
        } else if (option == "move") {
            made.bind = made.recursive = made.move = true;
        } else if (option == "optional") {
            made.optional = true;
        } else if (option == "relative") {
            made.relative = true;
        } else if (option.starts_with(idmap)) {
            made.idmap = option.substr(idmap.size());
        } else {
            made.own.push_back({std::string(option.substr(0, equals)),
                                equals == std::string_view::npos
                                    ? std::string()
                                    : std::string(option.substr(equals + 1))});
        }
    }
    return made;
}

// Applies the option idmap=, which only a folder or device of the host can have.
void set_idmap(const std::string& idmap, const xml::Domain& domain, const char* element,
               helper::Mount& mount) {
    // An id map is a property of the whole mount, which a path inside the container shares with its
    // file system.
    if (idmap.empty()) return;
    const bool whole =
        mount.kind == helper::MountKind::host_bind || mount.kind == helper::MountKind::device;
    if (!whole)
        fail(ErrorCode::config_unsupported,
             "{} on '{}': 'idmap=' is for a folder or device of the host", element, mount.target);
    mount.idmapped = idmap == "container";
    if (idmap == "none") return;  // shows the host's ids
    if (!mount.idmapped && !idmap.starts_with('/'))
        fail(ErrorCode::config_unsupported,
             "{} on '{}': 'idmap={}' is neither 'container' nor 'none' nor the path of a user "
             "namespace",
             element, mount.target, idmap);
    if (!mount.idmapped) mount.idmap = idmap;
    if (mount.idmapped && domain.idmap.empty())
        fail(ErrorCode::config_unsupported,
             "{} on '{}': 'idmap=container', and the domain has no <idmap>", element, mount.target);
}

// Adds a mount of <lx:mount>: a bind of a path inside or on the host, or a new file system.
void add_mount(const xml::ContainerMount& from, const xml::Domain& domain, const HostFacts& host,
               std::vector<helper::Mount>& mounts) {
    const Options options = read_options(from.options);
    helper::Mount mount;
    mount.target = from.target;
    mount.source = from.source;
    mount.attributes = options.attributes;
    mount.propagation = options.propagation;
    mount.recursive = options.recursive;
    // lxc's "optional" passes over a mount that cannot be made, whatever the reason. Then a missing
    // target is such a reason, unless "create=" makes it.
    mount.optional = options.optional;
    mount.make_target = options.creates || !options.optional;
    if (options.bind && options.relative) {
        mount.kind = helper::MountKind::inner_bind;
        mount.source = base::clean_path("/" + from.source);
        mount.move = options.move;
    } else if (options.bind) {
        if (!from.source.starts_with('/') || !host.exists(from.source)) {
            if (options.optional) return;
            base::fail_with(ENOENT, "mount '{}' on '{}'", from.source, from.target);
        }
        mount.kind = helper::MountKind::host_bind;
    } else {
        mount.kind = helper::MountKind::fresh;
        mount.fstype = from.type;
        mount.options = options.own;
        mount.recursive = true;
    }
    set_idmap(options.idmap, domain, "<lx:mount>", mount);
    mounts.push_back(std::move(mount));
}

// Says whether the words have one that makes the control groups read-only, such as "cgroup:ro:force".
bool wants_readonly_groups(const std::string& words) {
    const auto all = base::split_words(words);
    return std::any_of(all.begin(), all.end(), [](std::string_view word) {
        return base::contains_word("cgroup:ro cgroup:ro:force cgroup-full:ro cgroup-full:ro:force",
                                   word);
    });
}

// Applies the words of lxc.mount.auto that ask for more or less than every container gets.
void apply_mount_auto(const std::string& words, std::vector<helper::Mount>& mounts) {
    if (base::contains_word(words, "proc:rw"))
        std::erase_if(mounts, [](const helper::Mount& mount) {
            return mount.kind != helper::MountKind::fresh && mount.target.starts_with("/proc/");
        });
    // A writable /sys lets root of the container change the host's devices, which lxc's word asks
    // for.
    if (base::contains_word(words, "sys:rw"))
        for (helper::Mount& mount : mounts)
            if (mount.target == "/sys") mount.attributes &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
    if (wants_readonly_groups(words))
        for (helper::Mount& mount : mounts)
            if (mount.kind == helper::MountKind::groups) mount.attributes |= MOUNT_ATTR_RDONLY;
}

// Says whether every container has this mount already. A second proc or sysfs on top of the first
// would hide nothing and be writable.
bool is_there(const xml::ContainerMount& mount, const std::vector<helper::Mount>& mounts) {
    return std::any_of(
        mounts.begin(), mounts.end(),
        [&](const helper::Mount& had) {
            return had.no_links && had.fstype == mount.type &&
                   had.target == base::clean_path(mount.target);
        });
}

// Adds the container's own protections last, so that they cover what the domain mounts.
void add_own_protections(const xml::Container& container, std::vector<helper::Mount>& mounts) {
    for (const xml::ContainerPath& path : container.readonly_paths)
        if (path.on) mounts.push_back(over(helper::MountKind::protect, path.path));
    for (const xml::ContainerPath& path : container.masked_paths) {
        if (!path.on) continue;
        helper::Mount mount = mask(path.path);
        const bool is_hidden =
            std::any_of(mounts.begin(), mounts.end(), [&](const helper::Mount& had) {
                return had.kind == mount.kind && had.target == mount.target;
            });
        // One FIFO serves one place.
        if (mount.kind == helper::MountKind::quiet && is_hidden) continue;
        mounts.push_back(std::move(mount));
    }
}

// Makes the root an overlay of "overlay:LOWER:...:UPPER". The lower folders are in the kernel's
// order, the topmost first, as in lxc; the work folder that the kernel needs is beside the upper
// one.
void apply_layers(const xml::Domain& domain, const HostFacts& host, helper::Mount& root) {
    if (!xml::is_layered(domain.container)) return;
    const std::string& storage = domain.container.rootfs_storage;
    const auto colon = storage.find(':');
    const auto folders = base::split(std::string_view(storage).substr(colon + 1), ':');
    if (folders.size() < 2)
        fail(ErrorCode::config_unsupported,
             "<lx:rootfs storage='{}'>: right would be overlay:LOWER:UPPER", storage);
    for (const std::string_view folder : folders)
        if (!folder.starts_with('/') || !host.folder(std::string(folder)).is_folder)
            fail(ErrorCode::config_unsupported, "<lx:rootfs storage='{}'>: '{}' is not a folder",
                 storage, folder);
    const std::string upper(folders.back());
    const std::string lower =
        storage.substr(colon + 1, storage.size() - colon - 1 - upper.size() - 1);
    if (root.idmapped)
        fail(
            ErrorCode::config_unsupported,
            "<lx:rootfs storage='{}'>: layers cannot be seen through an id map; let them belong to "
            "the container's ids (chown)",
            storage);
    root.kind = helper::MountKind::device;
    root.source = root.fstype = "overlay";
    root.recursive = false;
    root.options = {{"lowerdir", lower},
                    {"upperdir", upper},
                    {"workdir", base::parent_folder(upper) + "/olwork"}};
}

// Applies <lx:rootfs options=''> to the root. Options of a file system need one that is mounted
// anew.
void apply_root_options(const xml::Domain& domain, const CompileOptions& compile_options,
                        helper::Mount& root) {
    const Options options = read_options(domain.container.rootfs_options);
    root.attributes |= options.attributes;
    if (options.propagation != 0) root.propagation = options.propagation;
    set_idmap(options.idmap, domain, "<lx:rootfs>", root);
    for (const helper::KeyValue& option : options.own)
        if (root.kind == helper::MountKind::device)
            root.options.push_back(option);
        else if (compile_options.log)
            compile_options.log(
                fmt::format("<lx:rootfs>: the option '{}' means nothing for a folder", option.key));
}

}  // namespace

void container_mounts(const xml::Domain& domain, const HostFacts& host,
                      const CompileOptions& options, std::vector<helper::Mount>& mounts) {
    apply_layers(domain, host, mounts.front());
    apply_root_options(domain, options, mounts.front());
    apply_mount_auto(domain.container.mount_auto, mounts);
    for (const xml::ContainerMount& mount : domain.container.mounts) {
        if (is_there(mount, mounts)) {
            if (options.log)
                options.log(
                    fmt::format("<lx:mount> on '{}': every container has it", mount.target));
            continue;
        }
        add_mount(mount, domain, host, mounts);
    }
    add_own_protections(domain.container, mounts);
}

}  // namespace lxvirt::driver::compile
