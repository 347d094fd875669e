#include "driver/store/lookup.hh"

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/known_domains.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "xml/document/identity.hh"
#include "xml/document/scan.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Returns the supervisor's pid, or -1.
int id_of(const Root& root, std::string_view name) {
    return root.running(name).value_or(-1);
}

std::optional<std::string> uuid_of_live(const Root& root, std::string_view name) {
    const auto text = base::try_read_state(root.live(name));
    return text ? xml::scan_uuid(*text) : std::nullopt;
}

}  // namespace

std::optional<std::string> known_uuid(const Root& root, std::string_view name) {
    try {
        if (auto uuid = Definitions(root).uuid(name)) return uuid;
    } catch (const base::SystemError&) {
        // list and load() report an unreadable file; a running domain still has its live
        // definition.
    }
    return uuid_of_live(root, name);
}

std::optional<DomainRef> find_by_name(const Root& root, std::string_view name) {
    if (!xml::is_name(name)) return std::nullopt;
    const int id = id_of(root, name);
    // A transient domain is there until the last of its processes is gone, so that it can be
    // destroyed.
    if (id < 0 && !Definitions(root).exists(name) && processes_left(root, name).empty())
        return std::nullopt;
    return DomainRef{std::string(name), known_uuid(root, name).value_or(""), id};
}

std::optional<DomainRef> find_by_uuid(const Root& root, std::string_view uuid) {
    if (const auto name = Definitions(root).find_by_uuid(uuid))
        return DomainRef{*name, std::string(uuid), id_of(root, *name)};
    for (const ActiveDomain& domain : active_domains(root))
        if (uuid_of_live(root, domain.name) == uuid)
            return DomainRef{domain.name, std::string(uuid), domain.id};
    return std::nullopt;
}

std::optional<DomainRef> find_by_id(const Root& root, int id) {
    for (const ActiveDomain& domain : active_domains(root))
        if (domain.id == id)
            return DomainRef{domain.name, known_uuid(root, domain.name).value_or(""), id};
    return std::nullopt;
}

std::vector<ActiveDomain> active_domains(const Root& root) {
    std::vector<ActiveDomain> active;
    for (std::string& name : live_names(root))
        if (const int id = id_of(root, name); id >= 0) active.push_back({std::move(name), id});
    return active;
}

void check_unique(const Root& root, const xml::Domain& domain) {
    std::optional<std::string> own_uuid, other_name;
    if (auto own = find_by_name(root, domain.name)) own_uuid = std::move(own->uuid);
    // The usual case: the definition is replaced, so no other file has to be scanned.
    if (own_uuid == domain.uuid) return;
    if (auto other = find_by_uuid(root, domain.uuid)) other_name = std::move(other->name);
    require_unique(domain.name, domain.uuid, own_uuid, other_name);
}

void fail_no_domain(std::string_view name) {
    base::fail(ErrorCode::no_domain, "no domain with matching name '{}'", name);
}

void fail_not_running() {
    base::fail(ErrorCode::operation_invalid, "domain is not running");
}

Targets targets_of(const Root& root, const std::string& name, Affect flags) {
    const auto domain = find_by_name(root, name);
    if (!domain) fail_no_domain(name);
    const bool active = domain->id >= 0;
    Targets targets{has(flags, Affect::live), has(flags, Affect::config)};
    if (!targets.live && !targets.config) (active ? targets.live : targets.config) = true;
    if (targets.live && !active) fail_not_running();
    if (targets.config && !Definitions(root).exists(name))
        base::fail(base::ErrorCode::operation_invalid,
                   "transient domains do not have any persistent config");
    return targets;
}

}  // namespace lxvirt::driver
