#include "driver/device/shared_disks.hh"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/store/live.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// A device of a domain that reads or writes a block device or an image.
struct Use {
    dev_t device = 0;  // the number of a block device, or of the file system that has the image
    ino_t image = 0;   // 0: a block device
    std::optional<dev_t> disk;  // the number of the whole disk that has this partition
    std::string source;
    std::string what;  // "disk 'vdb'"
    bool readonly = false;
    bool shareable = false;
    bool mounted = false;  // by the host's kernel, which mounts one block device once
};

// Adds a use, if its source is there: that it is missing is an error of another place.
void add_use(std::vector<Use>& uses, Use use, const std::string& sys) {
    struct stat info {};
    if (::stat(use.source.c_str(), &info) != 0) return;
    const bool block = S_ISBLK(info.st_mode);
    use.device = block ? info.st_rdev : info.st_dev;
    use.image = block ? 0 : info.st_ino;
    if (block) use.disk = disk_of_partition(use.device, sys);
    uses.push_back(std::move(use));
}

std::vector<Use> uses_of(const xml::Domain& domain, const std::string& sys) {
    std::vector<Use> uses;
    for (const xml::Disk& disk : domain.disks)
        add_use(uses,
                {.source = disk.source,
                 .what = fmt::format("disk '{}'", disk.target),
                 .readonly = disk.readonly,
                 .shareable = disk.shareable},
                sys);
    for (const xml::Hostdev& hostdev : domain.hostdevs)
        if (hostdev.type == xml::HostdevType::storage)
            add_use(uses,
                    {.source = hostdev.source, .what = fmt::format("hostdev '{}'", hostdev.source)},
                    sys);
    for (const xml::Filesystem& filesystem : domain.filesystems)
        if (filesystem.type == xml::FilesystemType::block ||
            filesystem.type == xml::FilesystemType::file)
            add_use(uses,
                    {.source = filesystem.source,
                     .what = fmt::format("filesystem on '{}'", filesystem.target),
                     .readonly = filesystem.readonly,
                     .mounted = true},
                    sys);
    return uses;
}

// Says whether `part` is a partition of the whole disk `disk`, whose blocks it shares.
bool is_part_of(const Use& part, const Use& disk) {
    return part.disk.has_value() && disk.image == 0 && *part.disk == disk.device;
}

bool disturb(const Use& a, const Use& b) {
    const bool same = a.device == b.device && a.image == b.image;
    if (!same && !is_part_of(a, b) && !is_part_of(b, a)) return false;
    if ((a.readonly && b.readonly) || (a.shareable && b.shareable)) return false;
    return !(same && a.mounted && b.mounted && a.image == 0);
}

void refuse(const xml::Domain& domain, const Use& use, const Use& other, const std::string& owner) {
    if (!disturb(use, other)) return;
    std::string is_used = "is in use already";
    if (is_part_of(use, other))
        is_used = fmt::format("is a partition of '{}', which is in use already", other.source);
    if (is_part_of(other, use))
        is_used = fmt::format("has the partition '{}', which is in use already", other.source);
    base::fail(base::ErrorCode::resource_busy,
               "{} of domain '{}': '{}' {} as {} of {}; two that write to it destroy what is on "
               "it. <shareable/> in both disks allows it",
               use.what, domain.name, use.source, is_used, other.what, owner);
}

}  // namespace

std::optional<dev_t> disk_of_partition(dev_t device, const std::string& sys) {
    const std::string folder = fmt::format("{}/dev/block/{}:{}", sys, major(device), minor(device));
    // The kernel has a partition's folder in its disk's.
    if (!base::exists(folder + "/partition")) return std::nullopt;
    const auto text = base::try_read_file(folder + "/../dev");
    if (!text) return std::nullopt;  // the disk was taken out at this moment
    const auto numbers = base::split(base::trim(*text), ':');
    if (numbers.size() != 2) return std::nullopt;
    const auto disk_major = base::parse_number<unsigned>(numbers[0]);
    const auto disk_minor = base::parse_number<unsigned>(numbers[1]);
    if (!disk_major || !disk_minor) return std::nullopt;
    return makedev(*disk_major, *disk_minor);
}

std::optional<base::OperationLock> lock_disks(const Root& root, const xml::Domain& domain,
                                              const std::string& sys) {
    const std::vector<Use> uses = uses_of(domain, sys);
    if (uses.empty()) return std::nullopt;
    for (std::size_t i = 0; i < uses.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) refuse(domain, uses[i], uses[j], "the same domain");
    auto lock =
        base::OperationLock::acquire(root.disks_lock(), load_settings(root).operation_timeout);
    for (const std::string& name : live_names(root)) {
        if (name == domain.name || !root.running(name)) continue;
        const auto live = read_live(root, name);
        if (!live) continue;
        for (const Use& other : uses_of(live->domain, sys))
            for (const Use& use : uses)
                refuse(domain, use, other, fmt::format("running domain '{}'", name));
    }
    return lock;
}

}  // namespace lxvirt::driver
