// Values that are drawn where a document does not state them: uuid, hardware addresses, ids of
// ports. A document that is applied again and again (driver/apply/) takes them from the definition
// that it became the first time, so that it means the same each time.
#pragma once

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Says whether an interface has no hardware address yet, or a drawn id of its port.
[[nodiscard]] bool lacks_address(const Domain& domain);

// Gives each interface without a hardware address that of the interface of `known` which it most
// likely is: one with the same type, source and names, else the next one of the same type that is
// left over.
void take_addresses(Domain& domain, const Domain& known);

// Draws what is still missing (ParseOptions::defaults).
void fill_generated(Domain& domain);

// Takes over the drawn interfaceid of `known`, where both ports are of one type.
void take_id(std::optional<VirtualPort>& port, const std::optional<VirtualPort>& known);

}  // namespace lxvirt::xml
