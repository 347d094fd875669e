#include "driver/journal.hh"

#include <fcntl.h>

#include <ctime>

#include "base/clock.hh"
#include "base/error.hh"
#include "base/file.hh"

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
    const base::WallTime now = base::wall_time();
    const std::time_t seconds = now.seconds;
    struct tm utc = {};
    (void)::gmtime_r(&seconds, &utc);
    const std::string line = fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000: {}\n", utc.tm_year + 1900, utc.tm_mon + 1,
        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.milliseconds, text);
    const base::UniqueFd fd(
        ::open(root.log(name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    // The log is the last place to say anything: where it fails too, nobody is left to tell.
    if (fd) (void)!::write(fd.get(), line.data(), line.size());
}

}  // namespace lxvirt::driver
