// attach, detach and update of one device, in the running container and in the definition. The
// functions take the domain's operation lock.
//
// Every check comes first. A change of a running container is then recorded (`pending`,
// driver/store/live.hh): the device, what is made for it, and with --config the text that the
// definition gets. Then the steps follow in this order, and one of them decides:
//
//   attach, update   container, live.xml, definition    the last step that is asked for decides
//   detach           definition, container, live.xml    the record itself decides
//
// An attach or update that is cut short before its last step is undone: the container and live.xml
// can still be put back, while nothing has touched the definition. A detach is finished once its
// record is written: a device that is half taken away is of no use, and putting it back may fail.
//
// If a step throws, the function itself undoes the steps before. If the process is killed, settle()
// (operation.hh) undoes or finishes the change for the next command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Attach, detach or change the device of a document, or detach the device with an alias. They
// return notices for the user, and throw with everything as it was before: no_domain,
// operation_invalid (the domain does not run, or has no definition), device_missing, resource_busy
// (the device is in use, and force is not set), and errors of the document, the host and the
// container.
std::vector<std::string> attach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);
std::vector<std::string> detach_alias(const Root& root, const DomainRef& domain,
                                      const std::string& alias, const DeviceOptions& options);
std::vector<std::string> update_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options);

// Sets the link state of the interface that `device` names, by its name on the host, its name
// inside or its hardware address. Throws invalid_arg if there is none.
void set_link_state(const Root& root, const DomainRef& domain, const std::string& device, bool up,
                    Affect flags);

}  // namespace lxvirt::driver
