#include "shell/commands/edit_loop.hh"

#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <optional>

#include "base/error.hh"
#include "shell/commands/editor.hh"
#include "shell/core/session.hh"
#include "terminal/terminal.hh"

namespace lxvirt::shell {

namespace {

// The answers to virsh's question after a definition was refused.
enum class Answer { again, give_up, unchecked, force };

void explain_answers(Session& session) {
    session.print(
        "\ny - edit it again\n"
        "n - leave the definition as it was\n"
        "i - try again without the schema\n"
        "f - try again as it is, over what others changed meanwhile\n"
        "? - this list\n");
}

// Asks until one of the keys is pressed and returns the answer. Returns nullopt at Ctrl-C, at the
// end of the input, and if there is no terminal on which to ask.
std::optional<Answer> ask(Session& session) {
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return std::nullopt;
    for (;;) {
        session.print("\rFailed. Try again? [y,n,i,f,?]: ");
        (void)std::fflush(stdout);
        const std::optional<char> key = terminal::read_key();
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

// One run of `edit`. The text that was loaded first is kept, for two comparisons: an unchanged file
// stores nothing, and a definition that someone else stored meanwhile is not overwritten.
class Edit {
  public:
    Edit(Session& session, const EditSubject& subject, bool validate)
        : session_(session),
          subject_(subject),
          before_(subject.load()),
          file_(before_),
          validate_(validate) {}

    // Runs the editor, then stores or asks until the definition is stored (true) or given up
    // (false).
    bool run() {
        file_.edit();
        for (;;) {
            const std::string text = file_.text();
            if (text == before_) {
                session_.print_extra_format("{} XML configuration not changed.\n",
                                            subject_.title(subject_.name));
                return true;
            }
            if (store(text)) return true;
            const std::optional<Answer> answer = ask(session_);
            if (!answer || *answer == Answer::give_up) return false;
            if (*answer == Answer::again) file_.edit();
            if (*answer == Answer::unchecked) validate_ = false;
            if (*answer == Answer::force) force_ = true;
        }
    }

  private:
    // Returns true if the text was stored. Otherwise prints why and returns false.
    bool store(const std::string& text) {
        try {
            if (!force_ && subject_.load() != before_) {
                session_.error("The XML configuration was changed by another user.");
                return false;
            }
            const EditResult result = subject_.define(text, validate_);
            for (const std::string& notice : result.notices) session_.warn(notice);
            session_.print_extra_format("{} XML configuration edited.\n",
                                        subject_.title(result.name));
            return true;
        } catch (const base::Exception& error) {
            session_.error(error.message());
            return false;
        }
    }

    Session& session_;
    const EditSubject& subject_;
    std::string before_;
    EditedFile file_;
    bool validate_;
    bool force_ = false;
};

}  // namespace

bool edit_definition(Session& session, const EditSubject& subject, bool validate) {
    return Edit(session, subject, validate).run();
}

}  // namespace lxvirt::shell
