#include "xml/device/device.hh"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "base/error.hh"
#include "base/text/text.hh"
#include "xml/device/kinds.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::xml {

namespace {

using base::ErrorCode;

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

// Returns the place of a device that was found before. An alias belongs to one device, whatever else of the
// device has changed.
template <typename T>
std::size_t place_of(const std::vector<T>& devices, const T& found) {
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (!found.alias.empty() && devices[i].alias == found.alias) return i;
    return find_place(devices, found);
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

// Takes away the <lx:interface> of a removed interface, and lets the others follow their interfaces.
void forget_options(Domain& domain, std::size_t place) {
    auto& options = domain.container.interfaces;
    std::erase_if(options, [&](const ContainerInterface& one) { return one.index == place; });
    for (ContainerInterface& one : options)
        if (one.index > place) --one.index;
}

}  // namespace

std::string device_label(const Device& device) {
    return std::visit([]<typename T>(const T& one) { return Kind<T>::label(one); }, device);
}

const std::string& device_alias(const Device& device) {
    return std::visit([](const auto& one) -> const std::string& { return one.alias; }, device);
}

void set_device_alias(Device& device, const std::string& alias) {
    std::visit([&](auto& one) { one.alias = alias; }, device);
}

void add_device(Domain& domain, const Device& device) {
    std::visit(
        [&]<typename T>(const T& added) {
            for (const T& other : Kind<T>::list(domain)) Kind<T>::check_new(added, other);
            Kind<T>::insert(domain, added);
        },
        device);
}

Device find_device(const Domain& domain, const Device& wanted) {
    return std::visit(
        [&]<typename T>(const T& one) -> Device {
            const auto& devices = Kind<T>::list(domain);
            return devices[find_place(devices, one)];
        },
        wanted);
}

std::vector<Device> devices_of(const Domain& domain) {
    std::vector<Device> devices;
    const auto add = [&](const auto& list) {
        devices.insert(devices.end(), list.begin(), list.end());
    };
    add(domain.disks);
    add(domain.filesystems);
    add(domain.interfaces);
    add(domain.hostdevs);
    add(domain.consoles);
    return devices;
}

std::optional<Device> find_alias(const Domain& domain, const std::string& alias) {
    for (Device& device : devices_of(domain))
        if (device_alias(device) == alias) return std::move(device);
    return std::nullopt;
}

const Interface* find_interface(const Domain& domain, const std::string& device) {
    for (const Interface& one : domain.interfaces)
        if (device == one.target || device == one.mac || device == one.guest) return &one;
    return nullptr;
}

void remove_device(Domain& domain, const Device& found) {
    std::visit(
        [&]<typename T>(const T& one) {
            auto& devices = Kind<T>::list(domain);
            const std::size_t place = place_of(devices, one);
            devices.erase(devices.begin() + static_cast<std::ptrdiff_t>(place));
            if constexpr (std::is_same_v<T, Interface>) forget_options(domain, place);
        },
        found);
    for (std::size_t i = 0; i < domain.consoles.size(); ++i)
        domain.consoles[i].port = static_cast<unsigned>(i);
}

void replace_device(Domain& domain, const Device& found, const Device& with) {
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

Device changed_device(const Device& have, const Device& wanted) {
    Device changed = wanted;
    std::visit(
        [&]<typename T>(const T& from) {
            T& to = std::get<T>(changed);
            to.alias = from.alias;
            Kind<T>::fill(from, to);
        },
        have);
    return changed;
}

void check_live_change(const Device& have, const Device& changed) {
    std::visit(
        [&]<typename T>(const T& from) {
            T reachable = from;
            Kind<T>::allow(std::get<T>(changed), reachable);
            const std::string can = format_device(reachable, {.live = true});
            const std::string asked = format_device(changed, {.live = true});
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

}  // namespace lxvirt::xml
