// Capabilities (capabilities(7)): names and numbers come from libcap, the sets are read and written
// by the kernel's own calls. A supervisor keeps its permitted set and raises the effective one only
// around work that needs it, so that an error in its relaying code runs without privilege.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// Returns the number of a capability, given as "sys_admin" or "CAP_SYS_ADMIN" in any case; nothing
// where this libcap knows no such name.
[[nodiscard]] std::optional<unsigned> capability_number(std::string_view name);
// Returns the name in libvirt's spelling, "sys_admin"; a bare number for one that libcap does not
// know.
[[nodiscard]] std::string capability_name(unsigned number);

// Returns the highest capability of the running kernel (/proc/sys/kernel/cap_last_cap).
[[nodiscard]] unsigned last_capability();

// A set of capabilities: bit N stands for capability N.
using CapabilitySet = std::uint64_t;

// Removes everything outside `keep` from the bounding set, which limits what an execve(2) of root
// can gain. Needs CAP_SETPCAP. The other sets stay as they are, because the caller's remaining work
// may need them. Throws SystemError.
void limit_bounding_set(CapabilitySet keep);

// Removes everything outside `keep` from the permitted and effective sets, and empties the
// inheritable and ambient ones. Throws SystemError.
void limit_capabilities(CapabilitySet keep);

// Makes the effective set equal to the permitted one. Throws SystemError.
void raise_capabilities();
// Empties the effective set. Throws SystemError.
void lower_capabilities();

// Makes the effective set equal to the permitted one for a scope, and empties it afterwards unless
// it was not empty before. Throws SystemError.
class RaisedCapabilities {
  public:
    RaisedCapabilities();
    ~RaisedCapabilities();
    RaisedCapabilities(const RaisedCapabilities&) = delete;
    RaisedCapabilities& operator=(const RaisedCapabilities&) = delete;

  private:
    bool lower_;  // at the end
};

}  // namespace lxvirt::base
