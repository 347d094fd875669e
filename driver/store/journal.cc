#include "driver/store/journal.hh"

#include "base/file/log.hh"

namespace lxvirt::driver {

namespace {

void append(const Root& root, base::JournalEntry entry) {
    const std::string name = entry.domain;
    if (const auto failure = base::journal_append(root.journal(), std::move(entry)))
        log_line(root, name, *failure);
}

}  // namespace

void journal_lifecycle(const Root& root, std::string_view name, std::string_view uuid,
                       std::string_view event, std::string_view detail, std::string_view note) {
    base::JournalEntry entry;
    entry.kind = "lifecycle";
    entry.domain = name;
    entry.uuid = uuid;
    entry.event = event;
    entry.detail = detail;
    entry.note = note;
    append(root, std::move(entry));
}

void journal_event(const Root& root, std::string_view kind, std::string_view name,
                   std::string_view uuid, std::string_view event, std::string_view detail) {
    base::JournalEntry entry;
    entry.kind = kind;
    entry.domain = name;
    entry.uuid = uuid;
    entry.event = event;
    entry.detail = detail;
    append(root, std::move(entry));
}

void log_line(const Root& root, std::string_view name, std::string_view text) {
    base::append_log(root.log(name), text);
}

}  // namespace lxvirt::driver
