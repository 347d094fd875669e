// What the driver writes into the event journal (base/file/journal.hh), in libvirt's words
// (virDomainEventType and its details, libvirt-domain.h). A journal that cannot be written never
// fails the operation; a line in the domain's log says so.
#pragma once

#include <string>
#include <string_view>

#include "driver/store/root.hh"

namespace lxvirt::driver {

// "lifecycle": event "Started", detail "Booted"; `note` is what libvirt has no word for.
void journal_lifecycle(const Root& root, std::string_view name, std::string_view uuid,
                       std::string_view event, std::string_view detail, std::string_view note = {});

// "reboot" and the like, which have no event of their own.
void journal_event(const Root& root, std::string_view kind, std::string_view name,
                   std::string_view uuid, std::string_view event = {},
                   std::string_view detail = {});

// Appends one line with the time to the domain's log; ignores that it cannot.
void log_line(const Root& root, std::string_view name, std::string_view text);

}  // namespace lxvirt::driver
