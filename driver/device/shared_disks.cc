#include "driver/device/shared_disks.hh"

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/error.hh"
#include "driver/store/live.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// A device of a domain that reads or writes a block device or an image.
struct Use {
    dev_t device = 0;  // the number of a block device, or of the file system that has the image
    ino_t image = 0;   // 0: a block device
    std::string source;
    std::string what;  // "disk 'vdb'"
    bool readonly = false;
    bool shareable = false;
    bool mounted = false;  // by the host's kernel, which mounts one block device once
};

// Adds a use, if its source is there: that it is missing is an error of another place.
void add_use(std::vector<Use>& uses, Use use) {
    struct stat info {};
    if (::stat(use.source.c_str(), &info) != 0) return;
    const bool block = S_ISBLK(info.st_mode);
    use.device = block ? info.st_rdev : info.st_dev;
    use.image = block ? 0 : info.st_ino;
    uses.push_back(std::move(use));
}

std::vector<Use> uses_of(const xml::Domain& domain) {
    std::vector<Use> uses;
    for (const xml::Disk& disk : domain.disks)
        add_use(uses, {.source = disk.source,
                       .what = fmt::format("disk '{}'", disk.target),
                       .readonly = disk.readonly,
                       .shareable = disk.shareable});
    for (const xml::Hostdev& hostdev : domain.hostdevs)
        if (hostdev.type == xml::HostdevType::storage)
            add_use(uses, {.source = hostdev.source,
                           .what = fmt::format("hostdev '{}'", hostdev.source)});
    for (const xml::Filesystem& filesystem : domain.filesystems)
        if (filesystem.type == xml::FilesystemType::block ||
            filesystem.type == xml::FilesystemType::file)
            add_use(uses, {.source = filesystem.source,
                           .what = fmt::format("filesystem on '{}'", filesystem.target),
                           .readonly = filesystem.readonly,
                           .mounted = true});
    return uses;
}

bool disturb(const Use& a, const Use& b) {
    if (a.device != b.device || a.image != b.image) return false;
    if ((a.readonly && b.readonly) || (a.shareable && b.shareable)) return false;
    return !(a.mounted && b.mounted && a.image == 0);
}

void refuse(const xml::Domain& domain, const Use& use, const Use& other, const std::string& owner) {
    if (disturb(use, other))
        base::fail(base::ErrorCode::resource_busy,
                   "{} of domain '{}': '{}' is in use already as {} of {}; two that write to it "
                   "destroy what is on it. <shareable/> in both disks allows it",
                   use.what, domain.name, use.source, other.what, owner);
}

}  // namespace

std::optional<base::OperationLock> lock_disks(const Root& root, const xml::Domain& domain) {
    const std::vector<Use> uses = uses_of(domain);
    if (uses.empty()) return std::nullopt;
    for (std::size_t i = 0; i < uses.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) refuse(domain, uses[i], uses[j], "the same domain");
    auto lock =
        base::OperationLock::acquire(root.disks_lock(), load_settings(root).operation_timeout);
    for (const std::string& name : live_names(root)) {
        if (name == domain.name || !root.running(name)) continue;
        const auto live = read_live(root, name);
        if (!live) continue;
        for (const Use& other : uses_of(live->domain))
            for (const Use& use : uses)
                refuse(domain, use, other, fmt::format("running domain '{}'", name));
    }
    return lock;
}

}  // namespace lxvirt::driver
