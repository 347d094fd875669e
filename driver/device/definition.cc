#include "driver/device/definition.hh"

#include <algorithm>
#include <vector>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/device/kinds.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

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
