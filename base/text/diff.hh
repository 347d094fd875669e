// The difference of two texts, line by line, as `diff -u` prints it (POSIX, "Diff -u Output
// Format"): for people to read, and for patch(1) to apply.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::base {

// Empty where the texts are equal. The shortest difference is found (Myers, "An O(ND) Difference
// Algorithm", 1986) unless that is longer than some thousand lines, which are then told as one
// change.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view before_label, std::string_view after_label,
                                       std::size_t context = 3);

}  // namespace lxvirt::base
