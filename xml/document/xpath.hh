// XPath over a document, as `dumpxml --xpath` prints it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::xml {

// The nodes that an XPath selects in `text`, in document order, serialised as `dumpxml --xpath`
// prints them, without the newline after each. Throws internal_error for an expression that is
// malformed or does not select nodes.
[[nodiscard]] std::vector<std::string> evaluate_xpath(std::string_view text,
                                                      const std::string& xpath);

}  // namespace lxvirt::xml
