// The host's network devices that are in a container. They have to leave its network namespace before
// that ends, since the kernel deletes virtual ones with it; and the namespace ends with the container's
// processes when the helper is killed. So it is pinned: bound to the file "netns" of the run folder
// (namespaces(7), "Lifetime of a namespace"), beside a list of the devices. Whoever cleans up after a
// killed helper gives the devices back and lets go of the namespace.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hh"
#include "helper/exchange/protocol.hh"

namespace lxvirt::helper {

inline constexpr const char* kPinnedNetns = "netns";
inline constexpr const char* kMovedLinks = "moved-links";

// Pins `netns` in `folder`, and lists the devices. Call it again with each change of them; without any
// it unpins. Needs CAP_SYS_ADMIN. Throws SystemError.
void pin_links(const std::string& folder, base::Fd netns, const std::vector<MovedLink>& links);
// Lets go of the namespace. Throws SystemError.
void unpin_links(const std::string& folder);

// Gives devices of the host back from the namespace `netns`, by their numbers there, under their names.
// One whose name another device has got meanwhile comes under a free one, "dev0" and so on. One that
// the container has deleted is passed over. Returns a sentence for each that is not back under its
// name; never throws.
[[nodiscard]] std::vector<std::string> give_back_links(const std::vector<MovedLink>& links,
                                                       base::Fd netns) noexcept;
// Does the same for those that a killed helper has pinned in `folder`, and unpins. Does nothing where
// none are. Never throws.
[[nodiscard]] std::vector<std::string> give_back_pinned(const std::string& folder) noexcept;

}  // namespace lxvirt::helper
