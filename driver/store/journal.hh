// The driver's entries in the event journal (base/file/journal.hh). The words of an entry are libvirt's
// (driver/names.hh). A journal that cannot be written never fails the operation; a line in the
// object's log says so.
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// `detail` is one of namespace detail; `note` says what libvirt has no word for.
void journal_lifecycle(const Root& root, std::string_view name, std::string_view uuid,
                       DomainLifecycle event, int detail, std::string_view note = {});
// `uri` is the namespace of an element.
void journal_metadata(const Root& root, std::string_view name, std::string_view uuid,
                      MetadataType type, std::string_view uri = {});
// A device was added or removed; `alias` names it.
void journal_device(const Root& root, std::string_view name, std::string_view uuid,
                    DomainEventKind kind, std::string_view alias);
void journal_network(const Root& root, std::string_view name, std::string_view uuid,
                     NetworkLifecycle event);
// Another lxnetd holds the network.
void journal_supervision(const Root& root, std::string_view name, std::string_view uuid);

// Appends one line with the time to the domain's log. Ignores it if the line cannot be written.
void log_line(const Root& root, std::string_view name, std::string_view text);

}  // namespace lxvirt::driver
