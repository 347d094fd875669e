// The API's calls about networks: one method for each of libvirt's virNetwork calls. Like
// Connection, which hands it out, it is abstract and keeps no state between calls.
//
// A running network is held by its own supervisor, lxnetd. A network whose lxnetd was killed goes
// on, and whichever call changes anything of it next starts another lxnetd (docs/architecture.md,
// "Networks").
//
// Every method that fails throws base::Error or base::SystemError, whose message() is libvirt's
// sentence, and leaves everything as it was.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/types.hh"
#include "xml/network/update.hh"

namespace lxvirt::driver {

// The networks of one connection, which owns this object.
class Networks {
  public:
    Networks() = default;
    Networks(const Networks&) = delete;
    Networks& operator=(const Networks&) = delete;
    virtual ~Networks() = default;

    // --- look-up. These throw no_network: "no network with matching name 'x'".

    [[nodiscard]] virtual NetworkRef lookup_by_name(const std::string& name) const = 0;
    [[nodiscard]] virtual NetworkRef lookup_by_uuid(const std::string& uuid) const = 0;
    [[nodiscard]] virtual std::vector<NetworkSummary> list(
        const NetworkFilter& filter = {}) const = 0;
    [[nodiscard]] virtual NetworkSummary info(const NetworkRef& network) const = 0;
    // Returns a sentence for each chain of another program's firewall that keeps the traffic of a
    // running network from arriving; none for a network that does not run here.
    [[nodiscard]] virtual std::vector<std::string> foreign_drops(
        const NetworkRef& network) const = 0;

    // --- definitions. `file` names the document in errors and notices.

    virtual DefinedNetwork define_xml(std::string_view xml, const std::string& file,
                                      DefineFlags flags = DefineFlags::none) = 0;
    // Starts a network that has no stored definition and is forgotten when it stops.
    virtual DefinedNetwork create_xml(std::string_view xml, const std::string& file,
                                      DefineFlags flags = DefineFlags::none) = 0;
    // Removes the stored definition; a running network runs on without one. Throws
    // operation_invalid for a transient network.
    virtual void undefine(const NetworkRef& network) = 0;
    // Defines the network that comes with lxvirt and marks it for autostart, on another subnet and
    // bridge if the host uses those. Throws operation_failed if there is a network of its name.
    virtual DefinedNetwork define_default() = 0;
    // Returns the text that define_xml() would store, without storing it. `bridges` are names that
    // are promised to other networks. Throws what define_xml() would throw.
    [[nodiscard]] virtual std::string checked_xml(
        std::string_view xml, const std::string& file,
        const std::vector<std::string>& bridges) const = 0;
    // Returns the live definition of a running network, else the stored one. Takes the flag
    // inactive.
    [[nodiscard]] virtual std::string xml_desc(const NetworkRef& network,
                                               XmlFlags flags = XmlFlags::none) const = 0;
    [[nodiscard]] virtual bool autostart(const NetworkRef& network) const = 0;
    virtual void set_autostart(const NetworkRef& network, bool on) = 0;
    // Changes one element of a section (virNetworkUpdate). Returns notices.
    virtual std::vector<std::string> update(const NetworkRef& network, xml::UpdateCommand command,
                                            xml::UpdateSection section, int parent_index,
                                            std::string_view fragment, Affect flags) = 0;
    // Changes a running network as a change of its definition from `before` to `after` asks for, as
    // far as lxnetd can follow without another bridge. What the definitions have in common is
    // compared, so that a second call changes nothing. Returns notices: "live: dns", "at next
    // start: bridge".
    virtual std::vector<std::string> follow(const NetworkRef& network, std::string_view before,
                                            std::string_view after) = 0;

    // --- life

    // Returns once bridge, rules and dnsmasq work, with a sentence for each chain of another
    // program's firewall that keeps the network's traffic from arriving; the network's log has these,
    // too.
    virtual std::vector<std::string> start(const NetworkRef& network) = 0;
    // Throws operation_invalid naming the containers that are attached, unless `force`.
    virtual void destroy(const NetworkRef& network, bool force = false) = 0;

    // --- leases and ports

    // Returns the leases, those of one hardware address if `mac` is given.
    [[nodiscard]] virtual DhcpLeases dhcp_leases(
        const NetworkRef& network, const std::optional<std::string>& mac = {}) const = 0;
    // Returns the uuids of the ports.
    [[nodiscard]] virtual std::vector<std::string> ports(const NetworkRef& network) const = 0;
    // Throws no_network_port: "network port with uuid ... does not exist".
    [[nodiscard]] virtual std::string port_xml(const NetworkRef& network,
                                               const std::string& uuid) const = 0;
    // Returns the new port's uuid.
    virtual std::string create_port(const NetworkRef& network, std::string_view xml,
                                    const std::string& file,
                                    DefineFlags flags = DefineFlags::none) = 0;
    // Throws no_network_port.
    virtual void delete_port(const NetworkRef& network, const std::string& uuid) = 0;
};

}  // namespace lxvirt::driver
