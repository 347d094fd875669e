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
// settle() (operation.hh) does that for whoever was killed in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// These return notices for the user. They throw with everything as it was before.
std::vector<std::string> attach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_alias(const Root& root, const DomainRef& domain,
                                      const std::string& alias, const DeviceOptions& options);
std::vector<std::string> update_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);

// Sets the link state of the interface that `device` names: by its name on the host, its name inside or
// its hardware address. Throws invalid_arg if there is none.
void set_link_state(const Root& root, const DomainRef& domain, const std::string& device, bool up,
                    Affect flags);

// Finds an interface of a domain by one of these names; null if there is none.
[[nodiscard]] const xml::Interface* find_interface(const xml::Domain& domain,
                                                   const std::string& device);

}  // namespace lxvirt::driver
