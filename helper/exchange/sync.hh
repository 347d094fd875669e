// The words between helper and init while the init sets itself up. They go over one SOCK_SEQPACKET
// pair; the init's end is close-on-exec, so a successful exec appears as the end of the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hh"
#include "base/fd.hh"

namespace lxvirt::helper {

// A report of the init.
struct SyncReport {
    bool ready = false;      // everything is set up; waits for the word to exec
    std::int32_t error = 0;  // errno of a failure
    std::string failure;     // the whole sentence
    std::string output;      // a line that a hook printed; then the other fields are empty
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("ready", self.ready);
        visit("error", self.error);
        visit("failure", self.failure);
        visit("output", self.output);
    }
};

inline constexpr char kMapsWritten = 'm';  // helper to init: the id maps are written
inline constexpr char kExec = 'x';         // helper to init: execute your program
// Comes from the driver, over its channel (helper/exchange/protocol.hh): the container's groups exist.
inline constexpr char kGroupsMade = 'g';

// Sends a report as one message. Throws SystemError.
void send_report(base::Fd sync, const SyncReport& report);
// Sends the failure of a process that was to send a ready report. Throws SystemError.
void send_failure(base::Fd sync, const base::Exception& error);
// Throws the failure that a report tells of, with the words of the process that failed; returns where it
// is ready.
void require_ready(const SyncReport& report);
// Receives a report. Returns nothing at the end of the stream: the init has executed its program,
// or died. Throws SystemError, and Error where the report is malformed.
[[nodiscard]] std::optional<SyncReport> receive_report(base::Fd sync);

// Sends one word. Throws SystemError.
void send_word(base::Fd sync, char word);
// Waits for the word `word`. Returns false where the other side is gone or sent something else.
[[nodiscard]] bool await_word(base::Fd sync, char word);

}  // namespace lxvirt::helper
