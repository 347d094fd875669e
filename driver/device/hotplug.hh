// attach, detach and update of one device, live and in the definition, under the domain's operation
// lock.
//
// A change of a running container is written down first (`pending`): the device, what is made for
// it, and with --config the text that the definition gets. Each order of steps has one step that
// decides:
//
//   attach, update   container, live.xml, definition: the last one decides; before it all is undone
//   detach           definition, container, live.xml: begun is done, since a device that is half
//                    taken away is of no use
//
// settle() does that for whoever was killed in between; every holder of the lock calls it first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file/lock.hh"
#include "driver/store/root.hh"
#include "driver/types.hh"
#include "xml/domain/device.hh"

namespace lxvirt::driver {

// The domain's operation lock, what was left by a killed program settled.
[[nodiscard]] base::OperationLock lock_settled(const Root& root, const std::string& name);

// Under the lock: undoes or finishes the change that `pending` tells of. `restarting`: the
// container is gone and comes back from live.xml, so only the files count.
void settle(const Root& root, const std::string& name, bool restarting = false);

// These return remarks for the user. They throw with everything as it was before.
std::vector<std::string> attach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_alias(const Root& root, const DomainRef& domain,
                                      const std::string& alias, const DeviceOptions& options);
std::vector<std::string> update_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);

}  // namespace lxvirt::driver
