// The event loop of a supervisor: epoll(7) over descriptors (sockets, ptys, pidfds, timerfds), one
// callback each, single-threaded. Callbacks may add and remove watches, their own included.
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
    using Callback = std::function<void(std::uint32_t events)>;

    EventLoop();

    // Watches `fd` (borrowed) for EPOLL* `events`. Errors and hang-ups are always told.
    void watch(Fd fd, std::uint32_t events, Callback callback);
    void change(Fd fd, std::uint32_t events);
    void forget(Fd fd);

    // Calls `callback` once after `delay`; returns what cancels it when destroyed.
    [[nodiscard]] UniqueFd after(std::chrono::milliseconds delay, std::function<void()> callback);
    void cancel(UniqueFd timer);

    // Until stop().
    void run();
    void stop() { stopped_ = true; }

  private:
    struct Watch {
        Callback callback;
        std::uint64_t generation;  // a descriptor's number may come back in the same round
    };
    UniqueFd epoll_;
    std::map<int, std::shared_ptr<Watch>> watches_;
    std::uint64_t generation_ = 0;
    bool stopped_ = false;
};

}  // namespace lxvirt::base
