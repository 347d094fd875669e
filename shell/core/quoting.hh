// The forms in which `echo` can print a word.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::shell {

// As one word of sh(1): unchanged where nothing needs quoting, else in single quotes.
[[nodiscard]] std::string quote_for_shell(std::string_view word);
// One piece a line, cut at commas; ",," is a comma.
[[nodiscard]] std::string split_at_commas(std::string_view word);

}  // namespace lxvirt::shell
