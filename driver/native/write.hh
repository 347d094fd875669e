// Converts a domain to a configuration of lxc 3 or later, with a verdict on whatever has no key
// there. Pure but for Facts, as convert() is.
#pragma once

#include <functional>
#include <string>

#include "driver/native/convert.hh"

namespace lxvirt::driver::native {

// Says what the domain itself does not say.
struct WriteOptions {
    bool autostart = false;  // becomes lxc.start.auto
    // Returns the bridge of a network, for <interface type='network'>; empty where the network has
    // none.
    std::function<std::string(const std::string& network)> bridge;
};

// The result of a conversion.
struct Written {
    std::string text;  // the configuration
    // Holds one entry for each line of `text` (exact), and one for each element that lxc has no key
    // for, whose `key` is the element's name.
    Verdicts verdicts;
    // The domain that convert() makes of `text`: the given one without what the verdicts name, and
    // with everything spelled out that an element may omit (a link that is up, a limit that
    // <memory> implies). Tests compare the two.
    xml::Domain domain;
};

// Converts the domain. Never refuses one: what cannot be written is named in the verdicts.
[[nodiscard]] Written write_config(const xml::Domain& domain, const WriteOptions& options,
                                   const Facts& facts = host_facts());

}  // namespace lxvirt::driver::native
