// Keeps what a network has in the firewalls of other programs. It is looked at whenever the kernel
// tells of a change of their tables: a reload of a firewall removes it. What cannot be kept is logged;
// the network goes on.
//
//   - The tables "filter" of the families ip and ip6, which iptables makes (Docker, ufw, a strict
//     administrator): where a base chain drops what no rule of it accepts, rules stand there. Those
//     of the hook `forward` are the last that are asked, so what the administrator or Docker drops by
//     a rule stays dropped. Those of `input` stand at the top: they open no more than the network's
//     own services, and ufw drops DHCP by a rule of its own. Each has the name of the network's own
//     table as its comment, by which it is found again.
//   - firewalld's table: the bridge is put into a zone (netd/foreign_zone.hh), unless the
//     administrator has put it into one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hh"
#include "netd/firewall.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

class ForeignKeeper {
  public:
    using Log = std::function<void(const std::string& line)>;

    // Borrows the loop, from which alone it logs after make(). `comment` marks the rules; `device` is
    // the network's bridge, by which a chain counts as open.
    ForeignKeeper(base::EventLoop& loop, std::string comment, std::string device, Log log);

    // Puts everything where it belongs, which may be nowhere, and watches. Throws
    // Error(operation_failed) if the bridge cannot be put into a zone that is required.
    void make(ForeignPlan plan);
    // Changes to another plan.
    void replace(ForeignPlan plan);
    // Stops watching and removes everything, also what an earlier process has made by `plan`.
    void remove(const ForeignPlan& plan);

  private:
    // Each compares what is there with what should be there, and writes the difference; all rules if
    // `anew`. Returns whether it wrote. Throws SystemError and Error(operation_failed).
    bool settle_rules(bool anew);
    bool settle_zone();
    // Does both; logs what it did, or why it could not.
    void keep(bool anew = false);
    void keep_after(std::chrono::milliseconds pause);
    void on_change();

    base::EventLoop& loop_;
    std::string comment_, device_;
    Log log_;
    ForeignPlan plan_;
    std::optional<Firewall> firewall_;  // loaded when something has to be written
    std::optional<TableWatch> watch_;
    base::UniqueFd timer_;
    std::chrono::milliseconds pause_{0};
    std::chrono::steady_clock::time_point written_;
    std::string problem_;  // as it was logged last; empty: none
};

}  // namespace lxvirt::netd
