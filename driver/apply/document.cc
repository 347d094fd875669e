#include "driver/apply/document.hh"

#include "base/error.hh"
#include "xml/document/identity.hh"
#include "xml/document/scan.hh"
#include "xml/domain/generated.hh"
#include "xml/network/document.hh"
#include "xml/network/generated.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

std::vector<std::string> messages(const std::vector<xml::Notice>& notices) {
    std::vector<std::string> lines;
    for (const xml::Notice& notice : notices) lines.push_back(notice.message());
    return lines;
}

// Returns the stored definition as `parse` makes it; nullopt if it cannot be parsed, which is no
// error because it is to be replaced.
template <typename Parse>
auto parse_known(const std::optional<std::string>& text, Parse&& parse)
    -> std::optional<decltype(parse(*text))> {
    if (!text) return std::nullopt;
    try {
        return parse(*text);
    } catch (const base::Exception&) {
        return std::nullopt;
    }
}

// Returns what `look_up` finds, or an empty value if there is no such object.
template <typename LookUp>
auto unless_absent(LookUp&& look_up) -> decltype(look_up()) {
    try {
        return look_up();
    } catch (const base::Error& error) {
        if (error.code() != ErrorCode::no_domain && error.code() != ErrorCode::no_network) throw;
        return {};
    }
}

}  // namespace

std::string_view kind_title(ObjectKind kind) {
    return kind == ObjectKind::domain ? "Domain" : "Network";
}

std::optional<ObjectKind> kind_of(std::string_view element) {
    if (element == "domain") return ObjectKind::domain;
    if (element == "network") return ObjectKind::network;
    return std::nullopt;
}

std::string uuid_of(const Connection& connection, ObjectKind kind, const std::string& name) {
    return unless_absent([&] {
        return kind == ObjectKind::domain ? connection.lookup_by_name(name).uuid
                                          : connection.networks().lookup_by_name(name).uuid;
    });
}

bool is_active(const Connection& connection, ObjectKind kind, const std::string& name) {
    return unless_absent([&] {
        if (kind == ObjectKind::domain) return connection.lookup_by_name(name).id >= 0;
        const Networks& networks = connection.networks();
        return networks.info(networks.lookup_by_name(name)).active;
    });
}

ObjectDocument::ObjectDocument(ObjectKind kind, std::string_view text, std::string file)
    : kind_(kind), file_(std::move(file)) {
    const xml::ParseOptions options{.file = file_, .defaults = false, .is_new = true};
    if (kind == ObjectKind::domain) {
        xml::ParsedDomain parsed = xml::parse_domain(text, options);
        object_ = std::move(parsed.domain);
        notices_ = messages(parsed.notices);
    } else {
        xml::ParsedNetwork parsed = xml::parse_network(text, options);
        object_ = std::move(parsed.network);
        notices_ = messages(parsed.notices);
    }
    xml::check_name(name());
}

const std::string& ObjectDocument::name() const {
    return std::visit([](const auto& object) -> const std::string& { return object.name; },
                      object_);
}

const std::string& ObjectDocument::uuid() const {
    return std::visit([](const auto& object) -> const std::string& { return object.uuid; },
                      object_);
}

void ObjectDocument::complete(const Connection& connection,
                              const std::optional<std::string>& stored) {
    if (auto* network = std::get_if<xml::Network>(&object_)) {
        const auto known = parse_known(stored, [](const std::string& text) {
            return xml::parse_network(text, {.file = "(stored)", .defaults = false}).network;
        });
        if (known) xml::take_generated(*network, *known);
        // A transient network, which runs without a definition, has a uuid as well.
        if (network->uuid.empty())
            network->uuid = uuid_of(connection, ObjectKind::network, network->name);
        xml::fill_generated(*network);
        return;
    }
    auto& domain = std::get<xml::Domain>(object_);
    if (domain.uuid.empty() && stored) domain.uuid = xml::scan_uuid(*stored).value_or("");
    if (domain.uuid.empty()) domain.uuid = uuid_of(connection, ObjectKind::domain, domain.name);
    if (stored && xml::lacks_address(domain)) {
        const auto known = parse_known(stored, [](const std::string& text) {
            return xml::parse_domain(text, {.file = "(stored)", .defaults = false}).domain;
        });
        if (known) xml::take_addresses(domain, *known);
    }
    xml::fill_generated(domain);
}

void ObjectDocument::take(std::string_view canonical) {
    object_ = xml::parse_network(canonical, {.file = file_, .defaults = false}).network;
}

std::string ObjectDocument::canonical() const {
    if (kind_ == ObjectKind::domain) return xml::format_domain(domain());
    return xml::format_network(network());
}

ObjectDocument read_object(std::string_view text, const std::string& file) {
    const std::string_view element = xml::outermost_element(text);
    const auto kind = kind_of(element);
    // Text that is no XML at all has no element; the parser refuses it and names the line.
    if (!kind && !element.empty())
        base::fail(ErrorCode::xml_error, "{}: <{}> is neither a <domain> nor a <network>", file,
                   element);
    return {kind.value_or(ObjectKind::domain), text, file};
}

}  // namespace lxvirt::driver
