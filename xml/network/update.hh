// net-update (virNetworkUpdate): one change of one section of a network, as a pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/domain/parse.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

// libvirt's virNetworkUpdateCommand and virNetworkUpdateSection; the values are part of the wire
// protocol.
enum class UpdateCommand { modify = 1, delete_ = 2, add_last = 3, add_first = 4 };
enum class UpdateSection {
    bridge = 1,
    domain = 2,
    ip = 3,
    ip_dhcp_host = 4,
    ip_dhcp_range = 5,
    forward = 6,
    forward_interface = 7,
    forward_pf = 8,
    portgroup = 9,
    dns_host = 10,
    dns_txt = 11,
    dns_srv = 12,
};

// The words of the shell: "add" is add_last too, "ip-dhcp-host".
[[nodiscard]] std::optional<UpdateCommand> update_command(std::string_view text);
[[nodiscard]] std::optional<UpdateSection> update_section(std::string_view text);
[[nodiscard]] std::vector<std::string_view> update_commands();
[[nodiscard]] std::vector<std::string_view> update_sections();

// `parent_index` selects the <ip> of the ip-dhcp-* sections; -1 lets the fragment's addresses find
// it, or takes the only one. Throws with libvirt's words where the section cannot be updated, there
// is no such entry, or one exists already; `network` is unchanged then. Returns what the fragment
// has that is not supported.
std::vector<Notice> update_network(Network& network, UpdateCommand command, UpdateSection section,
                                   int parent_index, std::string_view fragment);

}  // namespace lxvirt::xml
