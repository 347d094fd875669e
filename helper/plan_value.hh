// What the parts of the launch plan (helper/plan.hh) have in common. Include that one.
#pragma once

#include <cstdint>
#include <string>

namespace lxvirt::helper {

// Another value is refused: a helper of one build is not handed the plan of another.
inline constexpr std::uint32_t kPlanVersion = 7;

struct KeyValue {
    std::string key, value;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("key", self.key);
        visit("value", self.value);
    }
};

}  // namespace lxvirt::helper
