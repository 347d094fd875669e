// The supervisor's end of the relay, a process that reads what a container writes to its consoles.
// That is the only input which a running container gives to lxvirt's processes, so the process that
// reads it has no right whatever (helper/confine.hh): a container that took it over would have this
// container's consoles and log, and nothing else. The supervisor itself only waits for the end of
// the init and for requests of root.
//
// The relay ends with the supervisor. If the relay ends first, the supervisor makes another one,
// with the same ptys; output that was waiting for a client is lost then.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/event_loop.hh"
#include "base/fd.hh"
#include "helper/launch.hh"
#include "helper/relay_protocol.hh"

namespace lxvirt::helper {

class Relay {
  public:
    using Log = std::function<void(std::string_view)>;

    // `loop` must outlive the relay. `log` gets lines for the container's log.
    Relay(base::EventLoop& loop, Log log) : loop_(loop), log_(std::move(log)) {}
    ~Relay() { end(); }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // Takes over a console, which is relayed from start() on, or at once after that. Throws
    // SystemError, and Error if the relay does not answer.
    void add(ConsoleEnds ends, const ConsolePlan& plan);
    // Gives the first console a client, whose stream has `stream` as its other end, before the relay
    // reads anything: call this before start(). Whatever the container writes reaches this client,
    // if it reads; its stream ends with this object, and not before.
    void attach(base::UniqueFd stream) { attached_ = std::move(stream); }
    // Makes the process, if there is a console. A failure is logged and tried again every second.
    void start();
    // Ends the relay of a console; one that is not there is no error.
    void remove(const std::string& alias);
    // Returns the host's paths of the consoles, "/dev/pts/3", in their order.
    [[nodiscard]] std::vector<std::string> host_paths() const;
    // Returns the alias of the console, the first one for an empty `alias`; empty if there is none.
    [[nodiscard]] std::string find(const std::string& alias) const;

    // These throw Error(operation_failed) if the relay does not answer.
    [[nodiscard]] bool is_used(const std::string& alias);
    // Connects a client in place of the one before, and returns the client's end.
    [[nodiscard]] base::UniqueFd connect(const std::string& alias);
    void resize(const std::string& alias, std::uint32_t rows, std::uint32_t columns);
    // Has read what the container had still written when this returns. Never throws.
    void drain() noexcept;
    // Ends the process, and waits for that.
    void end() noexcept;

  private:
    struct Entry {
        ConsoleEnds ends;
        ConsolePlan plan;
    };
    struct Answer {
        RelayMessage message;
        std::vector<base::UniqueFd> fds;
    };

    void spawn();
    void spawn_all();
    void respawn();
    void introduce(const Entry& entry, bool append);
    void introduce_client();
    [[nodiscard]] Answer ask(const RelayMessage& request, const std::vector<base::Fd>& fds = {});
    void on_message();
    void renew_log(const std::string& alias);

    base::EventLoop& loop_;
    Log log_;
    std::vector<Entry> consoles_;
    base::UniqueFd channel_, process_;
    base::UniqueFd attached_;  // the stream of attach()
    std::chrono::steady_clock::time_point spawned_;
    unsigned quick_ends_ = 0;  // relays in a row that ended at once
    bool started_ = false;
    base::UniqueFd retry_timer_;
};

// Runs in the relay's process, which is confined; does not return.
[[noreturn]] void run_relay(base::UniqueFd channel) noexcept;

}  // namespace lxvirt::helper
