// Appends lines to log files.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::base {

// Appends "YYYY-MM-DD HH:MM:SS.mmm+0000: TEXT" to `path`, creating it with mode 0600; the time is
// UTC and the form libvirt's. Failures are ignored: a program without a terminal has no other place
// to report them to.
void append_log(const std::string& path, std::string_view text) noexcept;

}  // namespace lxvirt::base
