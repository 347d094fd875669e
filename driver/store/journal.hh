// The driver's entries in the event journal (base/file/journal.hh). The words of an entry are
// libvirt's (driver/names.hh). A journal that cannot be written never fails the operation; a line
// in the object's log says so.
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Appends a lifecycle event. `detail` is one of namespace detail in driver/types.hh; `note` says
// what libvirt has no word for ("exit status 3").
void journal_lifecycle(const Root& root, std::string_view name, std::string_view uuid,
                       DomainLifecycle event, int detail, std::string_view note = {});
// Appends a change of title, description or metadata. `uri` is the namespace of a metadata element.
void journal_metadata(const Root& root, std::string_view name, std::string_view uuid,
                      MetadataType type, std::string_view uri = {});
// Appends that a device was added or removed, as `kind` says; `alias` names the device.
void journal_device(const Root& root, std::string_view name, std::string_view uuid,
                    DomainEventKind kind, std::string_view alias);
// Appends a lifecycle event of a network.
void journal_network(const Root& root, std::string_view name, std::string_view uuid,
                     NetworkLifecycle event);
// Appends that another lxnetd holds the network, because the one before was killed.
void journal_supervision(const Root& root, std::string_view name, std::string_view uuid);

// Appends one line with the time to the domain's log. Ignores it if the line cannot be written.
void log_line(const Root& root, std::string_view name, std::string_view text);

}  // namespace lxvirt::driver
