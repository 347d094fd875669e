// The supervisor of one running network: makes it from its plan, holds it, and takes all of it away
// again. While it runs: dnsmasq is started again when it ends, the rules are made again when
// somebody flushes them, ports of containers do not wait for the spanning tree, and the control
// socket is answered. Killed, it leaves a network that works; the next one takes it over.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hh"
#include "base/event_loop.hh"
#include "base/netlink/netlink.hh"
#include "netd/dnsmasq_process.hh"
#include "netd/firewall.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

// What is answered where something failed.
[[nodiscard]] Reply refusal(const base::Exception& error);

class Supervisor {
  public:
    explicit Supervisor(NetworkPlan plan);

    // Makes the network. Throws with nothing left behind.
    void start();
    // Until it was told to stop; then all is undone.
    void run();
    // Takes the network away. What cannot be undone is noted in the log.
    void undo();
    // Instead of start(), of what another has made and could not undo.
    void take_away();

  private:
    [[nodiscard]] DnsmasqSetup dnsmasq_setup() const;
    void log(std::string_view text) const;
    void append_event(std::string_view event, std::string_view detail, std::string_view note) const;
    void write_status() const;

    void start_parts();
    void adopt_dnsmasq(DnsmasqProcess process);
    void stop_dnsmasq();
    void watch_links();
    void watch_table();
    void on_links();
    void on_table();
    void reapply_rules();
    // Makes the rules take effect; its process is reaped when it ends.
    void finish_rules(RulesetJob job);
    void on_dnsmasq_end();
    void restart_dnsmasq();

    void listen();
    void on_connection();
    void on_request(int fd);
    void update(NetworkPlan plan);
    void update_dnsmasq(const std::optional<DnsmasqPlan>& before);

    NetworkPlan plan_;
    base::EventLoop loop_;
    std::optional<base::Netlink> netlink_;
    int bridge_ = 0;
    bool taken_over_ = false;  // the bridge was there: its supervisor had been killed
    base::UniqueFd links_;     // notices of the bridge's ports
    std::optional<TableWatch> table_;
    base::UniqueFd rules_timer_;
    std::optional<DnsmasqProcess> dnsmasq_;
    std::chrono::steady_clock::time_point dnsmasq_started_;
    std::chrono::milliseconds pause_{0};
    base::UniqueFd dnsmasq_timer_;
    unsigned restarts_ = 0;
    std::string problem_;
    base::UniqueFd listener_;
    std::map<int, base::UniqueFd> connections_;
    base::UniqueFd stop_lock_;  // the operation lock, shared by whoever asked for the end
};

}  // namespace lxvirt::netd
