// The ports of running networks: one file for each, run/lxvirt/network/NAME/ports/UUID.xml. A
// container's port is valid as long as the container's supervisor lives: the file names the
// supervisor by pid and start time, and whoever holds the network's lock removes the ports of dead
// ones. A port that somebody made by hand (net-port-create) is valid until it is deleted.
//
// Here an interface of type `network` also becomes one of a bridge or of a device below.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/netlink/port_guard.hh"
#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "netd/plan.hh"
#include "xml/domain/domain.hh"
#include "xml/domain/publications.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// One port's file.
struct PortRecord {
    xml::NetworkPort port;
    std::string link;  // the host's end of the veth; empty for a macvlan
    pid_t owner = 0;   // the pid of the container's supervisor; 0 if made by hand
    // The owner's start time (field 22 of /proc/PID/stat), which tells it from a later process with
    // its pid.
    std::uint64_t owner_start = 0;
    // What leads to the container, without file and owner.
    std::vector<netd::Publication> publications = {};
    // Returns whether the owner lives.
    [[nodiscard]] bool valid() const;
};

// Returns the valid ports, sorted by uuid.
[[nodiscard]] std::vector<PortRecord> valid_ports(const Root& root, std::string_view network);
// Returns what the valid ports publish.
[[nodiscard]] std::vector<netd::Publication> publications(const Root& root,
                                                          std::string_view network);
// Write and remove the file of a port, and remove the files of all ports that are not valid. The
// caller holds the network's lock. remove_port() returns false if there was no such port.
void write_port(const Root& root, std::string_view network, const PortRecord& record);
bool remove_port(const Root& root, std::string_view network, std::string_view uuid);
void sweep_ports(const Root& root, std::string_view network);

// Returns the interface as the kernel is to have it: of type `bridge` or `direct`, with what
// network and portgroup say of mtu, vlan, bandwidth and isolation. Other types come back as they
// are. Makes nothing. Throws operation_invalid, with the command that starts the network, if the
// network is not active.
[[nodiscard]] xml::Interface resolve_interface(const Root& root, const xml::Interface& interface);

// What a network says of a port's guards.
struct NetworkGuard {
    // The guards that need nobody's wish: no BPDUs; no answers of DHCP servers where the network's own
    // server gives out addresses; no router advertisements where the host is the router; and the
    // addresses that the network itself gives to the interface.
    base::PortGuard guard;
    xml::ContainerGuard asked;  // of <lx:network>: the portgroup's, then those of all ports
    // The claim of the port reserves an address for it where `ip` or `arp` is asked for and no
    // address is known, so before the claim the list above may be empty.
    bool reserves = false;
};
// Returns the guards of a port of an interface of type `network`. The network must be active.
[[nodiscard]] NetworkGuard network_guard(const Root& root, const xml::Interface& interface);

// Returns the VLANs of a bridge port.
[[nodiscard]] std::vector<helper::PortVlan> port_vlans(const xml::Vlan& vlan);

// The container that plugs in.
struct PortOwner {
    std::string name, uuid;  // name and uuid of the domain
    pid_t supervisor = 0;
    // Whether the interface is known by the domain's name: the first one of its network is.
    bool named = true;
    xml::ContainerGuard guard;                                 // what the domain asks for
    std::vector<xml::ContainerPublication> publications = {};  // likewise
};
// Returns the owner of a port of an interface that the domain has, or is to have at the end of its
// list.
[[nodiscard]] PortOwner owner_of_port(const xml::Domain& domain, const xml::Interface& interface,
                                      pid_t supervisor);

// Plugs in an interface of type `network`: adopts the network if it has lost its supervisor,
// records a port, runs the hook "port-created", and fills in what only a live interface has
// (portid, bridge, device). Other types are left alone. The caller holds the domain's lock; the
// network's is taken for a moment. Throws with no port left.
void claim_port(const Root& root, const PortOwner& owner, xml::Interface& interface);
// Claims the ports of all interfaces of a domain, or none of them.
void claim_ports(const Root& root, xml::Domain& domain, pid_t supervisor);
// Publishes at a plugged-in interface what the owner asks for now, and nothing else. Returns false,
// and does nothing, where the network or the port is gone. Throws with the former publications
// there.
bool republish_port(const Root& root, const PortOwner& owner, const xml::Interface& interface);
// Gives the interfaces the uuids of their future ports. live.xml is written with these before
// claim_ports(), so that the ports can be released after a kill.
void name_ports(xml::Domain& domain);
// Deletes the interface's port and runs the hook "port-deleted", whose failure is logged. Does
// nothing if there is no port.
void release_port(const Root& root, const xml::Interface& interface);
void release_ports(const Root& root, const xml::Domain& domain);
// Returns whether a hook has to be told of the end of a port of this domain.
[[nodiscard]] bool has_port_hooks(const Root& root, const xml::Domain& domain);
// Returns the files of the domain's ports, which the helper removes at the container's end.
[[nodiscard]] std::vector<std::string> port_files(const Root& root, const xml::Domain& domain);

// Puts the links of running containers back into the bridge of a network that was started again,
// and records their ports. Skips links that are in the bridge. The caller holds the network's lock.
// Returns a sentence for each domain whose links could not be put back.
std::vector<std::string> attach_running(const Root& root, const xml::Network& network);

}  // namespace lxvirt::driver
