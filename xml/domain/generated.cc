#include "xml/domain/generated.hh"

#include <algorithm>

#include "xml/document/values.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Says whether two interfaces agree in everything but what is drawn.
bool agree(const Interface& a, const Interface& b) {
    return a.type == b.type && a.source == b.source && a.portgroup == b.portgroup &&
           a.target == b.target && a.guest == b.guest;
}

}  // namespace

// An id that the document states itself stays. The made-up one is always the first parameter, see
// parse_virtual_port().
void take_id(std::optional<VirtualPort>& port, const std::optional<VirtualPort>& known) {
    if (!port || !known || !port->made_up || port->type != known->type) return;
    for (const auto& parameter : known->parameters)
        if (parameter.first == "interfaceid") port->parameters.front() = parameter;
}

// A made-up interface id counts as missing: it was drawn for this parse only.
bool lacks_address(const Domain& domain) {
    return std::any_of(
        domain.interfaces.begin(), domain.interfaces.end(),
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
    // Each address is given away once.
    const auto take = [&](Interface& interface, auto&& fits) {
        const auto found = std::find_if(left.begin(), left.end(), fits);
        if (!interface.mac.empty() || found == left.end()) return;
        interface.mac = (*found)->mac;
        left.erase(found);
    };
    // Interfaces that agree in everything are matched first, and the rest by type in the order of
    // the document.
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

}  // namespace lxvirt::xml
