// The helper's `status` file: what only it knows about its container, for the driver to read
// (design, hard part 4). Lines of key=value, replaced as a whole, so that a reader never sees half;
// values are escaped as journal fields are. Used by the static helper: base only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxvirt::helper {

// The version this code writes and reads; a higher one is refused with words.
inline constexpr unsigned kStatusVersion = 1;

struct HelperStatus {
    std::string state;   // "starting", "running", "paused", "stopping", "stopped"
    std::string reason;  // libvirt's word: "booted", "unpaused", "user", "shutdown", "crashed" ...
    std::optional<pid_t> init_pid;            // in the host's pid namespace
    std::optional<std::uint64_t> init_start;  // field 22 of /proc/PID/stat, clock ticks (proc(5))
    std::optional<std::uint64_t> boots;       // 1 after the start, one more with every reboot
    std::optional<std::uint64_t> dev;         // st_dev of the container's /dev
    std::vector<std::string> consoles;        // host paths, console0 first
    std::string exit;                         // "exit status 3", "killed by signal 9 (KILL)"
    // Every other key, in the file's order: kept, so that what one version writes another carries
    // on.
    std::vector<std::pair<std::string, std::string>> other;
};

[[nodiscard]] std::string format_status(const HelperStatus& status);
// `file` names the text in errors. Throws base::Error naming file and line.
[[nodiscard]] HelperStatus parse_status(std::string_view text, const std::string& file);

// Replaces the file; not synced, it lives in /run. Throws base::SystemError.
void write_status(const std::string& path, const HelperStatus& status);
// The file of one that has ended: how, in libvirt's word, and the exit as above.
void write_end(const std::string& path, std::string_view reason, std::string_view exit);
// Nothing where there is no such file.
[[nodiscard]] std::optional<HelperStatus> read_status(const std::string& path);

}  // namespace lxvirt::helper
