// The host's switches for IP forwarding, which all networks share. The first network that needs one
// switches it on, the last restores what it was. The former value and the users are recorded for
// each network namespace in /run/lxvirt/forwarding, outside of any root, because the kernel's
// switch knows no roots. A user is a bridge, and counts as long as that device exists; so a killed
// lxnetd is counted correctly.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/fd.hh"

namespace lxvirt::netd {

// Says which families are forwarded.
struct Forwarding {
    bool v4 = false, v6 = false;
    [[nodiscard]] bool any() const { return v4 || v6; }
};

// Registers the bridge as a user of the wanted switches, and switches them on. IPv4 includes
// src_valid_mark, by which rp_filter looks at a packet's mark (netd/routing.hh). Throws SystemError, and
// Error(internal_error) with libvirt's words where forwarding of IPv6 would cost the host a route that
// it has by a router advertisement: the kernel forgets these unless accept_ra of the device is 2.
void use_forwarding(const std::string& bridge, Forwarding wanted);
// Removes the bridge, which may be gone already, from the users of both switches, and restores the
// former value after the last user. Throws SystemError.
void leave_forwarding(const std::string& bridge);

// Notices that another program writes to the switches while a network uses them. What it has written is
// what the last network leaves behind then. Nothing is noticed while no lxnetd runs.
class ForwardingWatch {
  public:
    // Begins to watch. Throws SystemError.
    explicit ForwardingWatch(Forwarding wanted);
    [[nodiscard]] base::Fd fd() const { return events_; }
    // Takes the waiting events, and records the present values where somebody else has written. Throws
    // SystemError.
    void take();

  private:
    struct Watched {
        // Keeps the kernel from making another inode for the file, which nobody would watch.
        base::UniqueFd file;
        int watch = -1;
        std::uint64_t own_write = 0;  // the last one of any lxnetd
    };
    base::UniqueFd events_;  // inotify(7)
    std::array<Watched, 3> watched_;
};

}  // namespace lxvirt::netd
