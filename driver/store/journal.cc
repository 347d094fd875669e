#include "driver/store/journal.hh"

#include <fmt/format.h>

#include "base/file/log.hh"
#include "driver/names.hh"

namespace lxvirt::driver {

namespace {

base::JournalEntry entry_of(std::string_view kind, std::string_view name, std::string_view uuid) {
    base::JournalEntry entry;
    entry.kind = kind;
    entry.domain = name;
    entry.uuid = uuid;
    return entry;
}

base::JournalEntry network_entry(NetworkEventKind kind, std::string_view name,
                                 std::string_view uuid) {
    return entry_of(fmt::format("{}{}", kNetworkPrefix, name_of(kind)), name, uuid);
}

// Appends an entry; if the journal cannot be written, a log line of the object says so.
void append(const Root& root, base::JournalEntry entry) {
    const std::string name = entry.domain;
    if (const auto failure = base::journal_append(root.journal(), std::move(entry)))
        log_line(root, name, *failure);
}

}  // namespace

void journal_lifecycle(const Root& root, std::string_view name, std::string_view uuid,
                       DomainLifecycle event, int detail, std::string_view note) {
    base::JournalEntry entry = entry_of(name_of(DomainEventKind::lifecycle), name, uuid);
    entry.event = name_of(event);
    entry.detail = detail_name(event, detail);
    entry.note = note;
    append(root, std::move(entry));
}

void journal_metadata(const Root& root, std::string_view name, std::string_view uuid,
                      MetadataType type, std::string_view uri) {
    base::JournalEntry entry = entry_of(name_of(DomainEventKind::metadata_change), name, uuid);
    entry.event = name_of(type);
    entry.detail = uri;
    append(root, std::move(entry));
}

void journal_device(const Root& root, std::string_view name, std::string_view uuid,
                    DomainEventKind kind, std::string_view alias) {
    base::JournalEntry entry = entry_of(name_of(kind), name, uuid);
    entry.event = alias;
    append(root, std::move(entry));
}

void journal_network(const Root& root, std::string_view name, std::string_view uuid,
                     NetworkLifecycle event) {
    base::JournalEntry entry = network_entry(NetworkEventKind::lifecycle, name, uuid);
    entry.event = name_of(event);
    append(root, std::move(entry));
}

void journal_supervision(const Root& root, std::string_view name, std::string_view uuid) {
    base::JournalEntry entry = network_entry(NetworkEventKind::supervision, name, uuid);
    entry.event = "Restored";
    entry.detail = "Supervisor";
    append(root, std::move(entry));
}

void log_line(const Root& root, std::string_view name, std::string_view text) {
    base::append_log(root.log(name), text);
}

}  // namespace lxvirt::driver
