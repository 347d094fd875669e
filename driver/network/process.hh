// Spawns lxnetd and talks to it (netd/plan.hh). A start keeps a channel to lxnetd; later commands
// use the control socket in the network's run folder.
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

// Returns lxnetd's plan of a network: the definition, and what the host and the root add to it.
[[nodiscard]] netd::NetworkPlan compile_network_plan(const Root& root, const xml::Network& network);

// An lxnetd that this process has spawned and not yet let go of.
class NetworkProcess {
  public:
    // Spawns an lxnetd in the network's own control group; it waits for its plan. Throws
    // SystemError.
    static NetworkProcess spawn(const std::string& name, const std::string& root_id);

    // Sends the plan and waits until the network is there. Throws lxnetd's error if it cannot be
    // made.
    void make(const netd::NetworkPlan& plan) const;
    // Call this instead of make() to have lxnetd take away what a killed one left of the network.
    // Throws if lxnetd does not answer.
    void take_away(const netd::NetworkPlan& plan) const;
    // Lets go of lxnetd, which goes on by itself. Without this call lxnetd undoes everything once
    // the channel closes, also if this process is killed.
    void commit();
    // Closes the channel and waits until lxnetd has undone everything and is gone. Returns false if
    // lxnetd was killed, and so undid nothing.
    bool abandon();

  private:
    void send(const netd::NetworkPlan& plan, const char* word) const;
    NetworkProcess(base::UniqueFd channel, base::UniqueFd process)
        : channel_(std::move(channel)), process_(std::move(process)) {}
    base::UniqueFd channel_;
    base::UniqueFd process_;  // a pidfd of our child
};

// Returns the topmost folder above the network's control group that does not exist yet; empty if
// all exist.
[[nodiscard]] std::string missing_partition(const Root& root, const std::string& name);
// Kills what a killed supervisor has left in the network's control group, which is dnsmasq, and
// removes the group. Throws EBUSY if a process does not end.
void clear_network_group(const Root& root, const LiveNetwork& live);

// Tells the supervisor to take the network away, and waits for its end. Returns false if there is
// no supervisor, or if it was killed on the way: something may be left then. The supervisor shares
// `lock`, the network's operation lock, so that nobody else takes the lock before the supervisor is
// gone.
bool stop_network_process(const Root& root, const std::string& name, base::Fd lock = {});

// Hands the supervisor another plan of its network. Throws its error if it cannot follow; the
// network is then as it was.
void update_network_process(const Root& root, const netd::NetworkPlan& plan);

}  // namespace lxvirt::driver
