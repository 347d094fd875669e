// plan, validate: what libvirt has no command for.
#include "shell/failure.hh"
#include "shell/lookup.hh"
#include "shell/registry.hh"
#include "shell/session.hh"
#include "xml/network_document.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kPlanOptions[] = {domain_option()};

bool plan(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    session.print(explain(fmt::format("Failed to plan the start of domain '{}'", domain.name),
                          [&] { return session.connection().plan(domain); }));
    return true;
}

constexpr Option kValidateOptions[] = {
    {"file", OptionType::argv, "files with the XML of domains, networks or network ports",
     complete_files, true},
};

bool validate_one(Session& session, const std::string& file) {
    try {
        xml::ParseOptions options;
        options.file = file;
        options.validate = true;
        for (const xml::Notice& notice : xml::check_document(read_document(file), options))
            session.warn(notice.message());
        session.say_format("{}: good\n", file);
        return true;
    } catch (const Failure& failure) {
        for (const std::string& line : failure.lines()) session.error(line);
    } catch (const base::Exception& error) {
        session.error(fmt::format("Failed to validate {}", file));
        session.error(error.message());
    }
    return false;
}

bool validate(Session& session, const Invocation& invocation) {
    bool good = true;
    for (const std::string& file : invocation.all("file")) {
        good = validate_one(session, file) && good;
    }
    return good;
}

constexpr Command kCommands[] = {
    {"plan", "what a start would do",
     "Print, step by step, what starting the domain would make and mount.\n"
     "Nothing is changed.",
     kPlanOptions, plan},
    {"validate", "check XML files without storing anything",
     "Parse the XML of domains and networks and check it against the schema. Fails if one file\n"
     "is not good.",
     kValidateOptions, validate, kNoConnection},
};

}  // namespace

std::span<const Command> plan_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
