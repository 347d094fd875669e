// edit: a definition in an editor, again and again until it is accepted or given up.
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <optional>

#include "shell/editor.hh"
#include "shell/failure.hh"
#include "shell/lookup.hh"
#include "shell/registry.hh"
#include "shell/session.hh"
#include "shell/terminal.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kOptions[] = {
    domain_option(),
    {"skip-validate", OptionType::boolean, "take what the schema does not know"},
};

enum class Answer { again, give_up, unchecked, force };

void explain_answers(Session& session) {
    session.print(
        "\ny - edit it again\n"
        "n - leave the definition as it was\n"
        "i - try again without the schema\n"
        "f - try again as it is, over what others changed meanwhile\n"
        "? - this list\n");
}

// One key, as long as there is a terminal to press it on; nothing where there is none.
std::optional<Answer> ask(Session& session) {
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return std::nullopt;
    for (;;) {
        session.print("\rFailed. Try again? [y,n,i,f,?]: ");
        (void)std::fflush(stdout);
        const std::optional<char> key = read_key();
        if (!key) return std::nullopt;
        switch (std::tolower(static_cast<unsigned char>(*key))) {
            case 'y': session.print("\n"); return Answer::again;
            case 'n': session.print("\n"); return Answer::give_up;
            case 'i': session.print("\n"); return Answer::unchecked;
            case 'f': session.print("\n"); return Answer::force;
            case '?': explain_answers(session); break;
            default: break;
        }
    }
}

class Edit {
  public:
    Edit(Session& session, driver::DomainRef domain, bool validate)
        : session_(session),
          domain_(std::move(domain)),
          before_(definition()),
          file_(before_),
          validate_(validate) {}

    bool run() {
        file_.edit();
        for (;;) {
            const std::string text = file_.text();
            if (text == before_) {
                session_.say_format("Domain '{}' XML configuration not changed.\n", domain_.name);
                return true;
            }
            if (attempt(text)) return true;
            const std::optional<Answer> answer = ask(session_);
            if (!answer || *answer == Answer::give_up) return false;
            if (*answer == Answer::again) file_.edit();
            if (*answer == Answer::unchecked) validate_ = false;
            if (*answer == Answer::force) force_ = true;
        }
    }

  private:
    [[nodiscard]] std::string definition() const {
        return session_.connection().xml_desc(domain_, {.inactive = true, .security_info = true});
    }

    // False: refused, and the user has been told why.
    bool attempt(const std::string& text) {
        try {
            if (!force_ && definition() != before_) {
                session_.error("The XML configuration was changed by another user.");
                return false;
            }
            const driver::Defined defined =
                session_.connection().define_xml(text, "(domain_definition)", validate_);
            for (const std::string& notice : defined.notices) session_.warn(notice);
            session_.say_format("Domain '{}' XML configuration edited.\n", defined.domain.name);
            return true;
        } catch (const base::Exception& error) {
            session_.error(error.message());
            return false;
        }
    }

    Session& session_;
    driver::DomainRef domain_;
    std::string before_;
    EditedFile file_;
    bool validate_;
    bool force_ = false;
};

bool edit(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    if (session.read_only()) give_up("operation forbidden: virDomainGetXMLDesc with secure flag");
    return Edit(session, domain, !invocation.has("skip-validate")).run();
}

constexpr Command kCommands[] = {
    {"edit", "change a domain's definition in an editor",
     "Open the stored XML in $VISUAL, $EDITOR or vi, and define what comes\n"
     "back. What is refused can be edited again.",
     kOptions, edit, kInterruptible},
};

}  // namespace

std::span<const Command> edit_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
