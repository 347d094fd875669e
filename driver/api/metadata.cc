// LocalConnection's methods about title, description and application metadata, live and persistent.
#include "xml/domain/metadata.hh"
#include "base/error.hh"
#include "driver/api/local.hh"
#include "driver/device/operation.hh"
#include "driver/store/definition_change.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Applies `change` to a definition. Throws xml_error for a title with a newline, with libvirt's
// sentence.
void apply_change(xml::Domain& domain, const MetadataChange& change) {
    const auto& value = change.value;
    switch (change.type) {
        case MetadataType::description: domain.description = value.value_or(""); return;
        case MetadataType::title:
            if (value && value->find('\n') != std::string::npos)
                base::fail(ErrorCode::xml_error, "Domain title can't contain newlines");
            domain.title = value.value_or("");
            return;
        case MetadataType::element:
            xml::replace_metadata(domain.metadata, change.uri, change.key, value);
            return;
    }
}

}  // namespace

std::string LocalConnection::metadata(const DomainRef& domain, MetadataType type,
                                      const std::string& uri, Affect flags) const {
    check_flags(flags, Affect::live | Affect::config, "lxcDomainGetMetadata");
    xml::Domain definition;
    if (targets_of(root_, domain.name, flags).config) {
        definition = Definitions(root_).require(domain.name);
    } else {
        auto live = read_live(root_, domain.name);
        if (!live) fail_no_live(root_, domain.name);
        definition = std::move(live->domain);
    }
    std::optional<std::string> value;
    switch (type) {
        case MetadataType::description: value = definition.description; break;
        case MetadataType::title: value = definition.title; break;
        case MetadataType::element: value = xml::find_metadata(definition.metadata, uri); break;
    }
    if (!value || value->empty())
        base::fail(ErrorCode::no_domain_metadata, "Requested metadata element is not present");
    return *value;
}

void LocalConnection::set_metadata(const DomainRef& domain, const MetadataChange& change,
                                   Affect flags) {
    require_write("virDomainSetMetadata");
    check_flags(flags, Affect::live | Affect::config, "lxcDomainSetMetadata");
    const auto lock = lock_settled(root_, domain.name);
    change_definitions(root_, domain.name, flags,
                       [&](xml::Domain& definition) { apply_change(definition, change); });
    journal_metadata(root_, domain.name, domain.uuid, change.type, change.uri);
}

void LocalConnection::set_notes(const DomainRef& domain, const DomainNotes& notes, Affect flags) {
    require_write("virDomainSetMetadata");
    check_flags(flags, Affect::live | Affect::config, "lxcDomainSetMetadata");
    const auto lock = lock_settled(root_, domain.name);
    change_definitions(root_, domain.name, flags, [&](xml::Domain& definition) {
        definition.title = notes.title;
        definition.description = notes.description;
        definition.metadata = notes.metadata;
    });
    // libvirt has no event for all three at once; this one makes a listener read the definition
    // again.
    journal_metadata(root_, domain.name, domain.uuid, MetadataType::element);
}

}  // namespace lxvirt::driver
