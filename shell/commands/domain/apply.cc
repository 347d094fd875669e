// validate, export, diff and apply: definitions as files in version control. virsh has none of
// these commands. The work is done in driver/apply; this file prints what happened.
#include <map>

#include "base/file/find.hh"
#include "driver/apply/apply.hh"
#include "driver/apply/difference.hh"
#include "driver/apply/export.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/network_lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/check_document.hh"
#include "xml/network/document.hh"

namespace lxvirt::shell {

namespace {

using driver::ApplyAct;
using driver::ObjectKind;

// --- validate

constexpr Option kValidateOptions[] = {
    {"file", OptionType::argv, "XML files of domains, networks, ports or devices, and folders",
     complete_files, true},
};

// The notices that several documents have alike, each with the files that have it.
using CommonNotices = std::map<std::string, std::vector<std::string>>;

// Checks one document and prints its faults as errors and its notices as warnings, but those that other
// documents may have alike. Returns whether it is without a fault.
bool validate_one(Session& session, const base::FoundFile& found, CommonNotices& common) {
    const std::string& file = found.path;
    const xml::Checked checked = xml::check_document(found.text, {.file = file, .validate = true});
    for (const xml::Notice& fault : checked.faults) session.error(fault.message());
    for (const xml::Notice& notice : checked.notices)
        if (notice.general.empty())
            session.warn(notice.message());
        else
            common[notice.general].push_back(file);
    if (checked.faults.empty()) session.print_extra_format("{}: good\n", file);
    return checked.faults.empty();
}

// Checks all files before it fails, so that one run names every fault. Needs no connection, so that
// it works on machines without containers, such as a build server.
bool validate(Session& session, const Invocation& invocation) {
    bool good = true;
    CommonNotices common;
    base::FileSearch search;
    search.suffix = ".xml";
    search.on_file = [&](const base::FoundFile& file) {
        good = validate_one(session, file, common) && good;
    };
    search.on_problem = [&](const std::string&, const std::string& sentence) {
        session.error(sentence);
        good = false;
    };
    search.on_closed = [&](const std::string&, const std::string& sentence) {
        session.warn(sentence);
    };
    base::find_files(invocation.all("file"), search);
    for (const auto& [general, files] : common)
        session.warn(fmt::format("{}: {} {}", fmt::join(files, ", "),
                                 files.size() == 1 ? "the domain" : "each domain", general));
    return good;
}

// --- export

constexpr Option kExportOptions[] = {
    {"folder", OptionType::data, "the folder for the files; a missing one is made", complete_files,
     true},
};

// Writes every definition. A definition that cannot be exported is an error at the end, after the
// others have been written; a file without a definition is only a warning, because nothing is
// removed.
bool export_all(Session& session, const Invocation& invocation) {
    const std::string folder = invocation.text("folder");
    const driver::Exported exported = explain(fmt::format("Failed to export to {}", folder), [&] {
        return driver::export_definitions(session.connection(), folder);
    });
    for (const std::string& file : exported.files) session.print_extra_format("{}\n", file);
    for (const std::string& file : exported.unknown_files)
        session.warn(fmt::format("{} has no definition", file));
    for (const std::string& problem : exported.problems) session.error(problem);
    session.print_extra_format("{} written, {} unchanged\n", exported.written, exported.unchanged);
    return exported.problems.empty();
}

// --- diff

// Returns the names of all domains, then of all networks.
std::vector<std::string> complete_objects(Session& session) {
    std::vector<std::string> names = complete_domains(session);
    for (std::string& name : complete_networks(session)) names.push_back(std::move(name));
    return names;
}

constexpr Option kDiffOptions[] = {
    {"name", OptionType::data, "the domain, or the network if there is no domain of this name",
     complete_objects, true},
    {"file", OptionType::data, "the file (default: the one from which apply defined it)",
     complete_files},
    {"live", OptionType::boolean, "compare with the running object instead of a file"},
    {"network", OptionType::boolean, "compare the network, even if there is a domain of this name"},
};

// Returns what `name` names: a domain, or a network if there is no such domain or if `network` is
// set. Throws Failure or base::Exception if there is neither.
ObjectKind find_object(Session& session, const std::string& name, bool network) {
    const driver::Connection& connection = session.connection();
    if (!network) {
        try {
            (void)connection.lookup_by_name(name);
            return ObjectKind::domain;
        } catch (const base::Exception& error) {
            if (error.code() != base::ErrorCode::no_domain) throw;
        }
    }
    try {
        (void)connection.networks().lookup_by_name(name);
    } catch (const base::Exception& error) {
        if (network || error.code() != base::ErrorCode::no_network) throw;
        give_up("no domain and no network with matching name '{}'", name);
    }
    return ObjectKind::network;
}

// Prints the difference and returns true if there is none, so that scripts can use the exit status
// as that of diff(1). Without a file argument the definition is compared with the file from which
// apply defined the object.
bool diff(Session& session, const Invocation& invocation) {
    invocation.exclusive("live", "file");
    const std::string name = invocation.text("name");
    const std::string line = fmt::format("Failed to compare '{}'", name);
    const std::string difference = explain(line, [&] {
        driver::Connection& connection = session.connection();
        const ObjectKind kind = find_object(session, name, invocation.has("network"));
        if (invocation.has("live")) return driver::difference_to_live(connection, kind, name);
        std::optional<std::string> file = driver::applied_file(connection, kind, name);
        if (invocation.has("file")) file = invocation.text("file");
        if (!file)
            give_up("'{}' was not brought by apply: name a file to compare it with, or --live",
                    name);
        return driver::difference_to_file(connection, kind, name, *file);
    });
    session.print_shown(difference);
    return difference.empty();
}

// --- apply

constexpr Option kApplyOptions[] = {
    {"path", OptionType::argv, "XML files of domains and networks, or folders with such files",
     complete_files, true},
    {"dry-run", OptionType::boolean, "print what would change, and change nothing"},
    {"prune", OptionType::boolean,
     "undefine what an earlier apply defined from these paths and whose file is gone"},
    {"start", OptionType::boolean, "start the domains and networks of the files that do not run"},
    {"wait", OptionType::boolean, "wait until the running domains have their addresses"},
    {"timeout", OptionType::integer, "seconds to wait at most (default: 30)"},
};

// Returns the message of a change: "Domain 'web' defined from web.xml", or "would be defined" for a
// dry run. Returns nothing for a failure, which is printed as an error.
std::string sentence(const driver::ApplyEvent& event, bool dry_run) {
    const auto done = [&](std::string_view past) {
        return fmt::format("{} '{}' {}{}", kind_title(event.kind), event.name,
                           dry_run ? "would be " : "", past);
    };
    switch (event.act) {
        case ApplyAct::defined: return done("defined from ") + event.file;
        case ApplyAct::updated: return done("updated from ") + event.file;
        case ApplyAct::undefined: return done("undefined: ") + event.file + " is gone";
        case ApplyAct::started: return done("started");
        case ApplyAct::failed:
        case ApplyAct::skipped: break;
    }
    return {};
}

// Prints one change as soon as it is done: notices as warnings, the diff as the result, and what -q
// suppresses (the message, and the effects on the running object) after it.
void print_event(Session& session, const driver::ApplyEvent& event, bool dry_run) {
    if (event.act == ApplyAct::skipped) return session.warn(event.error);
    if (event.act == ApplyAct::failed) {
        if (!event.name.empty())
            session.error(fmt::format("Failed to apply {} ({} '{}')", event.file,
                                      kind_title(event.kind), event.name));
        else if (!event.file.empty())
            session.error(fmt::format("Failed to apply {}", event.file));
        session.error(event.error);
        // The running domain was changed before its definition could not be stored.
        for (const std::string& effect : event.effects)
            session.error(fmt::format("what stays as it is now: {}", effect));
        return;
    }
    for (const std::string& notice : event.notices) session.warn(notice);
    session.print_shown(event.diff);
    session.print_extra_format("{}\n", sentence(event, dry_run));
    for (const std::string& effect : event.effects) session.print_extra_format("  {}\n", effect);
}

// Applies the files and prints a summary. Returns false if a file failed; the others were applied.
// The summary is printed with -q, too, since it is the result of the command.
bool apply(Session& session, const Invocation& invocation) {
    driver::ApplyOptions options;
    options.dry_run = invocation.has("dry-run");
    options.prune = invocation.has("prune");
    options.start = invocation.has("start");
    options.wait = invocation.has("wait");
    options.timeout =
        std::chrono::seconds(invocation.number("timeout", options.timeout.count(), 0));
    const driver::ApplySummary summary = explain("Failed to apply", [&] {
        return driver::apply(
            session.connection(), invocation.all("path"), options,
            [&](const driver::ApplyEvent& event) { print_event(session, event, options.dry_run); });
    });
    std::string text = fmt::format("{} defined, {} updated, ", summary.defined, summary.updated);
    if (options.prune) text += fmt::format("{} undefined, ", summary.undefined);
    if (options.start) text += fmt::format("{} started, ", summary.started);
    text += fmt::format("{} unchanged, {} failed", summary.unchanged, summary.failed);
    session.print_format("{}{}\n", text, options.dry_run ? " (nothing was changed)" : "");
    return summary.failed == 0;
}

constexpr Command kCommands[] = {
    {"apply", "make domains and networks match files",
     "Define the domains and networks of XML files that are new, update those\n"
     "that changed and leave the others alone, networks first. Each change is\n"
     "printed as a unified diff. A running domain or network is changed at once\n"
     "where that is possible; the output names each other change, which waits\n"
     "for the next start. A file that fails does not stop the others, but the\n"
     "command then fails.",
     kApplyOptions, apply, kInterruptible},
    {"diff", "compare a definition with a file or with the running object",
     "Print a unified diff from the definition to a file, both in canonical\n"
     "form, or to the running domain or network. Fails if there is a difference.",
     kDiffOptions, diff},
    {"export", "write every definition to a file",
     "Write domains/NAME.xml and networks/NAME.xml in canonical form, for\n"
     "version control. A file that is right already is not touched, and no file\n"
     "is removed.",
     kExportOptions, export_all, kInterruptible},
    {"validate", "check XML files without storing anything",
     "Check documents of domains, networks, network ports and devices against the\n"
     "schema and all rules that need no host. Every *.xml file of a folder is\n"
     "checked. Each fault is named with its line. Fails if one file has a fault.",
     kValidateOptions, validate, kNoConnection},
};

}  // namespace

std::span<const Command> apply_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
