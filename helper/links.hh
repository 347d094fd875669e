// The container's network devices: made by the helper in the host's namespace with their other end
// straight in the container's, then configured through a socket that lives in there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/netlink/netlink.hh"
#include "helper/plan.hh"

namespace lxvirt::helper {

// The two ends of the work: the network of whoever makes one, and the container's.
class LinkMaker {
  public:
    explicit LinkMaker(base::Fd netns);
    void raise_loopback();
    // Throws SystemError naming device and step; a half-made one is left for remove().
    void make(const Link& link);
    // Link state, mtu, bridge and limits of an attached one, all of them where it is not known what
    // they are.
    void change(const std::optional<Link>& from, const Link& to);
    // Deletes it, or moves a device of the host back. One that is not there is passed over.
    void remove(const Link& link);

  private:
    base::Fd netns_;
    base::Netlink host_, inside_;
    base::UniqueFd home_;
};

// Throws SystemError naming device and step. A veth goes with the container's namespace; a
// half-made set is taken away by whoever kills the init.
void make_links(const std::vector<Link>& links, base::Fd netns, bool loopback);

}  // namespace lxvirt::helper
