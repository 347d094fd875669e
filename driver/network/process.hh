// Spawning lxnetd and talking to it (netd/plan.hh).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/fd.hh"
#include "driver/network/live.hh"
#include "driver/store/root.hh"
#include "netd/plan.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// What the host and the root add to the network.
[[nodiscard]] netd::NetworkPlan compile_network_plan(const Root& root, const xml::Network& network);

class NetworkProcess {
  public:
    // Spawns it in the network's own control group; it waits for its plan.
    static NetworkProcess spawn(const std::string& name, const std::string& root_id);

    // Sends the plan and waits until the network is there; throws lxnetd's words where it is not.
    void make(const netd::NetworkPlan& plan) const;
    // Instead: has lxnetd take away what a killed one left of it; throws where that one does not
    // answer.
    void take_away(const netd::NetworkPlan& plan) const;
    // Without it lxnetd undoes everything once the channel closes.
    void commit();
    // Closes the channel and waits until lxnetd has undone everything and is gone.
    // False where it was killed, and so undid nothing.
    bool abandon();

  private:
    void send(const netd::NetworkPlan& plan, const char* word) const;
    NetworkProcess(base::UniqueFd channel, base::UniqueFd process)
        : channel_(std::move(channel)), process_(std::move(process)) {}
    base::UniqueFd channel_;
    base::UniqueFd process_;  // pidfd, of our child
};

// The topmost folder above the network's group that is not there yet; empty where all are.
[[nodiscard]] std::string missing_partition(const Root& root, const std::string& name);
// Kills what a supervisor that was killed has left, dnsmasq, and removes the group.
void clear_network_group(const Root& root, const LiveNetwork& live);

// Tells the supervisor to take the network away, and waits for its end. False where there is none,
// or where it could not be told: something may be left then. It shares `lock`, the network's
// operation lock, so that nobody else takes that before it is gone.
bool stop_network_process(const Root& root, const std::string& name, base::Fd lock = {});

// Hands the supervisor another plan of its network. Throws its words where it cannot follow.
void update_network_process(const Root& root, const netd::NetworkPlan& plan);

}  // namespace lxvirt::driver
