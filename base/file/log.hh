// One line with the time appended to a log file: the last place where a program without a terminal
// can say anything, so failing to write it is ignored.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::base {

void append_log(const std::string& path, std::string_view text) noexcept;

}  // namespace lxvirt::base
