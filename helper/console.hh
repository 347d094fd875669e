// One console of the container. Relays bytes unchanged between the container's pty, a pty of the
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
#include <string>

#include "base/event_loop.hh"
#include "base/fd.hh"
#include "helper/launch.hh"

namespace lxvirt::helper {

// Writes a console's output to a file, which is renamed to FILE.0 when it reaches its limit.
class ConsoleLog {
  public:
    // `limit` is in bytes. An empty path logs nothing. A failure to open or write ends the log,
    // never the console.
    ConsoleLog(std::string path, bool append, std::uint64_t limit);
    void write(std::string_view bytes);

  private:
    void open(bool append);
    std::string path_;
    std::uint64_t limit_;
    std::uint64_t size_ = 0;
    base::UniqueFd file_;
};

// Relays one console from its construction to its destruction. `loop` must outlive it.
class Console {
  public:
    // Takes over the descriptors in `ends`. Throws SystemError.
    Console(base::EventLoop& loop, ConsoleEnds ends, const ConsolePlan& plan);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // Returns the alias of the domain's device, such as "console0".
    [[nodiscard]] const std::string& alias() const { return ends_.alias; }
    // Returns the path of the host's pty, such as "/dev/pts/3".
    [[nodiscard]] const std::string& host_path() const { return ends_.host_path; }
    // Says whether a client is connected.
    [[nodiscard]] bool in_use() const { return client_.valid(); }

    // Connects a client and disconnects the one before. The new client first gets what waited for
    // it. Returns the client's end of a stream socket. Throws SystemError.
    [[nodiscard]] base::UniqueFd connect();
    // Sets the size of the container's terminal in characters.
    void resize(unsigned rows, unsigned columns);
    // Reads what the container has still written; called when its init has ended.
    void drain();

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
    void start_stall_timer();
    void drop_client();

    base::EventLoop& loop_;
    ConsoleEnds ends_;
    ConsoleLog log_;
    base::UniqueFd client_;
    std::string to_client_;     // output for the client or, with none, for the next one
    std::string to_container_;  // input for which the container had no room yet
    base::UniqueFd stall_timer_;
    bool container_readable_ = false;
    bool host_readable_ = false;
    bool stalled_ = false;  // the client reads nothing: output passes it by
};

}  // namespace lxvirt::helper
