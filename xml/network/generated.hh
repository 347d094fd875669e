// Values that are drawn where the document of a network does not state them: uuid, hardware
// address, name of the bridge. As in xml/domain/generated.hh, a document that is applied again
// takes them from the definition that it became; the parts of a network need no guess for that.
#pragma once

#include "xml/network/network.hh"

namespace lxvirt::xml {

// Takes over what `known` has and `network` lacks.
void take_generated(Network& network, const Network& known);
// Draws what is still missing, except for the name of a bridge, see choose_bridge().
void fill_generated(Network& network);

}  // namespace lxvirt::xml
