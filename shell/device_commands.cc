// domblklist, domiflist: read from the domain's XML, so that they say the same as dumpxml.
#include "shell/lookup.hh"
#include "shell/registry.hh"
#include "shell/session.hh"
#include "shell/table.hh"
#include "xml/parse.hh"

namespace lxvirt::shell {

namespace {

xml::Domain parsed(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const bool inactive = invocation.has("inactive");
    const std::string text = session.connection().xml_desc(domain, {.inactive = inactive});
    xml::ParseOptions options;
    options.file = domain.name;
    options.defaults = false;
    options.live = domain.id != -1 && !inactive;
    return xml::parse_domain(text, options).domain;
}

constexpr Option kBlockOptions[] = {
    domain_option(),
    {"inactive", OptionType::boolean, "of the stored definition, though it runs"},
    {"details", OptionType::boolean, "with each one's type and device"},
};

bool domblklist(Session& session, const Invocation& invocation) {
    const bool details = invocation.has("details");
    std::vector<std::string> header{"Target", "Source"};
    if (details) header = {"Type", "Device", "Target", "Source"};
    Table table(header);
    for (const xml::Disk& disk : parsed(session, invocation).disks) {
        std::vector<std::string> row;
        if (details) row = {disk.type == xml::DiskType::block ? "block" : "file", disk.device};
        row.push_back(disk.target);
        row.push_back(or_dash(disk.source));
        table.add(row);
    }
    session.print(table.text(!session.options().quiet));
    return true;
}

constexpr Option kInterfaceOptions[] = {
    domain_option(),
    {"inactive", OptionType::boolean, "of the stored definition, though it runs"},
};

std::string_view type_word(xml::InterfaceType type) {
    switch (type) {
        case xml::InterfaceType::network: return "network";
        case xml::InterfaceType::bridge: return "bridge";
        case xml::InterfaceType::ethernet: return "ethernet";
        case xml::InterfaceType::direct: return "direct";
    }
    return "-";
}

bool domiflist(Session& session, const Invocation& invocation) {
    Table table({"Interface", "Type", "Source", "Model", "MAC"});
    for (const xml::Interface& link : parsed(session, invocation).interfaces) {
        table.add({or_dash(link.target), std::string(type_word(link.type)), or_dash(link.source),
                   or_dash(link.model), or_dash(link.mac)});
    }
    session.print(table.text(!session.options().quiet));
    return true;
}

constexpr Command kCommands[] = {
    {"domblklist", "the disks of a domain",
     "List the block devices of a domain with their sources.", kBlockOptions, domblklist},
    {"domiflist", "the network interfaces of a domain",
     "List the network interfaces of a domain with the host's end of each.", kInterfaceOptions,
     domiflist},
};

}  // namespace

std::span<const Command> device_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
