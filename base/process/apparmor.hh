// Profiles of AppArmor in the kernel (Documentation/admin-guide/LSM/apparmor.rst). Loading one takes
// apparmor_parser(8), which compiles it; removing one is a write to a file.
#pragma once

#include <string>

namespace lxvirt::base {

// Removes the profile `name` from the kernel; processes that it confines become unconfined. Does
// nothing where no such profile is loaded, or this host has no AppArmor. Throws SystemError.
void remove_apparmor_profile(const std::string& name);

}  // namespace lxvirt::base
