#include "driver/apply/difference.hh"

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/diff.hh"
#include "driver/apply/record.hh"
#include "driver/names.hh"
#include "xml/domain/parse.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// libvirt's default of <resource><partition>, which a start fills in.
constexpr std::string_view kUsualPartition = "/machine";

// Returns the stored definition in canonical form, even if somebody has edited its file by hand.
// Throws operation_invalid if there is none.
std::string definition_text(const Connection& connection, ObjectKind kind,
                            const std::string& name) {
    if (!connection.stored_text(kind, name))
        base::fail(ErrorCode::operation_invalid, "{} '{}' has no definition: it is transient",
                   name_of(kind), name);
    if (kind == ObjectKind::domain) return connection.xml_desc({name, "", -1}, XmlFlags::inactive);
    return connection.networks().xml_desc({name, ""}, XmlFlags::inactive);
}

[[noreturn]] void fail_inactive(ObjectKind kind, const std::string& name) {
    base::fail(ErrorCode::operation_invalid, "{} '{}' does not run", name_of(kind), name);
}

// Parses a text that the driver made; nothing is made up.
xml::Domain parse_domain(const std::string& text, const std::string& name) {
    return xml::parse_domain(text, {.file = name, .defaults = false}).domain;
}

// Returns the live definition without what a start fills in.
std::string live_domain(const Connection& connection, const std::string& name) {
    const DomainRef domain = connection.lookup_by_name(name);
    if (domain.id < 0) fail_inactive(ObjectKind::domain, name);
    // Parsed as a definition, the live text loses the names that a start makes.
    xml::Domain shown = parse_domain(connection.xml_desc(domain), name);
    if (!connection.stored_text(ObjectKind::domain, name)) return xml::format_domain(shown);
    const xml::Domain definition =
        parse_domain(connection.xml_desc(domain, XmlFlags::inactive), name);
    for (xml::Interface& interface : shown.interfaces)
        for (const xml::Interface& own : definition.interfaces)
            if (own.mac == interface.mac && own.guest.empty()) interface.guest.clear();
    // The live definition always shows the partition.
    if (definition.partition.empty() && shown.partition == kUsualPartition) shown.partition.clear();
    return xml::format_domain(shown);
}

// Returns the live network as a definition, without the NAT ranges that a start fills in.
std::string live_network(const Connection& connection, const std::string& name) {
    const Networks& networks = connection.networks();
    const NetworkRef ref = networks.lookup_by_name(name);
    if (!networks.info(ref).active) fail_inactive(ObjectKind::network, name);
    const auto parse = [&](const std::string& text) {
        return xml::parse_network(text, {.file = name, .defaults = false}).network;
    };
    xml::Network live = parse(networks.xml_desc(ref));
    if (connection.stored_text(ObjectKind::network, name)) {
        const xml::Network definition = parse(networks.xml_desc(ref, XmlFlags::inactive));
        xml::Network started = definition;
        xml::fill_live_defaults(started);
        const auto text_with = [&](const xml::Nat& nat) {
            xml::Network network = definition;
            network.forward.nat = nat;
            return xml::format_network(network);
        };
        // The ports that a start fills in are no difference; other ones are.
        if (text_with(started.forward.nat) == text_with(live.forward.nat))
            live.forward.nat = definition.forward.nat;
    }
    return xml::format_network(live);
}

}  // namespace

std::string difference_to_file(Connection& connection, ObjectKind kind, const std::string& name,
                               const std::string& file) {
    ObjectDocument document =
        read_object(base::read_all(base::open_named_by_user(file), file), file);
    if (document.kind() != kind || document.name() != name)
        base::fail(ErrorCode::invalid_arg, "{} is of {} '{}', not of {} '{}'", file,
                   name_of(document.kind()), document.name(), name_of(kind), name);
    const std::string before = definition_text(connection, kind, name);
    document.complete(connection, before);
    return base::unified_diff(before, document.canonical(), connection.stored_place(kind, name),
                              file);
}

std::string difference_to_live(Connection& connection, ObjectKind kind, const std::string& name) {
    const std::string running =
        kind == ObjectKind::domain ? live_domain(connection, name) : live_network(connection, name);
    return base::unified_diff(definition_text(connection, kind, name), running,
                              connection.stored_place(kind, name),
                              connection.live_place(kind, name));
}

std::optional<std::string> applied_file(Connection& connection, ObjectKind kind,
                                        const std::string& name) {
    const AppliedRecord record(connection);
    const AppliedEntry* const entry = record.find(kind, name);
    if (entry == nullptr) return std::nullopt;
    return entry->file;
}

}  // namespace lxvirt::driver
