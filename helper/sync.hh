// The words between helper and init while the init sets itself up: one SOCK_SEQPACKET pair, its end
// in the init close-on-exec, so that a successful exec is the end of the stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.hh"

namespace lxvirt::helper {

// The init's reports.
struct SyncReport {
    bool ready = false;      // set up; waits for the word to exec
    std::int32_t error = 0;  // errno of a failure
    std::string failure;     // the whole sentence
    std::string output;      // only a line that a hook printed
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("ready", self.ready);
        visit("error", self.error);
        visit("failure", self.failure);
        visit("output", self.output);
    }
};

inline constexpr char kMapsWritten = 'm';
inline constexpr char kExec = 'x';
// From the driver, over its channel (helper/protocol.hh).
inline constexpr char kGroupsMade = 'g';

void send_report(base::Fd sync, const SyncReport& report);
// Nothing at the end of the stream: the init has exec'ed, or died.
[[nodiscard]] std::optional<SyncReport> receive_report(base::Fd sync);

void send_word(base::Fd sync, char word);
// False where the helper is gone.
[[nodiscard]] bool await_word(base::Fd sync, char word);

}  // namespace lxvirt::helper
