// lxsh: the options of the program, then one command, one line of commands, or the shell.
#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/error.hh"
#include "config.hh"
#include "shell/core/failure.hh"
#include "shell/core/help.hh"
#include "shell/core/options.hh"
#include "shell/core/session.hh"
#include "shell/repl.hh"

namespace {

using namespace lxvirt::shell;

std::optional<std::string> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
}

void print_version(const ProgramOptions& options) {
    if (options.version == VersionText::short_) {
        // Programs compare what virsh says with libvirt's releases.
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

// A descriptor that the caller closed would be the next file that we open, and a program that is
// run in a container would get that. What stands there instead fails as a closed one does.
void occupy_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);  // takes the lowest: this one
}

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
    // virsh fails on an empty line, and only here.
    if (words[0].empty()) return EXIT_FAILURE;
    (void)session.run_line(words[0]);
    return session.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
    occupy_standard_descriptors();
    int status = EXIT_FAILURE;
    try {
        status = run(parse_program_options({arguments, arguments + count}, from_environment));
    } catch (const Failure& failure) {
        for (const std::string& line : failure.lines())
            (void)std::fprintf(stderr, "error: %s\n", line.c_str());
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "error: %s\n", error.what());
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        const int saved = errno;
        (void)std::fprintf(stderr, "error: cannot write the output: %s\n",
                           lxvirt::base::errno_text(saved).c_str());
        status = EXIT_FAILURE;
    }
    return status;
}
