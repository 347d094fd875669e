// The names of the files in the run folder of a supervised object, which the driver, lxc_helper and lxnetd
// share.
#pragma once

namespace lxvirt::base {

inline constexpr const char* kLiveFile = "live.xml";    // the definition that runs; the driver's
inline constexpr const char* kStatusFile = "status";    // what only the supervisor knows
inline constexpr const char* kPendingFile = "pending";  // an undo record; the driver's
inline constexpr const char* kControlSocket = "control.sock";  // the way to the supervisor

}  // namespace lxvirt::base
