// The AppArmor profile that lxvirt makes for a container with <seclabel type='dynamic'
// model='apparmor'/>: a name and a text (apparmor.d(5)). driver/life/profile.hh loads it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Returns the label of the domain for which a profile is made; null where it has none.
[[nodiscard]] xml::SecurityLabel* dynamic_profile_of(xml::Domain& domain);
[[nodiscard]] const xml::SecurityLabel* dynamic_profile_of(const xml::Domain& domain);

// Returns the name of the profile for one run, which no other container has.
[[nodiscard]] std::string profile_name(const xml::Domain& domain, pid_t helper);

// Returns the profile as apparmor_parser(8) reads it. It closes what root without an id map could
// reach by mounting proc or sysfs anew, or by taking a mask away, and leaves the rest to lxvirt's
// other protections.
[[nodiscard]] std::string profile_text(std::string_view name);

}  // namespace lxvirt::driver
