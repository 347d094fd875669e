// Capabilities (capabilities(7)): names and numbers through libcap, the sets through the kernel's
// own calls. A supervisor keeps its permitted set and raises the effective one only around the work
// that needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lxvirt::base {

// "sys_admin" (or CAP_SYS_ADMIN, any case) to its number; nothing where this libcap knows none.
[[nodiscard]] std::optional<unsigned> capability_number(std::string_view name);
[[nodiscard]] std::string capability_name(unsigned number);  // "sys_admin"

// The highest the running kernel knows (/proc/sys/kernel/cap_last_cap).
[[nodiscard]] unsigned last_capability();

// Bit N = capability N.
using CapabilitySet = std::uint64_t;

[[nodiscard]] CapabilitySet permitted_capabilities();

// Takes everything outside `keep` out of the bounding set, which an exec of root cannot exceed;
// needs CAP_SETPCAP. The other sets are left: what the caller still has to do may need them.
void limit_bounding_set(CapabilitySet keep);

// Takes everything outside `keep` out of the permitted and effective sets and empties the
// inheritable and ambient ones.
void limit_capabilities(CapabilitySet keep);

// Effective = permitted, respectively effective = none.
void raise_capabilities();
void lower_capabilities();

// Raised for a scope.
class RaisedCapabilities {
  public:
    RaisedCapabilities() { raise_capabilities(); }
    ~RaisedCapabilities() { lower_capabilities(); }
    RaisedCapabilities(const RaisedCapabilities&) = delete;
    RaisedCapabilities& operator=(const RaisedCapabilities&) = delete;
};

}  // namespace lxvirt::base
