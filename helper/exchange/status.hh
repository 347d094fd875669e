// The helper's `status` file: facts about a container that only its helper knows, for the driver to
// read. The file has lines of KEY=VALUE, with values escaped as in the journal, and is replaced as
// a whole by rename(2), so that no reader sees a half of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxvirt::helper {

// The version that this code writes and reads; a file with a higher one is refused.
inline constexpr unsigned kStatusVersion = 1;

// The content of the file.
struct HelperStatus {
    std::string state;              // "starting", "running", "paused", "stopping", "stopped"
    std::string reason;             // libvirt's: "booted", "unpaused", "user", "shutdown" ...
    std::optional<pid_t> init_pid;  // in the host's pid namespace
    std::optional<std::uint64_t> init_start;  // clock ticks since boot (proc_pid_stat(5))
    std::optional<std::uint64_t> boots;       // 1 after the start, one more after each reboot
    std::optional<std::uint64_t> dev;         // st_dev of the container's /dev
    std::vector<std::string> consoles;        // host paths, console0 first
    std::string exit;                         // "exit status 3", "killed by signal 9 (KILL)"
    // Keeps every other key, in the file's order: a program carries on what another version has
    // written.
    std::vector<std::pair<std::string, std::string>> other;
};

// Formats and parses the file. `file` names the text in errors; parse_status() throws
// Error(internal_error) that names file and line.
[[nodiscard]] std::string format_status(const HelperStatus& status);
// `file` names the text in errors. Throws base::Error naming file and line.
[[nodiscard]] HelperStatus parse_status(std::string_view text, const std::string& file);

// Replaces the file `path`. It lives in /run and is not synced. Throws SystemError.
void write_status(const std::string& path, const HelperStatus& status);
// Writes the file that tells how the last run ended: `reason` in libvirt's word, and `exit` as
// above.
void write_end(const std::string& path, std::string_view reason, std::string_view exit);
// Returns nothing where there is no such file. Throws as parse_status() does, and SystemError.
[[nodiscard]] std::optional<HelperStatus> read_status(const std::string& path);

}  // namespace lxvirt::helper
