// ROOT/etc/lxvirt/lxvirt.conf: lines of `key = value`, `#` begins a comment. A key that does not
// exist or a value that does not fit is an error with file and line, never ignored.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "driver/store/root.hh"

namespace lxvirt::driver {

// Whether containers get scopes of systemd, where it is the host's PID 1.
enum class UseSystemd {
    automatic,  // those of the machine's own root
    yes,        // those of any root
    no,
};

struct Settings {
    std::chrono::seconds hook_timeout{300};  // hook_timeout: after that a hook is killed
    std::chrono::seconds operation_timeout{
        30};  // operation_timeout: for another's operation to end
    UseSystemd systemd = UseSystemd::automatic;  // systemd: auto, yes or no
};

// The defaults where there is no file. Throws base::Error(config_unsupported).
[[nodiscard]] Settings load_settings(const Root& root);
[[nodiscard]] Settings parse_settings(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
