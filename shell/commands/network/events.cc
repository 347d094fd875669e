// The command net-event: prints what happens to networks, whichever process on the host makes it
// happen.
#include "driver/names.hh"
#include "shell/commands/event_watch.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

// Returns the kinds of a network's events.
std::vector<std::string> complete_kinds(Session&) {
    const auto names = driver::network_event_names();
    return {names.begin(), names.end()};
}

constexpr Option kOptions[] = {
    {"network", OptionType::string, "only of this network, by its name or UUID", complete_networks},
    {"event", OptionType::string, "the kind of event to wait for", complete_kinds},
    {"loop", OptionType::boolean, "print all events until --timeout or Ctrl-C"},
    {"timeout", OptionType::integer, "seconds to wait at most"},
    {"list", OptionType::boolean, "list the kinds"},
    {"timestamp", OptionType::boolean, "begin each line with the time"},
};

// As virsh 9.0.0 does, --event takes only lifecycle.
bool event(Session& session, const Invocation& invocation) {
    if (invocation.has("list")) {
        for (const std::string_view kind : driver::network_event_names())
            session.print_format("{}\n", kind);
        return true;
    }
    if (!invocation.has("event")) give_up("either --list or --event <type> is required");
    EventWatch watch;
    watch.wanted.networks = true;
    const std::string kind = invocation.text("event");
    watch.wanted.network_kind = driver::network_event_kind(kind);
    if (watch.wanted.network_kind != driver::NetworkEventKind::lifecycle)
        give_up("unknown event type {}", kind);
    watch.seconds = invocation.number("timeout", 0, 1);
    if (invocation.has("network")) watch.wanted.uuid = find_network(session, invocation).uuid;
    watch.loop = invocation.has("loop");
    watch.format = {.timestamp = invocation.has("timestamp"),
                    .with_note = !session.options().as_virsh()};
    return watch_events(session, watch);
}

constexpr Command kCommands[] = {
    {"net-event", "wait for what happens to networks",
     "Print events of networks as they come: definitions, starts and stops,\n"
     "made by this shell or by anything else on the host.",
     kOptions, event},
};

}  // namespace

std::span<const Command> network_event_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
