// update-device of a running container. An interface and a filesystem are changed in place, so
// nobody inside loses them; a disk gets a new node, as a loop device cannot change its file, and a
// locked filesystem a new mount.
#include <fcntl.h>
#include <sys/mount.h>

#include "base/error.hh"
#include "base/test_point.hh"
#include "driver/device/hotplug_parts.hh"
#include "driver/device/plug.hh"
#include "driver/network/ports.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "helper/objects/links.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using base::test_point;

// Makes the mount, and all mounts below it, read-only or writable (mount_setattr(2)). Throws
// operation_failed if the container has unmounted or hidden it.
void change_readonly(const Guest& guest, const xml::Filesystem& filesystem,
                     const std::vector<MadeDevice>& made) {
    const auto entry = find_filesystem(guest, filesystem, made);
    const auto object = base::try_open_in_root(guest.root(), filesystem.target, O_PATH);
    if (!entry || !object || base::mount_place(*object, filesystem.target).mount != entry->id)
        base::fail(base::ErrorCode::operation_failed,
                   "the container has unmounted or hidden its filesystem on '{}'",
                   filesystem.target);
    const base::InMountNamespace inside(guest.mounts());
    base::MountChange change{.recursive = true};
    (filesystem.readonly ? change.set : change.clear) = MOUNT_ATTR_RDONLY;
    base::change_mount(*object, change, filesystem.target);
}

// Returns whether two descriptions differ in nothing but the link's state. Equal ones count, too, since the
// host or the container may have changed the link itself.
bool differs_in_link_state_only(xml::Interface from, const xml::Interface& to) {
    from.link_up = to.link_up;
    return xml::format_device(from, {.live = true}) == xml::format_device(to, {.live = true});
}

// Changes an interface in place. A new network's port is claimed before the link moves to that
// network, and the old one is released afterwards, so that the link always has a port.
void change_interface(const Root& root, const Guest& guest, const LiveState& live,
                      const xml::Interface& from, xml::Interface& to) {
    const bool moves = from.type != to.type || from.source != to.source;
    const HostFacts host = host_facts(root);
    const auto link_of = [&](const xml::Interface& interface) {
        return *compile_device(interface, live.domain, root, host).link;
    };
    if (moves) claim_port(root, owner_of_port(live.domain, to, live.helper), to);
    const helper::Link link = link_of(to);
    if (link.kind != helper::LinkKind::veth && moves)
        base::fail(base::ErrorCode::operation_unsupported,
                   "network '{}' has no bridge that a running container's interface could move to",
                   to.source);
    const auto log = [&](const std::string& line) { log_line(root, live.domain.name, line); };
    helper::LinkMaker maker(guest.network(), log);
    if (differs_in_link_state_only(from, to)) return maker.set_carrier(link);
    // If the link moves, all of it is set anew, since the network that it was on may be gone.
    std::optional<helper::Link> before;
    if (!moves) before = link_of(from);
    maker.change(before, link);
    if (moves) release_port(root, from);
}

// Changes an interface or a filesystem; other devices have nothing that changes in place.
void change_in_place(const Root& root, const Guest& guest, const LiveState& live,
                     const xml::Device& from, xml::Device& to,
                     const std::vector<MadeDevice>& made) {
    if (auto* interface = std::get_if<xml::Interface>(&to))
        change_interface(root, guest, live, std::get<xml::Interface>(from), *interface);
    else if (const auto* filesystem = std::get_if<xml::Filesystem>(&to))
        if (filesystem->readonly != std::get<xml::Filesystem>(from).readonly)
            change_readonly(guest, *filesystem, made);
}

// Returns whether a changed device is replaced by a new one: a disk, since a loop device cannot
// change its file, and a filesystem that is locked, since the kernel keeps its attributes.
bool is_replaced(const Root& root, const LiveState& live, const xml::Device& from,
                 const xml::Device& to) {
    if (std::holds_alternative<xml::Disk>(from)) return true;
    if (!std::holds_alternative<xml::Filesystem>(from)) return false;
    const HostFacts host = host_facts(root);
    return compile_device(from, live.domain, root, host).mount->locked ||
           compile_device(to, live.domain, root, host).mount->locked;
}

// Replaces a disk's node and number, or a filesystem's mount, and returns the live state with the new ones. The old node
// goes first, since both have one name.
LiveState replace_live(const Root& root, const Guest& guest, const LiveState& before,
                       Change& change) {
    (void)compile_device(*change.with, before.domain, root, host_facts(root));
    const std::string& name = before.domain.name;
    LiveState live = without_device(before, change.device);
    unplug(root, guest, live, change.device, change.made, true);
    test_point("update-unplugged");
    Plug plug(root, guest, live, *change.with);
    plug.prepare();
    change.made_with = plug.made();
    write_change(root, name, change);
    test_point("update-prepared");
    add_to_live(live, *change.with, plug.made());
    plug.apply(*change.with);
    return live;
}

// Returns the live state with `to` in the place of `from`.
LiveState with_changed(LiveState live, const xml::Device& from, const xml::Device& to) {
    replace_device(live.domain, from, to);
    return live;
}

LiveState put_back(const Root& root, const Guest& guest, const LiveState& live,
                   const Change& change) {
    xml::Device have = change.device;
    if (!is_replaced(root, live, have, *change.with)) {
        change_in_place(root, guest, live, *change.with, have, change.made);
        return with_changed(live, have, have);
    }
    LiveState before = without_device(live, have);
    unplug(root, guest, before, *change.with, change.made_with, true);
    unplug(root, guest, before, have, change.made, true);
    Plug plug(root, guest, before, have);
    plug.prepare();
    add_to_live(before, have, plug.made());
    plug.apply(have);
    return before;
}

}  // namespace

LiveState undo_update(const Root& root, const Guest& guest, const LiveState& live,
                      const Change& change) {
    try {
        return put_back(root, guest, live, change);
    } catch (const base::Exception& error) {
        log_line(root, live.domain.name,
                 fmt::format("{} could not be put back and was removed: {}",
                             device_label(change.device), error.message()));
    }
    LiveState without = without_device(live, change.device);
    unplug(root, guest, without, *change.with, change.made_with, true);
    unplug(root, guest, without, change.device, change.made, true);
    return without;
}

void update_live(const Root& root, const Guest& guest, const LiveState& before,
                 const xml::Device& have, const xml::Device& with,
                 const std::optional<std::string>& definition) {
    const std::string& name = before.domain.name;
    Change change{.operation = "update",
                  .device = have,
                  .made = made_for(before, have),
                  .with = with,
                  .made_with = {},
                  .definition = definition};
    write_change(root, name, change);
    test_point("update-written-down");
    try {
        LiveState live = before;
        if (is_replaced(root, before, have, with)) {
            live = replace_live(root, guest, before, change);
        } else {
            change_in_place(root, guest, before, have, *change.with, change.made);
            live = with_changed(before, have, *change.with);
        }
        test_point("update-container");
        write_live(root, live);
        test_point("update-live");
        if (definition) Definitions(root).update_text(name, *definition);
        test_point("update-definition");
    } catch (const base::Exception&) {
        try {
            write_live(root, undo_update(root, guest, before, change));
            clear_pending(root, name);
        } catch (const base::Exception& error) {
            log_line(root, name, error.message());  // the next command's settle() tries again
        }
        throw;
    }
    clear_pending(root, name);
}

}  // namespace lxvirt::driver
