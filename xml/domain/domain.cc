#include "xml/domain/domain.hh"

#include <algorithm>

namespace lxvirt::xml {

Interface::Interface() = default;
Interface::Interface(const Interface&) = default;
Interface::Interface(Interface&&) noexcept = default;
Interface& Interface::operator=(const Interface&) = default;
Interface& Interface::operator=(Interface&&) noexcept = default;
Interface::~Interface() = default;

Container::Container() = default;
Container::Container(const Container&) = default;
Container::Container(Container&&) noexcept = default;
Container& Container::operator=(const Container&) = default;
Container& Container::operator=(Container&&) noexcept = default;
Container::~Container() = default;
bool Container::operator==(const Container&) const = default;

Domain::Domain() = default;
Domain::Domain(const Domain&) = default;
Domain::Domain(Domain&&) noexcept = default;
Domain& Domain::operator=(const Domain&) = default;
Domain& Domain::operator=(Domain&&) noexcept = default;
Domain::~Domain() = default;

// The root is the <filesystem> on "/", whatever the type; null means the host's own root.
const Filesystem* Domain::root() const {
    for (const Filesystem& filesystem : filesystems)
        if (filesystem.target == "/") return &filesystem;
    return nullptr;
}

// A USB device is known by bus and device number if both elements have them, else by vendor and
// product.
bool same_device(const Hostdev& a, const Hostdev& b) {
    if (a.type != b.type) return false;
    if (a.type != HostdevType::usb) return a.source == b.source;
    if (a.usb.bus && b.usb.bus) return a.usb.bus == b.usb.bus && a.usb.device == b.usb.device;
    return a.usb.vendor && a.usb.vendor == b.usb.vendor && a.usb.product == b.usb.product;
}

// The subtraction cannot overflow, unlike start + count.
bool holds_id(const std::vector<IdMapRow>& rows, std::uint32_t id) {
    return std::any_of(
        rows.begin(), rows.end(),
        [id](const IdMapRow& row) { return id >= row.start && id - row.start < row.count; });
}

bool keeps_capability(const Domain& domain, std::string_view name) {
    // libvirt drops these by default (lxcContainerDropCapabilities() in its lxc_container.c).
    static constexpr std::string_view kDropped[] = {"sys_module", "sys_time", "mknod",
                                                    "audit_control", "mac_admin"};
    for (const CapabilityState& state : domain.features.capabilities)
        if (state.name == name) return state.on;
    if (name == "sys_rawio" && !domain.idmap.empty()) return false;
    const CapabilitiesPolicy policy = domain.features.policy.value_or(CapabilitiesPolicy::default_);
    if (policy != CapabilitiesPolicy::default_) return policy == CapabilitiesPolicy::allow;
    return std::find(std::begin(kDropped), std::end(kDropped), name) == std::end(kDropped);
}

// A <hostdev> of type 'net' moves into the container, so that needs a network namespace, too.
bool has_own_network(const Domain& domain) {
    return domain.features.privnet || !domain.interfaces.empty() ||
           std::any_of(
               domain.hostdevs.begin(), domain.hostdevs.end(),
               [](const Hostdev& hostdev) { return hostdev.type == HostdevType::net; });
}

}  // namespace lxvirt::xml
