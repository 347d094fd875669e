// What the supervisor and its relay (helper/relay.hh) say to each other, over one SOCK_SEQPACKET
// pair. Each request of the supervisor but `log` gets one answer, `done`; the relay asks for a new
// log at any time. All messages have one form, and unused members are empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lxvirt::helper {

inline constexpr std::size_t kMaxRelayMessage = 4096;  // bytes

enum class RelayVerb : std::uint32_t {
    // The supervisor sends these.
    add = 0,  // the masters of both ptys come along, and with `logs` the file of the log
    remove,   // ends the relay of the console
    connect,  // the answer brings the client's end of a stream
    attach,   // the relay's end of a client's stream comes along
    is_used,  // the answer's `flag`: a client is connected
    resize,   // `value`: rows << 16 | columns
    drain,    // reads what the consoles still hold
    log,      // a new file for the log, or none; has no answer
    // The relay sends these.
    done,  // answers; `problem` is the sentence of a failure, or empty
    full,  // the console's log has reached its limit
};

struct RelayMessage {
    RelayVerb verb = RelayVerb::done;
    std::string alias;
    std::uint32_t value = 0;
    bool flag = false;
    bool logs = false;
    std::uint64_t limit = 0;  // bytes of the log
    std::string problem;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("verb", self.verb);
        visit("alias", self.alias);
        visit("value", self.value);
        visit("flag", self.flag);
        visit("logs", self.logs);
        visit("limit", self.limit);
        visit("problem", self.problem);
    }
};

}  // namespace lxvirt::helper
