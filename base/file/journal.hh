// The event journal: an append-only file with one line for each event, numbered in sequence, of
// bounded size. Driver and supervisors append to it under a lock; readers follow it with inotify
// (driver/api/events.hh). When the file reaches its bound it is renamed to FILE.1, which replaces
// the FILE.1 before it. The rename happens only under the lock, and a writer opens the file by name
// only under the lock, so nobody appends to a file that has been renamed away.
//
// A line is "SEQUENCE TAB SECONDS.MILLIS TAB KIND TAB DOMAIN TAB UUID TAB EVENT TAB DETAIL TAB
// NOTE". In a field, a backslash is written as \\ and a control character as \xNN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file/clock.hh"

namespace lxvirt::base {

// One event, as a line of the journal holds it.
struct JournalEntry {
    std::string kind;    // "lifecycle", "reboot", "metadata-change" ...
    std::string domain;  // name of the domain or network
    std::string uuid;
    std::string event, detail;  // libvirt's words: "Started", "Booted"
    std::string note;           // free text, such as "exit status 3"
    // journal_append() fills in these two.
    std::uint64_t sequence = 0;
    WallTime time;
};

// Names the files of one journal.
struct JournalFile {
    std::string path;                  // ".../events"
    std::string lock_path;             // ".../lock/events.lock"
    std::uint64_t bound = 256U << 10;  // in bytes; a file this long is renamed
    // Returns the path of the older half.
    [[nodiscard]] std::string previous() const { return path + ".1"; }
};

// Appends one event with the next sequence number and the present time. Waits at most ten seconds
// for the lock. Never throws, since an operation must not fail because its event cannot be written:
// returns a sentence for the log if the append failed, else nothing.
[[nodiscard]] std::optional<std::string> journal_append(const JournalFile& file,
                                                        JournalEntry entry) noexcept;

// Parses one line, given without its newline. Returns nothing where the line is no entry, as one
// that a full disk cut short.
[[nodiscard]] std::optional<JournalEntry> parse_journal_line(std::string_view line);
// Formats one line, with its newline.
[[nodiscard]] std::string format_journal_line(const JournalEntry& entry);  // with its newline

// Escape and unescape a field of the journal, or of another file of lines. unescape_field() returns
// nothing where a backslash begins no known escape.
[[nodiscard]] std::string escape_field(std::string_view text);
[[nodiscard]] std::optional<std::string> unescape_field(std::string_view text);

}  // namespace lxvirt::base
