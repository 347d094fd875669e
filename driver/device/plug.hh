// The kernel's half of hot-plug: makes what one device of a running container needs, and takes it
// away. All of it is done from outside, by descriptors of the container's root and namespaces
// (driver/supervisor/guest.hh); no program runs inside. A start makes these things by the same code
// where that is possible (helper/objects/devices.hh, helper/objects/links.hh).
//
//   disk, hostdev        a node in /dev and a device rule; for a file also a loop device, which the
//                        helper holds
//   filesystem           a mount, made detached and then attached
//   interface, net dev   a link, made straight in the container's network namespace
//   console              a pty of the container's, bound on /dev/ttyN, which the helper relays
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file/loop_device.hh"
#include "base/process/pty.hh"
#include "driver/network/ports.hh"
#include "driver/plan/compile.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"
#include "helper/objects/inner_dev.hh"

namespace lxvirt::driver {

// One device that is being attached. What prepare() makes is seen by nobody in the container and
// goes with this object.
class Plug {
  public:
    // Borrows all four. `live` has the device already, with its name.
    Plug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device);

    // Makes what can be made without a change of the container, and checks the rest. Throws if the
    // device, the host or the container does not allow it; nothing is left then.
    void prepare();
    // Returns what apply() is going to make, for live.xml and the undo record. Valid after
    // prepare().
    [[nodiscard]] const std::vector<MadeDevice>& made() const { return made_; }
    // Makes the device appear in the container, and fills in what only a live device has (a
    // console's paths, a network's port). If it throws, parts may have been made: unplug() takes
    // them away.
    void apply(xml::Device& device);

  private:
    void prepare_nodes();
    void prepare_mount();
    void prepare_console();
    base::LoopDevice attach_loop(const std::string& file, bool readonly);
    void apply_nodes();
    void apply_link(xml::Device& device);
    void apply_mount();
    void apply_console(xml::Console& console);

    const Root& root_;
    const Guest& guest_;
    const LiveState& live_;
    const xml::Device& device_;
    HostFacts host_;
    DeviceParts parts_;
    std::vector<MadeDevice> made_;
    std::optional<helper::InnerDev> dev_;
    base::UniqueFd mount_, loop_;
    base::Pty inner_pty_, host_pty_;
};

// Takes away whatever is there of a device: after apply(), after a part of it, or after a part of
// an earlier unplug(). `live` no longer counts `made` among what the container may open. With
// `lazily` a mount goes although it is in use (MNT_DETACH), and what the container has hidden is
// passed over; otherwise SystemError(EBUSY) or operation_failed is thrown before anything was taken
// away.
void unplug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device,
            const std::vector<MadeDevice>& made, bool lazily);

// Makes the device rules of the container's control group those that `live` asks for. Throws
// SystemError.
void refresh_device_rules(const Root& root, const LiveState& live);

// Returns the mount of a <filesystem> in the container's mount table; nullopt if it is not there,
// or not any more. Throws operation_failed if another mount covers it.
[[nodiscard]] std::optional<base::MountEntry> find_filesystem(const Guest& guest,
                                                              const xml::Filesystem& filesystem,
                                                              const std::vector<MadeDevice>& made);

}  // namespace lxvirt::driver
