// The way back: from a domain to a configuration of lxc 3 or later, with an account of what has no
// key there. Pure but for Facts, like convert().
#pragma once

#include <functional>
#include <string>

#include "driver/native/convert.hh"

namespace lxvirt::driver::native {

struct WriteOptions {
    bool autostart = false;  // becomes lxc.start.auto
    // The bridge of a network, for <interface type='network'>; empty where it has none.
    std::function<std::string(const std::string& network)> bridge;
};

struct Written {
    std::string text;  // the configuration
    // One entry for each line of it (exact), and for each element that lxc has no key for; the
    // key is then the element's name.
    Verdicts verdicts;
    // What convert() makes of `text`: the domain without what the account names. It is written out
    // where an element may be left out (a link that is up, a limit that <memory> says).
    xml::Domain domain;
};

[[nodiscard]] Written write_config(const xml::Domain& domain, const WriteOptions& options,
                                   const Facts& facts = host_facts());

}  // namespace lxvirt::driver::native
