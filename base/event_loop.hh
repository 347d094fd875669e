// The event loop of a supervisor process: epoll(7) over descriptors (sockets, ptys, pidfds,
// timerfds), one callback each, single-threaded. A callback may add and remove watches, including
// its own. Exceptions that leave a callback leave run().
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/fd.hh"

namespace lxvirt::base {

class EventLoop {
  public:
    // Receives the EPOLL* bits that are set.
    using Callback = std::function<void(std::uint32_t events)>;

    // Throws SystemError where no epoll instance can be made.
    EventLoop();

    // Watches `fd`, which the caller keeps open until forget(), for the EPOLL* bits in `events`.
    // EPOLLERR and EPOLLHUP are always delivered as well (epoll_ctl(2)). Throws SystemError, EEXIST
    // where `fd` is watched already.
    void watch(Fd fd, std::uint32_t events, Callback callback);
    // Replaces the watched bits of `fd`; does nothing where `fd` is not watched.
    void change(Fd fd, std::uint32_t events);
    // Ends the watch of `fd`, which may be closed already.
    void forget(Fd fd);

    // Calls `callback` once, `delay` from now by CLOCK_MONOTONIC. The caller owns the returned
    // timer; closing it, best through cancel(), calls the callback off.
    [[nodiscard]] UniqueFd after(std::chrono::milliseconds delay, std::function<void()> callback);
    // Ends and closes a timer of after(); an invalid one is allowed.
    void cancel(UniqueFd timer);

    // Delivers events until a callback calls stop().
    void run();
    void stop() { stopped_ = true; }

  private:
    struct Watch {
        Callback callback;
        std::uint64_t generation;  // differs where a number is used again
    };
    UniqueFd epoll_;
    std::map<int, std::shared_ptr<Watch>> watches_;
    std::uint64_t generation_ = 0;
    bool stopped_ = false;
};

}  // namespace lxvirt::base
