// Compares two texts line by line and prints the difference as `diff -u` does (POSIX, diff, "Diff
// -u Output Format"), for people to read and for patch(1) to apply.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::base {

// Returns the difference, or an empty text where both are equal. `context` is the number of
// unchanged lines around a change. The result is a shortest one (Myers, "An O(ND) Difference
// Algorithm", 1986) up to some thousand changed lines; beyond that all differing lines become one
// change.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view before_label, std::string_view after_label,
                                       std::size_t context = 3);

}  // namespace lxvirt::base
