#include "shell/commands/editor.hh"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

#include "base/fd.hh"
#include "base/file/file.hh"
#include "shell/core/failure.hh"
#include "shell/core/quoting.hh"
#include "terminal/interrupt.hh"

namespace lxvirt::shell {

namespace {

// Returns the editor in virsh's order: $VISUAL, $EDITOR, vi. Throws Failure instead of vi without a
// terminal, where vi would hang or write its screen into a file.
std::string editor_command() {
    for (const char* variable : {"VISUAL", "EDITOR"}) {
        const char* value = std::getenv(variable);
        if (value != nullptr && *value != '\0') return value;
    }
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
        give_up("Cannot run an editor without a terminal; set EDITOR to a program that needs none");
    return "vi";
}

// Says whether the program exists, as execvp(3) would look for it, so that a missing editor is an
// error of its own and not the status 127.
bool in_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
    const char* value = std::getenv("PATH");
    const std::string path = value != nullptr ? value : "/usr/bin:/bin";
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        const std::string candidate = path.substr(begin, end - begin) + '/' + program;
        if (access(candidate.c_str(), X_OK) == 0) return true;
        begin = end + 1;
    }
    return false;
}

// Returns what to execute: the words of a plain command and the file, or, as virsh does it, a call
// of sh(1) if the command contains other characters than these.
std::vector<std::string> editor_words(const std::string& command, const std::string& path) {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.:@ -+=,%";
    if (command.find_first_not_of(kPlain) != std::string::npos)
        return {"sh", "-c", command + ' ' + path};
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < command.size();) {
        const std::size_t end = std::min(command.find(' ', begin), command.size());
        if (end > begin) words.push_back(command.substr(begin, end - begin));
        begin = end + 1;
    }
    words.push_back(path);
    return words;
}

// Becomes the editor, with SIGINT as it was by default. Never returns.
[[noreturn]] void run_in_child(const std::vector<std::string>& words) {
    (void)std::signal(SIGINT, SIG_DFL);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    (void)execvp(arguments[0], arguments.data());
    _exit(127);
}

// Runs the editor and waits. SIGINT, which the terminal also sends to the shell, does not end the
// shell meanwhile. Throws Failure in the words of libvirt's virCommand, which virsh prints here.
void run_and_wait(const std::vector<std::string>& words) {
    std::string shown;
    for (const std::string& word : words) {
        if (!shown.empty()) shown += ' ';
        shown += &word == words.data() ? word : quote_for_shell(word);
    }
    const terminal::InterruptGuard editor_takes_it;
    (void)std::fflush(stdout);
    const pid_t child = fork();
    if (child < 0) base::fail_errno("run '{}'", shown);
    if (child == 0) run_in_child(words);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) base::fail_errno("wait for '{}'", shown);
    if (WIFSIGNALED(status)) {
        give_up("internal error: Child process ({}) unexpected fatal signal {}", shown,
                WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        give_up("internal error: Child process ({}) unexpected exit status {}", shown,
                WEXITSTATUS(status));
    }
}

}  // namespace

EditedFile::EditedFile(std::string_view text) {
    const char* folder = std::getenv("TMPDIR");
    path_ =
        fmt::format("{}/lxshXXXXXX.xml", folder != nullptr && *folder != '\0' ? folder : "/tmp");
    constexpr int kSuffix = 4;  // the length of ".xml", by which editors choose their mode
    const base::UniqueFd fd(mkstemps(path_.data(), kSuffix));
    if (!fd) base::fail_errno("make a temporary file '{}'", path_);
    try {
        base::write_all(fd, text, path_);
    } catch (...) {
        (void)unlink(path_.c_str());
        throw;
    }
}

EditedFile::~EditedFile() {
    (void)unlink(path_.c_str());
}

void EditedFile::edit() const {
    const std::string command = editor_command();
    const std::vector<std::string> words = editor_words(command, path_);
    if (!in_path(words[0]))
        give_up("Cannot find '{}' in path: No such file or directory", words[0]);
    run_and_wait(words);
}

std::string EditedFile::text() const {
    return base::read_file(path_);
}

}  // namespace lxvirt::shell
