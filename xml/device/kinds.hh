// What each kind of device says about itself; for xml/device/device.cc alone.
#pragma once

#include <string>

#include "base/error.hh"
#include "base/text/text.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

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
inline bool agrees(const std::string& wanted, const std::string& have) {
    return wanted.empty() || wanted == have;
}

template <>
struct Kind<Disk> {
    using T = Disk;
    static constexpr const char* kChangeable = "its <source>, by one of the same type";
    static auto& list(auto& domain) { return domain.disks; }
    static std::string label(const T& disk) { return fmt::format("disk {}", disk.target); }
    static bool means(const T& wanted, const T& have) { return wanted.target == have.target; }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(base::ErrorCode::operation_failed, "disk {} not found", wanted.target);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple disks with target {} found", wanted.target);
    }
    static void check_new(const T& added, const T& other) {
        if (added.target == other.target)
            base::fail(base::ErrorCode::operation_failed, "target {} already exists", added.target);
    }
    static void insert(Domain& domain, const T& disk) { add_disk(domain, disk); }
    static void fill(const T& have, T& wanted) {
        if (wanted.bus.empty()) wanted.bus = have.bus;
        if (!wanted.address) wanted.address = have.address;
    }
    static void allow(const T& from, T& to) {
        if (from.type == to.type) to.source = from.source;
    }
};

template <>
struct Kind<Filesystem> {
    using T = Filesystem;
    static constexpr const char* kChangeable = "<readonly/>";
    static auto& list(auto& domain) { return domain.filesystems; }
    static std::string label(const T& filesystem) {
        return fmt::format("filesystem on '{}'", filesystem.target);
    }
    static bool means(const T& wanted, const T& have) {
        return base::clean_path(wanted.target) == base::clean_path(have.target);
    }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(base::ErrorCode::device_missing, "no filesystem is mounted on '{}'",
                   wanted.target);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple filesystems on '{}' found", wanted.target);
    }
    static void check_new(const T& added, const T& other) {
        if (means(added, other))
            base::fail(base::ErrorCode::operation_failed, "target '{}' already exists",
                       added.target);
    }
    static void insert(Domain& domain, const T& added) { domain.filesystems.push_back(added); }
    static void fill(const T&, T&) {}
    static void allow(const T& from, T& to) { to.readonly = from.readonly; }
};

template <>
struct Kind<Interface> {
    using T = Interface;
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
        base::fail(base::ErrorCode::device_missing,
                   "no device found at address '(<null>)' matching MAC address '{}' and alias '{}'",
                   or_null(wanted.mac), or_null(wanted.alias));
    }
    static std::string ambiguous(const T& wanted) {
        if (wanted.mac.empty()) return "multiple matching interfaces found";
        return fmt::format("multiple devices matching MAC address {} found", wanted.mac);
    }
    static void check_new(const T& added, const T& other) {
        if (added.mac == other.mac)
            base::fail(base::ErrorCode::operation_invalid,
                       "network device with mac {} already exists", added.mac);
        if (!added.target.empty() && added.target == other.target)
            base::fail(base::ErrorCode::operation_invalid,
                       "network device with target {} already exists", added.target);
        if (!added.guest.empty() && added.guest == other.guest)
            base::fail(base::ErrorCode::operation_invalid,
                       "network device with guest name {} already exists", added.guest);
    }
    static void insert(Domain& domain, const T& added) { domain.interfaces.push_back(added); }
    static void fill(const T& have, T& wanted) {
        for (std::string T::*name : {&T::mac, &T::target, &T::guest, &T::model})
            if ((wanted.*name).empty()) wanted.*name = have.*name;
        const bool stays = wanted.type == have.type && wanted.source == have.source;
        wanted.portid = stays ? have.portid : "";
        wanted.actual_bridge = stays ? have.actual_bridge : "";
        wanted.actual_dev = stays ? have.actual_dev : "";
    }
    static void allow(const T& from, T& to) {
        const auto switched = [](InterfaceType type) {
            return type == InterfaceType::bridge || type == InterfaceType::network;
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
struct Kind<Hostdev> {
    using T = Hostdev;
    static constexpr const char* kChangeable = "";
    static auto& list(auto& domain) { return domain.hostdevs; }
    static std::string label(const T& hostdev) {
        if (hostdev.type != HostdevType::usb) return fmt::format("hostdev {}", hostdev.source);
        if (hostdev.usb.bus)
            return fmt::format("usb device {}:{}", *hostdev.usb.bus,
                               hostdev.usb.device.value_or(0));
        return fmt::format("usb device {:04x}:{:04x}", hostdev.usb.vendor.value_or(0),
                           hostdev.usb.product.value_or(0));
    }
    static bool means(const T& wanted, const T& have) { return same_device(wanted, have); }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(base::ErrorCode::device_missing, "{} not found", label(wanted));
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple devices matching {} found", label(wanted));
    }
    static void check_new(const T& added, const T& other) {
        if (same_device(added, other))
            base::fail(base::ErrorCode::operation_failed, "{} already exists", label(added));
    }
    static void insert(Domain& domain, const T& added) { domain.hostdevs.push_back(added); }
    static void fill(const T&, T&) {}
    static void allow(const T&, T&) {}
};

template <>
struct Kind<Console> {
    using T = Console;
    static constexpr const char* kChangeable = "";
    static auto& list(auto& domain) { return domain.consoles; }
    static std::string label(const T& console) { return fmt::format("console {}", console.port); }
    static bool means(const T& wanted, const T& have) {
        if (!wanted.tty.empty()) return wanted.tty == have.tty;
        return wanted.port == have.port;
    }
    [[noreturn]] static void missing(const T& wanted) {
        base::fail(base::ErrorCode::device_missing, "console with port {} not found", wanted.port);
    }
    static std::string ambiguous(const T& wanted) {
        return fmt::format("multiple consoles with port {} found", wanted.port);
    }
    static void check_new(const T&, const T&) {}
    // Ports are counted in the order of the document.
    static void insert(Domain& domain, const T& added) {
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

}  // namespace lxvirt::xml
