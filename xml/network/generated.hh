// What is made up where a network's document does not say it: uuid, hardware address, the name of
// its bridge; as xml/domain/generated.hh, but that the parts of a network need no guess.
#pragma once

#include "xml/network/network.hh"

namespace lxvirt::xml {

void take_generated(Network& network, const Network& known);
// The bridge's name aside, see choose_bridge().
void fill_generated(Network& network);

}  // namespace lxvirt::xml
