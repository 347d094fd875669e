#include "driver/device.hh"

#include <algorithm>
#include <vector>

#include "base/error.hh"
#include "base/text.hh"
#include "xml/parse.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// What a kind of device has to say:
//   list          where a domain keeps them
//   label         what people call one
//   means         whether a description, alias aside, means a device
//   missing       throws libvirt's words for none
//   ambiguous     libvirt's words for more than one
//   check_new     throws where a new one cannot be beside another
//   insert        adds it in its place
//   fill          takes over what `wanted` leaves open
//   allow         takes over what may change in a running container
//   kChangeable   the same in words; empty where nothing is
template <typename T>
struct Kind;

// Whether both say the same, as far as `wanted` says anything.
bool agrees(const std::string& wanted, const std::string& have) {
    return wanted.empty() || wanted == have;
}

template <>
struct Kind<xml::Disk> {
    using T = xml::Disk;
    static constexpr const char* kChangeable = "its <source>, by one of the same type";
    static auto& list(auto& domain) { return domain.disks; }
    static std::string label(const T& disk) { return fmt::format("disk {}", disk.target); }
    static bool means(const T& wanted, const T& have) { return wanted.target == have.target; }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(ErrorCode::operation_failed, "disk {} not found", wanted.target);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple disks with target {} found", wanted.target);
    }
    static void check_new(const T& added, const T& other) {
        if (added.target == other.target)
            base::fail(ErrorCode::operation_failed, "target {} already exists", added.target);
    }
    static void insert(xml::Domain& domain, const T& disk) { xml::add_disk(domain, disk); }
    static void fill(const T& have, T& wanted) {
        if (wanted.bus.empty()) wanted.bus = have.bus;
        if (!wanted.address) wanted.address = have.address;
    }
    static void allow(const T& from, T& to) {
        if (from.type == to.type) to.source = from.source;
    }
};

template <>
struct Kind<xml::Filesystem> {
    using T = xml::Filesystem;
    static constexpr const char* kChangeable = "<readonly/>";
    static auto& list(auto& domain) { return domain.filesystems; }
    static std::string label(const T& filesystem) {
        return fmt::format("filesystem on '{}'", filesystem.target);
    }
    static bool means(const T& wanted, const T& have) {
        return base::clean_path(wanted.target) == base::clean_path(have.target);
    }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(ErrorCode::device_missing, "no filesystem is mounted on '{}'", wanted.target);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple filesystems on '{}' found", wanted.target);
    }
    static void check_new(const T& added, const T& other) {
        if (means(added, other))
            base::fail(ErrorCode::operation_failed, "target '{}' already exists", added.target);
    }
    static void insert(xml::Domain& domain, const T& added) { domain.filesystems.push_back(added); }
    static void fill(const T&, T&) {}
    static void allow(const T& from, T& to) { to.readonly = from.readonly; }
};

template <>
struct Kind<xml::Interface> {
    using T = xml::Interface;
    static constexpr const char* kChangeable =
        "<link state=.../>, <mtu size=.../>, <bandwidth> and the bridge or network of its <source>";
    static auto& list(auto& domain) { return domain.interfaces; }
    static std::string label(const T& interface) {
        return fmt::format("interface {} ({})", interface.mac,
                           interface.guest.empty() ? interface.source : interface.guest);
    }
    // By its mac; else by a name it has; a description without any means the only one of its kind.
    static bool means(const T& wanted, const T& have) {
        if (!wanted.mac.empty()) return wanted.mac == have.mac;
        if (!wanted.target.empty() || !wanted.guest.empty())
            return agrees(wanted.target, have.target) && agrees(wanted.guest, have.guest);
        return wanted.type == have.type && agrees(wanted.source, have.source);
    }
    [[noreturn]] static void missing(const T& wanted) {
        const auto or_null = [](const std::string& text) {
            return text.empty() ? "(<null>)" : text;
        };
        base::fail(ErrorCode::device_missing,
                   "no device found at address '(<null>)' matching MAC address '{}' and alias '{}'",
                   or_null(wanted.mac), or_null(wanted.alias));
    }
    static std::string ambiguous(const T& wanted) {
        if (wanted.mac.empty()) return "multiple matching interfaces found";
        return fmt::format("multiple devices matching MAC address {} found", wanted.mac);
    }
    static void check_new(const T& added, const T& other) {
        if (added.mac == other.mac)
            base::fail(ErrorCode::operation_invalid, "network device with mac {} already exists",
                       added.mac);
        if (!added.target.empty() && added.target == other.target)
            base::fail(ErrorCode::operation_invalid, "network device with target {} already exists",
                       added.target);
        if (!added.guest.empty() && added.guest == other.guest)
            base::fail(ErrorCode::operation_invalid,
                       "network device with guest name {} already exists", added.guest);
    }
    static void insert(xml::Domain& domain, const T& added) { domain.interfaces.push_back(added); }
    static void fill(const T& have, T& wanted) {
        for (std::string T::*name : {&T::mac, &T::target, &T::guest, &T::model})
            if ((wanted.*name).empty()) wanted.*name = have.*name;
        const bool stays = wanted.type == have.type && wanted.source == have.source;
        wanted.portid = stays ? have.portid : "";
        wanted.actual_bridge = stays ? have.actual_bridge : "";
        wanted.actual_dev = stays ? have.actual_dev : "";
    }
    static void allow(const T& from, T& to) {
        const auto switched = [](xml::InterfaceType type) {
            return type == xml::InterfaceType::bridge || type == xml::InterfaceType::network;
        };
        to.link_up = from.link_up;
        to.mtu = from.mtu;
        to.bandwidth = from.bandwidth;
        if (!switched(from.type) || !switched(to.type)) return;
        to.type = from.type;
        to.source = from.source;
        to.portgroup = from.portgroup;
        to.portid = from.portid;
        to.actual_bridge = from.actual_bridge;
        to.actual_dev = from.actual_dev;
    }
};

template <>
struct Kind<xml::Hostdev> {
    using T = xml::Hostdev;
    static constexpr const char* kChangeable = "";
    static auto& list(auto& domain) { return domain.hostdevs; }
    static std::string label(const T& hostdev) {
        if (hostdev.type != xml::HostdevType::usb) return fmt::format("hostdev {}", hostdev.source);
        if (hostdev.usb.bus)
            return fmt::format("usb device {}:{}", *hostdev.usb.bus,
                               hostdev.usb.device.value_or(0));
        return fmt::format("usb device {:04x}:{:04x}", hostdev.usb.vendor.value_or(0),
                           hostdev.usb.product.value_or(0));
    }
    static bool means(const T& wanted, const T& have) { return xml::same_device(wanted, have); }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(ErrorCode::device_missing, "{} not found", label(wanted));
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple devices matching {} found", label(wanted));
    }
    static void check_new(const T& added, const T& other) {
        if (xml::same_device(added, other))
            base::fail(ErrorCode::operation_failed, "{} already exists", label(added));
    }
    static void insert(xml::Domain& domain, const T& added) { domain.hostdevs.push_back(added); }
    static void fill(const T&, T&) {}
    static void allow(const T&, T&) {}
};

template <>
struct Kind<xml::Console> {
    using T = xml::Console;
    static constexpr const char* kChangeable = "";
    static auto& list(auto& domain) { return domain.consoles; }
    static std::string label(const T& console) { return fmt::format("console {}", console.port); }
    static bool means(const T& wanted, const T& have) {
        if (!wanted.tty.empty()) return wanted.tty == have.tty;
        return wanted.port == have.port;
    }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(ErrorCode::device_missing, "console with port {} not found", wanted.port);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple consoles with port {} found", wanted.port);
    }
    static void check_new(const T&, const T&) {}
    // Ports are counted in the order of the document.
    static void insert(xml::Domain& domain, const T& added) {
        domain.consoles.push_back(added);
        domain.consoles.back().port = static_cast<unsigned>(domain.consoles.size() - 1);
    }
    static void fill(const T& have, T& wanted) {
        wanted.port = have.port;
        wanted.tty = have.tty;
        wanted.source_path = have.source_path;
    }
    static void allow(const T&, T&) {}
};

template <typename T>
std::string name_of(const T& device) {
    if (device.alias.empty()) return Kind<T>::label(device);
    return fmt::format("{} ({})", device.alias, Kind<T>::label(device));
}

// The place of the one that is meant.
template <typename T>
std::size_t find_place(const std::vector<T>& devices, const T& wanted) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (!wanted.alias.empty() && devices[i].alias == wanted.alias &&
            Kind<T>::means(wanted, devices[i]))
            return i;
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (Kind<T>::means(wanted, devices[i])) places.push_back(i);
    if (places.size() == 1) return places.front();
    if (places.empty()) Kind<T>::missing(wanted);
    std::string candidates;
    for (const std::size_t place : places)
        candidates += (candidates.empty() ? "" : ", ") + name_of(devices[place]);
    base::fail(ErrorCode::operation_failed, "{}: {}; name one by its alias",
               Kind<T>::ambiguous(wanted), candidates);
}

// Of one that was found before: an alias belongs to one device, whatever else has changed of it.
template <typename T>
std::size_t place_of(const std::vector<T>& devices, const T& found) {
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (!found.alias.empty() && devices[i].alias == found.alias) return i;
    return find_place(devices, found);
}

template <typename T>
std::optional<xml::Device> find_alias_in(const std::vector<T>& devices, const std::string& alias) {
    for (const T& device : devices)
        if (device.alias == alias) return device;
    return std::nullopt;
}

// The lines in which two descriptions differ, the first of each.
std::string first_difference(const std::string& from, const std::string& to) {
    const auto before = base::split(from, '\n');
    const auto after = base::split(to, '\n');
    std::size_t i = 0;
    while (i < before.size() && i < after.size() && before[i] == after[i]) ++i;
    const auto line = [i](const auto& lines) {
        return i < lines.size() ? std::string(base::trim(lines[i])) : std::string();
    };
    return fmt::format("{} instead of {}", line(after), line(before));
}

}  // namespace

std::string device_label(const xml::Device& device) {
    return std::visit([]<typename T>(const T& one) { return Kind<T>::label(one); }, device);
}

const std::string& device_alias(const xml::Device& device) {
    return std::visit([](const auto& one) -> const std::string& { return one.alias; }, device);
}

void set_device_alias(xml::Device& device, const std::string& alias) {
    std::visit([&](auto& one) { one.alias = alias; }, device);
}

void add_device(xml::Domain& domain, const xml::Device& device) {
    std::visit(
        [&]<typename T>(const T& added) {
            for (const T& other : Kind<T>::list(domain)) Kind<T>::check_new(added, other);
            Kind<T>::insert(domain, added);
        },
        device);
}

xml::Device find_device(const xml::Domain& domain, const xml::Device& wanted) {
    return std::visit(
        [&]<typename T>(const T& one) -> xml::Device {
            const auto& devices = Kind<T>::list(domain);
            return devices[find_place(devices, one)];
        },
        wanted);
}

std::optional<xml::Device> find_alias(const xml::Domain& domain, const std::string& alias) {
    if (auto found = find_alias_in(domain.disks, alias)) return found;
    if (auto found = find_alias_in(domain.filesystems, alias)) return found;
    if (auto found = find_alias_in(domain.interfaces, alias)) return found;
    if (auto found = find_alias_in(domain.hostdevs, alias)) return found;
    return find_alias_in(domain.consoles, alias);
}

void remove_device(xml::Domain& domain, const xml::Device& found) {
    std::visit(
        [&]<typename T>(const T& one) {
            auto& devices = Kind<T>::list(domain);
            devices.erase(devices.begin() + static_cast<std::ptrdiff_t>(place_of(devices, one)));
        },
        found);
    for (std::size_t i = 0; i < domain.consoles.size(); ++i)
        domain.consoles[i].port = static_cast<unsigned>(i);
}

void replace_device(xml::Domain& domain, const xml::Device& found, const xml::Device& with) {
    std::visit(
        [&]<typename T>(const T& one) {
            auto& devices = Kind<T>::list(domain);
            const std::size_t place = place_of(devices, one);
            for (std::size_t i = 0; i < devices.size(); ++i)
                if (i != place) Kind<T>::check_new(std::get<T>(with), devices[i]);
            devices[place] = std::get<T>(with);
        },
        found);
}

xml::Device changed_device(const xml::Device& have, const xml::Device& wanted) {
    xml::Device changed = wanted;
    std::visit(
        [&]<typename T>(const T& from) {
            T& to = std::get<T>(changed);
            to.alias = from.alias;
            Kind<T>::fill(from, to);
        },
        have);
    return changed;
}

void check_live_change(const xml::Device& have, const xml::Device& changed) {
    std::visit(
        [&]<typename T>(const T& from) {
            T reachable = from;
            Kind<T>::allow(std::get<T>(changed), reachable);
            const std::string can = xml::format_device(reachable, {.live = true});
            const std::string asked = xml::format_device(changed, {.live = true});
            if (can == asked) return;
            const std::string_view changeable = Kind<T>::kChangeable;
            if (changeable.empty())
                base::fail(ErrorCode::operation_unsupported,
                           "{} cannot be changed in a running container; detach it and attach the "
                           "other",
                           Kind<T>::label(from));
            base::fail(ErrorCode::operation_unsupported,
                       "{} cannot be changed to {} in a running container; what can be changed is "
                       "{}",
                       Kind<T>::label(from), first_difference(can, asked), changeable);
        },
        have);
}

}  // namespace lxvirt::driver
