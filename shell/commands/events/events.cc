// The command event: prints what happens to domains, whichever process on the host makes it happen.
#include "driver/names.hh"
#include "shell/commands/event_watch.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

// Returns all kinds that virsh knows. Containers give lifecycle, reboot, metadata-change,
// device-added and device-removed; as in virsh, the others can be named, and never come.
std::vector<std::string> complete_kinds(Session&) {
    const auto names = driver::domain_event_names();
    return {names.begin(), names.end()};
}

constexpr Option kOptions[] = {
    {"domain", OptionType::string, "only of this domain, by its name, id or UUID",
     complete_domains},
    {"event", OptionType::string, "the kind of event to wait for", complete_kinds},
    {"all", OptionType::boolean, "every kind"},
    {"loop", OptionType::boolean, "print all events until --timeout or Ctrl-C"},
    {"timeout", OptionType::integer, "seconds to wait at most"},
    {"list", OptionType::boolean, "list the kinds"},
    {"timestamp", OptionType::boolean, "begin each line with the time"},
};

// Prints the kinds, a line each.
bool list_kinds(Session& session) {
    for (const std::string_view kind : driver::domain_event_names())
        session.print_format("{}\n", kind);
    return true;
}

// Called as virsh, the command leaves out the note that lxvirt adds, such as an exit status.
bool event(Session& session, const Invocation& invocation) {
    invocation.exclusive("list", "all");
    invocation.exclusive("list", "event");
    invocation.exclusive("all", "event");
    if (invocation.has("list")) return list_kinds(session);
    if (!invocation.has("all") && !invocation.has("event"))
        give_up("one of --list, --all, or --event <type> is required");
    EventWatch watch;
    if (invocation.has("event")) {
        const std::string kind = invocation.text("event");
        watch.wanted.domain_kind = driver::domain_event_kind(kind);
        if (!watch.wanted.domain_kind) give_up("unknown event type {}", kind);
    }
    // As in virsh, a timeout of 0 is an error; no --timeout means to wait for ever.
    watch.seconds = invocation.number("timeout", 0, 1);
    if (invocation.has("domain")) watch.wanted.uuid = find_domain(session, invocation).uuid;
    watch.loop = invocation.has("loop");
    watch.format = {.timestamp = invocation.has("timestamp"),
                    .with_note = !session.options().as_virsh()};
    return watch_events(session, watch);
}

constexpr Command kCommands[] = {
    {"event", "wait for what happens to domains",
     "Print events as they come: starts, stops, definitions and others,\n"
     "made by this shell or by anything else on the host.",
     kOptions, event},
};

}  // namespace

std::span<const Command> event_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
