// Plug and unplug(): the steps for each kind of device. A step that is repeated does no harm, so
// that unplug() may run after any part of either.
#include "driver/device/plug.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cgroup/device_rules.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "driver/device/plug_parts.hh"
#include "driver/network/ports.hh"
#include "driver/plan/parts.hh"
#include "driver/store/journal.hh"
#include "driver/supervisor/control.hh"
#include "helper/objects/devices.hh"
#include "helper/objects/links.hh"
#include "xml/device/device.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::test_point;
using helper::RequestKind;

// Sends a request to the helper and waits for its answer. Throws the helper's error, or NoAnswer.
void ask_helper(const Root& root, const std::string& name, RequestKind kind,
                const std::string& text, const std::vector<base::Fd>& fds = {}) {
    helper::Request request;
    request.kind = kind;
    request.text = text;
    (void)connect_running(root, name).request(request, fds);
}

// Throws operation_invalid if the container shares the host's network, because the device would
// appear on the host itself.
void require_network(const Guest& guest) {
    if (is_own_namespace(guest.network(), "net"))
        base::fail(ErrorCode::operation_invalid,
                   "the container shares the host's network; it needs <features><privnet/>"
                   "</features> or an interface when it is started");
}

// Returns whether a node of this name is in the container's /dev.
bool is_there(const helper::InnerDev& dev, const std::string& path) {
    struct stat info {};
    // Only a name without folders can clash: folders of a longer path are made as needed.
    return path.find('/') == std::string::npos &&
           ::fstatat(dev.shown().get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

helper::DeviceNode node_of(const MadeDevice& made) {
    helper::DeviceNode node;
    node.path = made.path;
    node.type = made.type;
    node.major = made.major;
    node.minor = made.minor;
    return node;
}

bool has_loop(const std::vector<MadeDevice>& made) {
    for (const MadeDevice& one : made)
        if (one.loop) return true;
    return false;
}

void remove_nodes(const Root& root, const std::string& name, const std::vector<MadeDevice>& made) {
    std::optional<helper::InnerDev> dev;
    for (const MadeDevice& one : made) {
        if (one.path.empty()) continue;
        if (!dev) dev = open_inner_dev(root, name);
        dev->remove_node(node_of(one));
        test_point("unplug-node");
    }
}

// Removes an interface's link, or gives a moved device back to the host, and releases the port. A
// device of the host that the container has renamed is given back by the helper at the container's
// end.
void remove_link(const Root& root, const Guest& guest, const LiveState& live,
                 const xml::Device& device, bool forgiving) {
    const auto* interface = std::get_if<xml::Interface>(&device);
    const auto* hostdev = std::get_if<xml::Hostdev>(&device);
    if (interface == nullptr && (hostdev == nullptr || hostdev->type != xml::HostdevType::net))
        return;
    const helper::Link link = interface != nullptr
                                  ? compile::made_link(*interface, live.domain, root)
                                  : compile::moved_link(*hostdev, live.domain, root);
    if (hostdev != nullptr && !forgiving && base::Netlink().find_link(link.host))
        base::fail(
            ErrorCode::operation_failed,
            "network device {0} cannot be given back: the host has another network device of "
            "that name meanwhile; rename that one first",
            link.host);
    const bool was_there = helper::LinkMaker(guest.network()).remove(link);
    test_point("unplug-link");
    if (interface == nullptr) {
        if (was_there)
            return ask_helper(root, live.domain.name, RequestKind::release_link, link.host);
        const std::string gone = fmt::format(
            "network device {} is neither on the host nor, under the name {}, in the container",
            link.host, link.guest.empty() ? link.host : link.guest);
        if (!forgiving)
            base::fail(ErrorCode::operation_failed,
                       "{}: it was renamed or removed; --force forgets it, and the host gets it "
                       "back at the container's end if it is still there",
                       gone);
        return log_line(root, live.domain.name, gone);
    }
    release_port(root, *interface);
    test_point("unplug-port");
}

}  // namespace

Plug::Plug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device)
    : root_(root), guest_(guest), live_(live), device_(device), host_(host_facts(root)) {}

void Plug::prepare() {
    parts_ = compile_device(device_, live_.domain, root_, host_);
    if (!parts_.nodes.empty()) prepare_nodes();
    if (parts_.mount) prepare_mount();
    if (parts_.link) require_network(guest_);
    if (parts_.console) prepare_console();
}

// Attaches `file` to a free loop device and puts the number into made_. The descriptor keeps the
// device (LO_FLAGS_AUTOCLEAR) until the helper holds it.
base::LoopDevice Plug::attach_loop(const std::string& file, bool readonly) {
    base::LoopDevice loop = base::attach_loop(file, readonly);
    loop_ = std::move(loop.fd);
    for (MadeDevice& made : made_) {
        if (!made.loop) continue;
        made.major = loop.major;
        made.minor = loop.minor;
    }
    return loop;
}

void Plug::prepare_nodes() {
    // A node that the container cannot see would be of no use.
    (void)guest_.dev();
    dev_ = open_inner_dev(root_, live_.domain.name);
    for (const helper::DeviceNode& node : parts_.nodes)
        if (is_there(*dev_, node.path))
            base::fail(ErrorCode::operation_failed,
                       "target {} already exists in the container's /dev", node.path);
    made_ = made_devices(parts_, host_);
    for (helper::DeviceNode& node : parts_.nodes) {
        if (node.loop_file.empty()) continue;
        const base::LoopDevice loop = attach_loop(node.loop_file, node.readonly);
        node.major = loop.major;
        node.minor = loop.minor;
    }
}

// Makes the mount detached, with its options and id mapping: a failure leaves the container alone.
void Plug::prepare_mount() {
    helper::Mount& mount = *parts_.mount;
    made_ = made_devices(parts_, host_);
    if (made_.empty()) made_.push_back({.device = device_alias(device_), .path = {}});
    std::string source = mount.source;
    if (mount.loop) source = attach_loop(mount.source, mount.filesystem_readonly).path;
    mount_ = open_detached(mount, source, live_.domain, guest_);
    if (mount.idmapped)
        base::change_mount(
            mount_,
            {.set = MOUNT_ATTR_IDMAP, .userns = guest_.users(), .recursive = mount.recursive},
            mount.source);
    made_.front().mount = base::mount_place(mount_, mount.source).mount;
}

void Plug::prepare_console() {
    dev_ = open_inner_dev(root_, live_.domain.name);
    inner_pty_ = open_inner_pty(guest_, live_.domain);
    const base::UniqueFd host = base::open_file("/dev/pts", O_PATH | O_DIRECTORY);
    host_pty_ = base::open_pty(host, "the host");
    base::make_raw(host_pty_.master);
}

void Plug::apply(xml::Device& device) {
    if (loop_) {
        ask_helper(root_, live_.domain.name, RequestKind::hold, device_alias(device_), {loop_});
        test_point("plug-loop");
    }
    if (!parts_.nodes.empty()) apply_nodes();
    if (parts_.mount) apply_mount();
    if (parts_.link) apply_link(device);
    if (parts_.console) apply_console(std::get<xml::Console>(device));
}

void Plug::apply_link(xml::Device& device) {
    if (auto* interface = std::get_if<xml::Interface>(&device)) {
        claim_port(root_, owner_of_port(live_.domain, *interface, live_.helper), *interface);
        test_point("plug-port");
        // compile_device() runs again with what the network has chosen for the port.
        parts_ = compile_device(device, live_.domain, root_, host_);
    }
    const auto log = [&](const std::string& line) { log_line(root_, live_.domain.name, line); };
    helper::LinkMaker maker(guest_.network(), log);
    maker.make(*parts_.link);
    test_point("plug-link");
    // The helper gives it back when the container ends.
    for (const helper::MovedLink& moved : maker.moved())
        ask_helper(root_, live_.domain.name, RequestKind::hold_link, base::encode(moved));
    test_point("plug-link-held");
}

// The rules go first, so that the node can be opened as soon as it is there.
void Plug::apply_nodes() {
    refresh_device_rules(root_, live_);
    test_point("plug-rules");
    for (const helper::DeviceNode& node : parts_.nodes) {
        dev_->make_node(node);
        test_point("plug-node");
    }
}

void Plug::apply_mount() {
    if (made_.front().type != 0) refresh_device_rules(root_, live_);
    test_point("plug-mount-rules");
    attach_in_guest(guest_, mount_, *parts_.mount);
    test_point("plug-mount");
}

void Plug::apply_console(xml::Console& console) {
    bind_console(guest_, live_.domain, *dev_, inner_pty_, console.port);
    test_point("plug-console-bound");
    helper::AddedConsole added{.plan = *parts_.console,
                               .host_path = fmt::format("/dev/pts/{}", host_pty_.number)};
    ask_helper(root_, live_.domain.name, RequestKind::add_console, base::encode(added),
               {inner_pty_.master, host_pty_.master});
    console.tty = console.source_path = added.host_path;
    test_point("plug-console");
}

void unplug(const Root& root, const Guest& guest, const LiveState& live, const xml::Device& device,
            const std::vector<MadeDevice>& made, bool lazily) {
    if (const auto* filesystem = std::get_if<xml::Filesystem>(&device)) {
        detach_in_guest(guest, *filesystem, made, lazily);
        test_point("unplug-mount");
    }
    if (const auto* console = std::get_if<xml::Console>(&device)) {
        unbind_console(guest, open_inner_dev(root, live.domain.name), console->port);
        test_point("unplug-console-bound");
        ask_helper(root, live.domain.name, RequestKind::remove_console, console->alias);
        test_point("unplug-console");
    }
    remove_link(root, guest, live, device, lazily);
    remove_nodes(root, live.domain.name, made);
    if (!made.empty() && made.front().type != 0) refresh_device_rules(root, live);
    test_point("unplug-rules");
    if (has_loop(made))
        ask_helper(root, live.domain.name, RequestKind::release, device_alias(device));
    test_point("unplug-loop");
}

void refresh_device_rules(const Root& root, const LiveState& live) {
    const HostFacts host = host_facts(root);
    base::change_device_rules(host.hierarchies, live.cgroup, inner_group(live.cgroup),
                              device_rules(live.domain, host, live.made));
}

}  // namespace lxvirt::driver
