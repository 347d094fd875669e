#include "xml/generated.hh"

#include <algorithm>

#include "base/uuid.hh"
#include "xml/parts.hh"
#include "xml/values.hh"

namespace lxvirt::xml {

namespace {

void take_id(std::optional<VirtualPort>& port, const std::optional<VirtualPort>& known) {
    if (!port || !known || !port->made_up || port->type != known->type) return;
    for (const auto& parameter : known->parameters)
        if (parameter.first == "interfaceid") port->parameters.front() = parameter;
}

bool agree(const Interface& a, const Interface& b) {
    return a.type == b.type && a.source == b.source && a.portgroup == b.portgroup &&
           a.target == b.target && a.guest == b.guest;
}

}  // namespace

bool lacks_address(const Domain& domain) {
    return std::any_of(domain.interfaces.begin(), domain.interfaces.end(),
                       [](const Interface& interface) {
                           return interface.mac.empty() ||
                                  (interface.virtualport && interface.virtualport->made_up);
                       });
}

void take_addresses(Domain& domain, const Domain& known) {
    std::vector<const Interface*> left;
    for (const Interface& interface : known.interfaces)
        if (std::none_of(domain.interfaces.begin(), domain.interfaces.end(),
                         [&](const Interface& named) { return named.mac == interface.mac; }))
            left.push_back(&interface);
    const auto take = [&](Interface& interface, auto&& fits) {
        const auto found = std::find_if(left.begin(), left.end(), fits);
        if (!interface.mac.empty() || found == left.end()) return;
        interface.mac = (*found)->mac;
        left.erase(found);
    };
    for (Interface& interface : domain.interfaces)
        take(interface, [&](const Interface* other) { return agree(interface, *other); });
    for (Interface& interface : domain.interfaces)
        take(interface, [&](const Interface* other) { return interface.type == other->type; });
    for (Interface& interface : domain.interfaces)
        for (const Interface& other : known.interfaces)
            if (other.mac == interface.mac) take_id(interface.virtualport, other.virtualport);
}

void fill_generated(Domain& domain) {
    fill_defaults(domain);
}

void take_generated(Network& network, const Network& known) {
    if (network.uuid.empty()) network.uuid = known.uuid;
    take_id(network.virtualport, known.virtualport);
    for (PortGroup& group : network.portgroups)
        if (const PortGroup* other = known.portgroup(group.name))
            take_id(group.virtualport, other->virtualport);
    if (!network.makes_bridge() || !known.makes_bridge()) return;
    if (network.mac.empty()) network.mac = known.mac;
    if (network.bridge.name.empty()) network.bridge.name = known.bridge.name;
}

void fill_generated(Network& network) {
    if (network.uuid.empty()) network.uuid = base::random_uuid();
    if (network.mac.empty() && network.makes_bridge()) network.mac = random_mac();
}

}  // namespace lxvirt::xml
