// Parses <features>: capabilities, privnet, and the plain elements that libvirt accepts for any
// domain.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "xml/document/read.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Reads <capabilities>. A capability without a state is on.
void parse_capabilities(const Element& element, Features& out) {
    element.mark_read();
    out.policy = enum_attribute(element, "policy", kCapabilitiesPolicies)
                     .value_or(CapabilitiesPolicy::default_);
    // The states are collected by position in the table, since libvirt prints them in its own
    // order; the last of several counts.
    std::array<std::optional<bool>, kCapabilities.size()> states{};
    for (Element child = element.first_child(); child; child = child.next_sibling()) {
        const auto* const name =
            std::find(kCapabilities.begin(), kCapabilities.end(), child.name());
        if (name == kCapabilities.end())
            child.fail(ErrorCode::config_unsupported,
                       fmt::format("unexpected capability feature '{}'", child.name()),
                       "names are those of capabilities(7) in lower case without 'cap_'");
        child.mark_read();
        states[static_cast<std::size_t>(name - kCapabilities.begin())] =
            enum_attribute(child, "state", kOnOff).value_or(true);
    }
    for (std::size_t i = 0; i < states.size(); ++i)
        if (states[i]) out.capabilities.push_back({std::string(kCapabilities[i]), *states[i]});
}

}  // namespace

void parse_features(const Element& domain, Domain& out) {
    const Element features = domain.child("features");
    if (!features) return;
    // Collected by position for the same reason.
    std::array<bool, kPlainFeatures.size()> plain{};
    // Features of other hypervisors stay unread and become notices.
    for (Element child = features.first_child(); child; child = child.next_sibling()) {
        const std::string_view name = child.name();
        const auto* const found = std::find(kPlainFeatures.begin(), kPlainFeatures.end(), name);
        if (found != kPlainFeatures.end()) {
            child.mark_read();
            plain[static_cast<std::size_t>(found - kPlainFeatures.begin())] = true;
        } else if (name == "privnet") {
            child.mark_read();
            out.features.privnet = true;
        } else if (name == "capabilities") {
            // The first <capabilities> counts.
            if (!out.features.policy) parse_capabilities(child, out.features);
        } else if (!has_word(kForeignFeatures, name)) {
            child.fail(ErrorCode::config_unsupported, fmt::format("unexpected feature '{}'", name),
                       fmt::format("a container has <privnet/>, <capabilities>, {}",
                                   list_of(kPlainFeatures)));
        }
    }
    for (std::size_t i = 0; i < plain.size(); ++i)
        if (plain[i]) out.features.plain.emplace_back(kPlainFeatures[i]);
}

}  // namespace lxvirt::xml
