// Converts the root: rootfs.*.
#include <fmt/format.h>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/native/context.hh"

namespace lxvirt::driver::native {

namespace {

using xml::Filesystem;
using xml::FilesystemType;

// A storage of lxc: "dir:/srv/x" is the backend "dir" with the path "/srv/x".
struct Storage {
    std::string backend, path;
};
// Splits a value at the first colon if lxc knows the word before it as a backend; a path may have
// colons of its own.
Storage split_storage(const std::string& text) {
    constexpr std::string_view backends = "dir loop nbd lvm btrfs zfs overlay overlayfs aufs rbd";
    const auto colon = text.find(':');
    if (colon != std::string::npos && base::contains_word(backends, text.substr(0, colon)))
        return {text.substr(0, colon), text.substr(colon + 1)};
    return {{}, text};
}

// Returns the <filesystem> of a root; an image file is used through a loop device.
Filesystem root_of(FilesystemType type, std::string source) {
    Filesystem root;
    root.type = type;
    root.source = std::move(source);
    root.target = "/";
    if (type == FilesystemType::file) {
        root.driver_type = "loop";
        root.driver_format = "raw";
    }
    return root;
}

// Converts overlay:LOWER:UPPER, which lxc mounts over each other. The <filesystem> names the upper
// folder, so that tools which know only libvirt's XML find something.
void add_overlay(Context& context, const Line& line, const Storage& storage) {
    const auto colon = storage.path.rfind(':');
    const std::string upper =
        colon == std::string::npos ? storage.path : storage.path.substr(colon + 1);
    if (!upper.starts_with('/') || colon == std::string::npos)
        return context.untranslated(line, "not overlay:/LOWER:/UPPER");
    context.domain.filesystems.push_back(root_of(FilesystemType::mount, upper));
    context.domain.container.rootfs_storage = line.value;
    context.kept(line, "as <lx:rootfs storage>");
}

// Converts nbd:IMAGE or nbd:IMAGE:PARTITION.
void add_nbd_root(Context& context, const Line& line, std::string image) {
    // A last field that is no number belongs to the image's path.
    const auto colon = image.rfind(':');
    if (base::parse_number<unsigned>(std::string_view(image).substr(colon + 1))) image.erase(colon);
    context.domain.filesystems.push_back(root_of(FilesystemType::file, image));
    context.approximated(line, "as a raw image on a loop device, whole: this release has no nbd");
}

// Converts a root by its backend; without one, by what the path is.
void add_root(Context& context, const Line& line, const Storage& storage) {
    auto& filesystems = context.domain.filesystems;
    const std::string& backend = storage.backend;
    if (backend == "overlay" || backend == "overlayfs" || backend == "aufs")
        return add_overlay(context, line, storage);
    if (backend == "zfs" || backend == "btrfs" || backend == "rbd") {
        const bool is_path = storage.path.starts_with('/');
        // These backends name a volume, not a path; lxc mounts the volume on the folder "rootfs"
        // beside the configuration.
        const std::string path = is_path ? storage.path : context.folder + "/rootfs";
        filesystems.push_back(root_of(FilesystemType::mount, path));
        context.domain.container.rootfs_storage = line.value;
        if (is_path)
            context.kept(line, "as a folder and <lx:rootfs storage>");
        else
            context.approximated(line,
                                 fmt::format("as the folder '{}', where lxc mounts it; it has "
                                             "to be mounted there",
                                             path));
        return;
    }
    if (!storage.path.starts_with('/'))
        return context.untranslated(line, "not an absolute path; --rootfs DIR names the folder");
    const char kind = context.facts.kind(storage.path);
    if (backend == "nbd")
        add_nbd_root(context, line, storage.path);
    else if (backend == "loop" || (backend.empty() && kind == 'f'))
        filesystems.push_back(root_of(FilesystemType::file, storage.path));
    else if (backend == "lvm" || kind == 'b' ||
             (backend.empty() && storage.path.starts_with("/dev/")))
        filesystems.push_back(root_of(FilesystemType::block, storage.path));
    else
        filesystems.push_back(root_of(FilesystemType::mount, storage.path));
}

// Takes "ro" as <readonly/>; other options are stored.
void add_root_options(Context& context, const Line& line) {
    std::string rest;
    for (const std::string_view option : base::split(line.value, ','))
        if (option == "ro" && !context.domain.filesystems.empty())
            context.domain.filesystems.front().readonly = true;
        else if (option != "rw" && option != "defaults" && !option.empty())
            rest += fmt::format("{}{}", rest.empty() ? "" : ",", option);
    if (rest.empty()) return;
    context.domain.container.rootfs_options = rest;
    context.kept(line, "as <lx:rootfs options>");
}

}  // namespace

// The caller's --rootfs wins over the file, which helps where the file's path is one of another
// host.
void convert_root(Context& context) {
    const Line* backend = context.one("rootfs.backend");
    const Line* path = context.one("rootfs.path");
    if (!context.options.rootfs.empty()) {
        context.domain.filesystems.push_back(
            root_of(FilesystemType::mount, context.options.rootfs));
        if (path != nullptr)
            context.approximated(*path,
                                 fmt::format("--rootfs '{}' instead", context.options.rootfs));
    } else if (path != nullptr) {
        Storage storage = split_storage(path->value);
        // A list of several backends does not say which of them the path belongs to.
        if (storage.backend.empty() && backend != nullptr &&
            backend->value.find(',') == std::string::npos)
            storage.backend = backend->value;
        add_root(context, *path, storage);
    }
    if (context.domain.filesystems.empty())
        base::fail(base::ErrorCode::config_unsupported,
                   "'{}' names no root file system that can be used (lxc.rootfs.path = /ABSOLUTE/"
                   "PATH): domxml-from-native --rootfs DIR says where it is",
                   context.file);
    if (const Line* line = context.one("rootfs.options")) add_root_options(context, *line);
}

}  // namespace lxvirt::driver::native
