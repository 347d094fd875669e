// The host's switches for IP forwarding, which all networks share. The first network that needs one
// switches it on, the last restores what it was. The former value and the users are recorded for
// each network namespace in /run/lxvirt/forwarding, outside of any root, because the kernel's
// switch knows no roots. A user is a bridge, and counts as long as that device exists; so a killed
// lxnetd is counted correctly.
#pragma once

#include <string>

namespace lxvirt::netd {

// Says which families are forwarded.
struct Forwarding {
    bool v4 = false, v6 = false;
    [[nodiscard]] bool any() const { return v4 || v6; }
};

// Registers the bridge as a user of the wanted switches, and switches them on. Throws SystemError.
void use_forwarding(const std::string& bridge, Forwarding wanted);
// Removes the bridge, which may be gone already, from the users of both switches, and restores the
// former value after the last user. Throws SystemError.
void leave_forwarding(const std::string& bridge);

}  // namespace lxvirt::netd
