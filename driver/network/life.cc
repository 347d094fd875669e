// The life of a network, and how a network is adopted.
//
// A start writes live.xml (`running` false), spawns lxnetd, and sends the plan; lxnetd makes
// bridge, rules and dnsmasq; then lxnetd goes on by itself, and live.xml says that the network
// runs. If lxnetd is killed later, the kernel's objects and dnsmasq stay, and containers keep their
// network, but nobody restarts dnsmasq or repairs the rules. The next command that changes the
// network or plugs a container in calls hold_network(), which finds a live.xml of this boot and a
// free lock `alive`: it kills the old dnsmasq, which nobody supervises, spawns another lxnetd, and
// sends the same plan. lxnetd recognises its bridge by the alias, and makes rules and dnsmasq anew;
// links that were lost from the bridge are put back. That is possible only in the network namespace
// in which the network was made.
//
// If live.xml does not say that the network runs, or is of another boot, a start or stop of the
// network was cut short. Another lxnetd then gets the plan with the word to take everything away.
#include "driver/network/life.hh"

#include <algorithm>
#include <map>

#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/file/log.hh"
#include "base/netlink/netlink.hh"
#include "base/rollback.hh"
#include "base/test_point.hh"
#include "driver/network/definitions.hh"
#include "driver/network/ports.hh"
#include "driver/network/process.hh"
#include "driver/store/definition_folder.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/settings.hh"
#include "driver/supervisor/hooks.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

std::vector<xml::UsedSubnet> used_subnets(const std::string& own_bridge) {
    base::Netlink netlink;
    std::map<int, std::string> names;
    for (const base::LinkFacts& link : netlink.links()) names[link.index] = link.name;
    std::vector<xml::UsedSubnet> used;
    const auto add = [&](int index, const base::NetAddress& address) {
        if (names[index] != own_bridge && names[index] != "lo")
            used.push_back(
                {"interface " + names[index], base::format_address(address), address.prefix});
    };
    for (const base::AddressFacts& entry : netlink.addresses())
        if (!entry.link_local) add(entry.index, entry.address);
    // A default route covers every subnet and is in nobody's way.
    for (const base::RouteFacts& entry : netlink.routes())
        if (entry.destination.prefix != 0) add(entry.index, entry.destination);
    return used;
}

namespace {

using base::ErrorCode;
using base::test_point;

// Returns `text` with two blanks before each line.
std::string indented(const std::string& text) {
    std::string out;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        out.append("  ").append(line).append("\n");
    }
    return out;
}

// Makes the network of `live`. Sets `process` as soon as there is an lxnetd, for undo_start(). The
// subnet lock is held until the bridge has its addresses, so that two starts cannot both find a
// subnet free.
void make(const Root& root, const LiveNetwork& live, std::optional<NetworkProcess>& process) {
    const xml::Network& network = live.network;
    // lxnetd loads and resets itself while this process looks at the host's addresses.
    process = NetworkProcess::spawn(network.name, root.id());
    std::optional<base::OperationLock> subnets;
    if (network.makes_bridge()) {
        subnets =
            base::OperationLock::acquire(root.subnet_lock(), load_settings(root).operation_timeout);
        xml::require_free_subnets(network, used_subnets(network.bridge.name));
    }
    process->make(compile_network_plan(root, network));
    subnets.reset();
    run_network_hooks(root, network, {.operation = "started"});
    process->commit();
    LiveNetwork running = live;
    running.running = true;
    write_live_network(root, std::move(running));
}

// Puts running containers back into the bridge; what cannot be done is logged.
void attach_again(const Root& root, const xml::Network& network) {
    for (const std::string& problem : attach_running(root, network))
        base::append_log(root.network_paths().log(network.name), problem);
}

// Records the topmost missing folder above the network's control group before lxnetd makes and
// marks that folder, as a kill may come in between.
void note_partition(const Root& root, LiveNetwork& live) {
    std::string missing = missing_partition(root, live.network.name);
    if (missing.empty() || missing == live.partition) return;
    live.partition = std::move(missing);
    write_live_network(root, live);
}

// Adopts a network that has lost its lxnetd. Throws operation_failed in another network namespace
// than the network's, and lxnetd's errors.
void put_supervisor_back(const Root& root, LiveNetwork& live) {
    const std::string& name = live.network.name;
    if (live.netns != present_netns())
        base::fail(ErrorCode::operation_failed,
                   "network '{}' has lost its lxnetd, and another can be put back only from its "
                   "own network namespace (net:[{}]); 'net-destroy {}' forgets the network",
                   name, live.netns, name);
    clear_network_group(root, live);
    note_partition(root, live);
    sweep_ports(root, name);
    NetworkProcess process = NetworkProcess::spawn(name, root.id());
    try {
        process.make(compile_network_plan(root, live.network));
        process.commit();
    } catch (const base::Exception&) {
        process.abandon();
        clear_network_group(root, live);
        throw;
    }
    attach_again(root, live.network);
    journal_supervision(root, name, live.network.uuid);
}

// Has another lxnetd take away what a start or stop that was cut short has left. Returns false if
// that lxnetd was killed, too. After a reboot of the host only the control group may be left.
bool try_take_away(const Root& root, const LiveNetwork& live) {
    const std::string& name = live.network.name;
    clear_network_group(root, live);
    if (!live.current() || live.netns != present_netns()) return true;
    NetworkProcess process = NetworkProcess::spawn(name, root.id());
    try {
        process.take_away(compile_network_plan(root, live.network));
    } catch (const base::Exception& error) {
        base::append_log(root.network_paths().log(name), error.message());
    }
    const bool undone = process.abandon();
    clear_network_group(root, live);
    return undone;
}

// Does the same, and throws operation_failed instead of returning false.
void take_away(const Root& root, const LiveNetwork& live) {
    if (!try_take_away(root, live))
        base::fail(
            ErrorCode::operation_failed,
            "the lxnetd that was to take network '{}' away was killed; 'net-destroy {}' tries "
            "again",
            live.network.name, live.network.name);
}

// Removes the run folder; the leases stay for a network that is still defined.
void forget_network(const Root& root, const std::string& name) {
    remove_live_network(root, name, base::exists(root.network_paths().definition(name)));
}

// Undoes a start; `process` may have been committed already.
void undo_start(const Root& root, const LiveNetwork& live, std::optional<NetworkProcess>& process) {
    const std::string& name = live.network.name;
    const bool undone = !process || process->abandon();
    clear_network_group(root, live);
    // If two lxnetd were killed in turn, live.xml stays, and the next command tries again.
    if (undone || try_take_away(root, live)) forget_network(root, name);
}

}  // namespace

void fail_inactive(std::string_view name) {
    base::fail(ErrorCode::operation_invalid, "network '{}' is not active; 'net-start {}' starts it",
               name, name);
}

void fail_no_network(std::string_view name) {
    base::fail(ErrorCode::no_network, "no network with matching name '{}'", name);
}

void run_network_hooks(const Root& root, const xml::Network& network, const NetworkHook& hook) {
    if (!has_hooks(root, HookKind::network)) return;
    std::string text = "<hookData>\n" + indented(xml::format_network(network, {.live = true}));
    if (!hook.port_xml.empty()) text += indented(hook.port_xml);
    text += "</hookData>\n";
    run_hooks(root,
              {.name = network.name,
               .operation = hook.operation,
               .suboperation = hook.suboperation,
               .kind = HookKind::network},
              text);
}

void start_network(const Root& root, xml::Network network) {
    const std::string name = network.name;
    if (network.uses_macvlan() && network.forward.interfaces.empty())
        base::fail(ErrorCode::config_unsupported,
                   "network '{}' names no device of the host for its containers; its <forward> "
                   "needs <interface dev='...'/>",
                   name);
    LiveNetwork live;
    xml::fill_live_defaults(network);
    live.network = std::move(network);
    live.boot = base::boot_id();
    live.netns = present_netns();
    live.partition = missing_partition(root, name);
    run_network_hooks(root, live.network, {.operation = "start"});
    write_live_network(root, live);
    std::optional<NetworkProcess> process;
    try {
        make(root, live, process);
    } catch (const base::Exception&) {
        undo_start(root, live, process);
        throw;
    }
    attach_again(root, live.network);
    journal_network(root, name, live.network.uuid, NetworkLifecycle::started);
}

void stop_network(const Root& root, const LiveNetwork& live, bool keep_leases, base::Fd lock) {
    const std::string& name = live.network.name;
    // From here on the network does not run, whoever is killed: what is left is taken away, not
    // adopted.
    LiveNetwork ending = live;
    ending.running = false;
    write_live_network(root, std::move(ending));
    if (stop_network_process(root, name, lock))
        clear_network_group(root, live);
    else
        take_away(root, live);
    remove_live_network(root, name, keep_leases);
    journal_network(root, name, live.network.uuid, NetworkLifecycle::stopped);
    run_network_hooks(root, live.network, {.operation = "stopped", .suboperation = "end"});
}

void change_network(const Root& root, const LiveNetwork& from, const LiveNetwork& to,
                    const std::optional<std::string>& definition) {
    const std::string& name = from.network.name;
    const std::string record = root.network_pending(name);
    run_network_hooks(root, to.network, {.operation = "updated"});
    Pending pending{.operation = "update", .values = {}};
    pending.values.emplace_back("before", format_live_network(root, from));
    pending.values.emplace_back("after", format_live_network(root, to));
    if (definition) pending.values.emplace_back("definition", *definition);
    write_pending_file(record, pending);
    test_point("network-written-down");
    base::Rollback rollback;
    rollback.add([&] { (void)base::remove_file(record); });
    rollback.add([&] { update_network_process(root, compile_network_plan(root, from.network)); });
    update_network_process(root, compile_network_plan(root, to.network));
    test_point("network-process");
    if (definition) rollback.add([&] { write_live_network(root, from); });
    write_live_network(root, to);
    test_point("network-live");
    if (definition) (void)NetworkDefinitions(root).write(name, *definition);
    test_point("network-stored");
    rollback.dismiss();
    (void)base::remove_file(record);
}

namespace {

// Finishes or undoes a change that was cut short: the last text that change_network() writes
// decides.
void settle_change(const Root& root, LiveNetwork& live) {
    const std::string record = root.network_pending(live.network.name);
    const auto pending = read_pending_file(record);
    if (pending) {
        const bool decided =
            pending->has("definition")
                ? NetworkDefinitions(root).text(live.network.name) == pending->value("definition")
                : format_live_network(root, live) == pending->value("after");
        if (!decided) {
            LiveNetwork before = parse_live_network(pending->value("before"), record);
            update_network_process(root, compile_network_plan(root, before.network));
            write_live_network(root, before);
            live = std::move(before);
        }
    }
    (void)base::remove_file(record);
}

}  // namespace

std::optional<LiveNetwork> hold_network(const Root& root, const std::string& name) {
    auto live = read_live_network(root, name);
    if (!live) {
        // Such a folder is left by a start that was killed before it wrote live.xml; it had made
        // nothing else.
        if (base::exists(root.network_paths().folder(name))) forget_network(root, name);
        return std::nullopt;
    }
    if (live->running && live->current()) {
        if (const auto supervisor = root.supervised(name))
            root.repair_network(name, *supervisor);
        else
            put_supervisor_back(root, *live);
        settle_change(root, *live);
        return live;
    }
    // The network is of another boot, or its start or stop was never finished; the command that did
    // it is gone, for we hold its lock.
    if (root.supervised(name)) (void)stop_network_process(root, name);
    take_away(root, *live);
    forget_network(root, name);
    return std::nullopt;
}

}  // namespace lxvirt::driver
