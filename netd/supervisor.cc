#include "netd/supervisor.hh"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/journal.hh"
#include "base/file/log.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "base/other_version.hh"
#include "base/rollback.hh"
#include "base/test_point.hh"
#include "netd/bridge.hh"
#include "netd/forwarding.hh"
#include "netd/publish.hh"

namespace lxvirt::netd {

namespace {

using namespace std::chrono_literals;

// A client that keeps its connections open must not use up the descriptors.
constexpr std::size_t kMaxConnections = 64;
// A run of dnsmasq that lasts this long does not count as a failed start: then the
// pauses begin anew.
constexpr auto kSettled = 60s;
constexpr auto kFirstPause = 10ms;  // after the first end of a settled dnsmasq
constexpr auto kLongestPause = 30'000ms;

// Answers a request of another version with an error. Such a request may have any form, but the
// form of the answer never changes.
void refuse_other_versions(base::Fd socket, std::string_view bytes) {
    const auto problem =
        base::other_version(bytes, kPlanVersion, "this network's lxnetd speaks protocol version");
    if (!problem) return;
    const base::Error error(base::ErrorCode::operation_unsupported, *problem);
    base::send_message(socket, base::encode(refusal(error)));
    throw base::Error(error);
}

}  // namespace

Reply refusal(const base::Exception& error) {
    Reply reply;
    reply.code = static_cast<std::int32_t>(error.code());
    reply.text = error.message();
    return reply;
}

Supervisor::Supervisor(NetworkPlan plan, base::RecordLock& alive)
    : plan_(std::move(plan)), alive_(alive) {}

// A network's log is shared with its dnsmasq; both append.
void Supervisor::log(std::string_view text) const {
    base::append_log(plan_.log_file, text);
}

// A journal that cannot be written is no reason to stop the network; the log gets the reason.
void Supervisor::append_event(std::string_view event, std::string_view detail,
                              std::string_view note) const {
    base::JournalEntry entry;
    entry.kind = "network-supervision";
    entry.domain = plan_.name;
    entry.uuid = plan_.uuid;
    entry.event = event;
    entry.detail = detail;
    entry.note = note;
    if (const auto failure =
            base::journal_append({plan_.journal, plan_.journal_lock}, std::move(entry)))
        log(*failure);
}

// Writes the file that clients read to know the state without asking: one KEY=VALUE for each line.
void Supervisor::write_status() const {
    std::string text =
        fmt::format("version={}\nstate=running\nsupervisor={}\n", kPlanVersion, ::getpid());
    if (dnsmasq_) text += fmt::format("dnsmasq={}\n", dnsmasq_->pid());
    if (restarts_ != 0) text += fmt::format("dnsmasq_restarts={}\n", restarts_);
    if (!plan_.routing.empty())
        text += fmt::format("{}\n", rules_problem_.empty() ? kRulesInForce : kRulesMissing);
    if (!rules_problem_.empty())
        text += fmt::format("rules_problem={}\n", base::escape_field(rules_problem_));
    if (!problem_.empty()) text += fmt::format("problem={}\n", base::escape_field(problem_));
    try {
        base::write_atomic(plan_.run_folder + "/" + base::kStatusFile, text, 0600,
                           base::Durability::volatile_);
    } catch (const base::Exception& error) {
        log(error.message());  // the network goes on without it
    }
}

DnsmasqSetup Supervisor::dnsmasq_setup() const {
    return {.folder = plan_.run_folder, .log_file = plan_.log_file, .plan = *plan_.dnsmasq};
}

// --- the start and the end

void Supervisor::start() {
    try {
        start_parts();
        listen();
        write_status();
    } catch (const base::Exception&) {
        // A network that was taken over goes on as well as it can.
        if (taken_over_)
            stop_dnsmasq();
        else
            undo();
        throw;
    }
}

Rules Supervisor::rules() const {
    Rules made{.routing = plan_.routing, .table = plan_.table, .ruleset = plan_.ruleset};
    if (published_ && plan_.bridge)
        made.ruleset = with_publications(plan_.ruleset, plan_.bridge->name, published_->held());
    return made;
}

// Returns who keeps the rules in other programs' firewalls; null for a network without rules.
ForeignKeeper* Supervisor::foreign_keeper() {
    if (plan_.table.empty() || !plan_.bridge) return nullptr;
    if (!foreign_)
        foreign_.emplace(loop_, plan_.table, plan_.bridge->name,
                         [this](const std::string& line) { log(line); });
    return &*foreign_;
}

// The routing rules come before the bridge, so that it never forwards without the table.
void Supervisor::start_parts() {
    if (!plan_.bridge) return;
    netlink_.emplace();
    // make_bridge() undoes its own failure, and a bridge that belongs to somebody else must not be
    // undone; so the plan is reduced to nothing.
    try {
        taken_over_ = netlink_->link_alias(plan_.bridge->name) == plan_.bridge->alias;
        require_own_name(*netlink_, *plan_.bridge);
        rules_.emplace(loop_, [this](const std::string& problem) { on_rules(problem); });
        rules_->fence(plan_.routing);
        bridge_ = make_bridge(*netlink_, *plan_.bridge);
    } catch (const base::Exception&) {
        // The rules of a bridge that was taken over stay with it.
        if (rules_ && !taken_over_) remove_rules();
        rules_.reset();
        plan_.bridge.reset();
        plan_.dnsmasq.reset();
        throw;
    }
    // dnsmasq starts while this process makes the rules.
    if (plan_.dnsmasq) {
        write_dnsmasq_files(dnsmasq_setup());
        dnsmasq_.emplace(dnsmasq_setup());
    }
    // A port that another program has taken meanwhile is no reason to lose the network.
    published_.emplace(
        loop_, [this] { on_publication_end(); }, [this](const std::string& line) { log(line); });
    published_->hold(plan_.publications, true);
    rules_->make(plan_.table, rules().ruleset);
    if (ForeignKeeper* const foreign = foreign_keeper()) foreign->make(plan_.foreign);
    const Forwarding wanted{plan_.bridge->forward_v4, plan_.bridge->forward_v6};
    use_forwarding(plan_.bridge->name, wanted);
    watch_forwarding(wanted);
    watch_links();
    if (!dnsmasq_) return;
    dnsmasq_->await_ready();
    adopt_dnsmasq(std::move(*dnsmasq_));
}

// Watches a dnsmasq that listens.
void Supervisor::adopt_dnsmasq(DnsmasqProcess process) {
    dnsmasq_ = std::move(process);
    dnsmasq_started_ = std::chrono::steady_clock::now();
    if (!log_limit_) watch_log();
    loop_.watch(dnsmasq_->process(), EPOLLIN, [this](std::uint32_t) { on_dnsmasq_end(); });
}

// A log that cannot be watched is no reason to stop the network.
void Supervisor::watch_log() {
    try {
        log_limit_.emplace(plan_.log_file);
        loop_.watch(log_limit_->fd(), EPOLLIN, [this](std::uint32_t) {
            try {
                log_limit_->take();
            } catch (const base::Exception&) {
                // Without the file there is nothing to bound; a line about it would make it grow.
            }
        });
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

void Supervisor::stop_dnsmasq() {
    if (!dnsmasq_) return;
    if (dnsmasq_->process().valid()) loop_.forget(dnsmasq_->process());
    dnsmasq_->stop();
    dnsmasq_.reset();
}

// Removes the rules; a failure is logged.
void Supervisor::remove_rules() {
    try {
        rules_->remove();
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

// Undoes everything, each step even if others fail. The bridge goes first and its rules last: they
// have to hold for as long as there is a bridge, however long dnsmasq takes to end.
void Supervisor::undo() {
    bool bridge_is_gone = true;
    published_.reset();
    const auto try_step = [this](auto&& step) {
        try {
            step();
            return true;
        } catch (const base::Exception& error) {
            log(error.message());
            return false;
        }
    };
    loop_.cancel(std::move(dnsmasq_timer_));
    if (plan_.bridge && netlink_)
        bridge_is_gone = try_step([&] { remove_bridge(*netlink_, *plan_.bridge); });
    try_step([&] { stop_dnsmasq(); });
    // What another program has written shortly before counts, too.
    if (forwarding_) try_step([&] { forwarding_->take(); });
    if (plan_.bridge) try_step([&] { leave_forwarding(plan_.bridge->name); });
    if (ForeignKeeper* const foreign = foreign_keeper()) foreign->remove(plan_.foreign);
    if (rules_ && bridge_is_gone) remove_rules();
    for (const char* file : {kDnsmasqConfig, kDnsmasqHosts, kDnsmasqAddnHosts, base::kControlSocket,
                             base::kStatusFile}) {
        (void)::unlink((plan_.run_folder + "/" + file).c_str());
        base::test_point("file-removed");
    }
}

// Undoes what a network that was killed has left, but not a bridge that somebody else has made
// under the same name.
void Supervisor::take_away() {
    if (plan_.bridge) netlink_.emplace();
    if (plan_.bridge && is_anothers(*netlink_, *plan_.bridge))
        plan_.bridge.reset();
    else if (plan_.bridge) {
        rules_.emplace(loop_, [](const std::string&) {});
        rules_->adopt(rules());
    }
    undo();
}

// Returns when a stop was asked for, with the network undone.
void Supervisor::run() {
    loop_.run();
    undo();
}

// --- what happens around the network

// Only STP holds ports back, and only for networks that have it switched on.
void Supervisor::watch_links() {
    if (!plan_.bridge->stp) return;
    links_ = base::listen_netlink(NETLINK_ROUTE, RTNLGRP_LINK);
    loop_.watch(links_, EPOLLIN, [this](std::uint32_t) { on_links(); });
    // Ports of a network that was taken over may be waiting already.
    release_leaf_ports(*netlink_, bridge_, netlink_->links());
}

void Supervisor::on_links() {
    try {
        // Some of the notifications come from the bridge and say little about the device, so each
        // port is asked for by its name.
        std::set<std::string> names;
        const bool all = base::read_netlink(links_, [&](const nlmsghdr* header) {
            if (header->nlmsg_type != RTM_NEWLINK) return;
            base::LinkFacts link = base::link_facts(header);
            if (link.master == bridge_) names.insert(std::move(link.name));
        });
        std::vector<base::LinkFacts> changed;
        // Notifications were lost, so all links are looked at.
        if (!all) changed = netlink_->links();
        for (const std::string& name : names)
            if (auto link = netlink_->link(name)) changed.push_back(std::move(*link));
        release_leaf_ports(*netlink_, bridge_, changed);
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

void Supervisor::watch_forwarding(Forwarding wanted) {
    if (!wanted.any()) return;
    forwarding_.emplace(wanted);
    loop_.watch(forwarding_->fd(), EPOLLIN, [this](std::uint32_t) {
        try {
            forwarding_->take();
        } catch (const base::Exception& error) {
            log(error.message());
        }
    });
}

// A container has ended, and its ports go with it.
void Supervisor::on_publication_end() {
    try {
        rules_->replace(rules());
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

// The rules were restored after somebody else had removed some of them, or could not be restored.
void Supervisor::on_rules(const std::string& problem) {
    rules_problem_ = problem;
    if (problem.empty())
        append_event("Restored", "Rules", "rules had been removed by somebody else");
    else {
        log(problem);
        append_event("Failed", "Rules", problem);
    }
    write_status();
}

// dnsmasq is started again after a pause that grows by half each time, up to half a minute; a run
// of a minute sets it back.
void Supervisor::on_dnsmasq_end() {
    loop_.forget(dnsmasq_->process());
    const base::ExitStatus status = dnsmasq_->reap();
    const bool settled = std::chrono::steady_clock::now() - dnsmasq_started_ > kSettled;
    pause_ = settled ? kFirstPause : std::clamp(pause_ * 3 / 2, kFirstPause, kLongestPause);
    problem_ = fmt::format("dnsmasq ended ({}); it is started again after {} ms", status.text(),
                           pause_.count());
    dnsmasq_.reset();
    log(problem_);
    append_event("Ended", "Dnsmasq", problem_);
    write_status();
    dnsmasq_timer_ = loop_.after(pause_, [this] { restart_dnsmasq(); });
}

// A failed start doubles the pause.
void Supervisor::restart_dnsmasq() {
    dnsmasq_timer_.reset();
    ++restarts_;
    try {
        write_dnsmasq_files(dnsmasq_setup());
        DnsmasqProcess process(dnsmasq_setup());
        process.await_ready();
        adopt_dnsmasq(std::move(process));
        problem_.clear();
        append_event("Started", "Dnsmasq", "");
    } catch (const base::Exception& error) {
        problem_ = error.message();
        log(problem_);
        append_event("Failed", "Dnsmasq", problem_);
        pause_ = std::min(pause_ * 2, kLongestPause);
        dnsmasq_timer_ = loop_.after(pause_, [this] { restart_dnsmasq(); });
    }
    write_status();
}

// --- the control socket

void Supervisor::listen() {
    listener_ = base::listen_local(plan_.run_folder, base::kControlSocket);
    loop_.watch(listener_, EPOLLIN, [this](std::uint32_t) { on_connection(); });
    if (removal_) return;
    removal_ = base::block_signal(SIGHUP);
    loop_.watch(removal_, EPOLLIN, [this](std::uint32_t) {
        signalfd_siginfo signal;
        while (::read(removal_.get(), &signal, sizeof signal) > 0) {
        }
        renew_files();
    });
}

void Supervisor::renew_files() {
    alive_.renew(plan_.alive_lock);
    if (base::exists(plan_.run_folder + "/" + base::kControlSocket)) return;
    loop_.forget(listener_);
    listen();
    log("the control socket was removed and is there again");
}

// Only root may send requests; anybody else is closed without an answer.
void Supervisor::on_connection() {
    auto socket = base::accept_local(listener_);
    if (!socket || base::peer_of(*socket).uid != 0 || connections_.size() >= kMaxConnections)
        return;
    const int fd = socket->get();
    connections_[fd] = std::move(*socket);
    loop_.watch(base::Fd(fd), EPOLLIN, [this, fd](std::uint32_t) { on_request(fd); });
}

void Supervisor::on_request(int fd) {
    const base::Fd socket = connections_.at(fd);
    try {
        if (auto message = base::receive_message(socket, kMaxMessage)) {
            refuse_other_versions(socket, message->bytes);
            const auto request = base::decode<Request>(message->bytes, "control request");
            Reply reply;
            try {
                if (request.kind == RequestKind::update && message->fds.size() == 1)
                    update(base::decode<NetworkPlan>(
                        base::read_all(message->fds.front(), "network plan", kMaxPlan),
                        "network plan"));
            } catch (const base::Exception& error) {
                reply = refusal(error);
            }
            base::send_message(socket, base::encode(reply));
            if (request.kind != RequestKind::stop || reply.code != 0) return;
            // The lock of the stop is held until this process has ended, so that a start waits for
            // it.
            if (!message->fds.empty()) stop_lock_ = std::move(message->fds.front());
            loop_.stop();
            return;
        }
    } catch (const base::Exception& error) {
        log(fmt::format("control socket: {}", error.message()));
    }
    loop_.forget(socket);
    connections_.erase(fd);
}

// Changes the running network to another plan of the same bridge. If a step fails, the former plan
// is put into effect again and the error is thrown.
void Supervisor::update(NetworkPlan plan) {
    NetworkPlan before = std::exchange(plan_, std::move(plan));
    base::Rollback rollback;
    rollback.add([&] {
        std::swap(plan_, before);
        if (plan_.dnsmasq) update_dnsmasq(before.dnsmasq);
        if (published_) published_->hold(plan_.publications, true);
        if (rules_) rules_->replace(rules());
        if (foreign_) foreign_->replace(plan_.foreign);
    });
    if (published_) published_->hold(plan_.publications);
    if (rules_) rules_->replace(rules());
    if (foreign_) foreign_->replace(plan_.foreign);
    update_dnsmasq(before.dnsmasq);
    rollback.dismiss();
    write_status();
}

// Changes dnsmasq: lists of clients and names, those of the driver's folders too, are reread on
// SIGHUP; any other change needs a restart.
void Supervisor::update_dnsmasq(const std::optional<DnsmasqPlan>& before) {
    const bool same_config = plan_.dnsmasq && before && plan_.dnsmasq->config == before->config;
    if (same_config && dnsmasq_) {
        write_dnsmasq_files(dnsmasq_setup());
        dnsmasq_->reload();
        return;
    }
    loop_.cancel(std::move(dnsmasq_timer_));
    stop_dnsmasq();
    if (!plan_.dnsmasq) return;
    write_dnsmasq_files(dnsmasq_setup());
    DnsmasqProcess process(dnsmasq_setup());
    process.await_ready();
    adopt_dnsmasq(std::move(process));
}

}  // namespace lxvirt::netd
