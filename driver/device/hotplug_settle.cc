// The undo record of a change of a device, and what the next holder of the lock makes of a change
// that was cut short. The keys of the record are: device, made, with, made-with, definition.
#include "base/error.hh"
#include "driver/device/clean.hh"
#include "driver/device/hotplug_parts.hh"
#include "driver/device/operation.hh"
#include "driver/device/plug.hh"
#include "driver/device/publish.hh"
#include "driver/plan/parts.hh"
#include "driver/store/definition_change.hh"
#include "driver/store/journal.hh"
#include "driver/store/lookup.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// Parses a device that the driver itself has written.
xml::Device parse_own(const std::string& text, const std::string& file) {
    return xml::parse_device(text, {.file = file, .defaults = false, .live = true}).device;
}

// Adds one line for each of `made` under `key`.
void add_made(Pending& pending, const char* key, const std::vector<MadeDevice>& made) {
    for (const MadeDevice& one : made) pending.values.emplace_back(key, format_made(one));
}

std::vector<MadeDevice> made_of(const Pending& pending, std::string_view key,
                                const std::string& file) {
    std::vector<MadeDevice> made;
    for (const auto& [name, value] : pending.values)
        if (name == key) made.push_back(parse_made(value, file));
    return made;
}

// Returns nullopt if the container is just ending, so that there is nothing to undo in it.
std::optional<Guest> try_guest(const Root& root, const std::string& name) {
    try {
        return Guest(root, name);
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::operation_failed &&
            error.code() != base::ErrorCode::operation_invalid)
            throw;
        return std::nullopt;
    }
}

// Returns whether the deciding step of an attach or update was taken: the stored definition has the
// new text, or, for a change of the running container alone, live.xml has the new device.
bool is_decided(const Root& root, const LiveState& live, const Change& change) {
    if (change.definition) return Definitions(root).text(live.domain.name) == change.definition;
    const auto found = find_alias(live.domain, device_alias(change.device));
    return found && (!change.with || xml::format_device(*found, {.live = true}) !=
                                         xml::format_device(change.device, {.live = true}));
}

// Returns whether the live definition has the device, by its alias.
bool has_device(const LiveState& live, const xml::Device& device) {
    return find_alias(live.domain, device_alias(device)).has_value();
}

// Finishes a detach and undoes an undecided attach or update. Without `guest` the container is
// gone, and only the files are changed.
void settle_change(const Root& root, LiveState live, const Change& change,
                   const std::optional<Guest>& guest) {
    const std::string name = live.domain.name;
    if (change.operation == "detach") {
        if (change.definition) Definitions(root).update_text(name, *change.definition);
    } else if (is_decided(root, live, change)) {
        return;
    }
    if (change.operation == "update") {
        if (guest)
            live = undo_update(root, *guest, live, change);
        else
            replace_device(live.domain, change.device, change.device);
    } else {
        if (has_device(live, change.device)) live = without_device(std::move(live), change.device);
        if (guest) unplug(root, *guest, live, change.device, change.made, true);
    }
    write_live(root, live);
}

}  // namespace

void write_change(const Root& root, const std::string& name, const Change& change) {
    Pending pending;
    pending.operation = change.operation;
    pending.values.emplace_back("device", xml::format_device(change.device, {.live = true}));
    add_made(pending, "made", change.made);
    if (change.with)
        pending.values.emplace_back("with", xml::format_device(*change.with, {.live = true}));
    add_made(pending, "made-with", change.made_with);
    if (change.definition) pending.values.emplace_back("definition", *change.definition);
    write_pending(root, name, pending);
}

std::optional<Change> parse_change(const Pending& pending, const std::string& file) {
    if (!pending.has("device")) return std::nullopt;
    Change change{.operation = pending.operation,
                  .device = parse_own(pending.value("device"), file),
                  .made = made_of(pending, "made", file),
                  .with = {},
                  .made_with = made_of(pending, "made-with", file),
                  .definition = {}};
    if (pending.has("with")) change.with = parse_own(pending.value("with"), file);
    if (pending.has("definition")) change.definition = pending.value("definition");
    return change;
}

LiveState without_device(LiveState live, const xml::Device& device) {
    const bool had_network = xml::has_own_network(live.domain);
    remove_device(live.domain, device);
    // The container keeps its network namespace over a reboot, though its last interface is gone.
    if (had_network && !xml::has_own_network(live.domain)) live.domain.features.privnet = true;
    std::erase_if(live.made,
                  [&](const MadeDevice& made) { return made.device == device_alias(device); });
    if (const auto* interface = std::get_if<xml::Interface>(&device))
        std::erase(live.links, interface->target);
    return live;
}

void add_to_live(LiveState& live, const xml::Device& device, const std::vector<MadeDevice>& made) {
    add_device(live.domain, device);
    live.made.insert(live.made.end(), made.begin(), made.end());
    if (const auto* interface = std::get_if<xml::Interface>(&device))
        if (compile::has_veth(*interface)) live.links.push_back(interface->target);
}

std::vector<MadeDevice> made_for(const LiveState& live, const xml::Device& device) {
    std::vector<MadeDevice> made;
    for (const MadeDevice& one : live.made)
        if (one.device == device_alias(device)) made.push_back(one);
    return made;
}

Originals begin_change(const Root& root, const std::string& name, Affect flags) {
    Originals originals{lock_settled(root, name), {}, {}, {}};
    const Targets targets = targets_of(root, name, flags);
    if (targets.live) {
        originals.live = read_live(root, name);
        if (!originals.live) fail_no_live(root, name);
    }
    if (targets.config) {
        const Definitions definitions(root);
        originals.definition = definitions.require(name);
        originals.definition_text = definitions.text(name).value_or("");
    }
    return originals;
}

std::string join(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

void settle(const Root& root, const std::string& name, bool restarting) {
    const auto helper = root.running(name);
    if (!helper) {
        // A change of the definition alone needs no clean domain; whoever starts or removes the
        // domain calls clean_up() again, and fails with what is left.
        try {
            clean_up(root, name);
        } catch (const base::Exception& error) {
            log_line(root, name, error.message());
        }
        return;
    }
    root.repair_domain(name, *helper);
    const auto pending = read_pending(root, name);
    if (!pending) return;
    settle_definitions(root, name, *pending);
    settle_publication(root, name, *pending);
    const auto change = parse_change(*pending, root.pending(name));
    const auto live = change ? read_live(root, name) : std::nullopt;
    if (live)
        settle_change(root, *live, *change, restarting ? std::nullopt : try_guest(root, name));
    clear_pending(root, name);
}

base::OperationLock lock_for_life(const Root& root, const std::string& name) {
    base::OperationLock lock = root.lock_domain(name);
    try {
        settle(root, name);
    } catch (const base::Exception& error) {
        log_line(root, name, error.message());
    }
    return lock;
}

base::OperationLock lock_settled(const Root& root, const std::string& name) {
    base::OperationLock lock = root.lock_domain(name);
    settle(root, name);
    return lock;
}

}  // namespace lxvirt::driver
