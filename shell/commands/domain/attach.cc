// attach-device, detach-device, update-device and detach-device-alias, and the functions of
// attach.hh.
#include "shell/commands/attach.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

driver::DeviceOptions device_options(const Invocation& invocation, const driver::DomainRef& domain,
                                     driver::Affect fallback) {
    using driver::Affect;
    const auto asked =
        flags_of<Affect>(invocation, {{"live", Affect::live}, {"config", Affect::config}});
    driver::DeviceOptions options;
    options.flags = asked;
    if (invocation.command().find_option("persistent") != nullptr && invocation.has("persistent"))
        options.flags |= domain.id != -1 ? Affect::live | Affect::config : Affect::config;
    // Affect::current is the value without any flag, so only the option itself tells the two apart.
    if (options.flags == Affect::current && !invocation.has("current")) options.flags = fallback;
    options.flags |= flags_of<Affect>(invocation, {{"force", Affect::force}});
    return options;
}

void check_affect_options(const Invocation& invocation) {
    if (invocation.command().find_option("persistent") != nullptr)
        invocation.exclusive("persistent", "current");
    invocation.exclusive("config", "current");
    invocation.exclusive("live", "current");
}

void print_notices(Session& session, const std::vector<std::string>& notices) {
    for (const std::string& notice : notices) session.warn(notice);
}

namespace {

// Runs one of the three commands that take a document. `failing` and `done` are the command's words
// in virsh's messages, such as "attach" and "attached". `fallback` is what is changed without
// options: for attach and detach, as in virsh, the running container and not the definition.
bool with_document(Session& session, const Invocation& invocation, Act act,
                   std::string_view failing, std::string_view done, driver::Affect fallback) {
    check_affect_options(invocation);
    const driver::DomainRef domain = find_domain(session, invocation);
    driver::DeviceOptions options = device_options(invocation, domain, fallback);
    options.file = invocation.text("file");
    options.validate =
        invocation.command().find_option("validate") != nullptr && invocation.has("validate");
    const std::string text = read_document(options.file);
    print_notices(session,
                  explain(fmt::format("Failed to {} device from {}", failing, options.file),
                          [&] { return (session.connection().*act)(domain, text, options); }));
    session.print_extra_format("Device {} successfully\n", done);
    return true;
}

constexpr Option kFileOption{"file", OptionType::data, "the file with the device's XML",
                             complete_files, true};
constexpr Option kValidateOption{"validate", OptionType::boolean,
                                 "refuse a document that the schema does not accept"};

constexpr Option kAttachOptions[] = {
    domain_option(), kFileOption,    kPersistentOption, kConfigOption,
    kLiveOption,     kCurrentOption, kValidateOption,
};

bool attach_device(Session& session, const Invocation& invocation) {
    return with_document(session, invocation, &driver::Connection::attach_device, "attach",
                         "attached", driver::Affect::live);
}

constexpr Option kDetachOptions[] = {
    domain_option(), kFileOption,    kPersistentOption, kConfigOption,
    kLiveOption,     kCurrentOption, kForceOption,
};

bool detach_device(Session& session, const Invocation& invocation) {
    return with_document(session, invocation, &driver::Connection::detach_device, "detach",
                         "detached", driver::Affect::live);
}

constexpr Option kUpdateOptions[] = {
    domain_option(),
    kFileOption,
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    {"force", OptionType::boolean, "change it even if it is in use"},
};

bool update_device(Session& session, const Invocation& invocation) {
    return with_document(session, invocation, &driver::Connection::update_device, "update",
                         "updated", driver::Affect::current);
}

constexpr Option kAliasOptions[] = {
    domain_option(),
    {"alias", OptionType::data, "the device's alias, as dumpxml shows it", complete_aliases, true},
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kForceOption,
};

// virsh says "request sent" here, because libvirt only asks a virtual machine. In lxvirt the device
// is gone when the command returns; only the words are kept.
bool detach_device_alias(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string alias = invocation.text("alias");
    const driver::DomainRef domain = find_domain(session, invocation);
    driver::DeviceOptions options = device_options(invocation, domain, driver::Affect::current);
    print_notices(session,
                  explain(fmt::format("Failed to detach device with alias {}", alias), [&] {
                      return session.connection().detach_device_alias(domain, alias, options);
                  }));
    session.print_extra("Device detach request sent successfully\n");
    return true;
}

constexpr Command kCommands[] = {
    {"attach-device", "give a domain a device described in a file",
     "Add a disk, filesystem, interface, hostdev or console. A running\n"
     "container gets it at once; with --config its definition gets it.",
     kAttachOptions, attach_device, kInterruptible},
    {"detach-device", "take a device away that a file describes",
     "Remove the device that the file describes: a disk or filesystem is found\n"
     "by its target, an interface by its MAC address, another device by its\n"
     "source. A device that is in use stays, and the error names its users.",
     kDetachOptions, detach_device, kInterruptible},
    {"detach-device-alias", "take a device away by its alias",
     "Remove the device with this alias (disk0, net1 ...).", kAliasOptions, detach_device_alias,
     kInterruptible},
    {"update-device", "change a device as a file describes it",
     "While a container runs, these can be changed: link state, mtu, bandwidth\n"
     "and bridge of an interface, <readonly/> of a filesystem, the source of a\n"
     "disk.",
     kUpdateOptions, update_device, kInterruptible},
};

}  // namespace

std::span<const Command> attach_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
