// The event journal: an append-only file of one line per event, written under a lock, with sequence
// numbers, bounded (design, hard part 13). Driver and helper append; readers follow it with inotify
// (driver/api/events.hh). At the bound the file becomes FILE.1, replacing the one before, under the
// lock only; so a writer that opens by name under the lock never writes to the old file.
//
// A line is "SEQUENCE TAB SECONDS.MILLIS TAB KIND TAB DOMAIN TAB UUID TAB EVENT TAB DETAIL TAB
// NOTE". In fields, backslash and control characters stand as \\ and \xNN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file/clock.hh"

namespace lxvirt::base {

struct JournalEntry {
    std::string kind;    // "lifecycle", "reboot", "metadata-change" ...
    std::string domain;  // its name
    std::string uuid;
    std::string event, detail;  // "Started", "Booted"
    std::string note;           // "exit status 3"
    // Filled in by journal_append.
    std::uint64_t sequence = 0;
    WallTime time;
};

struct JournalFile {
    std::string path;                  // ".../events"
    std::string lock_path;             // ".../lock/events.lock"
    std::uint64_t bound = 256U << 10;  // bytes
    [[nodiscard]] std::string previous() const { return path + ".1"; }
};

// Appends one event with the next sequence number and the present time. Never throws: an event that
// cannot be written must not fail what it tells about. Returns the words of what failed, for the
// log.
[[nodiscard]] std::optional<std::string> journal_append(const JournalFile& file,
                                                        JournalEntry entry) noexcept;

// One line without its newline; nothing where it is not an entry (a line torn by a full disk).
[[nodiscard]] std::optional<JournalEntry> parse_journal_line(std::string_view line);
[[nodiscard]] std::string format_journal_line(const JournalEntry& entry);  // with its newline

// Escapes of a journal field, also used by other line-based files.
[[nodiscard]] std::string escape_field(std::string_view text);
[[nodiscard]] std::optional<std::string> unescape_field(std::string_view text);

}  // namespace lxvirt::base
