#include "helper/console.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/pty.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

namespace {

constexpr std::size_t kBacklog = 64U << 10;       // bytes kept while no client is connected
constexpr std::size_t kClientBuffer = 64U << 10;  // bytes; with more, the container has to wait
constexpr std::size_t kInputBuffer = 4U << 10;
constexpr int kReadsPerTurn = 16;  // after so many reads other descriptors get their turn
constexpr auto kStall = std::chrono::seconds(3);

std::array<char, 16384> g_buffer;  // one thread: one buffer for all consoles

// Writes as much as goes without blocking, and returns the rest.
std::string_view write_some(base::Fd fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return bytes;
}

}  // namespace

ConsoleLog::ConsoleLog(base::UniqueFd file, std::uint64_t limit, std::function<void()> full)
    : limit_(limit), full_(std::move(full)) {
    renew(std::move(file));
}

void ConsoleLog::renew(base::UniqueFd file) {
    file_ = std::move(file);
    asked_ = false;
    const off_t end = file_ ? ::lseek(file_.get(), 0, SEEK_END) : 0;
    size_ = end > 0 ? static_cast<std::uint64_t>(end) : 0;
    flush();
}

void ConsoleLog::flush() {
    const std::string bytes = std::move(waiting_);
    waiting_.clear();
    if (!file_ || bytes.empty()) return;
    if (write_some(file_, bytes).empty())
        size_ += bytes.size();
    else
        file_.reset();  // the disk is full
}

void ConsoleLog::write(std::string_view bytes) {
    if (!file_ || waiting_.size() + bytes.size() > kBacklog) return;
    waiting_ += bytes;
    if (asked_) return;
    if (size_ + waiting_.size() <= limit_) return flush();
    asked_ = true;
    full_();
}

Console::Console(base::EventLoop& loop, std::string alias, ConsoleMasters masters, ConsoleLog log)
    : loop_(loop), alias_(std::move(alias)), masters_(std::move(masters)), log_(std::move(log)) {
    // Edge-triggered: a pty without a reader would otherwise report EPOLLHUP all the time.
    constexpr std::uint32_t events = EPOLLIN | EPOLLOUT | EPOLLET;
    loop_.watch(
        masters_.container, events, [this](std::uint32_t e) { on_container(e); });
    loop_.watch(masters_.host, events, [this](std::uint32_t e) { on_host(e); });
}

Console::~Console() {
    drop_client();
    loop_.forget(masters_.container);
    loop_.forget(masters_.host);
}

base::UniqueFd Console::connect() {
    auto [ours, theirs] = base::socket_pair(SOCK_STREAM | SOCK_NONBLOCK);
    attach(std::move(ours));
    return std::move(theirs);
}

void Console::attach(base::UniqueFd stream) {
    // A second client takes the console over; the first sees the end of its stream.
    drop_client();
    client_ = std::move(stream);
    stalled_ = false;
    loop_.watch(client_, EPOLLIN, [this](std::uint32_t events) { on_client(events); });
    flush_client();
}

void Console::drop_client() {
    if (!client_) return;
    loop_.cancel(std::move(stall_timer_));
    loop_.forget(client_);
    // The supervisor may hold the same stream (helper/relay.hh), which must end all the same.
    (void)::shutdown(client_.get(), SHUT_RDWR);
    client_.reset();
    to_client_.clear();
    stalled_ = false;
}

void Console::resize(unsigned rows, unsigned columns) {
    // The kernel sends SIGWINCH to the foreground processes of the container's terminal.
    base::set_window_size(masters_.container, rows, columns);
}

void Console::on_container(std::uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP)) != 0) container_readable_ = true;
    if ((events & EPOLLOUT) != 0) flush_input();
    read_container();
}

void Console::read_container() {
    for (int turn = 0; container_readable_; ++turn) {
        // The container waits until the log has another file, but not for ever.
        if (log_.is_full() && !log_stalled_) {
            give_up_later(log_timer_, log_stalled_);
            return;
        }
        // The client is slow. The container has to wait for it, but not for ever: after kStall it
        // loses output instead.
        if (client_ && !stalled_ && to_client_.size() >= kClientBuffer) {
            give_up_later(stall_timer_, stalled_);
            return;
        }
        if (turn == kReadsPerTurn) {
            // Changing an edge-triggered watch makes epoll report again what is still ready
            // (epoll(7)).
            loop_.change(masters_.container, EPOLLIN | EPOLLOUT | EPOLLET);
            return;
        }
        const ssize_t got = ::read(masters_.container.get(), g_buffer.data(), g_buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            container_readable_ = false;  // EAGAIN, or EIO: no process has the other end open
            return;
        }
        deliver({g_buffer.data(), static_cast<std::size_t>(got)});
    }
}

void Console::deliver(std::string_view bytes) {
    log_.write(bytes);
    write_host(bytes);
    // A client that has stalled gets nothing until it reads again.
    if (client_ && stalled_) return;
    if (client_ && to_client_.empty()) bytes = write_some(client_, bytes);
    if (bytes.empty()) return;
    to_client_.append(bytes);
    if (client_)
        watch_client();
    else if (to_client_.size() > kBacklog)
        // Without a client the oldest bytes go.
        to_client_.erase(0, to_client_.size() - kBacklog);
}

// Writes to the host's pty only while some process has its other end open, and only what fits:
// anything else would come back as an echo, or as stale output to a later reader.
void Console::write_host(std::string_view bytes) {
    pollfd entry{.fd = masters_.host.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) == 0)
        (void)write_some(masters_.host, bytes);
}

void Console::on_host(std::uint32_t events) {
    if ((events & (EPOLLIN | EPOLLHUP)) != 0) host_readable_ = true;
    if (host_readable_) (void)take_input(masters_.host);
}

bool Console::take_input(base::Fd fd) {
    const bool from_host = fd.get() == masters_.host.get();
    while (to_container_.size() < kInputBuffer) {
        const ssize_t got = ::read(fd.get(), g_buffer.data(), kInputBuffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && from_host) host_readable_ = false;
        if (got <= 0) return got < 0 && errno == EAGAIN;
        to_container_.append(g_buffer.data(), static_cast<std::size_t>(got));
        flush_input();
    }
    return true;
}

void Console::flush_input() {
    if (to_container_.empty()) return;
    const std::string_view rest = write_some(masters_.container, to_container_);
    to_container_.erase(0, to_container_.size() - rest.size());
    if (client_) watch_client();
    if (host_readable_ && to_container_.size() < kInputBuffer)
        loop_.change(masters_.host, EPOLLIN | EPOLLOUT | EPOLLET);
}

void Console::on_client(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush_client();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || !client_) return;
    if (take_input(client_))
        watch_client();
    else
        drop_client();
}

void Console::flush_client() {
    const std::string_view rest = write_some(client_, to_client_);
    if (rest.size() != to_client_.size()) {
        loop_.cancel(std::move(stall_timer_));
        stalled_ = false;
    }
    to_client_.erase(0, to_client_.size() - rest.size());
    if (to_client_.empty()) to_client_.shrink_to_fit();
    watch_client();
    read_container();
}

void Console::watch_client() {
    std::uint32_t events = 0;
    if (to_container_.size() < kInputBuffer) events |= EPOLLIN;
    if (!to_client_.empty()) events |= EPOLLOUT;
    loop_.change(client_, events);
}

void Console::give_up_later(base::UniqueFd& timer, bool& given_up) {
    if (timer) return;
    timer = loop_.after(kStall, [this, &timer, &given_up] {
        timer.reset();
        given_up = true;
        read_container();
    });
}

void Console::renew_log(base::UniqueFd file) {
    loop_.cancel(std::move(log_timer_));
    log_stalled_ = false;
    log_.renew(std::move(file));
    read_container();
}

void Console::drain() {
    log_stalled_ = true;  // nothing comes later
    log_.flush();
    if (client_) flush_client();
    container_readable_ = true;
    for (int i = 0; i < 64 && container_readable_; ++i) {
        read_container();
        if (client_) flush_client();
    }
    log_.flush();
}

}  // namespace lxvirt::helper
