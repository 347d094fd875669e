// What the parts of the launch plan have in common. Include helper/exchange/plan.hh instead.
#pragma once

#include <cstdint>
#include <string>

namespace lxvirt::helper {

// Must grow with every change of the plan: a helper refuses a plan of another version, since driver
// and helper of one installation have the same.
inline constexpr std::uint32_t kPlanVersion = 13;

// A name with a value, such as an option of a file system.
struct KeyValue {
    std::string key, value;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("key", self.key);
        visit("value", self.value);
    }
};

}  // namespace lxvirt::helper
