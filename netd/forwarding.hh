// The host's ip_forward, which networks share: switched on by the first network that needs it and
// put back by the last. What it was, and who uses it, is written down for each network namespace in
// /run/lxvirt/forwarding, outside of any root, because the switch knows no roots. A user is a
// bridge, and counts as long as it exists: what was killed is counted right.
#pragma once

#include <string>

namespace lxvirt::netd {

struct Forwarding {
    bool v4 = false, v6 = false;
    [[nodiscard]] bool any() const { return v4 || v6; }
};

void use_forwarding(const std::string& bridge, Forwarding wanted);
// The bridge may be gone already.
void leave_forwarding(const std::string& bridge);

}  // namespace lxvirt::netd
