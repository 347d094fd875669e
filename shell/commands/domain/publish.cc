// publish: ports of the host that lead to a container. virsh has no such command.
#include "base/text/text.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/plug.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"
#include "xml/domain/publications.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kPublish[] = {
    domain_option(),
    {"port", OptionType::data, "the port of the host; without one the command lists the ports",
     complete_published},
    {"container", OptionType::string, "the port of the container (default: the host's)"},
    {"proto", OptionType::string, "tcp (the default) or udp", complete_from<"tcp", "udp">},
    {"address", OptionType::string, "an address of the host (default: all of them)"},
    {"interface", OptionType::string,
     "the container's interface, if it has several on networks: by its name on the host, its name "
     "inside or its MAC address",
     complete_interfaces},
    {"remove", OptionType::boolean, "end the publication"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
};

bool list_published(Session& session, const Invocation& invocation) {
    for (const char* option : {"container", "proto", "address", "interface", "remove"})
        if (invocation.has(option))
            give_up("--{} needs the port of the host that is meant: publish DOMAIN PORT --{} ...",
                    option, option);
    const xml::Domain domain = meant_domain(session, invocation);
    terminal::Table table({"Proto", "Address", "Port", "Container port", "Interface"});
    for (const xml::ContainerInterface& more : domain.container.interfaces)
        for (const xml::ContainerPublication& one : more.publications)
            table.add(
                {one.proto, one.address.empty() ? "*" : one.address, std::to_string(one.host),
                 std::to_string(one.container),
                 more.index < domain.interfaces.size() ? domain.interfaces[more.index].mac : ""});
    session.print(table.text(!session.options().quiet));
    return true;
}

bool publish(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    if (!invocation.has("port")) return list_published(session, invocation);
    driver::PublicationChange change;
    xml::ContainerPublication& publication = change.publication;
    change.remove = invocation.has("remove");
    change.device = invocation.text("interface");
    publication.proto = invocation.has("proto") ? invocation.text("proto") : "tcp";
    if (publication.proto != "tcp" && publication.proto != "udp")
        give_up("--proto '{}' is unknown: right would be tcp or udp", publication.proto);
    const std::string failing =
        fmt::format("Failed to {} port {}", change.remove ? "end the publication of" : "publish",
                    invocation.text("port"));
    explain(failing, [&] {
        publication.host = xml::parse_published_port(invocation.text("port"));
        publication.container = invocation.has("container")
                                    ? xml::parse_published_port(invocation.text("container"))
                                    : publication.host;
        publication.address = xml::parse_published_address(invocation.text("address"));
    });
    const driver::DomainRef domain = find_domain(session, invocation);
    explain(failing, [&] {
        session.connection().publish(
            domain, change, device_options(invocation, domain, driver::Affect::current).flags);
    });
    session.print_format("{} {}\n", xml::publication_text(publication),
                         change.remove ? "is no longer published" : "published");
    return true;
}

constexpr Command kCommands[] = {
    {"publish", "let a port of the host lead to a container",
     "Publish a port of the host for a container on a network of forward mode nat or route, end a "
     "publication, or list the ports.",
     kPublish, publish, kInterruptible},
};

}  // namespace

std::span<const Command> publish_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
