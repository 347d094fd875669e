// The supervisor of one running network. It makes the network from its plan, holds it, and undoes
// it. While the network runs, the supervisor restarts a dnsmasq that ended, makes the rules again
// when another program flushes them, lets ports of containers skip the spanning tree's delay, and
// answers the control socket. If it is killed, the network goes on working, and the next lxnetd
// takes it over.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hh"
#include "base/event_loop.hh"
#include "base/file/lock.hh"
#include "base/netlink/netlink.hh"
#include "netd/dnsmasq_process.hh"
#include "netd/foreign_keeper.hh"
#include "netd/forwarding.hh"
#include "netd/log_limit.hh"
#include "netd/plan.hh"
#include "netd/published_ports.hh"
#include "netd/rules_keeper.hh"

namespace lxvirt::netd {

// Returns the Reply that reports a failure.
[[nodiscard]] Reply refusal(const base::Exception& error);

// Supervises the network of `plan`.
class Supervisor {
  public:
    // Borrows the lock, which is held as long as this process lives.
    Supervisor(NetworkPlan plan, base::RecordLock& alive);

    // Makes the network, or takes it over. Throws SystemError or Error; a network that this call
    // made is undone then.
    void start();
    // Holds the network until a request to stop, then undoes it.
    void run();
    // Removes the network. Never throws; a step that fails is logged.
    void undo();
    // Called in place of start() to remove what a killed lxnetd has left of the network.
    void take_away();

  private:
    // Describes the dnsmasq of the present plan.
    [[nodiscard]] DnsmasqSetup dnsmasq_setup() const;
    void log(std::string_view text) const;
    void append_event(std::string_view event, std::string_view detail, std::string_view note) const;
    void write_status() const;

    void start_parts();
    void adopt_dnsmasq(DnsmasqProcess process);
    void watch_log();
    void stop_dnsmasq();
    // Returns the rules of the present plan.
    [[nodiscard]] Rules rules() const;
    void watch_forwarding(Forwarding wanted);
    void watch_links();
    void on_links();
    [[nodiscard]] ForeignKeeper* foreign_keeper();
    void remove_rules();
    void on_publication_end();
    void on_rules(const std::string& problem);
    void on_dnsmasq_end();
    void restart_dnsmasq();

    void listen();
    // Makes the files by which this lxnetd is found anew, where somebody has removed them. A driver
    // asks for that by SIGHUP.
    void renew_files();
    void on_connection();
    void on_request(int fd);
    void update(NetworkPlan plan);
    void update_dnsmasq(const std::optional<DnsmasqPlan>& before);

    NetworkPlan plan_;
    base::RecordLock& alive_;
    base::EventLoop loop_;
    std::optional<base::Netlink> netlink_;
    int bridge_ = 0;           // IFINDEX
    bool taken_over_ = false;  // the bridge existed: its lxnetd had been killed
    base::UniqueFd links_;     // notifications about the bridge's ports
    std::optional<RulesKeeper> rules_;
    std::optional<ForeignKeeper> foreign_;
    std::optional<PublishedPorts> published_;  // while the bridge and its rules are there
    std::optional<ForwardingWatch> forwarding_;
    std::optional<LogLimit> log_limit_;
    std::optional<DnsmasqProcess> dnsmasq_;
    std::chrono::steady_clock::time_point dnsmasq_started_;
    std::chrono::milliseconds pause_{0};  // before the next start of dnsmasq
    base::UniqueFd dnsmasq_timer_;
    unsigned restarts_ = 0;
    std::string problem_, rules_problem_;  // for the status file; empty: none
    base::UniqueFd listener_;
    base::UniqueFd removal_;  // signalfd(2) of SIGHUP
    std::map<int, base::UniqueFd> connections_;
    base::UniqueFd stop_lock_;  // the operation lock, passed along with a stop
};

}  // namespace lxvirt::netd
