// IFALIAS, the text by which the host's end of a container's link is recognised as ours:
// "lxvirt:ROOT:domain:NAME". The bridge of a network has "lxvirt:ROOT:network:NAME"
// (netd/compile.hh). The kind stands before the name, so that no domain can be called as a network's
// bridge.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "driver/store/root.hh"

namespace lxvirt::driver {

// Returns the alias of a domain's links.
[[nodiscard]] std::string link_alias(const Root& root, std::string_view domain);
// Returns the name of the domain that a link belongs to; nothing for a link that is not of a domain of
// this root. Earlier builds wrote no kind: "lxvirt:ROOT:NAME" is a domain's, too.
[[nodiscard]] std::optional<std::string> owner_of_link(const Root& root, std::string_view alias);

}  // namespace lxvirt::driver
