#include "xml/network/generated.hh"

#include "base/uuid.hh"
#include "xml/document/values.hh"

namespace lxvirt::xml {

// The values to take over are those that lxvirt draws: uuid, hardware address, name of the bridge.
void take_generated(Network& network, const Network& known) {
    if (network.uuid.empty()) network.uuid = known.uuid;
    // A hardware address and a name belong to a bridge that the network makes, in the old and in
    // the new definition.
    if (!network.makes_bridge() || !known.makes_bridge()) return;
    if (network.mac.empty()) network.mac = known.mac;
    if (network.bridge.name.empty()) network.bridge.name = known.bridge.name;
}

void fill_generated(Network& network) {
    if (network.uuid.empty()) network.uuid = base::random_uuid();
    if (network.mac.empty() && network.makes_bridge()) network.mac = random_mac();
}

}  // namespace lxvirt::xml
