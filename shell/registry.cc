// The list of all groups of commands. A new file of commands is added here and in tables.hh.
#include "shell/commands/tables.hh"

#include <algorithm>
#include <initializer_list>

namespace lxvirt::shell {

namespace {

// Returns the commands of all `tables`, sorted by name, because `help` prints a group in that
// order.
std::vector<Command> joined(std::initializer_list<std::span<const Command>> tables) {
    std::vector<Command> out;
    for (const std::span<const Command> table : tables)
        out.insert(out.end(), table.begin(), table.end());
    std::sort(out.begin(), out.end(),
              [](const Command& a, const Command& b) { return a.name < b.name; });
    return out;
}

}  // namespace

// The groups of one file are spans of its constant table; merged ones are made at the first call
// and live until the program ends, so that pointers to commands and options stay valid.
std::span<const Group> groups() {
    static const std::vector<Command> domain = joined(
        {definition_commands(), life_commands(), identity_commands(), note_commands(),
         console_commands(), edit_commands(), plan_commands(), native_commands(), import_commands(),
         autostart_commands(), apply_commands(), interface_change_commands(), attach_commands(),
         enter_commands(), plug_commands(), plug_interface_commands(), publish_commands()});
    static const std::vector<Command> monitor =
        joined({fact_commands(), device_commands(), interface_commands(), list_commands()});
    static const std::vector<Command> network =
        joined({network_commands(), network_list_commands(), network_part_commands(),
                network_event_commands()});
    static const Group all[] = {
        {"Domain Management", "domain", domain},
        {"Domain Monitoring", "monitor", monitor},
        {"Domain Events", "events", event_commands()},
        {"Host and Hypervisor", "host", host_commands()},
        {"Networking", "network", network},
        {"The shell itself", "shell", shell_commands()},
    };
    return all;
}

}  // namespace lxvirt::shell
