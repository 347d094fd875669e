#include "helper/relay.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/system_call.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"
#include "helper/confine.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

constexpr auto kPatience = std::chrono::seconds(2);  // for an answer
constexpr auto kQuick = std::chrono::seconds(1);     // a relay that ends sooner counts as quick
constexpr auto kRetry = std::chrono::seconds(1);     // until the process is tried again
constexpr unsigned kMaxQuickEnds = 5;          // in a row; then there are no consoles any more
constexpr std::uint64_t kMaxRead = 16384;      // bytes that the relay writes at once
constexpr std::uint64_t kLogSlack = 2U << 20;  // bytes that a log may get beyond its limit
constexpr int kLastBuffer = 4 << 20;           // bytes of a client's stream at the end
constexpr int kChannel = 3;                    // the relay's descriptor

// Opens a console's log; invalid where there is none. A failure leaves the console without a log.
UniqueFd open_log(const ConsolePlan& plan, bool append) {
    if (plan.log_file.empty()) return {};
    // O_NOFOLLOW: the folder of the logs may belong to another user.
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    return base::open_quietly(plan.log_file, flags | (append ? O_APPEND : O_TRUNC), 0600);
}

// Becomes the relay. Everything of the supervisor but the channel is closed first, above all its
// locks and the guard's pipe.
[[noreturn]] void become_relay(base::Fd channel) noexcept {
    try {
        if (base::uninterrupted([&] { return ::dup2(channel.get(), kChannel); }) < 0 ||
            ::close_range(kChannel + 1, ~0U, 0) != 0)
            ::_exit(1);
        (void)::prctl(PR_SET_NAME, "lxc_relay");
        base::begin_test_program("lxc_relay");
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) ::_exit(1);
        // A log that has reached the limit of its size ends; the relay does not.
        (void)::signal(SIGXFSZ, SIG_IGN);
        confine_to_relaying();
        run_relay(UniqueFd(kChannel));
    } catch (const std::exception&) {
        // The supervisor sees the end of the channel.
    }
    ::_exit(1);
}

}  // namespace

void Relay::spawn() {
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    {
        const base::RaisedCapabilities raised;  // which the relay gives up itself
        auto process = base::fork_process("make the process that relays the consoles");
        if (!process) become_relay(theirs);
        process_ = std::move(*process);
    }
    channel_ = std::move(ours);
    // A relay that reads nothing must not hold the supervisor up.
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    if (::setsockopt(channel_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        base::fail_errno("set the time limit of the relay");
    spawned_ = std::chrono::steady_clock::now();
    loop_.watch(channel_, EPOLLIN, [this](std::uint32_t) { on_message(); });
    base::test_point("relay-made");
}

// Makes another relay in the place of one that has ended.
void Relay::respawn() {
    end();
    quick_ends_ = std::chrono::steady_clock::now() - spawned_ < kQuick ? quick_ends_ + 1 : 0;
    if (quick_ends_ >= kMaxQuickEnds) {
        log_(
            "the process that relays the consoles ended five times in a row: there are no consoles "
            "any more");
        return;
    }
    log_("the process that relays the consoles has ended; another one is made");
    spawn_all();
}

// Makes the process and hands it the consoles.
void Relay::spawn_all() {
    const bool again = spawned_ != std::chrono::steady_clock::time_point();
    try {
        spawn();
        for (const Entry& entry : consoles_) introduce(entry, again || entry.plan.log_append);
        introduce_client();
    } catch (const base::Exception& error) {
        log_(error.message());
        end();
        retry_timer_ = loop_.after(kRetry, [this] {
            if (!process_) spawn_all();
        });
    }
}

void Relay::start() {
    started_ = true;
    if (!consoles_.empty() && !process_) spawn_all();
}

void Relay::end() noexcept {
    loop_.cancel(std::move(retry_timer_));
    if (channel_) loop_.forget(channel_);
    channel_.reset();
    if (!process_) return;
    try {
        const base::RaisedCapabilities raised;
        (void)base::send_signal(process_, SIGKILL);
        (void)base::reap(process_, true);
    } catch (const base::Exception&) {
        // The relay ends by itself at the end of the channel.
    }
    process_.reset();
}

void Relay::introduce(const Entry& entry, bool append) {
    const UniqueFd file = open_log(entry.plan, append);
    // A relay that was taken over cannot fill the disk through the log.
    const rlimit bound{entry.plan.log_limit + kLogSlack, entry.plan.log_limit + kLogSlack};
    {
        const base::RaisedCapabilities raised;
        if (const auto pid = base::pid_of(process_))
            (void)::prlimit(*pid, RLIMIT_FSIZE, &bound, nullptr);
    }
    RelayMessage request{.verb = RelayVerb::add,
                         .alias = entry.ends.alias,
                         .logs = file.valid(),
                         .limit = entry.plan.log_limit};
    std::vector<base::Fd> fds{entry.ends.container.master, entry.ends.host.master};
    if (file) fds.emplace_back(file);
    (void)ask(request, fds);
}

void Relay::introduce_client() {
    if (attached_ && !consoles_.empty())
        (void)ask({.verb = RelayVerb::attach, .alias = consoles_.front().ends.alias}, {attached_});
}

void Relay::add(ConsoleEnds ends, const ConsolePlan& plan) {
    // A console with the alias of one that exists takes its place.
    remove(ends.alias);
    if (started_ && !process_) spawn();
    consoles_.push_back({std::move(ends), plan});
    if (started_) introduce(consoles_.back(), plan.log_append);
}

void Relay::remove(const std::string& alias) {
    if (find(alias) != alias || alias.empty()) return;
    std::erase_if(consoles_, [&](const Entry& entry) { return entry.ends.alias == alias; });
    (void)ask({.verb = RelayVerb::remove, .alias = alias});
}

std::vector<std::string> Relay::host_paths() const {
    std::vector<std::string> paths;
    for (const Entry& entry : consoles_) paths.push_back(entry.ends.host_path);
    return paths;
}

std::string Relay::find(const std::string& alias) const {
    for (const Entry& entry : consoles_)
        if (alias.empty() || entry.ends.alias == alias) return entry.ends.alias;
    return {};
}

// Sends a request and waits for its answer. A log that has become full meanwhile is renewed
// afterwards, so that neither side ever waits for the other.
Relay::Answer Relay::ask(const RelayMessage& request, const std::vector<base::Fd>& fds) {
    std::vector<std::string> full;
    std::string problem = "ended";
    try {
        if (!channel_) base::fail_with(EPIPE, "ask the relay");
        base::send_message(channel_, base::encode(request), fds);
        const auto end = std::chrono::steady_clock::now() + kPatience;
        problem = "does not answer";
        for (;;) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                end - std::chrono::steady_clock::now());
            if (left.count() <= 0 || !base::wait_readable(channel_, left)) break;
            auto message = base::receive_message(channel_, kMaxRelayMessage);
            if (!message) break;
            auto answer = base::decode<RelayMessage>(message->bytes, "message of the relay");
            if (answer.verb == RelayVerb::full) {
                full.push_back(answer.alias);
                continue;
            }
            for (const std::string& alias : full) renew_log(alias);
            if (!answer.problem.empty())
                base::fail(base::ErrorCode::operation_failed, "{}", answer.problem);
            return {std::move(answer), std::move(message->fds)};
        }
    } catch (const base::SystemError& error) {
        problem = error.message();
    }
    respawn();
    base::fail(base::ErrorCode::operation_failed,
               "the process that relays the consoles failed ({}){}", problem,
               process_ ? " and was made again" : ": the domain's log says more");
}

void Relay::on_message() {
    try {
        const auto message = base::receive_message(channel_, kMaxRelayMessage);
        if (!message) return respawn();
        const auto request = base::decode<RelayMessage>(message->bytes, "message of the relay");
        if (request.verb == RelayVerb::full) renew_log(request.alias);
    } catch (const base::Exception& error) {
        log_(error.message());
        respawn();
    }
}

// A log that is full becomes FILE.0, in place of the one before.
void Relay::renew_log(const std::string& alias) {
    for (const Entry& entry : consoles_) {
        if (entry.ends.alias != alias || entry.plan.log_file.empty()) continue;
        const base::RaisedCapabilities raised;
        const std::string& path = entry.plan.log_file;
        // A relay that was taken over may say so of any log.
        struct stat info {};
        if (::lstat(path.c_str(), &info) == 0 &&
            static_cast<std::uint64_t>(info.st_size) + kMaxRead < entry.plan.log_limit)
            return;
        (void)::rename(path.c_str(), (path + ".0").c_str());  // else it is truncated
        const UniqueFd file = open_log(entry.plan, false);
        base::send_message(channel_,
                           base::encode(RelayMessage{
                               .verb = RelayVerb::log, .alias = alias, .logs = file.valid()}),
                           file ? std::vector<base::Fd>{file} : std::vector<base::Fd>{});
    }
}

bool Relay::is_used(const std::string& alias) {
    return ask({.verb = RelayVerb::is_used, .alias = alias}).message.flag;
}

UniqueFd Relay::connect(const std::string& alias) {
    // Whoever is connected now loses the console; a relay that is made again must not bring the
    // former client back.
    if (find({}) == alias) attached_.reset();
    Answer answer = ask({.verb = RelayVerb::connect, .alias = alias});
    if (answer.fds.size() != 1)
        base::fail(base::ErrorCode::internal_error, "the relay gave no stream");
    return std::move(answer.fds.front());
}

void Relay::resize(const std::string& alias, std::uint32_t rows, std::uint32_t columns) {
    (void)ask({.verb = RelayVerb::resize, .alias = alias, .value = rows << 16 | columns});
}

void Relay::drain() noexcept {
    try {
        if (attached_) {
            // The relay does not wait for its client now, so all that is left must fit in.
            const base::RaisedCapabilities raised;
            (void)::setsockopt(attached_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kLastBuffer,
                               sizeof kLastBuffer);
        }
        if (process_) (void)ask({.verb = RelayVerb::drain});
    } catch (const std::exception&) {
        // What the container wrote last is lost; its end goes on.
    }
}

}  // namespace lxvirt::helper
