#include "terminal/relay.hh"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"

namespace lxvirt::terminal {

namespace {

constexpr std::size_t kChunk = 16384;  // bytes that one read takes
constexpr int kHungUpPause = 20;       // milliseconds
constexpr auto kLastMoment = std::chrono::milliseconds(50);

// Returns the number of bytes that were read, 0 at the end, and nothing where there is nothing yet.
std::optional<std::size_t> read_some(base::Fd fd, std::array<char, kChunk>& buffer) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    // A pty whose other end is closed says EIO, a socket ECONNRESET; both are ends.
    if (errno == EIO || errno == ECONNRESET) return 0;
    base::fail_errno("read from the console");
}

// Writes what the console sent to the output. Returns false at the console's end, and nothing where
// there is nothing yet.
std::optional<bool> show_some(const Relay& relay, std::array<char, kChunk>& buffer) {
    const auto count = read_some(relay.console, buffer);
    if (!count) return std::nullopt;
    if (*count == 0) return false;
    base::write_all(relay.output, {buffer.data(), *count}, "the terminal");
    return true;
}

// Runs one relay: waits for all descriptors at once, and serves what is ready.
class Loop {
  public:
    Loop(const Relay& relay, int& signal) : relay_(relay), signal_(signal) {}

    RelayEnd run() {
        for (;;) {
            wait();
            if (ready(kSignals) && take_signal()) return RelayEnd::signalled;
            if (ready(kDone)) return RelayEnd::done;
            if (ready(kConsoleIn) && !take_output() && !may_come_back())
                return end_ && pending_.empty() ? *end_ : RelayEnd::console_closed;
            if (!pending_.empty()) {
                if (!send_pending() && !may_come_back()) return drain();
                continue;
            }
            if (end_) return *end_;
            if (ready(kInput)) take_keys();
        }
    }

  private:
    // Index of each descriptor in slots_; poll(2) passes over one of -1.
    enum Slot { kSignals, kConsoleIn, kInput, kDone };

    [[nodiscard]] bool ready(Slot slot) const { return slots_[slot].revents != 0; }

    // Waits until something is ready. A hung-up console is not polled, since it would be ready all
    // the time; it is tried again after kHungUpPause.
    void wait() {
        slots_[kSignals] = {relay_.signals.get(), POLLIN, 0};
        const short out = pending_.empty() ? 0 : POLLOUT;
        const int console = hung_up_ ? -1 : relay_.console.get();
        slots_[kConsoleIn] = {console, static_cast<short>(POLLIN | out), 0};
        // While the console takes no more, no keys are read either: what is typed waits in the
        // terminal.
        const bool listen = pending_.empty() && !end_ && !input_over_;
        slots_[kInput] = {listen ? relay_.input.get() : -1, POLLIN, 0};
        slots_[kDone] = {relay_.done.get(), POLLIN, 0};
        const int timeout = hung_up_ ? kHungUpPause : end_ && pending_.empty() ? 0 : -1;
        while (poll(slots_.data(), slots_.size(), timeout) < 0)
            if (errno != EINTR) base::fail_errno("wait for the console");
        hung_up_ = false;
    }

    // Says whether a console that hung up may come back, as a program's terminal does: login(1)
    // hangs it up and opens it again.
    bool may_come_back() { return hung_up_ = relay_.done.valid(); }

    // Takes one signal; returns true if it ends the relay. SIGWINCH only changes the size, and a
    // relay that passes signals on never ends by one.
    bool take_signal() {
        signalfd_siginfo info{};
        if (read(relay_.signals.get(), &info, sizeof info) != sizeof info) return false;
        if (info.ssi_signo == SIGWINCH) {
            if (relay_.resized) relay_.resized();
            return false;
        }
        if (relay_.passed_on) {
            relay_.passed_on(static_cast<int>(info.ssi_signo));
            return false;
        }
        signal_ = static_cast<int>(info.ssi_signo);
        return true;
    }

    // Returns false at the end of the console.
    bool take_output() {
        if ((slots_[kConsoleIn].revents & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
        return show_some(relay_, buffer_).value_or(true);
    }

    // Reads what was typed. Keys after the escape character are dropped. A relay with
    // `end_of_input` sends that text at the end of the input, and goes on until the console ends.
    void take_keys() {
        const auto count = read_some(relay_.input, buffer_);
        if (!count) return;
        const std::string_view keys(buffer_.data(), *count);
        if (*count == 0 && !relay_.end_of_input.empty()) {
            pending_ = relay_.end_of_input;
            input_over_ = true;
            return;
        }
        const std::size_t escape =
            relay_.escape ? keys.find(*relay_.escape) : std::string_view::npos;
        pending_ = keys.substr(0, escape);
        if (escape != std::string_view::npos)
            end_ = RelayEnd::escaped;
        else if (*count == 0)
            end_ = RelayEnd::input_closed;
    }

    // Returns false when the console will never take anything again.
    bool send_pending() {
        const ssize_t count = write(relay_.console.get(), pending_.data(), pending_.size());
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        pending_.erase(0, static_cast<std::size_t>(count));
        return true;
    }

    // Shows what the console sent before it closed.
    RelayEnd drain() {
        while (show_some(relay_, buffer_).value_or(false)) {
        }
        return RelayEnd::console_closed;
    }

    const Relay& relay_;
    int& signal_;
    std::array<pollfd, 4> slots_{};
    std::array<char, kChunk> buffer_{};
    std::string pending_;          // keys that the console has not taken yet
    std::optional<RelayEnd> end_;  // the end that was found, once pending_ is empty
    bool input_over_ = false;
    bool hung_up_ = false;
};

}  // namespace

RelayEnd run_relay(const Relay& relay, int& signal) {
    return Loop(relay, signal).run();
}

void drain_console(const Relay& relay) {
    std::array<char, kChunk> buffer{};
    while (relay.console.valid() && base::wait_readable(relay.console, kLastMoment) &&
           show_some(relay, buffer).value_or(true)) {
    }
}

}  // namespace lxvirt::terminal
