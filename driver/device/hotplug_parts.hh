// What the files of hot-plug share: one change, from the definitions that it begins with to those
// that it ends with. For driver/device/hotplug*.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/device/hotplug.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"

namespace lxvirt::driver {

// The definitions that a change may touch, as they are before it, and the operation lock, which is
// held as long as this object lives. A definition that the flags do not mean is nullopt.
struct Originals {
    base::OperationLock lock;
    std::optional<LiveState> live;
    std::optional<xml::Domain> definition;
    std::string definition_text;
};
// Takes the lock, settles, and reads the definitions that `flags` mean. Throws operation_invalid if
// one of them does not exist.
[[nodiscard]] Originals begin_change(const Root& root, const std::string& name, Affect flags);

// One change, with all that it takes to undo or to finish it.
struct Change {
    std::string operation;            // "attach", "detach", "update"
    xml::Device device;               // the device that is attached, detached, or changed
    std::vector<MadeDevice> made;     // made for `device`
    std::optional<xml::Device> with;  // of an update: the changed device
    // Made for `with`, as a changed disk gets a node of its own.
    std::vector<MadeDevice> made_with;
    std::optional<std::string> definition;  // the text that the definition gets
};
// Writes the undo record. Call it again if the record grows.
void write_change(const Root& root, const std::string& name, const Change& change);
// Returns the change that an undo record describes, or nullopt if the record is of another kind.
// `file` names the record in errors.
[[nodiscard]] std::optional<Change> parse_change(const Pending& pending, const std::string& file);

// Returns the live state without a device.
[[nodiscard]] LiveState without_device(LiveState live, const xml::Device& device);
// Adds a device, and what was made for it, to a live state.
void add_to_live(LiveState& live, const xml::Device& device, const std::vector<MadeDevice>& made);
// Returns what `live` lists as made for the device.
[[nodiscard]] std::vector<MadeDevice> made_for(const LiveState& live, const xml::Device& device);

// Carries out an update that check_live_change() allows: `have` becomes `with` in the container, in
// live.xml and, if it is given, in the stored `definition`. Throws with everything as it was.
void update_live(const Root& root, const Guest& guest, const LiveState& before,
                 const xml::Device& have, const xml::Device& with,
                 const std::optional<std::string>& definition);
// Undoes in the container what `change`, an update, began, and returns the live state that holds
// then. `live` is the state that was written last. A device that cannot be put back, since the
// container has removed it or its network or file is gone, is removed, with a line in the log.
[[nodiscard]] LiveState undo_update(const Root& root, const Guest& guest, const LiveState& live,
                                    const Change& change);

// Returns the texts with ", " between them.
[[nodiscard]] std::string join(const std::vector<std::string>& texts);

}  // namespace lxvirt::driver
