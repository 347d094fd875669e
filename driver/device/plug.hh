// The kernel's half of hot-plug: makes what one device of a running container needs, and takes it
// away. All of it is done from outside, from descriptor to descriptor; the same code makes these
// things at a start where that is possible (helper/objects/devices.hh, helper/objects/links.hh).
//
//   disk, hostdev       a node in /dev, a device rule, for a file a loop device that the helper
//   holds filesystem          a mount, made detached and then attached interface, net dev  a link,
//   made straight in the container's namespace console             a pty of the container's, bound
//   on /dev/ttyN, that the helper relays
#pragma once

#include <string>
#include <vector>

#include "base/file/loop_device.hh"
#include "base/process/pty.hh"
#include "driver/network/ports.hh"
#include "driver/plan/compile.hh"
#include "driver/store/live.hh"
#include "driver/supervisor/guest.hh"

namespace lxvirt::driver {

// One device on its way in. What prepare() makes is seen by nobody and goes with this object.
class Plug {
  public:
    // `live` has the device already, named; all are borrowed.
    Plug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device);

    // Throws what is wrong with the device, the host or the container; nothing is left of it.
    void prepare();
    // What apply() makes, for live.xml and for the undo record.
    [[nodiscard]] const std::vector<MadeDevice>& made() const { return made_; }
    // Throws with parts of it made: unplug() takes them away. What only a live device has (a
    // console's paths, a network's port) is filled in.
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
    base::UniqueFd dev_, mount_, loop_;
    base::Pty inner_pty_, host_pty_;
};

// Takes away whatever is there of a device: after apply(), after a part of it, or after a part of
// an earlier unplug(). `live` no longer counts `made` among what the container may open. With
// `lazily` a mount goes although it is in use, and what a container has hidden is passed over;
// otherwise SystemError(EBUSY) or operation_failed before anything was taken away.
void unplug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device,
            const std::vector<MadeDevice>& made, bool lazily);

// In whose name a container's ports are claimed.
[[nodiscard]] PortOwner port_owner(const LiveState& live);

// Brings the device rules to what `live` says.
void refresh_device_rules(const Root& root, const LiveState& live);

// The mount of a <filesystem> in the container's table; nothing where it is not there (any more).
// Throws operation_failed where another one covers it.
[[nodiscard]] std::optional<base::MountEntry> find_filesystem(const Guest& guest,
                                                              const xml::Filesystem& filesystem,
                                                              const std::vector<MadeDevice>& made);

}  // namespace lxvirt::driver
