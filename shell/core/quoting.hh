// The forms in which `echo` can print a word.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::shell {

// Returns `word` as one word of sh(1): unchanged if nothing needs quoting, else in single quotes.
[[nodiscard]] std::string quote_for_shell(std::string_view word);
// Returns the pieces of `word` between commas, a line each. Two commas stand for one, as in every
// list that virsh takes.
[[nodiscard]] std::string split_at_commas(std::string_view word);

}  // namespace lxvirt::shell
