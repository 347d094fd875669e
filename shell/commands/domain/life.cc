// start, create, destroy, shutdown, reboot, suspend and resume.
#include <chrono>

#include "shell/commands/console.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/stop_modes.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kConsoleOption{"console", OptionType::boolean,
                                "connect to its console once it runs"};
constexpr Option kPausedOption{
    "paused", OptionType::boolean,
    "freeze it before its init does anything; the command resume thaws it"};
constexpr Option kAutodestroyOption{"autodestroy", OptionType::boolean,
                                    "destroy it when this shell ends"};
constexpr Option kPassFdsOption{"pass-fds", OptionType::string,
                                "file descriptors N,M,... for its init (not supported)"};
constexpr Option kResetNvramOption{"reset-nvram", OptionType::boolean,
                                   "refused: containers have no NVRAM"};

// Returns the flags for start and create; create has only some of these options.
driver::StartFlags start_flags(const Invocation& invocation) {
    using driver::StartFlags;
    return flags_of<StartFlags>(invocation, {{"paused", StartFlags::paused},
                                             {"autodestroy", StartFlags::autodestroy},
                                             {"bypass-cache", StartFlags::bypass_cache},
                                             {"force-boot", StartFlags::force_boot},
                                             {"validate", StartFlags::validate},
                                             {"reset-nvram", StartFlags::reset_nvram}});
}

// Throws Failure if --pass-fds was given: the helper gives an init no descriptors but the standard
// ones. The numbers are checked first, with virsh's message. `line` comes first in the refusal.
void refuse_descriptors(const Invocation& invocation, std::string_view line) {
    if (!invocation.has("pass-fds")) return;
    const std::string list = invocation.text("pass-fds");
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        const std::string word = list.substr(begin, end - begin);
        if (word.empty() || word.find_first_not_of("0123456789") != std::string::npos)
            give_up("Unable to parse FD number '{}'", word);
        begin = end + 1;
    }
    throw Failure(
        {std::string(line), "argument unsupported: lxvirt passes no file descriptors to an init"});
}

constexpr Option kStartOptions[] = {
    domain_option(complete_inactive, "the inactive domain, by its name, id or UUID"),
    kConsoleOption,
    kPausedOption,
    kAutodestroyOption,
    {"bypass-cache", OptionType::boolean, "refused: there is no saved state to load"},
    {"force-boot", OptionType::boolean, "boot afresh; has no effect, since no state is ever saved"},
    kPassFdsOption,
    kResetNvramOption,
};

// Starts the domain. virsh refuses an active domain before it asks libvirt, but here the domain may
// look active only because a failed start is being undone. The driver decides, under the domain's
// lock, and its refusal becomes virsh's sentence.
void start_unless_active(Session& session, const driver::DomainRef& domain,
                         driver::StartFlags flags, driver::ConsoleStream* console) {
    try {
        for (const std::string& notice : session.connection().start(domain, flags, console))
            session.warn(notice);
    } catch (const base::Error& error) {
        if (domain.id != -1 && error.code() == base::ErrorCode::operation_invalid)
            give_up("Domain is already active");
        throw;
    }
}

// Shows the console of a domain that was just started. Its success, or the status of the init if that
// ends meanwhile, is the command's. A domain without a console gets the error of the command console.
bool show_console(Session& session, const driver::DomainRef& domain,
                  const driver::ConsoleStream& console) {
    if (!console.stream) return open_console(session, domain, {}, driver::ConsoleFlags::none);
    return attend_console(session, domain, console);
}

bool start(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string line = fmt::format("Failed to start domain '{}'", domain.name);
    refuse_descriptors(invocation, line);
    driver::ConsoleStream console;
    const bool attaches = invocation.has("console");
    explain(line, [&] {
        start_unless_active(session, domain, start_flags(invocation),
                            attaches ? &console : nullptr);
    });
    session.print_extra_format("Domain '{}' started\n", domain.name);
    return !invocation.has("console") || show_console(session, domain, console);
}

constexpr Option kCreateOptions[] = {
    {"file", OptionType::data, "the file with the domain's XML", complete_files, true},
    kConsoleOption,
    kPausedOption,
    kAutodestroyOption,
    kPassFdsOption,
    {"validate", OptionType::boolean, "refuse a document that the schema does not accept"},
    kResetNvramOption,
};

// The notices about the document are warnings, as those of define.
bool create(Session& session, const Invocation& invocation) {
    const std::string file = invocation.text("file");
    const std::string text = read_document(file);
    const std::string line = fmt::format("Failed to create domain from {}", file);
    refuse_descriptors(invocation, line);
    driver::ConsoleStream console;
    const bool attaches = invocation.has("console");
    const driver::Defined created = explain(line, [&] {
        return session.connection().create_xml(text, file, start_flags(invocation),
                                               attaches ? &console : nullptr);
    });
    for (const std::string& notice : created.notices) session.warn(notice);
    session.print_extra_format("Domain '{}' created from {}\n", created.domain.name, file);
    return !invocation.has("console") || show_console(session, created.domain, console);
}

constexpr Option kDestroyOptions[] = {
    domain_option(complete_active),
    {"graceful", OptionType::boolean, "refused: use shutdown, which asks the init"},
    {"remove-logs", OptionType::boolean, "refused: logs are kept"},
};

bool destroy(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string line = fmt::format("Failed to destroy domain '{}'", domain.name);
    const auto flags = flags_of<driver::DestroyFlags>(
        invocation, {{"graceful", driver::DestroyFlags::graceful},
                     {"remove-logs", driver::DestroyFlags::remove_logs}});
    explain(line, [&] { session.connection().destroy(domain, flags); });
    session.print_extra_format("Domain '{}' destroyed\n", domain.name);
    return true;
}

constexpr Option kShutdownOptions[] = {
    domain_option(complete_running),
    {"mode", OptionType::string, "how to ask the init: initctl, signal or initctl,signal",
     complete_stop_modes},
    {"wait", OptionType::integer, "seconds to wait for the end"},
};

// Waits for the domain's end, at most `seconds`, and prints how long it took. Throws Failure if the
// domain still runs. This is --wait, which virsh does not have: virsh's shutdown returns at once.
bool report_outcome(Session& session, const driver::DomainRef& domain, std::int64_t seconds) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    if (session.connection().wait_stopped(domain, static_cast<double>(seconds))) {
        const std::chrono::duration<double> passed = Clock::now() - begin;
        session.print_extra_format("Domain '{}' is off after {:.1f} s\n", domain.name,
                                   passed.count());
        return true;
    }
    give_up(
        "domain '{}' is still running after {} s: its init did not act on the request; destroy "
        "ends it at once",
        domain.name, seconds);
}

// The options are checked before the domain is looked up, as in virsh, so a wrong --mode is the
// error that is printed.
bool shutdown(Session& session, const Invocation& invocation) {
    const driver::StopFlags flags = stop_flags(invocation, "'signal', or 'paravirt'");
    const std::int64_t wait = invocation.number("wait", 0, 1);
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string line = fmt::format("Failed to shutdown domain '{}'", domain.name);
    const std::string sent =
        explain(line, [&] { return session.connection().shutdown(domain, flags); });
    session.print_extra_format("Domain '{}' is being shutdown\n", domain.name);
    if (!sent.empty()) session.print_extra_format("Sent {}\n", sent);
    // The message must be seen before the waiting begins.
    (void)std::fflush(stdout);
    return wait == 0 || report_outcome(session, domain, wait);
}

constexpr Option kRebootOptions[] = {
    domain_option(complete_running),
    {"mode", OptionType::string, "how to ask the init: initctl, signal or initctl,signal",
     complete_stop_modes},
};

bool reboot(Session& session, const Invocation& invocation) {
    const driver::StopFlags flags = stop_flags(invocation, "'signal' or 'paravirt'");
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string line = fmt::format("Failed to reboot domain '{}'", domain.name);
    const std::string sent =
        explain(line, [&] { return session.connection().reboot(domain, flags); });
    session.print_extra_format("Domain '{}' is being rebooted\n", domain.name);
    if (!sent.empty()) session.print_extra_format("Sent {}\n", sent);
    return true;
}

constexpr Option kSuspendOptions[] = {domain_option(complete_running)};

bool suspend(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    explain(fmt::format("Failed to suspend domain '{}'", domain.name),
            [&] { session.connection().suspend(domain); });
    session.print_extra_format("Domain '{}' suspended\n", domain.name);
    return true;
}

constexpr Option kResumeOptions[] = {domain_option(complete_paused)};

bool resume(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    explain(fmt::format("Failed to resume domain '{}'", domain.name),
            [&] { session.connection().resume(domain); });
    session.print_extra_format("Domain '{}' resumed\n", domain.name);
    return true;
}

constexpr Command kCommands[] = {
    {"create", "run a domain straight from an XML file",
     "Start a container that is forgotten when it ends. Nothing is stored.\n"
     "With --console all that its init writes is shown, and if the init ends\n"
     "meanwhile, its exit status is this command's; 128 and the signal's number\n"
     "where one killed it. This works without a terminal, too.",
     kCreateOptions, create, kInterruptible},
    {"destroy", "end a domain at once",
     "Kill every process of the container and undo what its start made.\n"
     "The definition stays.",
     kDestroyOptions, destroy, kInterruptible},
    {"reboot", "ask a domain to boot again",
     "Ask the container's init to restart. Without --mode the init is asked in\n"
     "the way that it understands; the second line says what was sent to it.",
     kRebootOptions, reboot, kInterruptible},
    {"resume", "thaw a suspended domain", "Thaw a container that suspend froze.", kResumeOptions,
     resume, kInterruptible},
    {"shutdown", "ask a domain to shut itself down",
     "Ask the container's init to stop. Without --mode the init is asked in the\n"
     "way that it understands; the second line says what was sent to it. The command\n"
     "returns at once; with --wait it waits for the end and reports whether the\n"
     "domain is off.",
     kShutdownOptions, shutdown, kInterruptible},
    {"start", "boot a defined domain",
     "Boot a container that is defined and off. With --console all that its init\n"
     "writes is shown, and if the init ends meanwhile, its exit status is this\n"
     "command's; 128 and the signal's number where one killed it. This works\n"
     "without a terminal, too.",
     kStartOptions, start, kInterruptible},
    {"suspend", "freeze a running domain",
     "Freeze every process of the container. The processes keep their memory and\n"
     "get no CPU time.",
     kSuspendOptions, suspend, kInterruptible},
};

}  // namespace

std::span<const Command> life_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
