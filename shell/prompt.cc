#include "shell/prompt.hh"

#include <cstdio>
// readline's headers use FILE without including <cstdio>.
#include <readline/history.h>
#include <readline/readline.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "shell/core/complete.hh"
#include "shell/core/lexer.hh"
#include "shell/core/session.hh"
#include "terminal/interrupt.hh"

namespace lxvirt::shell {

namespace {

constexpr int kHistoryLines = 500;              // virsh's default
constexpr const char* kSpecial = " \t\"'\\#;";  // the characters of lxsh's lexer

// readline's callbacks take no context argument, so what they need is kept in these variables. The
// session is set while a Prompt exists, the guard while a line is read.
Session* current_session = nullptr;
const terminal::InterruptGuard* current_guard = nullptr;
bool line_dropped = false;

// Returns the next byte from the terminal, or EOF. Replaces readline's own reader, which goes on
// waiting after a signal; here Ctrl-C empties the line and ends it by a newline.
int next_key(FILE* stream) {
    // A Ctrl-C that comes between the look at the guard and the wait must end the wait (ppoll(2)).
    sigset_t interrupt, usual;
    (void)::sigemptyset(&interrupt);
    (void)::sigaddset(&interrupt, SIGINT);
    (void)::sigprocmask(SIG_BLOCK, &interrupt, &usual);
    const auto key = [&]() -> int {
        for (;;) {
            rl_check_signals();  // lets readline act on a new size of the window
            if (current_guard != nullptr && current_guard->interrupted() && !line_dropped) {
                line_dropped = true;
                (void)std::fputs("^C", rl_outstream);
                rl_replace_line("", 0);
                return '\n';
            }
            pollfd input{.fd = fileno(stream), .events = POLLIN, .revents = 0};
            if (::ppoll(&input, 1, nullptr, &usual) < 0) {
                if (errno == EINTR) continue;
                return EOF;
            }
            unsigned char byte = 0;
            const ssize_t count = ::read(fileno(stream), &byte, 1);
            if (count == 1) return byte;
            if (count == 0 || errno != EINTR) return EOF;
        }
    }();
    (void)::sigprocmask(SIG_SETMASK, &usual, nullptr);
    return key;
}

// Returns a copy made by malloc(3), which readline frees.
char* copy_for_readline(const std::string& text) {
    return strdup(text.c_str());
}

// Returns the words of the command under the cursor. The last word is the unfinished one, and is
// empty if the cursor stands after a blank.
std::vector<std::string> words_before(std::string_view line) {
    bool open = false;
    std::vector<std::string> words;
    for (Token& token : split_unfinished(line, open))
        if (token.kind == Token::Kind::separator)
            words.clear();
        else
            words.push_back(std::move(token.text));
    if (!open) words.emplace_back();
    return words;
}

// Returns `text` as it has to stand in a word of lxsh's that begins with `quote`, a quote character, or
// with none (0). Every part of the result that readline inserts, if candidates differ, is quoted, too.
std::string quoted_for_line(std::string_view text, char quote) {
    std::string out;
    for (const char c : text) {
        if (quote == '\'' && c == '\'')
            out += "'\\'";  // ends the quotes, and begins them again
        else if (quote == '"' ? c == '"' || c == '\\'
                              : quote == 0 && std::strchr(kSpecial, c) != nullptr)
            out += '\\';
        out += c;
    }
    return out;
}

// Readline gives the three functions below their types.
// NOLINTBEGIN(readability-non-const-parameter)

// Readline's own file completion calls this for names with a special character.
char* quote_file_name(char* name, int, char* quote) {
    return copy_for_readline(quoted_for_line(name, quote == nullptr ? '\0' : *quote));
}

// Undoes the backslashes in the part of a file's name that has been typed.
char* unquote_file_name(char* text, int quote) {
    std::string out;
    for (const char* c = text; *c != '\0'; ++c) {
        if (quote != '\'' && *c == '\\' && c[1] != '\0') ++c;
        out += *c;
    }
    return copy_for_readline(out);
}

// Says whether a backslash stands before the character, so that readline does not cut the word there.
int is_escaped(char* line, int at) {
    bool escaped = false;
    while (at > 0 && line[--at] == '\\') escaped = !escaped;
    return escaped ? 1 : 0;
}

// NOLINTEND(readability-non-const-parameter)

// Readline's completion callback: returns a null-terminated array whose first string replaces the
// word and whose other strings are listed, or null if there is nothing to complete. Readline cuts
// the line at blanks without lxsh's quoting rules, so its idea of the word only says what is
// replaced; the candidates come from the lexer's words.
char** complete_line(const char*, int begin, int end) {
    const std::string line(rl_line_buffer, static_cast<std::size_t>(end));
    const std::vector<std::string> words = words_before(line);
    const CompletionPlace place = completion_place(groups(), words);
    if (place.file) return nullptr;  // readline's own file completion
    // Without this, readline would offer file names when there is no candidate.
    rl_attempted_completion_over = 1;
    std::vector<std::string> found = complete_words(*current_session, groups(), words);
    if (found.empty()) return nullptr;
    const char before = begin > 0 ? line[static_cast<std::size_t>(begin) - 1] : '\0';
    const char quote = before == '"' || before == '\'' ? before : '\0';
    // Readline frees the array and its strings, so both come from malloc(3).
    auto** out = static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));
    if (out == nullptr) return nullptr;
    std::string common = found[0];
    for (std::size_t i = 0; i < found.size(); ++i) {
        std::size_t same = 0;
        while (same < common.size() && same < found[i].size() && common[same] == found[i][same])
            ++same;
        common.resize(same);
        out[i + 1] = copy_for_readline(found[i]);
    }
    if (found.size() == 1) {
        std::free(out[1]);
        out[1] = nullptr;
    }
    out[0] = copy_for_readline(quoted_for_line(common, quote));
    return out;
}

// Returns how many lines the history keeps: $VIRSH_HISTSIZE, which virsh reads, or the default. A
// bad value is an error message in virsh's words, and the default is used.
int history_lines(Session& session) {
    const char* text = std::getenv("VIRSH_HISTSIZE");
    if (text == nullptr) return kHistoryLines;
    int lines = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, lines);
    if (error == std::errc() && stop == end && lines >= 0) return lines;
    session.error("Bad $VIRSH_HISTSIZE value.");
    return kHistoryLines;
}

}  // namespace

std::string history_path() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache == '/') return std::string(cache) + "/lxvirt/lxsh_history";
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home != '/') return {};
    return std::string(home) + "/.cache/lxvirt/lxsh_history";
}

Prompt::Prompt(Session& session) : session_(session), history_file_(history_path()) {
    current_session = &session;
    (void)std::setlocale(LC_CTYPE, "");
    rl_readline_name = "lxsh";
    rl_attempted_completion_function = complete_line;
    rl_basic_word_break_characters = " \t\n;";
    rl_completer_quote_characters = "'\"";
    rl_char_is_quoted_p = is_escaped;
    rl_filename_quote_characters = kSpecial;
    rl_filename_quoting_function = quote_file_name;
    rl_filename_dequoting_function = unquote_file_name;
    // readline must not install handlers: the InterruptGuard of read() counts SIGINT.
    rl_catch_signals = 0;
    rl_getc_function = next_key;
    load_history();
}

Prompt::~Prompt() {
    shorten_history();
    current_session = nullptr;
}

void Prompt::load_history() {
    using_history();
    history_lines_ = history_lines(session_);
    stifle_history(history_lines_);
    if (history_file_.empty()) return;
    const int error = read_history(history_file_.c_str());
    if (error != 0 && error != ENOENT) {
        session_.warn(fmt::format("cannot read the history '{}': {}", history_file_,
                                  base::errno_text(error)));
    }
}

// Appends the line that was just added, so that no way in which the shell ends loses it, and two shells
// keep their lines both.
void Prompt::keep_line() {
    if (history_file_.empty() || history_length == 0) return;
    try {
        base::make_folders(base::parent_folder(history_file_), 0700);
        (void)base::open_file(history_file_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const int error = append_history(1, history_file_.c_str());
        if (error != 0) base::fail_with(error, "write '{}'", history_file_);
    } catch (const std::exception& error) {
        session_.warn(fmt::format("cannot keep the history: {}", error.what()));
        history_file_.clear();
    }
}

// Bounds the file to as many lines as the history has.
void Prompt::shorten_history() {
    if (history_file_.empty() || history_length == 0) return;
    const int error = history_truncate_file(history_file_.c_str(), history_lines_);
    if (error != 0 && error != ENOENT)
        session_.warn(fmt::format("cannot shorten the history '{}': {}", history_file_,
                                  base::errno_text(error)));
}

std::optional<std::string> Prompt::read(const std::string& prompt) {
    const terminal::InterruptGuard guard;
    current_guard = &guard;
    line_dropped = false;
    char* line = readline(prompt.c_str());
    current_guard = nullptr;
    if (line == nullptr) return std::nullopt;
    std::string text = line;
    std::free(line);
    if (!text.empty()) {
        add_history(text.c_str());
        keep_line();
    }
    return text;
}

}  // namespace lxvirt::shell
