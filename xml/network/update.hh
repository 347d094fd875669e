// net-update (virNetworkUpdate()): one change of one section of a network, as a pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/document/notice.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

// The two enumerations have the values of libvirt's virNetworkUpdateCommand and
// virNetworkUpdateSection (<libvirt/libvirt-network.h>).
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

// Look up the words of the shell: "ip-dhcp-host"; "add" means add_last.
[[nodiscard]] std::optional<UpdateCommand> update_command(std::string_view text);
[[nodiscard]] std::optional<UpdateSection> update_section(std::string_view text);
// Return all these words, for help and completion.
[[nodiscard]] std::vector<std::string_view> update_commands();
[[nodiscard]] std::vector<std::string_view> update_sections();

// Changes `network` by the XML in `fragment`. `parent_index` selects the <ip> of the sections
// ip-dhcp-*; -1 takes the <ip> with DHCP, or the first. Throws with libvirt's words where the
// section cannot be updated, the entry does not exist, or one exists already; `network` is
// unchanged then. Returns notices about what the fragment has that is not supported.
std::vector<Notice> update_network(Network& network, UpdateCommand command, UpdateSection section,
                                   int parent_index, std::string_view fragment);

}  // namespace lxvirt::xml
