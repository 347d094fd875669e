// The command edit. The loop around the editor is in edit_loop.hh.
#include "shell/commands/edit_loop.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kOptions[] = {
    domain_option(),
    {"skip-validate", OptionType::boolean, "accept elements that the schema does not know"},
};

bool edit(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    // The definition is edited with its secrets. libvirt refuses to print those on a read-only
    // connection, with these words.
    if (session.read_only()) give_up("operation forbidden: virDomainGetXMLDesc with secure flag");
    EditSubject subject;
    subject.title = [](const std::string& name) { return fmt::format("Domain '{}'", name); };
    subject.name = domain.name;
    // The text is loaded again before it is stored, to find out whether it was changed meanwhile.
    subject.load = [&] {
        return session.connection().xml_desc(domain,
                                             driver::XmlFlags::inactive | driver::XmlFlags::secure);
    };
    subject.define = [&](const std::string& text, bool validate) {
        driver::Defined defined = session.connection().define_xml(
            text, "(domain_definition)",
            validate ? driver::DefineFlags::validate : driver::DefineFlags::none);
        return EditResult{std::move(defined.domain.name), std::move(defined.notices)};
    };
    return edit_definition(session, subject, !invocation.has("skip-validate"));
}

constexpr Command kCommands[] = {
    {"edit", "change a domain's definition in an editor",
     "Open the stored XML in $VISUAL, $EDITOR or vi, and define the result. A\n"
     "result that is refused can be edited again.",
     kOptions, edit, kInterruptible},
};

}  // namespace

std::span<const Command> edit_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
