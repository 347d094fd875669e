// Keeps a network's rules in the firewalls that iptables makes: the tables "filter" of the families
// ip and ip6, where a base chain drops what no rule of it accepts (of Docker, ufw or a strict
// administrator). The rules stand at the top of that chain, or of DOCKER-USER where the chain jumps to
// it, since Docker leaves that one alone. Each has the name of the network's own table as its comment,
// by which it is found again. They are looked at whenever the kernel tells of a change of these
// tables: a reload of the firewall removes them. What cannot be kept is logged; the network goes on.
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

    // Puts the rules where they belong, which may be nowhere, and watches.
    void make(std::vector<ForeignRule> rules);
    // Changes to other rules.
    void replace(std::vector<ForeignRule> rules);
    // Stops watching and removes the rules, also those of an earlier process.
    void remove();

  private:
    // Compares what is there with what should be there, and writes the difference; all of it if
    // `anew`. Returns whether it wrote. Throws SystemError and Error(operation_failed).
    bool settle(bool anew);
    // Does the same; logs what it did, or why it could not.
    void keep(bool anew = false);
    void keep_after(std::chrono::milliseconds pause);
    void on_change();

    base::EventLoop& loop_;
    std::string comment_, device_;
    Log log_;
    std::vector<ForeignRule> rules_;
    std::optional<Firewall> firewall_;  // loaded when something has to be written
    std::optional<TableWatch> watch_;
    base::UniqueFd timer_;
    std::chrono::milliseconds pause_{0};
    std::chrono::steady_clock::time_point written_;
    std::string problem_;  // as it was logged last; empty: none
};

}  // namespace lxvirt::netd
