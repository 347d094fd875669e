// The tables of commands that registry.cc merges into groups, one function per file of commands.
// The spans are valid for the whole run.
#pragma once

#include <span>

#include "shell/core/command.hh"

namespace lxvirt::shell {

[[nodiscard]] std::span<const Command> attach_commands();  // attach-device, detach-device ...
[[nodiscard]] std::span<const Command> plug_interface_commands();  // attach-interface ...
[[nodiscard]] std::span<const Command> publish_commands();         // publish
[[nodiscard]] std::span<const Command> plug_commands();            // attach-disk, attach-mount ...
[[nodiscard]] std::span<const Command> definition_commands();      // define, undefine, dumpxml ...
[[nodiscard]] std::span<const Command> life_commands();            // start, destroy, shutdown ...
[[nodiscard]] std::span<const Command> identity_commands();        // domid, domname, domuuid
[[nodiscard]] std::span<const Command> note_commands();            // desc, metadata
[[nodiscard]] std::span<const Command> console_commands();         // console, ttyconsole
[[nodiscard]] std::span<const Command> enter_commands();           // lxc-enter-namespace
[[nodiscard]] std::span<const Command> edit_commands();            // edit
[[nodiscard]] std::span<const Command> native_commands();          // domxml-from-native
[[nodiscard]] std::span<const Command> autostart_commands();       // start-autostarted
[[nodiscard]] std::span<const Command> import_commands();          // import-lxc
[[nodiscard]] std::span<const Command> plan_commands();            // plan
[[nodiscard]] std::span<const Command> apply_commands();           // apply, diff, export, validate
[[nodiscard]] std::span<const Command> list_commands();            // list
[[nodiscard]] std::span<const Command> fact_commands();            // dominfo, domstate
[[nodiscard]] std::span<const Command> device_commands();          // domblklist, domiflist
[[nodiscard]] std::span<const Command> interface_commands();       // domifaddr, domifstat ...
[[nodiscard]] std::span<const Command> interface_change_commands();  // domif-setlink
[[nodiscard]] std::span<const Command> event_commands();
[[nodiscard]] std::span<const Command> network_commands();        // net-define, net-start ...
[[nodiscard]] std::span<const Command> network_list_commands();   // net-list, net-dhcp-leases
[[nodiscard]] std::span<const Command> network_part_commands();   // net-update, net-port-list ...
[[nodiscard]] std::span<const Command> network_event_commands();  // net-event
[[nodiscard]] std::span<const Command> host_commands();
[[nodiscard]] std::span<const Command> shell_commands();

}  // namespace lxvirt::shell
