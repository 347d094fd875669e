// The container's network devices. The helper makes them in the host's network namespace, with
// their other end directly in the container's, and configures that end through a netlink socket
// which was opened in there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hh"
#include "base/netlink/netlink.hh"
#include "helper/exchange/plan.hh"
#include "helper/exchange/protocol.hh"

namespace lxvirt::helper {

// Receives a line for the container's log.
using LinkLog = std::function<void(const std::string& line)>;

// Throws system_error about a bridge that is not there, for the end of a veth that was to be its port.
[[noreturn]] void fail_no_bridge(const std::string& bridge, const std::string& port);

// Makes, changes and removes network devices between the namespace of the caller and `netns`. All
// functions throw SystemError that names the device and the step.
class LinkMaker {
  public:
    // Opens the sockets. `netns` must stay open as long as this object exists.
    explicit LinkMaker(base::Fd netns, LinkLog log = {});
    // Brings up "lo" of the container.
    void raise_loopback();
    // Makes one device. A half-made one is left for remove().
    void make(const Link& link);
    // Sets link state, mtu, bridge and limits of an attached device as `to` has them, where they
    // differ from `from`; without `from`, all of them.
    void change(const std::optional<Link>& from, const Link& to);
    // Sets the state of an attached link only, as if a cable were plugged in or out. The container's end of
    // a veth stays up when the carrier goes, since a link that goes down loses its routes.
    void set_carrier(const Link& link);
    // Deletes the device, or moves a device of the host back. Returns false where there is none, since
    // the container or somebody else has removed or renamed it.
    bool remove(const Link& link);

    // Returns the devices of the host that make() has moved.
    [[nodiscard]] const std::vector<MovedLink>& moved() const { return moved_; }

  private:
    std::vector<MovedLink> moved_;
    base::Fd netns_;
    base::Netlink host_, inside_;
    base::UniqueFd home_;
    LinkLog log_;
};

// Makes all devices, and brings up "lo" if `loopback`. Returns the devices of the host that were moved. A veth goes with the container's namespace,
// so the caller undoes a half-made set by killing the init. Throws SystemError that names the
// device and the step; what was moved has been given back then.
// `log` is told of guards that the kernel cannot give.
std::vector<MovedLink> make_links(const std::vector<Link>& links, base::Fd netns, bool loopback,
                                  const LinkLog& log = {});

}  // namespace lxvirt::helper
