// The settings of a root, ROOT/etc/lxvirt/lxvirt.conf: lines of `key = value`, in which `#` begins
// a comment. An unknown key or a value that does not fit is an error with file and line, never
// ignored.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "driver/store/root.hh"

namespace lxvirt::driver {

// Tells whether containers get scopes of systemd; only a host whose PID 1 is systemd can give any.
enum class UseSystemd {
    automatic,  // containers of the machine's own root
    yes,        // containers of any root
    no,
};

// The settings, named like their keys in the file.
struct Settings {
    std::chrono::seconds hook_timeout{300};  // in the file: seconds after which a hook is killed
    std::chrono::seconds operation_timeout{
        30};  // in the file: seconds to wait for another's operation
    UseSystemd systemd = UseSystemd::automatic;  // systemd: auto, yes or no
    // Whether profiles are made for dynamic labels of AppArmor; in the file: auto or off. auto means
    // where the host has AppArmor.
    bool apparmor = true;
    // Whether networks put rules into the firewalls of other programs; firewall_foreign: accept or
    // warn.
    bool accepts_in_foreign_firewall = true;
};

// load_settings() returns the defaults if there is no file. Both throw config_unsupported, which
// names `file` and line; load_settings() also SystemError.
[[nodiscard]] Settings load_settings(const Root& root);
[[nodiscard]] Settings parse_settings(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
