// One console of the container: relays bytes between its pty, the host's pty that `ttyconsole`
// names, and at most one connected client, and keeps a bounded log. Bytes pass unchanged.
//
// Nobody reading never blocks the container: without a client the last 64 KiB wait for the next
// one; a client that stops reading holds the container up for three seconds at most, then misses
// output until it reads again. Both ptys are watched edge-triggered, because a pty whose other end
// is closed would otherwise be ready for ever (EPOLLHUP).
#pragma once

#include <cstdint>
#include <string>

#include "base/event_loop.hh"
#include "base/fd.hh"
#include "helper/launch.hh"

namespace lxvirt::helper {

class ConsoleLog {
  public:
    // An empty path logs nothing. Failing to open or write ends the log, never the console.
    ConsoleLog(std::string path, bool append, std::uint64_t limit);
    void write(std::string_view bytes);

  private:
    void open(bool append);
    std::string path_;
    std::uint64_t limit_;
    std::uint64_t size_ = 0;
    base::UniqueFd file_;
};

class Console {
  public:
    Console(base::EventLoop& loop, ConsoleEnds ends, const ConsolePlan& plan);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    [[nodiscard]] const std::string& alias() const { return ends_.alias; }
    [[nodiscard]] const std::string& host_path() const { return ends_.host_path; }
    [[nodiscard]] bool in_use() const { return client_.valid(); }

    // Connects a client, in place of the one before; what waited for it comes first. Returns the
    // client's end of the stream.
    [[nodiscard]] base::UniqueFd connect();
    void resize(unsigned rows, unsigned columns);
    // Takes what the container still wrote; at its end.
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
    // Reads from `fd` what the container's input has room for; false at the end of the stream.
    bool take_input(base::Fd fd);
    void watch_client();
    void start_stall_timer();
    void drop_client();

    base::EventLoop& loop_;
    ConsoleEnds ends_;
    ConsoleLog log_;
    base::UniqueFd client_;
    std::string to_client_;     // what the client, or with none the next one, is to read
    std::string to_container_;  // what was typed and found no room yet
    base::UniqueFd stall_timer_;
    bool container_readable_ = false;
    bool host_readable_ = false;
    bool stalled_ = false;
};

}  // namespace lxvirt::helper
