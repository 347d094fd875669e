#include "driver/network/process.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/log.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "driver/network/ports.hh"
#include "driver/store/settings.hh"
#include "driver/supervisor/helper_process.hh"
#include "netd/compile.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Time for lxnetd's answer to a plan; dnsmasq's start has its own, shorter limit.
constexpr std::chrono::seconds kAnswerLimit(30);
// Time for lxnetd's answer to a stop, which it gives before it begins.
constexpr std::chrono::seconds kStopAnswerLimit(5);
// Time that an lxnetd that was told to end gets before it is killed.
constexpr auto kEndLimit = std::chrono::seconds(15);

// Returns dnsmasq's path; empty if the host has none, which is an error only for a network that
// needs it. PATH is not searched: the caller's environment must not choose the program.
std::string find_dnsmasq() {
    constexpr std::array<const char*, 4> places = {"/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq",
                                                   "/sbin/dnsmasq", "/usr/bin/dnsmasq"};
    for (const char* place : places)
        if (::access(place, X_OK) == 0) return place;
    return {};
}

// Waits for lxnetd's reply. Throws the error in it, or internal_error if lxnetd ended.
void expect_answer(base::Fd socket) {
    const auto message = base::receive_message(socket, netd::kMaxMessage);
    if (!message) base::fail(ErrorCode::internal_error, "lxnetd ended without a word");
    const auto reply = base::decode<netd::Reply>(message->bytes, "answer of lxnetd");
    if (reply.code != 0) throw base::PreparedError(static_cast<ErrorCode>(reply.code), reply.text);
}

// Connects to the network's lxnetd; nullopt if none listens. Later receives fail with EAGAIN after
// `answer_limit`.
std::optional<base::UniqueFd> connect(const Root& root, const std::string& name,
                                      std::chrono::seconds answer_limit) {
    return base::connect_local(root.network_paths().folder(name), base::kControlSocket,
                               answer_limit);
}

// Sends a request with `fds` and waits for the reply. Throws as expect_answer().
void request(base::Fd socket, netd::RequestKind kind, const std::vector<base::Fd>& fds = {}) {
    netd::Request request;
    request.kind = kind;
    base::send_message(socket, base::encode(request), fds);
    expect_answer(socket);
}

}  // namespace

netd::NetworkPlan compile_network_plan(const Root& root, const xml::Network& network) {
    const ObjectPaths& paths = root.network_paths();
    netd::NetworkPlan plan = netd::compile_network(
        network,
        {.hierarchies = base::find_hierarchies(),
         .root_id = root.id(),
         .dnsmasq_program = find_dnsmasq(),
         .zone_program = base::exists(zone_program_path()) ? zone_program_path() : std::string(),
         .accepts_in_foreign_firewall = load_settings(root).accepts_in_foreign_firewall,
         .run_folder = paths.folder(network.name),
         .alive_lock = paths.alive_lock(network.name),
         .journal = root.journal().path,
         .journal_lock = root.journal().lock_path,
         .log_file = paths.log(network.name)});
    plan.publications = publications(root, network.name);
    return plan;
}

NetworkProcess NetworkProcess::spawn(const std::string& name, const std::string& root_id) {
    reap_helpers();
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    const auto hierarchies = base::find_hierarchies();
    base::UniqueFd group;
    if (const base::Hierarchy* unified = base::unified_of(hierarchies)) {
        const std::string path = netd::network_group(root_id, name);
        base::make_group(*unified, path);
        group = base::open_file(unified->mount + path, O_RDONLY | O_DIRECTORY);
    }
    // No container sees lxnetd's /proc/PID/exe, so lxnetd needs no read-only clone as lxc_helper
    // does.
    const base::UniqueFd program = base::open_file(lxnetd_path(), O_PATH);
    base::StartedProgram started =
        base::start_program({.program = program,
                             .argv = {"lxnetd", "--name", name, "--channel", "3"},
                             .fds = {theirs},
                             .group = group});
    return {std::move(ours), std::move(started.process)};
}

void NetworkProcess::send(const netd::NetworkPlan& plan, const char* word) const {
    const base::UniqueFd file = memory_file(base::encode(plan));
    // An lxnetd that has failed already has sent its error.
    (void)unless_it_has_failed([&] { base::send_message(channel_, word, {file}); });
    expect_answer(channel_);
}

void NetworkProcess::make(const netd::NetworkPlan& plan) const {
    send(plan, netd::kMake);
}

void NetworkProcess::take_away(const netd::NetworkPlan& plan) const {
    send(plan, netd::kTakeAway);
}

void NetworkProcess::commit() {
    base::send_message(channel_, "c");
    channel_.reset();
    reap_later(std::move(process_));
}

bool NetworkProcess::abandon() {
    channel_.reset();
    if (!process_) return true;
    const auto status = base::reap(process_, true);
    process_.reset();
    return !status || !status->signaled;
}

std::string missing_partition(const Root& root, const std::string& name) {
    return base::first_missing_above(base::find_hierarchies(),
                                     netd::network_group(root.id(), name));
}

void clear_network_group(const Root& root, const LiveNetwork& live) {
    const std::string& name = live.network.name;
    const std::string group = netd::network_group(root.id(), name);
    const auto hierarchies = base::find_hierarchies();
    if (!base::kill_group(hierarchies, group))
        base::fail_with(EBUSY,
                        "end the processes that a killed lxnetd of network '{}' left in '{}'", name,
                        group);
    for (const base::Hierarchy& hierarchy : hierarchies) {
        base::remove_group(hierarchy, group);
        if (!live.partition.empty() && live.current())
            base::remove_folders_above(hierarchy, group, live.partition);
    }
}

bool stop_network_process(const Root& root, const std::string& name, base::Fd lock) {
    const auto pid = root.supervised(name);
    if (!pid) return false;
    const auto process = base::open_pidfd(*pid);
    // The kernel may have given the pid to another process meanwhile; the lock tells.
    if (!process || root.supervised(name) != pid) return false;
    root.repair_network(name, *pid);
    bool told = false;
    auto patience = kEndLimit;
    try {
        const auto socket = connect(root, name, kStopAnswerLimit);
        std::vector<base::Fd> shared;
        if (lock.valid()) shared.push_back(lock);
        if (socket) request(*socket, netd::RequestKind::stop, shared);
        told = socket.has_value();
    } catch (const base::PreparedError& error) {
        // An lxnetd of another version is killed, and what it leaves is taken away.
        if (error.code() != ErrorCode::operation_unsupported) throw;
        patience = {};
    } catch (const base::SystemError& error) {
        // An lxnetd whose start was cut short is undoing it at this moment, and answers nobody.
        if (error.error() == EAGAIN) patience = {};
    } catch (const base::Exception&) {
        // lxnetd has ended without an answer.
    }
    if (!base::wait_readable(*process, patience)) {
        base::append_log(root.network_paths().log(name),
                         "lxnetd was told to end and does not: killed");
        (void)base::send_signal(*process, SIGKILL);
        (void)base::wait_readable(*process, kEndLimit);
    }
    reap_helpers();
    // lxnetd removes its status file last: one that was killed on the way has left the file.
    return told && !base::exists(root.network_paths().folder(name) + "/" + base::kStatusFile);
}

void update_network_process(const Root& root, const netd::NetworkPlan& plan) {
    const auto socket = connect(root, plan.name, kAnswerLimit);
    if (!socket)
        base::fail(ErrorCode::operation_failed, "the lxnetd of network '{}' does not answer",
                   plan.name);
    const base::UniqueFd file = memory_file(base::encode(plan));
    request(*socket, netd::RequestKind::update, {file});
}

}  // namespace lxvirt::driver
