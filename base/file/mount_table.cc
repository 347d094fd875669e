#include "base/file/mount_table.hh"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

std::string unescape_octal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto code = text[i] == '\\' && i + 3 < text.size()
                              ? parse_number<unsigned>(text.substr(i + 1, 3), 8)
                              : std::nullopt;
        if (code && *code > 0 && *code < 256) {
            out += static_cast<char>(*code);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

namespace {

// Parses a line such as "31 23 0:27 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup
// rw,cpu". The number of optional fields before the dash varies.
std::optional<MountEntry> parse_line(std::string_view line) {
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) return std::nullopt;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 5 || after.size() < 2) return std::nullopt;
    const auto colon = before[2].find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    MountEntry entry;
    entry.id = parse_number<std::uint64_t>(before[0]).value_or(0);
    entry.parent = parse_number<std::uint64_t>(before[1]).value_or(0);
    entry.major = parse_number<unsigned>(before[2].substr(0, colon)).value_or(0);
    entry.minor = parse_number<unsigned>(before[2].substr(colon + 1)).value_or(0);
    entry.root = unescape_octal(before[3]);
    entry.point = unescape_octal(before[4]);
    entry.fstype = after[0];
    entry.source = unescape_octal(after[1]);
    return entry;
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view text) {
    std::vector<MountEntry> entries;
    for (const std::string_view line : split(text, '\n'))
        if (auto entry = parse_line(line)) entries.push_back(std::move(*entry));
    return entries;
}

std::vector<MountEntry> mount_table(pid_t pid) {
    try {
        return parse_mount_table(read_file(fmt::format("/proc/{}/mountinfo", pid)));
    } catch (const SystemError&) {
        return {};  // EINVAL once the process has exited and has no namespace any more
    }
}

MountPlace mount_place(Fd object, const std::string& name) {
    struct statx facts {};
    if (::statx(object.get(), "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &facts) != 0)
        fail_errno("find the mount of '{}'", name);
    return {.mount = facts.stx_mnt_id,
            .is_root = (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0};
}

}  // namespace lxvirt::base
