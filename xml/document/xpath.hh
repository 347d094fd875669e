// Evaluates XPath expressions, for `dumpxml --xpath`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::xml {

// Returns the nodes that `xpath` selects in `text`, in the order of the document, formatted as
// `dumpxml --xpath` prints them but without the newline after each. Throws Error(internal_error)
// for an expression that is malformed or selects no nodes but a value.
[[nodiscard]] std::vector<std::string> evaluate_xpath(std::string_view text,
                                                      const std::string& xpath);

}  // namespace lxvirt::xml
