// Attach, detach and update: reads the document, finds the device in the definitions, and runs the
// steps in the order that hotplug.hh explains. The undo record is in hotplug_settle.cc, updates in
// place are in hotplug_update.cc.
#include "driver/device/hotplug.hh"

#include "base/error.hh"
#include "base/test_point.hh"
#include "base/uuid.hh"
#include "driver/device/hotplug_parts.hh"
#include "driver/device/in_use.hh"
#include "driver/device/plug.hh"
#include "driver/device/shared_disks.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "driver/store/lookup.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::test_point;

// A document of the user's, parsed.
struct Document {
    xml::Device device;  // a live definition's device, with an alias and generated names
    std::vector<std::string> notices;
};

// Parses a document as a live definition's device, so that an alias in it is kept. `defaults`: make
// up what the document leaves out.
Document parse(std::string_view xml, const DeviceOptions& options, bool defaults) {
    xml::ParsedDevice parsed = xml::parse_device(xml, {.file = options.file,
                                                       .defaults = defaults,
                                                       .live = true,
                                                       .validate = options.validate,
                                                       .is_new = true});
    Document document{std::move(parsed.device), {}};
    for (const xml::Notice& notice : parsed.notices) document.notices.push_back(notice.message());
    return document;
}

// Returns the device as a definition has it.
xml::Device without_live_names(xml::Device device) {
    xml::forget_live(device);
    return device;
}

// libvirt reserves the prefix "ua-" for aliases of the user's own.
bool is_users_alias(const std::string& alias) {
    return alias.starts_with("ua-");
}

// Parses the document of an attach. The device gets the names that a start makes; an alias of the
// user's own is kept.
Document parse_new(std::string_view xml, const DeviceOptions& options) {
    Document document = parse(xml, options, true);
    const std::string alias = device_alias(document.device);
    document.device = without_live_names(std::move(document.device));
    if (is_users_alias(alias)) set_device_alias(document.device, alias);
    return document;
}

void require_alias_is_free(const xml::Domain& domain, const xml::Device& device) {
    const std::string& alias = device_alias(device);
    if (!alias.empty() && find_alias(domain, alias))
        base::fail(ErrorCode::operation_invalid, "alias {} already exists", alias);
}

// Adds the device to the live definition, and returns it with the names that a start would have
// given it. Throws operation_invalid if its alias or target is taken.
xml::Device add_named(LiveState& live, const xml::Device& device) {
    require_alias_is_free(live.domain, device);
    add_device(live.domain, device);
    name_live_domain(live.domain, live.helper);
    return std::visit(
        [&]<typename T>(const T& one) -> xml::Device {
            if constexpr (std::is_same_v<T, xml::Console>)
                return live.domain.consoles.back();
            else
                return find_device(live.domain, one);
        },
        device);
}

// Throws operation_unsupported for what cannot be taken away from a running container.
void check_detachable(const xml::Domain& domain, const xml::Device& device) {
    if (const auto* filesystem = std::get_if<xml::Filesystem>(&device))
        if (filesystem->target == "/")
            base::fail(ErrorCode::operation_unsupported,
                       "the root file system of a running container cannot be detached");
    const auto* console = std::get_if<xml::Console>(&device);
    if (console == nullptr) return;
    if (console->port == 0)
        base::fail(ErrorCode::operation_unsupported,
                   "the first console cannot be detached: the container's init runs on it");
    if (console->port + 1 != domain.consoles.size())
        base::fail(ErrorCode::operation_unsupported,
                   "consoles are counted: only the last one (port {}) can be detached",
                   domain.consoles.size() - 1);
}

bool may_hold_a_disk(const xml::Device& device) {
    return !std::holds_alternative<xml::Interface>(device) &&
           !std::holds_alternative<xml::Console>(device);
}

// Undoes an attach. What cannot be undone now stays in the record, and settle() undoes it later; a
// log line says why.
void take_back(const Root& root, const Guest& guest, const LiveState& before,
               const xml::Device& device, const std::vector<MadeDevice>& made) noexcept {
    try {
        unplug(root, guest, before, device, made, true);
        write_live(root, before);
        clear_pending(root, before.domain.name);
    } catch (const base::Exception& error) {
        log_line(root, before.domain.name, error.message());
    }
}

// Attaches a device to the running container, and with `definition` stores that text as the last
// step. Throws with everything as it was.
void attach_live(const Root& root, const LiveState& before, const xml::Device& wanted,
                 const std::optional<std::string>& definition) {
    const std::string& name = before.domain.name;
    LiveState live = before;
    xml::Device device = add_named(live, wanted);
    const Guest guest(root, name);
    const auto disks = may_hold_a_disk(device) ? lock_disks(root, live.domain) : std::nullopt;
    Plug plug(root, guest, live, device);
    plug.prepare();
    live = before;
    add_to_live(live, device, plug.made());
    if (auto* interface = std::get_if<xml::Interface>(&device);
        interface != nullptr && interface->type == xml::InterfaceType::network)
        // The port is claimed by this uuid, and released by it after a kill.
        interface->portid = base::random_uuid();
    test_point("attach-prepared");
    write_change(root, name,
                 {.operation = "attach",
                  .device = device,
                  .made = plug.made(),
                  .with = {},
                  .made_with = {},
                  .definition = definition});
    test_point("attach-written-down");
    try {
        plug.apply(device);
        replace_device(live.domain, device, device);  // takes over a console's paths
        write_live(root, live);
        test_point("attach-live");
        if (definition) Definitions(root).update_text(name, *definition);
        test_point("attach-definition");
    } catch (const base::Exception&) {
        take_back(root, guest, before, device, plug.made());
        throw;
    }
    clear_pending(root, name);
}

// Detaches a device from the running container. With `force` returns notices that name who used the
// device; otherwise a use throws resource_busy.
std::vector<std::string> detach_live(const Root& root, const Originals& originals,
                                     const xml::Device& device,
                                     const std::optional<std::string>& definition, bool force) {
    const std::string& name = originals.live->domain.name;
    check_detachable(originals.live->domain, device);
    const Guest guest(root, name);
    const std::vector<MadeDevice> made = made_for(*originals.live, device);
    const std::vector<std::string> users =
        force ? std::vector<std::string>{} : users_of(guest, *originals.live, device, made);
    if (!users.empty())
        base::fail(ErrorCode::resource_busy, "{} is in use: {}; --force detaches it all the same",
                   device_label(device), join(users));
    std::vector<std::string> notices;
    if (force)
        for (const std::string& user : users_of(guest, *originals.live, device, made))
            notices.push_back(fmt::format("{} was in use and goes when its users let go of it: {}",
                                          device_label(device), user));
    const LiveState after = without_device(*originals.live, device);
    write_change(root, name,
                 {.operation = "detach",
                  .device = device,
                  .made = made,
                  .with = {},
                  .made_with = {},
                  .definition = definition});
    test_point("detach-written-down");
    try {
        if (definition) Definitions(root).update_text(name, *definition);
        test_point("detach-definition");
        unplug(root, guest, after, device, made, force);
    } catch (const base::Exception&) {
        // unplug() begins with what can fail, so nothing was taken away from the container.
        if (definition) Definitions(root).update_text(name, originals.definition_text);
        clear_pending(root, name);
        throw;
    }
    write_live(root, after);
    test_point("detach-live");
    clear_pending(root, name);
    return notices;
}

// Adds a notice if a definition has just lost its last interface: without one libvirt's containers
// share the host's network.
void add_network_notice(const xml::Domain& definition, std::vector<std::string>& notices) {
    if (!xml::has_own_network(definition) &&
        !(definition.lxc_namespace && definition.lxc_namespace->sharenet))
        notices.push_back(
            fmt::format("from its next start domain '{}' has no network of its own: "
                        "it shares the host's",
                        definition.name));
}

// Detaches the device that `find` returns from each definition. `find` throws if a definition does
// not have the device.
template <typename Find>
std::vector<std::string> detach(const Root& root, const DomainRef& domain,
                                const DeviceOptions& options, Find&& find) {
    Originals originals = begin_change(root, domain.name, options.flags);
    std::vector<std::string> notices;
    std::optional<xml::Device> live, stored;
    if (originals.live) live = find(originals.live->domain, std::optional<xml::Device>());
    std::optional<std::string> text;
    if (originals.definition) {
        stored = find(*originals.definition, live);
        const bool had_network = xml::has_own_network(*originals.definition);
        remove_device(*originals.definition, *stored);
        text = xml::format_domain(*originals.definition);
        if (had_network) add_network_notice(*originals.definition, notices);
    }
    if (live) {
        auto more = detach_live(root, originals, *live, text, has(options.flags, Affect::force));
        notices.insert(notices.end(), more.begin(), more.end());
        journal_device(root, domain.name, domain.uuid, DomainEventKind::device_removed,
                       device_alias(*live));
    } else {
        Definitions(root).update_text(domain.name, *text);
    }
    return notices;
}

// Changes the device that `find` looks up in each definition into what `changed` makes of it; the
// flag tells `changed` whether the definition is the live one.
template <typename Find, typename Changed>
void change_device(const Root& root, const DomainRef& domain, Affect flags, Find&& find,
                   Changed&& changed) {
    Originals originals = begin_change(root, domain.name, flags);
    std::optional<std::string> text;
    if (originals.definition) {
        const xml::Device have = find(*originals.definition);
        xml::Device stored = changed(have, false);
        set_device_alias(stored, "");
        replace_device(*originals.definition, have, stored);
        text = xml::format_domain(*originals.definition);
    }
    if (!originals.live) {
        Definitions(root).update_text(domain.name, *text);
        return;
    }
    const xml::Device have = find(originals.live->domain);
    const xml::Device with = changed(have, true);
    check_live_change(have, with);
    xml::Domain domain_with = originals.live->domain;
    replace_device(domain_with, have, with);
    const auto disks = may_hold_a_disk(with) ? lock_disks(root, domain_with) : std::nullopt;
    const Guest guest(root, domain.name);
    const std::vector<MadeDevice> made = made_for(*originals.live, have);
    if (std::holds_alternative<xml::Disk>(have) && !has(flags, Affect::force))
        if (const auto users = users_of(guest, *originals.live, have, made); !users.empty())
            base::fail(ErrorCode::resource_busy,
                       "{} is in use: {}; --force changes it all the same", device_label(have),
                       join(users));
    update_live(root, guest, *originals.live, have, with, text);
}

}  // namespace

std::vector<std::string> attach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options) {
    Document document = parse_new(xml, options);
    Originals originals = begin_change(root, domain.name, options.flags);
    std::optional<std::string> text;
    if (originals.definition) {
        xml::Device stored = document.device;
        if (const std::string alias = device_alias(stored); !alias.empty())
            document.notices.push_back(
                fmt::format("{}: alias '{}' was left out of the definition: a container's devices "
                            "are named at each start",
                            options.file, alias));
        set_device_alias(stored, "");
        add_device(*originals.definition, stored);
        text = xml::format_domain(*originals.definition);
    }
    if (originals.live) {
        attach_live(root, *originals.live, document.device, text);
        const auto live = read_live(root, domain.name);
        journal_device(root, domain.name, domain.uuid, DomainEventKind::device_added,
                       live ? device_alias(find_device(live->domain, document.device)) : "");
    } else {
        Definitions(root).update_text(domain.name, *text);
    }
    return document.notices;
}

std::vector<std::string> detach_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options) {
    const Document document = parse(xml, options, false);
    auto notices = detach(root, domain, options,
                          [&](const xml::Domain& definition, const std::optional<xml::Device>&) {
                              return find_device(definition, document.device);
                          });
    notices.insert(notices.begin(), document.notices.begin(), document.notices.end());
    return notices;
}

std::vector<std::string> detach_alias(const Root& root, const DomainRef& domain,
                                      const std::string& alias, const DeviceOptions& options) {
    return detach(
        root, domain, options,
        [&](const xml::Domain& definition, const std::optional<xml::Device>& live) {
            // A stored definition has no aliases, so its device is the one that matches the live
            // one.
            if (live) return find_device(definition, *live);
            if (auto found = find_alias(definition, alias)) return std::move(*found);
            base::fail(ErrorCode::device_missing, "no device found with alias {}", alias);
        });
}

std::vector<std::string> update_device(const Root& root, const DomainRef& domain,
                                       std::string_view xml, const DeviceOptions& options) {
    const Document document = parse(xml, options, false);
    change_device(
        root, domain, options.flags,
        [&](const xml::Domain& definition) { return find_device(definition, document.device); },
        [&](const xml::Device& have, bool live) {
            return changed_device(have,
                                  live ? document.device : without_live_names(document.device));
        });
    return document.notices;
}

void set_link_state(const Root& root, const DomainRef& domain, const std::string& device, bool up,
                    Affect flags) {
    change_device(
        root, domain, flags,
        [&](const xml::Domain& definition) -> xml::Device {
            const xml::Interface* const found = xml::find_interface(definition, device);
            if (found == nullptr)
                base::fail(ErrorCode::invalid_arg, "'{}' is not a known interface", device);
            return *found;
        },
        [&](const xml::Device& have, bool) {
            xml::Device changed = have;
            std::get<xml::Interface>(changed).link_up = up;
            return changed;
        });
}

}  // namespace lxvirt::driver
