// LocalConnection's methods that look up domains and report facts about domains and the host. None
// takes a lock: each reads files that are replaced atomically, so the facts of one domain may be of
// two successive moments, but no file is ever read half written.
#include "base/error.hh"
#include "base/uuid.hh"
#include "driver/api/events.hh"
#include "driver/api/list.hh"
#include "driver/api/local.hh"
#include "driver/api/usage.hh"
#include "driver/host/capabilities.hh"
#include "driver/host/node.hh"
#include "driver/store/definitions.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"

namespace lxvirt::driver {

std::string LocalConnection::hostname() const {
    return host_name();
}

Version LocalConnection::version() const {
    return host_version();
}

NodeInfo LocalConnection::node_info() const {
    return read_node_info();
}

std::string LocalConnection::capabilities() const {
    return format_capabilities();
}

std::string LocalConnection::sysinfo() const {
    return format_sysinfo();
}

DomainRef LocalConnection::lookup_by_name(const std::string& name) const {
    auto domain = find_by_name(root_, name);
    if (!domain) fail_no_domain(name);
    return std::move(*domain);
}

DomainRef LocalConnection::lookup_by_uuid(const std::string& uuid) const {
    const auto canonical = base::parse_uuid(uuid);
    if (!canonical)
        base::fail(base::ErrorCode::invalid_arg, "uuid '{}' must be 32 hexadecimal digits", uuid);
    auto domain = find_by_uuid(root_, *canonical);
    if (!domain)
        base::fail(base::ErrorCode::no_domain, "no domain with matching uuid '{}'", *canonical);
    return std::move(*domain);
}

DomainRef LocalConnection::lookup_by_id(int id) const {
    auto domain = find_by_id(root_, id);
    if (!domain) base::fail(base::ErrorCode::no_domain, "no domain with matching id {}", id);
    return std::move(*domain);
}

std::vector<DomainSummary> LocalConnection::list_all_domains(const ListFilter& filter) const {
    return list_domains(root_, filter);
}

DomainStatus LocalConnection::status(const DomainRef& domain) const {
    const auto found = find_by_name(root_, domain.name);
    if (!found) fail_no_domain(domain.name);
    return read_state(root_, domain.name, found->id);
}

DomainInfo LocalConnection::info(const DomainRef& domain) const {
    const auto found = find_by_name(root_, domain.name);
    if (!found) fail_no_domain(domain.name);
    const Definitions definitions(root_);
    const bool has_live = found->id >= 0 || !definitions.exists(domain.name);
    const auto live = has_live ? read_live(root_, domain.name) : std::nullopt;
    // A running domain has the sizes that it was started with; those of its definition hold from
    // the next start.
    const auto definition = live ? live->domain : definitions.load(domain.name);
    if (!definition) fail_no_domain(domain.name);
    DomainInfo info;
    info.state = read_state(root_, domain.name, found->id).state;
    info.max_memory = definition->memory;
    info.memory = definition->current_memory;
    info.vcpus = definition->current_vcpus.value_or(definition->vcpus);
    info.persistent = definitions.exists(domain.name);
    if (live) add_usage(*live, info);
    return info;
}

std::unique_ptr<EventStream> LocalConnection::events() const {
    if (!read_only_) root_.make_folders();  // the journal's folder is watched
    return follow_journal(root_);
}

}  // namespace lxvirt::driver
