#include "xml/check_document.hh"

#include <algorithm>

#include "xml/document/document.hh"
#include "xml/network/document.hh"

namespace lxvirt::xml {

// Returns the name of the outermost element without parsing: what is before it can only be comments
// and processing instructions. Empty if there is no element.
std::string_view outermost_element(std::string_view text) {
    constexpr std::string_view kComment = "<!--";
    for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with(kComment))
            at = text.find("-->", at);
        else if (rest.starts_with("<?"))
            at = text.find("?>", at);
        else
            return rest.substr(1, rest.find_first_of(" \t\r\n/>") - 1);
        if (at == std::string_view::npos) break;
    }
    return {};
}

Checked check_document(std::string_view text, ParseOptions options) {
    Checked checked;
    options.faults = &checked.faults;
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
