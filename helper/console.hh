// One console of the container, in the relay's process (helper/relay.hh). Relays bytes unchanged between the container's pty, a pty of the
// host whose path `ttyconsole` prints, and at most one connected client, and keeps a log of bounded
// size.
//
// A reader that does not read never blocks the container for good. Without a client the last 64 KiB
// wait for the next one. A client that stops reading holds the container up for three seconds at
// most, and then misses output until it reads again. Both ptys are watched edge-triggered: a pty
// whose other end is closed reports EPOLLHUP as long as that lasts and would otherwise keep the
// event loop busy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/event_loop.hh"
#include "base/fd.hh"

namespace lxvirt::helper {

// Writes a console's output to a file of bounded size. When the file is full, another one is asked
// for, which comes by renew().
class ConsoleLog {
  public:
    // `limit` is in bytes. An invalid `file` logs nothing. A failure to write ends the log, never
    // the console. `full` is called once for each file.
    ConsoleLog(base::UniqueFd file, std::uint64_t limit, std::function<void()> full);
    void write(std::string_view bytes);
    // Says whether another file was asked for and has not come yet. What is written until then
    // waits, up to 64 KiB.
    [[nodiscard]] bool is_full() const { return asked_; }
    void renew(base::UniqueFd file);
    // Writes what waits to the full file: no other one comes.
    void flush();

  private:
    std::uint64_t limit_;
    std::function<void()> full_;
    std::uint64_t size_ = 0;
    base::UniqueFd file_;
    std::string waiting_;
    bool asked_ = false;
};

// The masters of a console's two ptys.
struct ConsoleMasters {
    base::UniqueFd container, host;  // non-blocking
};

// Relays one console from its construction to its destruction. `loop` must outlive it.
class Console {
  public:
    // Throws SystemError.
    Console(base::EventLoop& loop, std::string alias, ConsoleMasters masters, ConsoleLog log);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // Returns the alias of the domain's device, such as "console0".
    [[nodiscard]] const std::string& alias() const { return alias_; }
    // Says whether a client is connected.
    [[nodiscard]] bool in_use() const { return client_.valid(); }

    // Connects a client and disconnects the one before. The new client first gets what waited for
    // it. Returns the client's end of a stream socket. Throws SystemError.
    [[nodiscard]] base::UniqueFd connect();
    // Does the same with a stream that the client has already; `stream` is the other end,
    // non-blocking.
    void attach(base::UniqueFd stream);
    // Sets the size of the container's terminal in characters.
    void resize(unsigned rows, unsigned columns);
    // Reads what the container has still written; called when its init has ended.
    void drain();
    // Gives the log another file; an invalid one ends the log.
    void renew_log(base::UniqueFd file);

  private:
    void on_container(std::uint32_t events);
    void on_host(std::uint32_t events);
    void on_client(std::uint32_t events);
    void read_container();
    void deliver(std::string_view bytes);
    void write_host(std::string_view bytes);
    void flush_client();
    void flush_input();
    // Reads from `fd` as much as the container's input has room for. Returns false at the end of
    // the stream.
    bool take_input(base::Fd fd);
    void watch_client();
    // Sets `given_up` and goes on reading when the container has waited long enough; `timer` is the
    // one that runs meanwhile. Both are members.
    void give_up_later(base::UniqueFd& timer, bool& given_up);
    void drop_client();

    base::EventLoop& loop_;
    std::string alias_;
    ConsoleMasters masters_;
    ConsoleLog log_;
    base::UniqueFd client_;
    std::string to_client_;     // output for the client or, with none, for the next one
    std::string to_container_;  // input for which the container had no room yet
    base::UniqueFd stall_timer_, log_timer_;
    bool container_readable_ = false;
    bool host_readable_ = false;
    bool stalled_ = false;      // the client reads nothing: output passes it by
    bool log_stalled_ = false;  // no new file comes: output goes to the full one
};

}  // namespace lxvirt::helper
