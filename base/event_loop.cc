#include "base/event_loop.hh"

#include <sys/timerfd.h>

#include <array>

#include "base/error.hh"

namespace lxvirt::base {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) fail_errno("make an epoll instance");
}

void EventLoop::watch(Fd fd, std::uint32_t events, Callback callback) {
    epoll_event event{};
    event.events = events;
    // The upper half of the event's data is the generation of the watch: where a callback closes a
    // descriptor and opens another that gets the same number, events fetched before in the same
    // round must not reach the new watch.
    event.data.u64 = (++generation_ << 32) | static_cast<std::uint32_t>(fd.get());
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
        fail_errno("watch descriptor {}", fd.get());
    watches_[fd.get()] = std::make_shared<Watch>(Watch{std::move(callback), generation_});
}

void EventLoop::change(Fd fd, std::uint32_t events) {
    const auto found = watches_.find(fd.get());
    if (found == watches_.end()) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = (found->second->generation << 32) | static_cast<std::uint32_t>(fd.get());
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event) != 0)
        fail_errno("change the watch of descriptor {}", fd.get());
}

void EventLoop::forget(Fd fd) {
    if (watches_.erase(fd.get()) == 0) return;
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);  // it may be closed already
}

UniqueFd EventLoop::after(std::chrono::milliseconds delay, std::function<void()> callback) {
    UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer) fail_errno("make a timer");
    itimerspec when{};
    when.it_value.tv_sec = delay.count() / 1000;
    when.it_value.tv_nsec = (delay.count() % 1000) * 1'000'000 + 1;  // 0 would disarm it
    if (::timerfd_settime(timer.get(), 0, &when, nullptr) != 0) fail_errno("set a timer");
    const Fd borrowed = timer;
    watch(timer, EPOLLIN, [this, borrowed, callback = std::move(callback)](std::uint32_t) {
        forget(borrowed);
        callback();
    });
    return timer;
}

void EventLoop::cancel(UniqueFd timer) {
    if (timer) forget(timer);
}

void EventLoop::run() {
    std::array<epoll_event, 32> events;
    while (!stopped_) {
        const int count =
            ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_errno("wait for events");
        for (int i = 0; i < count && !stopped_; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const auto found = watches_.find(static_cast<int>(event.data.u64 & 0xffffffffU));
            if (found == watches_.end() || found->second->generation != event.data.u64 >> 32)
                continue;
            const std::shared_ptr<Watch> keep = found->second;  // alive while it forgets itself
            keep->callback(event.events);
        }
    }
}

}  // namespace lxvirt::base
