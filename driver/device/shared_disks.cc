#include "driver/device/shared_disks.hh"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <limits>
#include <string>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/store/live.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// What holds the bytes: an image, by its file system and its inode, or a block device, by its number and
// 0. A loop device holds none of its own, so its image stands for it.
struct Store {
    dev_t device = 0;
    ino_t image = 0;
    bool operator==(const Store&) const = default;
};

// A part of a store; a loop device may show one.
struct Extent {
    std::uint64_t begin = 0, end = std::numeric_limits<std::uint64_t>::max();  // bytes
    [[nodiscard]] bool meets(const Extent& other) const {
        return begin < other.end && other.begin < end;
    }
};

// A device of a domain that reads or writes a block device or an image.
struct Use {
    Store store;
    Extent extent;
    std::optional<Store> disk;  // of the whole disk that has this partition
    dev_t number = 0;           // of a block device; 0: an image
    std::string source;
    std::string what;  // "disk 'vdb'"
    bool readonly = false;
    bool shareable = false;
    bool mounted = false;  // by the host's kernel, which mounts one block device once
};

// Returns where the bytes of a block device are, and puts the part that it shows into `extent`.
Store store_of(dev_t number, Extent& extent) {
    if (major(number) != LOOP_MAJOR) return {number, 0};
    const std::string path = fmt::format("/dev/loop{}", minor(number));
    const base::UniqueFd loop(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    loop_info64 info{};
    // A loop device without an image has no bytes.
    if (!loop || ::ioctl(loop.get(), LOOP_GET_STATUS64, &info) != 0) return {number, 0};
    extent.begin = info.lo_offset;
    if (info.lo_sizelimit != 0) extent.end = info.lo_offset + info.lo_sizelimit;
    return {static_cast<dev_t>(info.lo_device), static_cast<ino_t>(info.lo_inode)};
}

// Adds a use, if its source is there: that it is missing is an error of another place.
void add_use(std::vector<Use>& uses, Use use, const std::string& sys) {
    struct stat info {};
    if (::stat(use.source.c_str(), &info) != 0) return;
    use.store = {info.st_dev, info.st_ino};
    if (S_ISBLK(info.st_mode)) {
        use.number = info.st_rdev;
        use.store = store_of(use.number, use.extent);
        if (const auto disk = disk_of_partition(use.number, sys))
            use.disk = store_of(*disk, use.extent);
    }
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
    return part.disk == disk.store && part.extent.meets(disk.extent);
}

bool disturb(const Use& a, const Use& b) {
    const bool same = a.store == b.store && a.extent.meets(b.extent);
    if (!same && !is_part_of(a, b) && !is_part_of(b, a)) return false;
    if ((a.readonly && b.readonly) || (a.shareable && b.shareable)) return false;
    return !(same && a.mounted && b.mounted && a.number != 0 && a.number == b.number);
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
