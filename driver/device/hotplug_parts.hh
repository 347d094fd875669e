// What the files of hot-plug share: one change, from the definitions it begins with to those it
// ends with. For driver/device/hotplug*.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/device/hotplug.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"

namespace lxvirt::driver {

// The definitions that a change may touch, as they are before it, under the operation lock.
struct Originals {
    base::OperationLock lock;
    std::optional<LiveState> live;
    std::optional<xml::Domain> definition;
    std::string definition_text;
};
// Takes the lock. Throws operation_invalid if a definition that `flags` mean does not exist.
[[nodiscard]] Originals begin_change(const Root& root, const std::string& name, Affect flags);

// The undo record of a change, both ways.
struct Change {
    std::string operation;            // "attach", "detach", "update"
    xml::Device device;               // what comes, goes, or was
    std::vector<MadeDevice> made;     // of it
    std::optional<xml::Device> with;  // update: what it becomes
    std::vector<MadeDevice> made_with;
    std::optional<std::string> definition;  // the text it gets
};
void write_change(const Root& root, const std::string& name, const Change& change);
// Returns the change that an undo record tells of, or nullopt if it is of another kind. `file` names the
// record in errors.
[[nodiscard]] std::optional<Change> parse_change(const Pending& pending, const std::string& file);

// A live state without a device, and with it.
[[nodiscard]] LiveState without_device(LiveState live, const xml::Device& device);
void add_to_live(LiveState& live, const xml::Device& device, const std::vector<MadeDevice>& made);
[[nodiscard]] std::vector<MadeDevice> made_for(const LiveState& live, const xml::Device& device);

// An update of a device that check_live_change() allows: `have` becomes `with`.
void update_live(const Root& root, const Guest& guest, const LiveState& before,
                 const xml::Device& have, const xml::Device& with,
                 const std::optional<std::string>& definition);
// Brings back what `change`, an update, began; the live state that holds then. `live` is the one
// that was written last.
[[nodiscard]] LiveState undo_update(const Root& root, const Guest& guest, const LiveState& live,
                                    const Change& change);

[[nodiscard]] std::string join(const std::vector<std::string>& texts);

}  // namespace lxvirt::driver
