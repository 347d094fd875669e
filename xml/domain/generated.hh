// What is made up where a document does not say it: uuid, hardware addresses, the name of a bridge.
// A document that is read again and again (driver/apply.hh) gets them from the definition that it
// once became, so that it means the same each time.
#pragma once

#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// Whether an interface has no hardware address yet, or an id of its port that was made up.
[[nodiscard]] bool lacks_address(const Domain& domain);

// Gives an interface without a hardware address that of the `known` one it most likely is: one that
// agrees in type, source and names, else the next one that is left over.
void take_addresses(Domain& domain, const Domain& known);

// Makes up what is still missing (ParseOptions::defaults).
void fill_generated(Domain& domain);

// Takes over the id of a port's parameters that was made up for `known`, where both are of one type.
void take_id(std::optional<VirtualPort>& port, const std::optional<VirtualPort>& known);

}  // namespace lxvirt::xml
