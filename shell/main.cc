// The program lxsh: parses its own options, then runs one command, one line of commands, or the
// interactive shell. Everything that a command prints as an error is printed by Session; main()
// prints only what fails before there is a session.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/error.hh"
#include "base/file/lock.hh"
#include "base/text/text.hh"
#include "config.hh"
#include "shell/core/failure.hh"
#include "shell/core/help.hh"
#include "shell/core/options.hh"
#include "shell/core/session.hh"
#include "shell/repl.hh"

namespace {

using namespace lxvirt::shell;

// Returns the value of the environment variable, or nullopt if it is unset.
std::optional<std::string> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
}

// Prints what -v and -V ask for, in the layout of virsh.
void print_version(const ProgramOptions& options) {
    if (options.version == VersionText::short_) {
        // Programs parse this line and compare it with libvirt's releases.
        (void)std::fputs(options.as_virsh() ? "9.0.0\n" : VERSION "\n", stdout);
        return;
    }
    const std::string text = fmt::format(
        "lxsh of lxvirt {}\n"
        "It behaves as virsh of libvirt 9.0.0 does.\n\n"
        "Built with:\n"
        " Hypervisors: LXC\n"
        " Miscellaneous: Readline\n",
        VERSION);
    (void)std::fputs(text.c_str(), stdout);
}

// Opens /dev/null in the place of each standard descriptor that the caller closed. Otherwise the
// next file that lxsh opens would get that number, and a program that is run in a container would
// inherit it. The mode is the wrong one on purpose, so that a read or write still fails with EBADF
// as on a closed descriptor.
void occupy_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);  // gets the lowest number: fd
}

// Does what the options ask for and returns the exit status. One word is a whole line, in which
// quotes and `;` have a meaning; several words are one command, taken as they are. Throws what the
// Session's constructor and run_interactive() throw; failures of commands are printed here and
// become the status.
int run(const ParsedOptions& parsed) {
    if (parsed.options.version != VersionText::none) {
        print_version(parsed.options);
        return EXIT_SUCCESS;
    }
    if (parsed.options.help) {
        (void)std::fputs(program_help(groups(), parsed.options.program).c_str(), stdout);
        return EXIT_SUCCESS;
    }
    Session session(parsed.options);
    for (const std::string& warning : parsed.warnings) session.error(warning);
    const std::vector<std::string>& words = parsed.options.words;
    if (words.empty()) return run_interactive(session);
    if (words.size() > 1) {
        (void)session.run_words(words);
        return session.exit_status();
    }
    // virsh fails if the line given as its argument is empty; in a pipe it skips such a line.
    if (words[0].empty()) return EXIT_FAILURE;
    (void)session.run_line(words[0]);
    return session.exit_status();
}

// Says on a terminal who keeps a command waiting.
void tell_who_is_waited_for() {
    if (isatty(STDERR_FILENO) == 0) return;
    lxvirt::base::set_wait_notice([](const std::string& path, const std::string& holder) {
        const std::string file = path.substr(path.rfind('/') + 1);
        (void)std::fprintf(stderr, "waiting for '%s', which is held by %s\n",
                           lxvirt::base::shown(file.substr(0, file.rfind('.'))).c_str(),
                           lxvirt::base::shown(holder).c_str());
    });
}

}  // namespace

int main(int count, char** arguments) {
    occupy_standard_descriptors();
    tell_who_is_waited_for();
    int status = EXIT_FAILURE;
    try {
        status = run(parse_program_options({arguments, arguments + count}, from_environment));
    } catch (const Failure& failure) {
        for (const std::string& line : failure.lines())
            (void)std::fprintf(stderr, "error: %s\n", line.c_str());
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "error: %s\n", error.what());
    }
    // Session::print() checks no write; a full disk or a closed pipe is found here, once for all
    // output.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        const int saved = errno;
        (void)std::fprintf(stderr, "error: cannot write the output: %s\n",
                           lxvirt::base::errno_text(saved).c_str());
        status = EXIT_FAILURE;
    }
    return status;
}
