// define, undefine, dumpxml, autostart and domrename.
#include "shell/commands/device_lookup.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/commands/xml_output.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kDefineOptions[] = {
    {"file", OptionType::data, "the file with the domain's XML", complete_files, true},
    {"validate", OptionType::boolean, "refuse a document that the schema does not accept"},
};

// Every element and attribute that lxvirt leaves out is a warning with its line; virsh says
// nothing.
bool define(Session& session, const Invocation& invocation) {
    const std::string file = invocation.text("file");
    const std::string text = read_document(file);
    const driver::Defined defined = explain(
        fmt::format("Failed to define domain from {}", file),
        [&] { return session.connection().define_xml(text, file, define_flags(invocation)); });
    for (const std::string& notice : defined.notices) session.warn(notice);
    session.print_extra_format("Domain '{}' defined from {}\n", defined.domain.name, file);
    return true;
}

constexpr Option kUndefineOptions[] = {
    domain_option(),
    {"managed-save", OptionType::boolean, "accepted and ignored: there is never a saved state"},
    {"storage", OptionType::string,
     "list these volumes as staying, by target or path, separated by commas (see domblklist)",
     complete_blocks},
    {"remove-all-storage", OptionType::boolean, "list all its volumes as staying"},
    {"delete-storage-volume-snapshots", OptionType::boolean,
     "has no effect; needs --remove-all-storage"},
    {"wipe-storage", OptionType::boolean, "has no effect: lxvirt removes no volumes"},
    {"snapshots-metadata", OptionType::boolean, "accepted and ignored: there are no snapshots"},
    {"checkpoints-metadata", OptionType::boolean, "accepted and ignored: there are no checkpoints"},
    {"nvram", OptionType::boolean, "refused: containers have no NVRAM"},
    {"keep-nvram", OptionType::boolean, "refused for the same reason"},
    {"tpm", OptionType::boolean, "refused: containers have no TPM"},
    {"keep-tpm", OptionType::boolean, "refused for the same reason"},
};

// Returns the words between the commas; an empty word stays in the list and names no disk.
std::vector<std::string> split_commas(const std::string& list) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        words.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

// Returns a line for each volume that --storage or --remove-all-storage would remove: lxvirt has no
// storage pools yet, so each of them stays. The line is virsh's for a volume outside of all pools,
// with its own newline, which leaves a blank line as in virsh. Throws Failure for a word that is no
// disk of the domain.
std::vector<std::string> volumes_left(Session& session, const Invocation& invocation,
                                      const driver::DomainRef& domain) {
    const std::string xml = session.connection().xml_desc(domain, driver::XmlFlags::inactive);
    const xml::Domain parsed = xml::parse_domain(xml, {.file = domain.name}).domain;
    std::vector<std::string> wanted;
    if (invocation.has("storage")) wanted = split_commas(invocation.text("storage"));
    for (const std::string& word : wanted) {
        bool known = false;
        for (const xml::Disk& disk : parsed.disks)
            known = known || disk.target == word || disk.source == word;
        if (!known) give_up("Volume '{}' was not found in domain's definition.\n", word);
    }
    std::vector<std::string> left;
    for (const xml::Disk& disk : parsed.disks) {
        bool chosen = invocation.has("remove-all-storage");
        for (const std::string& word : wanted)
            chosen = chosen || disk.target == word || disk.source == word;
        if (!chosen) continue;
        left.push_back(
            fmt::format("Storage volume '{}'({}) is not managed by lxvirt. Remove it manually.\n",
                        disk.target, disk.source));
    }
    return left;
}

// As in virsh, volumes that stay are printed as errors, and the command succeeds nevertheless.
bool undefine(Session& session, const Invocation& invocation) {
    invocation.exclusive("nvram", "keep-nvram");
    invocation.exclusive("tpm", "keep-tpm");
    const bool storage = invocation.has("storage") || invocation.has("remove-all-storage");
    if (invocation.has("wipe-storage") && !storage)
        give_up("'--wipe-storage' requires '--storage <string>' or '--remove-all-storage'");
    if (invocation.has("delete-storage-volume-snapshots") &&
        !invocation.has("remove-all-storage")) {
        give_up(
            "Option --remove-all-storage is required by option --delete-storage-volume-snapshots");
    }
    const driver::DomainRef domain = find_domain(session, invocation);
    if (storage && domain.id != -1)
        give_up("Storage volume deletion is supported only on stopped domains");
    const std::string line = fmt::format("Failed to undefine domain '{}'", domain.name);
    using driver::UndefineFlags;
    const auto flags = flags_of<UndefineFlags>(
        invocation, {{"managed-save", UndefineFlags::managed_save},
                     {"snapshots-metadata", UndefineFlags::snapshots_metadata},
                     {"checkpoints-metadata", UndefineFlags::checkpoints_metadata},
                     {"nvram", UndefineFlags::nvram},
                     {"keep-nvram", UndefineFlags::keep_nvram},
                     {"tpm", UndefineFlags::tpm},
                     {"keep-tpm", UndefineFlags::keep_tpm}});
    std::vector<std::string> left;
    if (storage) left = volumes_left(session, invocation, domain);
    explain(line, [&] { session.connection().undefine(domain, flags); });
    for (const std::string& note : left) session.error(note);
    session.print_extra_format("Domain '{}' has been undefined\n", domain.name);
    return true;
}

constexpr Option kDumpxmlOptions[] = {
    domain_option(),
    {"inactive", OptionType::boolean, "print the stored definition, also of a running domain"},
    {"security-info", OptionType::boolean, "include data that is otherwise kept secret"},
    {"update-cpu", OptionType::boolean, "refused: containers see the host's CPU"},
    {"migratable", OptionType::boolean, "refused: containers are not migrated"},
    kXpathOption,
    kWrapOption,
};

bool dumpxml(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string text = session.connection().xml_desc(domain, xml_flags(invocation));
    print_xml(session, invocation, text);
    return true;
}

constexpr Option kAutostartOptions[] = {
    domain_option(),
    {"disable", OptionType::boolean, "no longer start it with the host"},
};

bool autostart(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string_view mark = invocation.has("disable") ? "unmark" : "mark";
    explain(fmt::format("Failed to {} domain '{}' as autostarted", mark, domain.name),
            [&] { session.connection().set_autostart(domain, !invocation.has("disable")); });
    session.print_extra_format("Domain '{}' {}ed as autostarted\n", domain.name, mark);
    return true;
}

constexpr Option kRenameOptions[] = {
    domain_option(complete_inactive, "the inactive domain, by its name or UUID"),
    {"new-name", OptionType::data, "the name it gets", nullptr, true},
};

// Takes no id: only an inactive domain can be renamed, and such a domain has none.
bool rename(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation, kByName | kByUuid);
    const std::string new_name = invocation.text("new-name");
    session.connection().rename(domain, new_name);
    session.print_extra("Domain successfully renamed\n");
    return true;
}

constexpr Command kCommands[] = {
    {"autostart", "start a domain with the host",
     "Mark a defined domain to be started when the host boots.", kAutostartOptions, autostart,
     kInterruptible},
    {"define", "store a domain from an XML file",
     "Store a definition, or replace the one of the same name and UUID.\n"
     "A running container keeps what it has until its next start.",
     kDefineOptions, define, kInterruptible},
    {"domrename", "give an inactive domain another name", "The UUID stays.", kRenameOptions, rename,
     kInterruptible},
    {"dumpxml", "a domain as XML", "Print the XML of a domain: as it runs, or as it is defined.",
     kDumpxmlOptions, dumpxml},
    {"undefine", "forget a stored domain",
     "Remove a definition. A running container goes on and is forgotten\n"
     "when it ends.",
     kUndefineOptions, undefine, kInterruptible},
};

}  // namespace

std::span<const Command> definition_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
