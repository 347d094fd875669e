// net-define, net-default, net-create, net-undefine, net-start, net-destroy, net-autostart,
// net-info, net-name, net-uuid, net-dumpxml and net-edit. virsh's messages have no quotes around
// the names of networks, unlike those of domains.
#include "shell/commands/edit_loop.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/commands/xml_output.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kFileOptions[] = {
    {"file", OptionType::data, "the file with the network's XML", complete_files, true},
    {"validate", OptionType::boolean, "refuse a document that the schema does not accept"},
};

// A method of the driver that takes a network's document: define_xml or create_xml.
using Maker = driver::DefinedNetwork (driver::Networks::*)(std::string_view, const std::string&,
                                                           driver::DefineFlags);

// Runs net-define or net-create. `act` and `done` are the command's words in virsh's messages.
// Notices about the document are warnings.
bool make(Session& session, const Invocation& invocation, Maker maker, std::string_view act,
          std::string_view done) {
    const std::string file = invocation.text("file");
    const std::string text = read_document(file);
    driver::Networks& networks = session.connection().networks();
    const driver::DefinedNetwork made =
        explain(fmt::format("Failed to {} network from {}", act, file),
                [&] { return (networks.*maker)(text, file, define_flags(invocation)); });
    for (const std::string& notice : made.notices) session.warn(notice);
    session.print_extra_format("Network {} {} from {}\n", made.network.name, done, file);
    return true;
}

bool define(Session& session, const Invocation& invocation) {
    return make(session, invocation, &driver::Networks::define_xml, "define", "defined");
}

bool create(Session& session, const Invocation& invocation) {
    return make(session, invocation, &driver::Networks::create_xml, "create", "created");
}

constexpr Option kDefaultOptions[] = {
    {"missing", OptionType::boolean, "succeed and do nothing if there is one already"},
};

// Defines the network that libvirt's packages bring along. With --missing, which the package's
// installation uses, an existing network of that name is a success, whatever it contains.
bool define_default(Session& session, const Invocation& invocation) {
    driver::Networks& networks = session.connection().networks();
    if (invocation.has("missing"))
        for (const driver::NetworkSummary& network : networks.list())
            if (network.name == "default") return true;
    const driver::DefinedNetwork defined =
        explain("Failed to define the default network", [&] { return networks.define_default(); });
    for (const std::string& notice : defined.notices) session.warn(notice);
    session.print_extra_format("Network {} defined and marked as autostarted\n",
                               defined.network.name);
    return true;
}

constexpr Option kAnyOptions[] = {network_option()};

bool undefine(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    explain(fmt::format("Failed to undefine network {}", network.name),
            [&] { session.connection().networks().undefine(network); });
    session.print_extra_format("Network {} has been undefined\n", network.name);
    return true;
}

constexpr Option kStartOptions[] = {network_option(complete_inactive_networks)};

bool start(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    const std::vector<std::string> notices =
        explain(fmt::format("Failed to start network {}", network.name),
                [&] { return session.connection().networks().start(network); });
    session.print_extra_format("Network {} started\n", network.name);
    for (const std::string& notice : notices) session.warn(notice);
    return true;
}

constexpr Option kDestroyOptions[] = {
    network_option(complete_active_networks),
    {"force", OptionType::boolean,
     "stop it even if containers are attached; they have no network until its next start"},
};

// virsh stops a network under its containers; lxvirt wants --force for that.
bool destroy(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    explain(fmt::format("Failed to destroy network {}", network.name),
            [&] { session.connection().networks().destroy(network, invocation.has("force")); });
    session.print_extra_format("Network {} destroyed\n", network.name);
    return true;
}

constexpr Option kAutostartOptions[] = {
    network_option(),
    {"disable", OptionType::boolean, "no longer start it with the host"},
};

bool autostart(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    const bool on = !invocation.has("disable");
    const std::string_view mark = on ? "mark" : "unmark";
    explain(fmt::format("failed to {} network {} as autostarted", mark, network.name),
            [&] { session.connection().networks().set_autostart(network, on); });
    session.print_extra_format("Network {} {}ed as autostarted\n", network.name, mark);
    return true;
}

// As in virsh, a network without a bridge has no line for it.
bool info(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    const driver::NetworkSummary summary = session.connection().networks().info(network);
    const auto fact = [&session](std::string_view key, std::string_view value) {
        session.print_format("{:<15} {}\n", key, value);
    };
    const auto yes_no = [](bool value) { return value ? "yes" : "no"; };
    fact("Name:", summary.name);
    fact("UUID:", summary.uuid);
    fact("Active:", yes_no(summary.active));
    fact("Persistent:", yes_no(summary.persistent));
    fact("Autostart:", yes_no(summary.autostart));
    if (!summary.bridge.empty()) fact("Bridge:", summary.bridge);
    // virsh has no such line; there is one only while something is wrong.
    if (summary.without_rules)
        fact("Rules:", "without rules: nothing is forwarded until the next change repairs them");
    try {
        for (const std::string& sentence : session.connection().networks().foreign_drops(network))
            fact("Firewall:", sentence);
    } catch (const base::Exception& error) {
        fact("Firewall:", error.message());
    }
    return true;
}

constexpr Option kNameOptions[] = {network_option(complete_network_uuids, "the network's UUID")};

// Takes a UUID only, as virsh does.
bool name(Session& session, const Invocation& invocation) {
    session.print_format("{}\n", find_network(session, invocation, kByUuid).name);
    return true;
}

constexpr Option kUuidOptions[] = {network_option(complete_networks, "the network's name")};

// Takes a name only, as virsh does.
bool uuid(Session& session, const Invocation& invocation) {
    session.print_format("{}\n", find_network(session, invocation, kByName).uuid);
    return true;
}

constexpr Option kDumpxmlOptions[] = {
    network_option(),
    {"inactive", OptionType::boolean, "print the stored definition, also of a running network"},
    kXpathOption,
    kWrapOption,
};

bool dumpxml(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    print_xml(session, invocation,
              session.connection().networks().xml_desc(network, xml_flags(invocation)));
    return true;
}

// Checks nothing against the schema: virsh's net-edit does not, and has no --skip-validate.
bool edit(Session& session, const Invocation& invocation) {
    const driver::NetworkRef network = find_network(session, invocation);
    EditSubject subject;
    subject.title = [](const std::string& name) { return fmt::format("Network {}", name); };
    subject.name = network.name;
    subject.load = [&] {
        return session.connection().networks().xml_desc(network, driver::XmlFlags::inactive);
    };
    subject.define = [&](const std::string& text, bool validate) {
        driver::DefinedNetwork defined = session.connection().networks().define_xml(
            text, "(network_definition)",
            validate ? driver::DefineFlags::validate : driver::DefineFlags::none);
        return EditResult{std::move(defined.network.name), std::move(defined.notices)};
    };
    return edit_definition(session, subject, false);
}

constexpr Command kCommands[] = {
    {"net-autostart", "start a network with the host",
     "Mark a defined network to be started when the host boots.", kAutostartOptions, autostart,
     kInterruptible},
    {"net-create", "start a network from an XML file",
     "Start a network that is not stored and is forgotten when it stops.", kFileOptions, create,
     kInterruptible},
    {"net-default", "store the network that comes with lxvirt",
     "Define the network 'default': 192.168.122.0/24 with DHCP, masqueraded,\n"
     "or the next 192.168.N.0/24 that this host does not use; it starts\n"
     "with the host.",
     kDefaultOptions, define_default, kInterruptible},
    {"net-define", "store a network from an XML file",
     "Store a definition, or replace the one of the same name and UUID.\n"
     "A running network stays as it is until its next start.",
     kFileOptions, define, kInterruptible},
    {"net-destroy", "stop a network",
     "Remove the bridge, the firewall rules and the dnsmasq of a network. The\n"
     "command is refused while containers are attached.",
     kDestroyOptions, destroy, kInterruptible},
    {"net-dumpxml", "a network as XML",
     "Print the XML of a network: as it runs, or as it is defined.", kDumpxmlOptions, dumpxml},
    {"net-edit", "change a network's definition in an editor",
     "Open the stored XML in $VISUAL, $EDITOR or vi, and define the result. A\n"
     "result that is refused can be edited again.",
     kAnyOptions, edit, kInterruptible},
    {"net-info", "the main facts of a network",
     "Print what a network is called, whether it runs, and its bridge.", kAnyOptions, info},
    {"net-name", "a network's name by its UUID", "", kNameOptions, name},
    {"net-start", "start a network", "Start a network that is defined.", kStartOptions, start,
     kInterruptible},
    {"net-undefine", "forget a stored network",
     "Remove a definition. A running network goes on until it is stopped.", kAnyOptions, undefine,
     kInterruptible},
    {"net-uuid", "a network's UUID by its name", "", kUuidOptions, uuid},
};

}  // namespace

std::span<const Command> network_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
