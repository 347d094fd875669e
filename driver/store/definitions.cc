#include "driver/store/definitions.hh"

#include <algorithm>
#include <array>

#include "driver/store/lookup.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

std::string resolve_entities(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    std::string out;
    while (!text.empty()) {
        const auto* const known =
            std::find_if(kEntities.begin(), kEntities.end(),
                         [text](const auto& entity) { return text.starts_with(entity.first); });
        out += known == kEntities.end() ? text.front() : known->second;
        text.remove_prefix(known == kEntities.end() ? 1 : known->first.size());
    }
    return out;
}

}  // namespace

std::string scan_title(std::string_view text) {
    constexpr std::string_view kTag = "<title>";
    // Only what stands before the first element that may hold one of its own.
    text = text.substr(0, std::min(find_tag(text, "<metadata>"), find_tag(text, "<devices>")));
    auto at = find_tag(text, kTag);
    if (at == std::string_view::npos) return {};
    at += kTag.size();
    return resolve_entities(text.substr(at, text.find('<', at) - at));
}

std::optional<xml::Domain> Definitions::load(std::string_view name) const {
    const auto text = whole_text(name);
    if (!text) return std::nullopt;
    xml::ParseOptions options;
    options.file = root_.definition(name);
    xml::Domain domain = xml::parse_domain(*text, options).domain;
    domain.name = name;
    return domain;
}

bool Definitions::store(const xml::Domain& domain) {
    check_name(domain.name);
    check_unique(root_, domain);
    return write(domain.name, xml::format_domain(domain));
}

void Definitions::update(const xml::Domain& domain) {
    update_text(domain.name, xml::format_domain(domain));
}

void Definitions::update_text(std::string_view name, std::string_view text) {
    (void)write(std::string(name), text);
}

void Definitions::rename(std::string_view old_name, const xml::Domain& domain) {
    DefinitionFolder::rename(old_name, domain.name, xml::format_domain(domain));
}

}  // namespace lxvirt::driver
