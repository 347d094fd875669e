// What is plugged into the running networks: one file for each port,
// run/network/NAME/ports/UUID.xml. The port of a container is valid as long as the container's
// supervisor lives: the file names it by pid and start time, and whoever holds the network's lock
// removes what is left of dead ones. A port that somebody made by hand (net-port-create) is valid
// until it is deleted.
//
// This is also where an interface of type `network` becomes one of a bridge or of a device below.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "xml/domain/domain.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

struct PortRecord {
    xml::NetworkPort port;
    std::string link;  // the host's end of the veth; empty with macvlan
    pid_t owner = 0;   // the container's supervisor; 0 = made by hand
    std::uint64_t owner_start = 0;
    [[nodiscard]] bool valid() const;
};

// Valid ones, by uuid.
[[nodiscard]] std::vector<PortRecord> valid_ports(const Root& root, std::string_view network);
// Under the network's lock.
void write_port(const Root& root, std::string_view network, const PortRecord& record);
bool remove_port(const Root& root, std::string_view network, std::string_view uuid);
void sweep_ports(const Root& root, std::string_view network);

// The interface as the kernel is to have it: type `bridge` or `direct`, with what network and
// portgroup say of mtu, vlan, bandwidth and isolation. Other types come back as they are. Makes
// nothing. Throws operation_invalid where the network is not active, saying how to start it.
[[nodiscard]] xml::Interface resolve_interface(const Root& root, const xml::Interface& interface);

// The tags of a bridge port.
[[nodiscard]] std::vector<helper::PortVlan> port_vlans(const xml::Vlan& vlan);

// Who plugs in.
struct PortOwner {
    std::string name, uuid;  // of the domain
    pid_t supervisor = 0;
};

// Plugs an interface of type `network` in: puts a supervisor back where the network has lost its
// own, records a port, and fills in what only a live interface has (portid, bridge, device). Other
// types are left alone. Under the domain's lock; takes the network's for a moment.
void claim_port(const Root& root, const PortOwner& owner, xml::Interface& interface);
// All of a domain, or none of them.
void claim_ports(const Root& root, xml::Domain& domain, pid_t supervisor);
// Before: gives them the names by which they can be released after a kill.
void name_ports(xml::Domain& domain);
// Its port is deleted; no error where there is none.
void release_port(const Root& root, const xml::Interface& interface);
void release_ports(const Root& root, const xml::Domain& domain);
// Whether the end of a port is to be told to a hook.
[[nodiscard]] bool has_port_hooks(const Root& root, const xml::Domain& domain);
// The files that go with the container.
[[nodiscard]] std::vector<std::string> port_files(const Root& root, const xml::Domain& domain);

// Puts the links of containers that still run back into the bridge of a network where they are not
// in it, because it was started again, and records their ports. Under the network's lock. Returns
// what could not be done.
std::vector<std::string> attach_running(const Root& root, const xml::Network& network);

}  // namespace lxvirt::driver
