// desc and metadata: the title, the description and the elements of programs in a definition.
#include <optional>

#include "shell/commands/editor.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

using driver::MetadataType;

// Returns the value, or nullopt if the domain has none. Throws every other failure of the driver.
std::optional<std::string> current_value(Session& session, const driver::DomainRef& domain,
                                         MetadataType type, const std::string& uri,
                                         driver::Affect flags) {
    try {
        return session.connection().metadata(domain, type, uri, flags);
    } catch (const base::Exception& error) {
        if (error.code() != base::ErrorCode::no_domain_metadata) throw;
        return std::nullopt;
    }
}

// Lets the user edit the text. Returns the new text, or nullopt if it is unchanged. Newlines at the
// end are removed, because editors add one; virsh removes one as well. Throws Failure.
std::optional<std::string> edited(const std::string& before) {
    const EditedFile file(before + '\n');
    file.edit();
    std::string after = file.text();
    while (!after.empty() && (after.back() == '\n' || after.back() == '\r')) after.pop_back();
    if (after == before) return std::nullopt;
    return after;
}

constexpr Option kDescOptions[] = {
    domain_option(),
    kLiveOption,
    kConfigOption,
    kCurrentOption,
    {"title", OptionType::boolean, "the title instead of the description"},
    {"edit", OptionType::boolean, "change it in an editor"},
    {"new-desc", OptionType::argv, "the new text; '' removes the old one", nullptr, false, true},
};

// Prints or stores the description or title. As in virsh, the text and the message of success are
// printed without a newline (the blank line after each command ends them), bare words are joined by
// blanks, and an empty text removes the old one. --edit with words opens the editor on these words.
bool desc(Session& session, const Invocation& invocation) {
    const driver::Affect flags = affect_flags(invocation);
    const driver::DomainRef domain = find_domain(session, invocation);
    const bool title = invocation.has("title");
    const MetadataType type = title ? MetadataType::title : MetadataType::description;
    const std::string_view word = title ? "title" : "description";
    std::optional<std::string> value;
    if (invocation.has("new-desc")) {
        value.emplace();
        for (const std::string& part : invocation.all("new-desc")) {
            if (!value->empty()) *value += ' ';
            *value += part;
        }
    }
    if (!value && !invocation.has("edit")) {
        const auto text = current_value(session, domain, type, {}, flags);
        if (text && !text->empty())
            session.print(*text);
        else
            session.print_extra_format("No {} for domain: {}", word, domain.name);
        return true;
    }
    if (invocation.has("edit")) {
        if (!value) value = current_value(session, domain, type, {}, flags);
        value = edited(value.value_or(std::string()));
        if (!value) {
            session.print_extra_format("Domain {} not changed\n", word);
            return true;
        }
    }
    if (value->empty()) value.reset();
    explain(fmt::format("Failed to set new domain {}", word), [&] {
        session.connection().set_metadata(domain, {.type = type, .value = value}, flags);
    });
    session.print_extra_format("Domain {} updated successfully", word);
    return true;
}

constexpr Option kMetadataOptions[] = {
    domain_option(),
    {"uri", OptionType::data, "the namespace of the element", nullptr, true},
    kLiveOption,
    kConfigOption,
    kCurrentOption,
    {"edit", OptionType::boolean, "change it in an editor"},
    {"key", OptionType::string, "the prefix of the namespace; needed with --set and --edit"},
    {"set", OptionType::string, "the XML element to store"},
    {"remove", OptionType::boolean, "remove the element of that namespace"},
};

// Unlike desc, a missing element is an error here, as in virsh.
bool metadata(Session& session, const Invocation& invocation) {
    const driver::Affect flags = affect_flags(invocation);
    invocation.exclusive("remove", "edit");
    invocation.exclusive("remove", "set");
    invocation.exclusive("edit", "set");
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string uri = invocation.text("uri");
    const std::string key = invocation.text("key");
    constexpr MetadataType kType = MetadataType::element;
    if ((invocation.has("set") || invocation.has("edit")) && key.empty())
        give_up("namespace key is required when modifying metadata");
    // Stores the element, or removes it for nullopt.
    const auto store = [&](std::optional<std::string> value) {
        session.connection().set_metadata(
            domain, {.type = kType, .value = std::move(value), .key = key, .uri = uri}, flags);
    };
    if (invocation.has("remove")) {
        store(std::nullopt);
        session.print_extra("Metadata removed\n");
    } else if (invocation.has("set")) {
        store(invocation.text("set"));
        session.print_extra("Metadata modified\n");
    } else if (invocation.has("edit")) {
        const auto before = current_value(session, domain, kType, uri, flags);
        const auto after = edited(before.value_or(std::string()));
        if (after) store(*after);
        session.print_extra(after ? "Metadata modified\n" : "Metadata not changed\n");
    } else {
        const std::string text = session.connection().metadata(domain, kType, uri, flags);
        session.print_format("{}\n", text);
    }
    return true;
}

constexpr Command kCommands[] = {
    {"desc", "read or write a domain's description or title",
     "Print the description or the title of a domain, or write a new one.", kDescOptions, desc,
     kInterruptible},
    {"metadata", "read or write a program's element in a domain's XML",
     "Print, store or remove the element that a program keeps under its own\n"
     "namespace in <metadata>.",
     kMetadataOptions, metadata, kInterruptible},
};

}  // namespace

std::span<const Command> note_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
