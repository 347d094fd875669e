#include "driver/store/definitions.hh"

#include "driver/store/lookup.hh"
#include "xml/document/identity.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

std::optional<xml::Domain> Definitions::load(std::string_view name) const {
    const auto text = whole_text(name);
    if (!text) return std::nullopt;
    xml::ParseOptions options;
    options.file = root_.definition(name);
    xml::Domain domain = xml::parse_domain(*text, options).domain;
    // The file's name holds, whatever <name> says (definition_folder.hh).
    domain.name = name;
    return domain;
}

xml::Domain Definitions::require(std::string_view name) const {
    auto definition = load(name);
    if (!definition) fail_no_domain(name);
    return std::move(*definition);
}

bool Definitions::store(const xml::Domain& domain, bool starts) {
    xml::check_name(domain.name);
    check_unique(root_, domain);
    return write(domain.name, xml::format_domain(domain), starts);
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
