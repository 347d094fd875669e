// LocalConnection's methods that report what a domain's disks hold and what was read and written.
//
// The kernel counts block I/O per control group and device. In cgroup v1 the files
// blkio.throttle.*_recursive have one line per device and direction
// (Documentation/admin-guide/cgroup-v1/blkio-controller.rst); in v2 io.stat has one line per device
// (cgroup-v2.rst). A filesystem that is no block device of its own counts for the device below it.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/api/local.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Returns the disk with this target ("vda") or source path, or nullptr; `domain` owns it.
const xml::Disk* find_disk(const xml::Domain& domain, const std::string& name) {
    for (const xml::Disk& disk : domain.disks)
        if (disk.target == name || disk.source == name) return &disk;
    return nullptr;
}

// Adds up the lines "7:0 Read 4096" of a v1 file. `number` is the MAJOR:MINOR of the only device to
// count; empty counts all devices. A missing file counts as zero.
void add_v1(const std::string& file, const std::string& number, std::uint64_t& read,
            std::uint64_t& written) {
    const std::string text = base::try_read_file(file).value_or("");
    for (const std::string_view line : base::split(text, '\n')) {
        const auto words = base::split_words(line);
        if (words.size() != 3 || (!number.empty() && words[0] != number)) continue;
        const auto value = base::parse_number<std::uint64_t>(words[2]).value_or(0);
        if (words[1] == "Read") read += value;
        if (words[1] == "Write") written += value;
    }
}

// Adds up the lines "7:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." of a v2 io.stat; `number` is as for
// add_v1().
void add_v2(const std::string& file, const std::string& number, BlockStats& stats) {
    const std::string text = base::try_read_file(file).value_or("");
    for (const std::string_view line : base::split(text, '\n')) {
        const auto words = base::split_words(line);
        if (words.empty() || (!number.empty() && words[0] != number)) continue;
        for (const std::string_view word : words) {
            const auto equals = word.find('=');
            if (equals == std::string_view::npos) continue;
            const auto value =
                base::parse_number<std::uint64_t>(word.substr(equals + 1)).value_or(0);
            const std::string_view key = word.substr(0, equals);
            if (key == "rbytes") stats.read_bytes += value;
            if (key == "wbytes") stats.write_bytes += value;
            if (key == "rios") stats.read_requests += value;
            if (key == "wios") stats.write_requests += value;
        }
    }
}

// Returns the size in bytes of the block device that `facts` describes, or 0 if sysfs does not have
// it.
std::uint64_t device_bytes(const struct stat& facts) {
    const auto text = base::try_read_file(fmt::format(
        "/sys/dev/block/{}:{}/size", gnu_dev_major(facts.st_rdev), gnu_dev_minor(facts.st_rdev)));
    // sysfs counts in sectors of 512 bytes, whatever the device's sector size is.
    constexpr std::uint64_t kSector = 512;
    return text ? base::parse_number<std::uint64_t>(base::trim(*text)).value_or(0) * kSector : 0;
}

}  // namespace

BlockStats LocalConnection::block_stats(const DomainRef& domain, const std::string& disk) const {
    const LiveState live = require_live(root_, domain.name);
    // MAJOR:MINOR of the device that the start or attach made for the disk, such as a loop device.
    std::string number;
    if (!disk.empty()) {
        const xml::Disk* const found = find_disk(live.domain, disk);
        if (found == nullptr) base::fail(ErrorCode::invalid_arg, "invalid path: {}", disk);
        for (const MadeDevice& made : live.made)
            if (made.device == found->alias) number = fmt::format("{}:{}", made.major, made.minor);
    }
    BlockStats stats;
    const auto hierarchies = base::find_hierarchies();
    if (const base::Hierarchy* blkio = base::owner_of(hierarchies, "blkio")) {
        const std::string file = blkio->mount + live.cgroup + "/blkio.throttle.";
        add_v1(file + "io_serviced_recursive", number, stats.read_requests, stats.write_requests);
        add_v1(file + "io_service_bytes_recursive", number, stats.read_bytes, stats.write_bytes);
    } else if (const base::Hierarchy* io = base::owner_of(hierarchies, "io")) {
        add_v2(io->mount + live.cgroup + "/io.stat", number, stats);
    } else {
        base::fail(ErrorCode::operation_unsupported,
                   "this host counts no block I/O: neither the controller blkio nor io is there");
    }
    return stats;
}

BlockInfo LocalConnection::block_info(const DomainRef& domain, const std::string& disk) const {
    const bool running = root_.running(domain.name).has_value();
    const auto live = running ? read_live(root_, domain.name) : std::nullopt;
    const auto definition = live ? live->domain : Definitions(root_).load(domain.name);
    if (!definition) fail_no_domain(domain.name);
    const xml::Disk* const found = find_disk(*definition, disk);
    if (found == nullptr)
        base::fail(ErrorCode::invalid_arg, "invalid path {} not assigned to domain", disk);
    struct stat facts {};
    if (::stat(found->source.c_str(), &facts) != 0)
        base::fail_errno("Unable to access {}", found->source);
    if (S_ISBLK(facts.st_mode)) {
        const std::uint64_t bytes = device_bytes(facts);
        return {.capacity = bytes, .allocation = bytes, .physical = bytes};
    }
    const auto length = static_cast<std::uint64_t>(facts.st_size);
    return {.capacity = length,
            .allocation = static_cast<std::uint64_t>(facts.st_blocks) * 512,
            .physical = length};
}

}  // namespace lxvirt::driver
