#include "xml/check_document.hh"

#include <algorithm>

#include "xml/document/document.hh"
#include "xml/document/scan.hh"
#include "xml/network/document.hh"

namespace lxvirt::xml {

Checked check_document(std::string_view text, ParseOptions options) {
    Checked checked;
    options.faults = &checked.faults;
    options.is_new = true;
    try {
        const std::string_view kind = outermost_element(text);
        if (kind == "network")
            checked.notices = parse_network(text, options).notices;
        else if (kind == "networkport")
            checked.notices = parse_network_port(text, options).notices;
        else if (is_device(kind))
            checked.notices = parse_device(text, options).notices;
        else
            // An unknown element is left to the parser of domains, which refuses it with libvirt's
            // words.
            checked.notices = parse_domain(text, options).notices;
    } catch (const PlacedError& error) {
        checked.faults.push_back(error.fault());
    }
    // Faults are found part by part, and are listed from top to bottom.
    std::stable_sort(checked.faults.begin(), checked.faults.end(),
                     [](const Notice& a, const Notice& b) { return a.line < b.line; });
    return checked;
}

}  // namespace lxvirt::xml
