// LocalConnection's methods that start, stop and pause domains, and their consoles.
//
// How destroy waits: the helper itself takes everything away, because no other process knows all
// that was made. destroy() sends the request over the control socket, with the operation lock's
// descriptor: if this command is killed, the lock stays held until the helper is gone. The helper
// closes the connection at its end; then the lock `alive` is free, the run folder is gone, and
// destroy() returns without waiting for the process to exit, which the kernel delays until the last
// memory is freed. A helper is killed if it does not answer in kAnswerLimit (it is stopped, or has
// no memory), or if it is not done after kEndLimit and the time that its end hooks may take; its
// container dies with it, and clean_up() (driver/device/clean.cc) removes what it made.
//
// shutdown() and reboot() only ask init and return; wait_stopped() waits.
#include <fcntl.h>
#include <signal.h>

#include <cmath>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "driver/api/local.hh"
#include "driver/device/clean.hh"
#include "driver/device/operation.hh"
#include "driver/life/init_signals.hh"
#include "driver/life/profile.hh"
#include "driver/life/start.hh"
#include "driver/plan/check.hh"
#include "driver/plan/compile.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/container_hooks.hh"
#include "driver/supervisor/control.hh"
#include "driver/supervisor/guest.hh"
#include "driver/supervisor/hooks.hh"
#include "xml/document/identity.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using helper::RequestKind;

// A helper that was told to end gets this much time before it is killed.
constexpr auto kEndLimit = std::chrono::seconds(15);
constexpr auto kEndLook = std::chrono::milliseconds(20);  // between looks at whether it goes on
// The ways in which a container's init can be asked to stop.
constexpr StopFlags kStopWays = StopFlags::initctl | StopFlags::signal;
// The time in which a helper answers a request, and the time in which one that gave no answer may
// still be ending by itself.
constexpr auto kAnswerLimit = std::chrono::seconds(5);
constexpr auto kLastMoment = std::chrono::seconds(2);
constexpr auto kStreamEnds = std::chrono::milliseconds(200);

// Returns a pidfd of the domain's helper, or nullopt if the domain does not run.
std::optional<base::UniqueFd> open_helper(const Root& root, const std::string& name) {
    const auto pid = root.running(name);
    if (!pid) return std::nullopt;
    auto process = base::open_pidfd(*pid);
    // The kernel may have given the pid to another process before it was opened; the lock tells.
    if (!process || root.running(name) != pid) return std::nullopt;
    return process;
}

void require_running(const Root& root, const std::string& name) {
    if (!root.running(name)) fail_not_running();
}

// Returns the signal that <lx:signal> of the live definition names for `kind`; nullopt if it names
// none. Throws config_unsupported for a word that is no signal.
std::optional<StopRequest> named_signal(const Root& root, const std::string& name, StopKind kind) {
    const auto live = read_live(root, name);
    if (!live) return std::nullopt;
    const xml::Container& container = live->domain.container;
    const std::string& word =
        kind == StopKind::reboot ? container.reboot_signal : container.halt_signal;
    if (word.empty()) return std::nullopt;
    const auto number = signal_number(word);
    if (!number)
        base::fail(base::ErrorCode::config_unsupported,
                   "<lx:signal> of domain '{}' names '{}', which is no signal", name, word);
    return StopRequest{.signal = *number};
}

// Returns what is known of init. Throws operation_invalid if init ended just now.
InitFacts facts_of_init(pid_t init) {
    try {
        return read_init_facts(init);
    } catch (const base::SystemError& error) {
        if (error.error() != ENOENT && error.error() != ESRCH) throw;
        fail_not_running();
    }
}

// Asks init to power off or reboot, in the order: the caller's way, <lx:signal> if init receives it,
// what init listens to (driver/life/init_signals.hh). Returns what was sent. Throws
// operation_unsupported if init listens to nothing.
std::string ask_init(const Root& root, const std::string& name, StopKind kind, StopFlags flags) {
    const Control control = connect_running(root, name);
    const Init init = open_init(root, name);
    const InitFacts facts = facts_of_init(init.pid);
    auto request = flags == StopFlags::none ? named_signal(root, name, kind) : std::nullopt;
    if (!request || !receives(facts, request->signal)) request = choose_stop(facts, kind, flags);
    if (!request)
        base::fail(
            ErrorCode::operation_unsupported,
            "the domain's init ('{}', process {}) has neither an initctl pipe nor a handler for "
            "TERM, PWR, INT or QUIT; use destroy",
            facts.program, init.pid);
    // The signal would only end this init; the helper is told first to start the container again.
    if (request->then_restart) {
        helper::Request restart;
        restart.kind = RequestKind::ask_restart;
        restart.flag = true;
        (void)control.request(restart);
    }
    if (request->initctl) {
        write_initctl(init.pid, kind);
        return fmt::format("run level {} to the initctl pipe of its init '{}'",
                           kind == StopKind::reboot ? 6 : 0, facts.program);
    }
    helper::Request signal;
    signal.kind = RequestKind::signal;
    signal.value = static_cast<std::uint32_t>(request->signal);
    signal.flag = kind == StopKind::power_off;
    (void)control.request(signal);
    return fmt::format("{} to its init '{}'", signal_name(request->signal), facts.program);
}

// Freezes or thaws the container. The helper changes the control group and its status in one step,
// so that no kill of this command can leave one without the other. A helper of an older build only
// writes its status, so the group is frozen or thawed here as well; doing it twice is harmless.
void set_paused(const Root& root, const std::string& name, bool paused) {
    const LiveState live = require_live(root, name);
    helper::Request request;
    request.kind = RequestKind::set_paused;
    request.flag = paused;
    (void)connect_running(root, name).request(request);
    if (!paused) return base::thaw_group(base::find_hierarchies(), live.cgroup);
    try {
        base::freeze_group(base::find_hierarchies(), live.cgroup);
    } catch (const base::Exception&) {
        // The container may have thawed itself meanwhile; the helper's record must not say "paused".
        request.flag = false;
        (void)connect_running(root, name).request(request);
        throw;
    }
}

// Asks the helper to end its container, and returns the connection, which the helper closes at its
// end. Returns a descriptor that is not valid if no answer can come: the helper is just ending, or
// it did not answer in time and was killed. Throws SystemError if the connection fails while the
// helper lives on.
base::UniqueFd ask_helper_to_end(const Root& root, const std::string& name, base::Fd process,
                                 const base::OperationLock& lock) {
    auto control = Control::connect(root, name, kAnswerLimit);
    if (!control) {
        // The helper is at its end, or its socket was removed; SIGTERM asks it for the same.
        (void)base::send_signal(process, SIGTERM);
        return {};
    }
    helper::Request request;
    request.kind = RequestKind::destroy;
    try {
        // The lock's descriptor goes along: if this process is killed, nobody takes the lock before
        // the helper is gone.
        (void)control->request(request, {lock.fd()});
        return control->take_socket();
    } catch (const NoAnswer& error) {
        if (base::wait_readable(process, kLastMoment)) return {};
        log_line(root, name, fmt::format("destroy: {}: killed", error.message()));
        (void)base::send_signal(process, SIGKILL);
    } catch (const base::SystemError&) {
        if (!base::wait_readable(process, kLastMoment)) throw;
    }
    return {};
}

// Returns whether nothing but the helper's exit is left, which takes the kernel a while. A closed
// connection alone does not say so: a helper that was killed, or that restarts the container,
// closes it as well. A helper that this process started is a child, which has to be reaped.
bool has_taken_all_away(const Root& root, const std::string& name) {
    return !has_helpers() && !root.running(name) && !base::exists(root.domain(name));
}

// Throws operation_invalid if the init ended by itself before it was to be destroyed: the reason of
// that end stays, and shutdown says the same at that moment.
void require_destroyed(const Root& root, const std::string& name) {
    const DomainStatus status = read_state(root, name);
    if (status.state == DomainState::shutoff &&
        (status.reason == reason::shutoff_crashed || status.reason == reason::shutoff_shutdown))
        fail_not_running();
}

// Waits while the running container is at its end, whose supervisor then lets go of the domain. The
// caller does not hold the operation lock, which the supervisor needs. Throws operation_timeout.
void await_end(const Root& root, const std::string& name) {
    const auto process = open_helper(root, name);
    if (!process) return;
    // A container that reboots ends as well, and then goes on under the same supervisor.
    const auto limit = std::chrono::steady_clock::now() + kEndLimit;
    while (is_ending(root, name) && !base::wait_readable(*process, kEndLook))
        if (std::chrono::steady_clock::now() >= limit)
            base::fail(ErrorCode::operation_timeout,
                       "domain '{}' is ending, and its lxc_helper has not finished after {} s; "
                       "destroy ends that, too",
                       name, kEndLimit.count());
    reap_helpers();
}

// Waits as long as the container's own end hooks may take. Returns whether the helper ended in that
// time.
bool ended_its_hooks(const Root& root, const DomainRef& domain, base::Fd process) {
    const auto live = read_live(root, domain.name);
    return live && base::wait_readable(process, end_hooks_limit(root, live->domain));
}

// Keeps what stays of a start: the owner's channel in `owned`, the console in `console`.
void keep(const Root& root, const std::string& name, StartFlags flags, StartedDomain started,
          std::vector<base::UniqueFd>& owned, ConsoleStream* console) {
    if (has(flags, StartFlags::autodestroy))
        owned.emplace_back(::fcntl(started.channel.get(), F_DUPFD_CLOEXEC, 0));
    if (console == nullptr || !started.console) return;
    console->stream = std::move(started.console);
    console->ended = std::move(started.channel);
    try {
        if (auto control = Control::connect(root, name, kAnswerLimit))
            console->control = control->take_socket();
    } catch (const base::SystemError&) {
        // The container has ended already; its console needs no size.
    }
}

}  // namespace

std::vector<std::string> LocalConnection::start(const DomainRef& domain, StartFlags flags,
                                                ConsoleStream* console) {
    require_write("virDomainCreate");
    check_flags(flags, StartFlags::paused | StartFlags::autodestroy | StartFlags::force_boot,
                "lxcDomainCreateWithFiles");
    await_end(root_, domain.name);
    const auto lock = root_.lock_domain(domain.name);
    if (root_.running(domain.name))
        base::fail(ErrorCode::operation_invalid, "Domain is already active");
    xml::Domain definition = Definitions(root_).require(domain.name);
    const HostFacts host = host_facts(root_);
    auto notices = notices_of_ids(definition, host);
    if (auto notice = notice_of_profile(root_, definition, host))
        notices.push_back(std::move(*notice));
    for (const std::string& notice : notices) log_line(root_, domain.name, notice);
    keep(root_, domain.name, flags,
         start_domain(root_,
                      {.domain = std::move(definition),
                       .uri = uri_,
                       .flags = flags,
                       .console = console != nullptr},
                      host, lock),
         autodestroy_, console);
    return notices;
}

Defined LocalConnection::create_xml(std::string_view text, const std::string& file,
                                    StartFlags flags, ConsoleStream* console) {
    require_write("virDomainCreateXML");
    check_flags(flags, StartFlags::paused | StartFlags::autodestroy | StartFlags::validate,
                "lxcDomainCreateXMLWithFiles");
    xml::ParseOptions parse;
    parse.file = file;
    parse.validate = has(flags, StartFlags::validate);
    parse.is_new = true;
    parse.host_ids = host_ids;
    xml::ParsedDomain parsed = xml::parse_domain(text, parse);
    const std::string name = parsed.domain.name;
    const std::string uuid = parsed.domain.uuid;
    xml::check_name(name);
    await_end(root_, name);
    DefineLocks locks = root_.lock_to_define({name});
    if (root_.running(name))
        base::fail(ErrorCode::operation_invalid, "domain '{}' is already active", name);
    // A defined domain may run by another document, if name and uuid are its own.
    check_unique(root_, parsed.domain);
    const base::OperationLock lock = std::move(locks.objects.front());
    locks.define.reset();  // not held over the start
    Defined defined{{name, uuid, -1}, {}};
    for (const xml::Notice& notice : parsed.notices) defined.notices.push_back(notice.message());
    const HostFacts host = host_facts(root_);
    for (const std::string& notice : notices_of_root(parsed.domain, host))
        defined.notices.push_back(fmt::format("{}: {}", file, notice));
    for (const std::string& notice : notices_of_sources(parsed.domain))
        defined.notices.push_back(fmt::format("{}: {}", file, notice));
    if (const auto notice = notice_of_profile(root_, parsed.domain, host))
        defined.notices.push_back(fmt::format("{}: {}", file, *notice));
    keep(root_, name, flags,
         start_domain(root_,
                      {.domain = std::move(parsed.domain),
                       .uri = uri_,
                       .flags = flags,
                       .console = console != nullptr},
                      host, lock),
         autodestroy_, console);
    defined.domain.id = root_.running(name).value_or(-1);
    return defined;
}

void LocalConnection::destroy(const DomainRef& domain, DestroyFlags flags) {
    require_write("virDomainDestroy");
    check_flags(flags, DestroyFlags::none, "lxcDomainDestroyFlags");
    const auto lock = root_.lock_domain(domain.name);
    const auto process = open_helper(root_, domain.name);
    if (!process) {
        // Without a helper there may still be the remains of one that was killed; removing them is
        // a success.
        const bool left = read_live(root_, domain.name).has_value();
        clean_up(root_, domain.name);
        if (left) return;
        fail_not_running();
    }
    const base::UniqueFd control = ask_helper_to_end(root_, domain.name, *process, lock);
    const bool closed = !control || base::wait_readable(control, kEndLimit);
    if (closed && has_taken_all_away(root_, domain.name))
        return require_destroyed(root_, domain.name);
    if (!base::wait_readable(*process, closed ? kEndLimit : std::chrono::seconds(0)) &&
        !ended_its_hooks(root_, domain, *process)) {
        (void)base::send_signal(*process, SIGKILL);
        (void)base::wait_readable(*process, kEndLimit);
    }
    // A helper that this process started stays a zombie until it is reaped.
    reap_helpers();
    // The helper has usually removed the run folder; its last child may still be removing the group
    // that all supervisors share, which is not waited for.
    if (base::exists(root_.domain(domain.name)))
        clean_up(root_, domain.name);
    else
        require_destroyed(root_, domain.name);
}

std::string LocalConnection::shutdown(const DomainRef& domain, StopFlags flags) {
    require_write("virDomainShutdown");
    check_flags(flags, kStopWays, "lxcDomainShutdownFlags");
    const auto lock = lock_for_life(root_, domain.name);
    require_running(root_, domain.name);
    return ask_init(root_, domain.name, StopKind::power_off, flags);
}

std::string LocalConnection::reboot(const DomainRef& domain, StopFlags flags) {
    require_write("virDomainReboot");
    check_flags(flags, kStopWays, "lxcDomainReboot");
    const auto lock = lock_for_life(root_, domain.name);
    require_running(root_, domain.name);
    return ask_init(root_, domain.name, StopKind::reboot, flags);
}

void LocalConnection::suspend(const DomainRef& domain) {
    require_write("virDomainSuspend");
    const auto lock = lock_for_life(root_, domain.name);
    require_running(root_, domain.name);
    if (read_state(root_, domain.name).state == DomainState::paused) return;
    set_paused(root_, domain.name, true);
    journal_lifecycle(root_, domain.name, domain.uuid, DomainLifecycle::suspended,
                      detail::suspended_paused);
}

void LocalConnection::resume(const DomainRef& domain) {
    require_write("virDomainResume");
    const auto lock = lock_for_life(root_, domain.name);
    require_running(root_, domain.name);
    if (read_state(root_, domain.name).state != DomainState::paused)
        base::fail(ErrorCode::operation_invalid, "domain is already running");
    set_paused(root_, domain.name, false);
    journal_lifecycle(root_, domain.name, domain.uuid, DomainLifecycle::resumed,
                      detail::resumed_unpaused);
}

bool LocalConnection::wait_stopped(const DomainRef& domain, double seconds) const {
    const auto process = open_helper(root_, domain.name);
    if (!process) return true;
    // A fraction of a millisecond is rounded up, so that a wait is never shorter than asked for.
    const auto limit =
        std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
    return base::wait_readable(*process, limit);
}

std::string LocalConnection::plan(const DomainRef& domain) const {
    xml::Domain definition = Definitions(root_).require(domain.name);
    // The pid 0 stands for the helper's, which only a start knows.
    name_live_domain(definition, 0);
    return format_plan(compile_plan(definition, root_, host_facts(root_),
                                    {.has_hooks = has_hooks(root_), .uri = uri_}));
}

ConsoleStream LocalConnection::open_console(const DomainRef& domain, const std::string& device,
                                            ConsoleFlags flags) {
    require_write("virDomainOpenConsole");
    check_flags(flags, ConsoleFlags::force | ConsoleFlags::safe, "lxcDomainOpenConsole");
    Control control = connect_running(root_, domain.name);
    helper::Request request;
    request.kind = RequestKind::open_console;
    request.text = device;
    request.flag = has(flags, ConsoleFlags::force);
    request.value = has(flags, ConsoleFlags::safe) ? 1 : 0;
    ConsoleStream stream;
    stream.stream = control.request(request);
    // The same connection takes the window size for as long as the console is open.
    stream.control = control.take_socket();
    return stream;
}

void ConsoleStream::resize(unsigned rows, unsigned columns) const {
    helper::Request request;
    request.kind = RequestKind::resize;
    // The protocol has one number for both (helper/exchange/protocol.hh): rows in the upper 16
    // bits.
    request.value = rows << 16 | (columns & 0xffffU);
    try {
        (void)control_request(control, request);
    } catch (const base::Exception&) {
        // The end of the stream, which comes as well, tells the user more.
    }
}

std::optional<InitEnd> ConsoleStream::end() const {
    // The report comes before the end of the stream. A stream that ends without one was taken away
    // from this client, or ended together with the helper, whose descriptors close one by one.
    if (!ended || !base::wait_readable(ended, kStreamEnds)) return std::nullopt;
    const auto message = base::receive_message(ended, helper::kMaxMessage);
    if (!message)
        base::fail(ErrorCode::operation_failed,
                   "the container's supervisor was killed, and the container with it");
    const auto report = base::decode<helper::EndReport>(message->bytes, "report of the end");
    if (report.goes_on) return std::nullopt;
    return InitEnd{.status = report.status, .signal = report.signal};
}

std::string LocalConnection::console_path(const DomainRef& domain,
                                          const std::string& device) const {
    const LiveState live = require_live(root_, domain.name);
    for (const xml::Console& console : live.domain.consoles)
        if (device.empty() || console.alias == device) return console.tty;
    base::fail(ErrorCode::invalid_arg, "cannot find console device '{}'",
               device.empty() ? "default" : device);
}

}  // namespace lxvirt::driver
