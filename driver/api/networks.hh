// The networks of one root: libvirt's virNetwork calls, one method each. Like Connection it keeps
// no state between calls but what is on disk and in the kernel. A running network is held by its
// own supervisor, lxnetd; where that was killed, the network goes on, and whichever call changes
// anything of it next puts another one back (docs/architecture.md, "Networks").
//
// Every method throws base::Error or base::SystemError; their message() is libvirt's sentence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/types.hh"
#include "xml/network/update.hh"

namespace lxvirt::driver {

class Root;

class Networks {
  public:
    // Borrows `root`. With `read_only` what changes anything throws operation_denied.
    Networks(const Root& root, bool read_only) : root_(root), read_only_(read_only) {}

    // --- look-up. Throw no_network: "no network with matching name 'x'".
    [[nodiscard]] NetworkRef lookup_by_name(const std::string& name) const;
    [[nodiscard]] NetworkRef lookup_by_uuid(const std::string& uuid) const;
    [[nodiscard]] std::vector<NetworkSummary> list(const NetworkFilter& filter = {}) const;
    [[nodiscard]] NetworkSummary info(const NetworkRef& network) const;

    // --- definitions. `file` names the document in errors and notices.
    DefinedNetwork define_xml(std::string_view xml, const std::string& file, bool validate = false);
    // Defines nothing: a transient network, started.
    DefinedNetwork create_xml(std::string_view xml, const std::string& file, bool validate = false);
    void undefine(const NetworkRef& network);
    // Defines the network that comes with lxvirt and marks it for autostart; its subnet and bridge
    // are others where the host uses those. Throws operation_failed where there is one of its name.
    DefinedNetwork define_default();
    [[nodiscard]] std::string xml_desc(const NetworkRef& network, bool inactive = false) const;
    [[nodiscard]] bool autostart(const NetworkRef& network) const;
    void set_autostart(const NetworkRef& network, bool on);
    // `affect` current: the running network where it runs, else the definition. Returns notices.
    // For --live and --config together: `live` and `config` both true, atomically.
    std::vector<std::string> update(const NetworkRef& network, xml::UpdateCommand command,
                                    xml::UpdateSection section, int parent_index,
                                    std::string_view fragment, bool live, bool config);

    // --- life
    void start(const NetworkRef& network);
    // Refused while containers are attached, naming them, unless `force`.
    void destroy(const NetworkRef& network, bool force = false);

    // --- leases and ports
    [[nodiscard]] DhcpLeases dhcp_leases(const NetworkRef& network,
                                         const std::optional<std::string>& mac = {}) const;
    [[nodiscard]] std::vector<std::string> ports(const NetworkRef& network) const;  // uuids
    // Throws no_network_port: "network port with uuid ... does not exist".
    [[nodiscard]] std::string port_xml(const NetworkRef& network, const std::string& uuid) const;
    // Returns its uuid.
    std::string create_port(const NetworkRef& network, std::string_view xml,
                            const std::string& file, bool validate = false);
    void delete_port(const NetworkRef& network, const std::string& uuid);

    // Events come through Connection::events(): kind "network-lifecycle", `domain` is the network's
    // name, `event` "Defined", "Undefined", "Started" or "Stopped".

  private:
    void require_write(std::string_view libvirt_call) const;
    const Root& root_;
    bool read_only_;
};

}  // namespace lxvirt::driver
