#include "driver/apply/difference.hh"

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/diff.hh"
#include "driver/apply/record.hh"
#include "driver/network/definitions.hh"
#include "driver/network/live.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "xml/network/check.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

constexpr std::string_view kUsualPartition = "/machine";

// Canonical, though somebody has edited it.
std::string definition_text(const Root& root, ObjectKind kind, const std::string& name) {
    if (kind == ObjectKind::domain) {
        if (const auto domain = Definitions(root).load(name)) return xml::format_domain(*domain);
    } else if (const auto network = NetworkDefinitions(root).load(name)) {
        return xml::format_network(*network);
    }
    base::fail(ErrorCode::operation_invalid, "{} '{}' has no definition: it is transient",
               paths_of(root, kind).kind, name);
}

[[noreturn]] void fail_inactive(const Root& root, ObjectKind kind, const std::string& name) {
    base::fail(ErrorCode::operation_invalid, "{} '{}' does not run", paths_of(root, kind).kind,
               name);
}

std::string live_domain(const Root& root, const std::string& name) {
    const auto live = root.running(name) ? read_live(root, name) : std::nullopt;
    if (!live) fail_inactive(root, ObjectKind::domain, name);
    // Read as a definition it loses the names that a start makes up.
    xml::Domain shown =
        xml::parse_domain(xml::format_domain(live->domain), {.defaults = false}).domain;
    if (const auto definition = Definitions(root).load(name)) {
        for (xml::Interface& interface : shown.interfaces)
            for (const xml::Interface& own : definition->interfaces)
                if (own.mac == interface.mac && own.guest.empty()) interface.guest.clear();
        // A running one always shows its partition.
        if (definition->partition.empty() && shown.partition == kUsualPartition)
            shown.partition.clear();
    }
    return xml::format_domain(shown);
}

std::string live_network(const Root& root, const std::string& name) {
    auto live = read_live_network(root, name);
    if (!live || !live->running || !live->current()) fail_inactive(root, ObjectKind::network, name);
    // What a start fills in says nothing new.
    if (const auto definition = NetworkDefinitions(root).load(name)) {
        xml::Network started = *definition;
        xml::fill_live_defaults(started);
        const auto text_with = [&](const xml::Nat& nat) {
            xml::Network network = *definition;
            network.forward.nat = nat;
            return xml::format_network(network);
        };
        if (text_with(started.forward.nat) == text_with(live->network.forward.nat))
            live->network.forward.nat = definition->forward.nat;
    }
    return xml::format_network(live->network);
}

}  // namespace

std::string difference_to_file(const Root& root, ObjectKind kind, const std::string& name,
                               const std::string& file) {
    ObjectDocument document = read_object(base::read_file(file), file);
    if (document.kind() != kind || document.name() != name)
        base::fail(ErrorCode::invalid_arg, "{} is of {} '{}', not of {} '{}'", file,
                   paths_of(root, document.kind()).kind, document.name(), paths_of(root, kind).kind,
                   name);
    const std::string before = definition_text(root, kind, name);
    document.complete(root, before);
    return base::unified_diff(before, document.canonical(), paths_of(root, kind).definition(name),
                              file);
}

std::string difference_to_live(const Root& root, ObjectKind kind, const std::string& name) {
    const std::string running =
        kind == ObjectKind::domain ? live_domain(root, name) : live_network(root, name);
    return base::unified_diff(definition_text(root, kind, name), running,
                              paths_of(root, kind).definition(name),
                              paths_of(root, kind).live(name));
}

std::optional<std::string> applied_file(const Root& root, ObjectKind kind,
                                        const std::string& name) {
    const AppliedRecord record(root);
    const AppliedEntry* const entry = record.find(kind, name);
    if (entry == nullptr) return std::nullopt;
    return entry->file;
}

}  // namespace lxvirt::driver
