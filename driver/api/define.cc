// LocalConnection's methods that add, change and remove definitions.
//
// A method that adds or renames takes the define lock, as it has to see that no other domain has
// the same name or uuid; the others take the domain's operation lock only (driver/store/root.hh has
// the order). Each method settles first what a killed command has left
// (driver/device/operation.hh), then checks everything, then writes. The journal gets its line
// last, so that an event is never told of a change that did not happen.
#include "base/error.hh"
#include "driver/api/local.hh"
#include "driver/device/clean.hh"
#include "driver/device/operation.hh"
#include "driver/plan/check.hh"
#include "driver/store/definitions.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/lookup.hh"
#include "driver/store/state.hh"
#include "driver/supervisor/container_hooks.hh"
#include "xml/document/identity.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Returns the notices as lines for the user: "FILE:LINE: TEXT".
std::vector<std::string> messages(const std::vector<xml::Notice>& notices) {
    std::vector<std::string> lines;
    lines.reserve(notices.size());
    for (const xml::Notice& notice : notices) lines.push_back(notice.message());
    return lines;
}

// Throws no_domain if the domain is gone: the caller's DomainRef was looked up before the lock was
// held.
void require_domain(const Root& root, const std::string& name) {
    if (!find_by_name(root, name)) fail_no_domain(name);
}

}  // namespace

Defined LocalConnection::define_xml(std::string_view xml, const std::string& file,
                                    DefineFlags flags) {
    require_write("virDomainDefineXML");
    check_flags(flags, DefineFlags::validate | DefineFlags::autostart, "lxcDomainDefineXMLFlags");
    xml::ParseOptions options;
    options.file = file;
    options.validate = has(flags, DefineFlags::validate);
    options.is_new = true;
    options.host_ids = host_ids;
    const xml::ParsedDomain parsed = xml::parse_domain(xml, options);
    const xml::Domain& domain = parsed.domain;
    xml::check_name(domain.name);

    const auto locks = root_.lock_to_define({domain.name});
    settle(root_, domain.name);
    // The pid and the notices are asked for before the definition is stored, as nothing may fail the
    // command afterwards.
    const int id = root_.running(domain.name).value_or(-1);
    Defined defined{{domain.name, domain.uuid, id}, messages(parsed.notices)};
    for (const std::string& notice : notices_of_root(domain, host_facts(root_)))
        defined.notices.push_back(fmt::format("{}: {}", file, notice));
    for (const std::string& notice : notices_of_sources(domain))
        defined.notices.push_back(fmt::format("{}: {}", file, notice));
    const bool is_new = Definitions(root_).store(domain, has(flags, DefineFlags::autostart));
    journal_lifecycle(root_, domain.name, domain.uuid, DomainLifecycle::defined,
                      is_new ? detail::defined_added : detail::defined_updated);
    return defined;
}

namespace {

// Runs the container's "destroy" hooks, which lxc-destroy(1) runs as it removes a container. A
// domain that runs is undefined without them: lxc refuses to destroy a running container, so its
// hooks expect a stopped one. A definition that cannot be read does not keep the domain from being
// undefined; a log line names the reason.
void call_destroy_hooks(const Root& root, const std::string& name, bool running) {
    std::optional<xml::Domain> definition;
    try {
        definition = Definitions(root).load(name);
    } catch (const base::Error& error) {
        log_line(root, name, "undefined without a look at its hooks: " + error.message());
    }
    if (!definition || !has_hook(container_hooks(*definition, root), "destroy")) return;
    if (running)
        log_line(root, name, "hook destroy: not run, as the domain runs while it is undefined");
    else
        run_destroy_hooks(root, *definition);
}

}  // namespace

void LocalConnection::undefine(const DomainRef& domain, UndefineFlags flags) {
    require_write("virDomainUndefineFlags");
    // These flags ask for the removal of a saved state, snapshots and checkpoints, which lxvirt
    // never has; they are accepted for clients that set them for every driver.
    check_flags(flags,
                UndefineFlags::managed_save | UndefineFlags::snapshots_metadata |
                    UndefineFlags::checkpoints_metadata,
                "lxcDomainUndefineFlags");
    const auto lock = lock_settled(root_, domain.name);
    require_domain(root_, domain.name);
    const bool running = root_.running(domain.name).has_value();
    if (!running) clean_up(root_, domain.name);
    call_destroy_hooks(root_, domain.name, running);
    // A running domain becomes transient: without a definition it disappears when it stops.
    if (!Definitions(root_).remove(domain.name))
        base::fail(ErrorCode::operation_invalid, "cannot undefine transient domain");
    journal_lifecycle(root_, domain.name, domain.uuid, DomainLifecycle::undefined,
                      detail::undefined_removed);
}

void LocalConnection::rename(const DomainRef& domain, const std::string& new_name) {
    require_write("virDomainRename");
    xml::check_name(new_name);
    if (new_name == domain.name)
        base::fail(ErrorCode::operation_invalid, "domain '{}' already has this name", new_name);
    const auto locks = root_.lock_to_define({domain.name, new_name});
    require_domain(root_, domain.name);
    if (root_.running(domain.name))
        base::fail(ErrorCode::operation_invalid, "cannot rename active domain");
    clean_up(root_, domain.name);
    Definitions definitions(root_);
    // The files of a crashed run have the old name, so they were cleaned up first.
    auto definition = definitions.load(domain.name);
    if (!definition) base::fail(ErrorCode::operation_invalid, "cannot rename a transient domain");
    if (find_by_name(root_, new_name))
        base::fail(ErrorCode::operation_invalid, "domain with name '{}' already exists", new_name);
    definition->name = new_name;
    definitions.rename(domain.name, *definition);
    journal_lifecycle(root_, domain.name, definition->uuid, DomainLifecycle::undefined,
                      detail::undefined_renamed);
    journal_lifecycle(root_, new_name, definition->uuid, DomainLifecycle::defined,
                      detail::defined_renamed);
}

std::string LocalConnection::xml_desc(const DomainRef& domain, XmlFlags flags) const {
    check_flags(flags, XmlFlags::secure | XmlFlags::inactive, "lxcDomainGetXMLDesc");
    // libvirt refuses this flag to read-only clients.
    if (has(flags, XmlFlags::secure) && read_only_)
        base::fail(ErrorCode::operation_denied, "virDomainGetXMLDesc with secure flag");
    const Definitions definitions(root_);
    const bool active = root_.running(domain.name).has_value();
    if (active && !has(flags, XmlFlags::inactive)) {
        if (const auto live = read_live(root_, domain.name))
            return xml::format_domain(live->domain, {.live = true});
    }
    if (const auto definition = definitions.load(domain.name))
        return xml::format_domain(*definition);
    // A transient domain has only its live definition.
    if (!active) fail_no_domain(domain.name);
    const auto live = read_live(root_, domain.name);
    if (!live) fail_no_domain(domain.name);
    return xml::format_domain(live->domain);
}

bool LocalConnection::autostart(const DomainRef& domain) const {
    require_domain(root_, domain.name);
    return Definitions(root_).autostart(domain.name);
}

void LocalConnection::set_autostart(const DomainRef& domain, bool on) {
    require_write("virDomainSetAutostart");
    const auto lock = lock_settled(root_, domain.name);
    require_domain(root_, domain.name);
    Definitions definitions(root_);
    if (!definitions.exists(domain.name))
        base::fail(ErrorCode::operation_invalid, "cannot set autostart for transient domain");
    definitions.set_autostart(domain.name, on);
}

}  // namespace lxvirt::driver
