// Connection's title, description and application metadata, live and persistent.
#include "xml/domain/metadata.hh"
#include "base/error.hh"
#include "driver/api/connection.hh"
#include "driver/device/hotplug.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

LiveState load_live(const Root& root, const std::string& name) {
    auto live = read_live(root, name);
    if (!live) base::fail(ErrorCode::operation_invalid, "domain is not running");
    return std::move(*live);
}

xml::Domain load_definition(const Root& root, const std::string& name) {
    auto domain = Definitions(root).load(name);
    if (!domain) fail_no_domain(name);
    return std::move(*domain);
}

std::string_view type_word(MetadataType type) {
    switch (type) {
        case MetadataType::description: return "description";
        case MetadataType::title: return "title";
        case MetadataType::element: return "element";
    }
    return "element";
}

void set(xml::Domain& domain, MetadataType type, const std::optional<std::string>& value,
         const std::string& key, const std::string& uri) {
    switch (type) {
        case MetadataType::description: domain.description = value.value_or(""); return;
        case MetadataType::title:
            if (value && value->find('\n') != std::string::npos)
                base::fail(ErrorCode::xml_error, "Domain title can't contain newlines");
            domain.title = value.value_or("");
            return;
        case MetadataType::element: xml::replace_metadata(domain.metadata, uri, key, value); return;
    }
}

}  // namespace

std::string Connection::metadata(const DomainRef& domain, MetadataType type, const std::string& uri,
                                 Affect affect) const {
    const bool live = resolve_affect(*root_, domain.name, affect) == Affect::live;
    const xml::Domain definition =
        live ? load_live(*root_, domain.name).domain : load_definition(*root_, domain.name);
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

void Connection::set_metadata(const DomainRef& domain, MetadataType type,
                              const std::optional<std::string>& value, const std::string& key,
                              const std::string& uri, Affect affect) {
    require_write("virDomainSetMetadata");
    const auto lock = lock_settled(*root_, domain.name);
    if (resolve_affect(*root_, domain.name, affect) == Affect::live) {
        LiveState live = load_live(*root_, domain.name);
        set(live.domain, type, value, key, uri);
        write_live(*root_, std::move(live));
    } else {
        xml::Domain definition = load_definition(*root_, domain.name);
        set(definition, type, value, key, uri);
        Definitions(*root_).update(definition);
    }
    journal_event(*root_, "metadata-change", domain.name, domain.uuid, type_word(type), uri);
}

}  // namespace lxvirt::driver
