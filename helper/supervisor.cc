#include "helper/supervisor.hh"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/journal.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "base/other_version.hh"
#include "base/process/capability.hh"
#include "helper/objects/moved_links.hh"

namespace lxvirt::helper {

namespace {

constexpr std::size_t kMaxConnections = 64;  // further clients are refused

// Returns a reply with an error.
Reply refuse(base::ErrorCode code, std::string text) {
    Reply reply;
    reply.code = static_cast<std::int32_t>(code);
    reply.text = std::move(text);
    return reply;
}

// Answers a request of another version with an error. Such a request may have any form, but the
// form of the answer never changes.
void refuse_other_versions(base::Fd socket, std::string_view bytes) {
    constexpr auto code = base::ErrorCode::operation_unsupported;
    const auto problem = base::other_version(bytes, kProtocolVersion,
                                             "this container's lxc_helper speaks protocol version");
    if (!problem) return;
    base::send_message(socket, base::encode(refuse(code, *problem)));
    throw base::Error(code, *problem);
}

}  // namespace

Supervisor::Supervisor(const Plan& plan, SupervisorOptions options)
    : plan_(plan), options_(options), relay_(loop_, [this](std::string_view text) { log(text); }) {}

void Supervisor::begin(Launched launched) {
    launched_ = std::move(launched);
    started_ = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < launched_.consoles.size(); ++i)
        relay_.add(std::move(launched_.consoles[i]), plan_.consoles[i]);
    loop_.watch(
        launched_.init, EPOLLIN, [this](std::uint32_t) { on_init_end(); });
    loop_.watch(launched_.listener, EPOLLIN, [this](std::uint32_t) { on_connection(); });
    watch_termination();
    watch_removal();
    status_.state = plan_.supervision.paused ? "paused" : "running";
    status_.reason = plan_.supervision.paused ? "starting up" : "booted";
    status_.init_pid = launched_.init_pid;
    status_.init_start = launched_.init_start;
    status_.boots = options_.boots;
    status_.dev = launched_.dev_number;
    name_consoles();
    // The status file must be readable before the driver is told that the container runs.
    helper::write_status(plan_.supervision.run_folder + "/" + base::kStatusFile, status_);
}

Supervisor::~Supervisor() = default;

void Supervisor::watch_removal() {
    removal_ = base::block_signal(SIGHUP);
    loop_.watch(removal_, EPOLLIN, [this](std::uint32_t) {
        signalfd_siginfo signal;
        while (::read(removal_.get(), &signal, sizeof signal) > 0) {
        }
        renew_files();
    });
}

void Supervisor::renew_files() {
    if (options_.alive != nullptr) options_.alive->renew(plan_.supervision.alive_lock);
    const std::string& folder = plan_.supervision.run_folder;
    if (base::exists(folder + "/" + base::kControlSocket)) return;
    loop_.forget(launched_.listener);
    launched_.listener = base::listen_local(folder, base::kControlSocket);
    loop_.watch(launched_.listener, EPOLLIN, [this](std::uint32_t) { on_connection(); });
    log("the control socket was removed and is there again");
}

void Supervisor::watch_owner(base::UniqueFd channel) {
    // The driver's program holds the other end. When it ends, in whatever way, the kernel closes
    // that end.
    owner_ = std::move(channel);
    loop_.watch(owner_, EPOLLRDHUP, [this](std::uint32_t) {
        loop_.forget(owner_);
        kill_container();
    });
}

void Supervisor::attach_client(base::UniqueFd stream, base::UniqueFd channel) {
    relay_.attach(std::move(stream));
    starter_ = std::move(channel);
    has_client_ = true;
}

StartReply Supervisor::start_reply() const {
    StartReply reply;
    for (const std::string& path : relay_.host_paths()) {
        if (!reply.host_consoles.empty()) reply.host_consoles += ' ';
        reply.host_consoles += path;
    }
    for (const KeptLoop& loop : launched_.loops) reply.loops.push_back(loop.what);
    return reply;
}

std::optional<base::OperationLock> Supervisor::take_operation_lock() {
    return std::move(operation_);
}

// One request or console that fails must not take the container with it.
Outcome Supervisor::run() {
    // The capabilities stay permitted and are raised for each step that needs them, so that a
    // mistake between the steps can do little.
    base::lower_capabilities();
    // The driver has its answer already: a start does not wait for this process.
    relay_.start();
    std::string last;
    bool again = false;  // the end of the container has to be finished
    for (;;) {
        try {
            if (again && finish_under_lock()) return outcome_;
            loop_.run();
            return outcome_;
        } catch (const std::exception& error) {
            if (error.what() != last) log(error.what());
            last = error.what();
            again = ended_.has_value();
            ::usleep(10'000);  // no descriptors, for example: the event will come again
        }
    }
}

void Supervisor::log(std::string_view text) const {
    base::append_log(plan_.supervision.log_file, text);
}

Reply Supervisor::publish_status() {
    try {
        helper::write_status(plan_.supervision.run_folder + "/" + base::kStatusFile, status_);
        return {};
    } catch (const base::Exception& error) {
        log(error.message());  // the container goes on without it
        return refuse(error.code(), error.message());
    }
}

void Supervisor::append_event(std::string_view event, std::string_view detail) {
    base::JournalEntry entry;
    // A journal entry without an event is a reboot.
    entry.kind = event.empty() ? "reboot" : "lifecycle";
    entry.domain = plan_.name;
    entry.uuid = plan_.uuid;
    entry.event = event;
    entry.detail = detail;
    entry.note = status_.exit;
    const base::JournalFile file{plan_.supervision.journal, plan_.supervision.journal_lock};
    if (const auto failure = base::journal_append(file, std::move(entry))) log(*failure);
}

// --- the control socket

void Supervisor::on_connection() {
    auto socket = base::accept_local(launched_.listener);
    // Only root may send requests; anybody else is closed without an answer.
    if (!socket || base::peer_of(*socket).uid != 0 || connections_.size() >= kMaxConnections)
        return;
    const int fd = socket->get();
    loop_.watch(*socket, EPOLLIN, [this, fd](std::uint32_t) { on_request(fd); });
    connections_[fd].socket = std::move(*socket);
}

void Supervisor::on_request(int fd) {
    Connection& connection = connections_.at(fd);
    try {
        if (auto message = base::receive_message(connection.socket, kMaxMessage)) {
            refuse_other_versions(connection.socket, message->bytes);
            const auto request = base::decode<Request>(message->bytes, "control request");
            base::UniqueFd extra;
            const Reply reply = answer(connection, request, message->fds, extra);
            const bool ends = request.kind == RequestKind::destroy && reply.code == 0;
            // The driver gives its operation lock along, which is held until this process has
            // ended.
            if (ends && !message->fds.empty()) destroy_lock_ = std::move(message->fds.front());
            try {
                base::send_message(connection.socket, base::encode(reply),
                                   extra ? std::vector<base::Fd>{extra} : std::vector<base::Fd>{});
            } catch (const base::Exception&) {
                if (ends) destroy();  // the container ends although the reply could not be sent
                throw;
            }
            if (ends) destroy();
            return;
        }
    } catch (const base::Exception& error) {
        log(fmt::format("control socket: {}", error.message()));
    }
    loop_.forget(connection.socket);
    connections_.erase(fd);
}

Reply Supervisor::answer(Connection& connection, const Request& request,
                         std::vector<base::UniqueFd>& given, base::UniqueFd& extra) {
    switch (request.kind) {
        case RequestKind::ping:
        case RequestKind::destroy: return {};
        case RequestKind::signal: return send_init_signal(request);
        case RequestKind::ask_restart: restart_asked_ = request.flag; return {};
        case RequestKind::open_console: return open_console(connection, request, extra);
        case RequestKind::resize:
            // The client that came with the start has no connection of its console.
            if (connection.console.empty()) connection.console = relay_.find({});
            if (!connection.console.empty())
                relay_.resize(connection.console, request.value >> 16, request.value & 0xffffU);
            return {};
        case RequestKind::set_paused: return set_paused(request.flag);
        case RequestKind::hold: return hold(request, given);
        // Closing the descriptor detaches the loop device, if nothing mounted uses it any more.
        case RequestKind::release:
            std::erase_if(launched_.loops,
                          [&](const KeptLoop& loop) { return loop.what.device == request.text; });
            return {};
        case RequestKind::add_console: return add_console(request, given);
        case RequestKind::remove_console: remove_console(request.text); return {};
        case RequestKind::hold_link: return hold_link(request);
        case RequestKind::release_link:
            std::erase_if(launched_.moved_links,
                          [&](const MovedLink& link) { return link.name == request.text; });
            pin_moved_links();
            return {};
        case RequestKind::open_dev:
            extra = base::UniqueFd(::fcntl(launched_.dev.get(), F_DUPFD_CLOEXEC, 0));
            if (extra) return {};
            return refuse(base::ErrorCode::internal_error, "no descriptor is free for /dev");
    }
    return refuse(base::ErrorCode::operation_unsupported, "unknown control request");
}

Reply Supervisor::open_console(Connection& connection, const Request& request,
                               base::UniqueFd& extra) {
    constexpr std::uint32_t safe = 1;
    const std::string alias = relay_.find(request.text);
    if (alias.empty())
        return refuse(base::ErrorCode::invalid_arg,
                      fmt::format("cannot find console device '{}'",
                                  request.text.empty() ? "default" : request.text));
    try {
        // Without force a console with a client is refused; `safe` refuses it even with force.
        if ((!request.flag || (request.value & safe) != 0) && relay_.is_used(alias))
            return refuse(base::ErrorCode::operation_failed,
                          "Active console session exists for this domain");
        extra = relay_.connect(alias);
    } catch (const base::Exception& error) {
        return refuse(base::ErrorCode::operation_failed, error.message());
    }
    connection.console = alias;
    return {};
}

Reply Supervisor::hold(const Request& request, std::vector<base::UniqueFd>& given) {
    if (given.size() != 1)
        return refuse(base::ErrorCode::internal_error, "one descriptor is needed to hold");
    launched_.loops.push_back({{.device = request.text}, std::move(given.front())});
    return {};
}

Reply Supervisor::hold_link(const Request& request) {
    auto link = base::decode<MovedLink>(request.text, "network device");
    const base::RaisedCapabilities raised;
    try {
        // The init is our child and not reaped yet, so the pid is its own.
        if (!launched_.network)
            launched_.network =
                base::open_file(fmt::format("/proc/{}/ns/net", launched_.init_pid), O_RDONLY);
    } catch (const base::SystemError& error) {
        return refuse(base::ErrorCode::system_error, error.message());
    }
    launched_.moved_links.push_back(std::move(link));
    pin_moved_links();
    return {};
}

void Supervisor::pin_moved_links() {
    attempt([this] {
        const base::RaisedCapabilities raised;
        pin_links(plan_.supervision.run_folder, launched_.network, launched_.moved_links);
    });
}

Reply Supervisor::add_console(const Request& request, std::vector<base::UniqueFd>& given) {
    if (given.size() != 2)
        return refuse(base::ErrorCode::internal_error, "a console needs two descriptors");
    auto added = base::decode<AddedConsole>(request.text, "console request");
    remove_console(added.plan.alias);
    ConsoleEnds ends;
    ends.alias = added.plan.alias;
    ends.host_path = added.host_path;
    ends.container.master = std::move(given[0]);
    ends.host.master = std::move(given[1]);
    relay_.add(std::move(ends), added.plan);
    write_consoles();
    return {};
}

void Supervisor::remove_console(const std::string& alias) {
    // Connections that were about this console stay open for other requests.
    for (auto& [fd, connection] : connections_)
        if (connection.console == alias) connection.console.clear();
    relay_.remove(alias);
    write_consoles();
}

void Supervisor::name_consoles() {
    status_.consoles = relay_.host_paths();
}

void Supervisor::write_consoles() {
    name_consoles();
    (void)publish_status();
}

// Freezes or thaws here and not in the driver: a kill of the driver's program then comes before
// both the change and its record, or after both.
Reply Supervisor::set_paused(bool paused) {
    if (ended_) return refuse(base::ErrorCode::operation_invalid, "domain is not running");
    const base::RaisedCapabilities raised;
    try {
        if (paused)
            base::freeze_group(plan_.groups.hierarchies, plan_.groups.outer);
        else
            base::thaw_group(plan_.groups.hierarchies, plan_.groups.outer);
    } catch (const base::SystemError& error) {
        return refuse(base::ErrorCode::system_error, error.message());
    } catch (const base::Exception& error) {
        return refuse(error.code(), error.message());
    }
    status_.state = paused ? "paused" : "running";
    status_.reason = paused ? "user" : "unpaused";
    Reply reply = publish_status();
    if (reply.code != 0 && paused) {
        // Readers are told that it runs, so let it run.
        base::thaw_group(plan_.groups.hierarchies, plan_.groups.outer);
        status_.state = "running";
    }
    return reply;
}

Reply Supervisor::send_init_signal(const Request& request) {
    if (ended_) return refuse(base::ErrorCode::operation_invalid, "domain is not running");
    const base::RaisedCapabilities raised;
    try {
        // A signal to an init that has just ended is no error: the end is on its way here.
        (void)base::send_signal(launched_.init, static_cast<int>(request.value));
    } catch (const base::SystemError& error) {
        return refuse(base::ErrorCode::system_error, error.message());
    }
    shutdown_asked_ = shutdown_asked_ || request.flag;
    return {};
}

}  // namespace lxvirt::helper
