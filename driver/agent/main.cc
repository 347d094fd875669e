// lxc_agent restart URI NAME PID   the driver's half of a reboot from inside; PID is the helper
//                                  that waits for its plan at the other end of descriptor 3
// lxc_agent stopped URI NAME       runs the hooks of a domain that has just stopped
//
// lxc_helper calls this program, because the helper reads no XML and must stay small; people do not
// call it. The exit status is 0, 1 for a failure that a log line names, or 2 for wrong arguments.
#include <fcntl.h>
#include <sys/types.h>

#include <cstdio>
#include <string>

#include "base/error.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"
#include "driver/life/start.hh"
#include "driver/network/ports.hh"
#include "driver/store/journal.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"
#include "driver/store/uri.hh"
#include "driver/supervisor/helper_process.hh"
#include "driver/supervisor/hooks.hh"
#include "driver/types.hh"
#include "xml/domain/parse.hh"

namespace {

using namespace lxvirt;
using namespace lxvirt::driver;

constexpr int kSharedLock = 4;  // the descriptor

// Returns whether the helper has undone its part of the start: it does so before it reports an
// error (a PreparedError), and also when this process ends and the channel closes, if it still
// lives.
bool undoes_its_part(const Root& root, const std::string& name, const base::Exception& error) {
    return dynamic_cast<const base::PreparedError*>(&error) != nullptr || root.running(name);
}

// Hands the helper another plan. After a failure this process records the end and removes live.xml,
// as the helper knows neither.
int restart(const Root& root, const std::string& uri, const std::string& name, pid_t helper) {
    // The helper's operation lock stays here to the end, and goes to no program that this one runs. A
    // helper of an older lxvirt gives none.
    (void)::fcntl(kSharedLock, F_SETFD, FD_CLOEXEC);
    const auto live = read_live(root, name);
    // The helper ends when the channel closes, so the channel is kept open until its end is written
    // down.
    const base::UniqueFd channel(::fcntl(3, F_DUPFD_CLOEXEC, kSharedLock + 1));
    try {
        restart_domain(root, name, uri, base::UniqueFd(3), helper);
        return 0;
    } catch (const base::Exception& error) {
        // The files that describe the domain are this program's to remove.
        log_line(root, name, "restart: " + error.message());
        record_end(root, name, "failed", error.message());
        if (live)
            journal_lifecycle(root, name, live->domain.uuid, DomainLifecycle::stopped,
                              detail::stopped_failed, error.message());
        // A killed helper has left groups and processes; the files stay for the next command, which
        // cleans up.
        if (undoes_its_part(root, name, error)) remove_live(root, name);
        return 1;
    }
}

// Runs the hook scripts "stopped" and "release", and releases the ports. A failed hook changes the
// exit status only, as the domain has stopped already.
int stopped(const Root& root, const std::string& name) {
    const auto live = read_live(root, name);
    if (!live) return 0;
    const std::string xml = xml::format_domain(live->domain, {.live = true});
    int status = 0;
    for (const char* operation : {"stopped", "release"}) {
        try {
            run_hooks(root, {.name = name, .operation = operation, .suboperation = "end"}, xml);
        } catch (const base::Exception& error) {
            (void)std::fprintf(stderr, "%s\n", error.what());
            status = 1;
        }
    }
    release_ports(root, live->domain);
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string command = argc > 1 ? argv[1] : "";
    try {
        base::reset_signals();
        set_program_path(argv[0]);
        if (command == "restart" && argc == 5) {
            const auto helper = base::parse_number<pid_t>(argv[4]);
            return restart(Root(parse_uri(argv[2]).root), argv[2], argv[3], helper.value_or(0));
        }
        if (command == "stopped" && argc == 4)
            return stopped(Root(parse_uri(argv[2]).root), argv[3]);
        (void)std::fprintf(stderr, "lxc_agent is called by lxc_helper, not by hand; see lxsh(1)\n");
    } catch (const base::Exception& error) {
        (void)std::fprintf(stderr, "lxc_agent: %s\n", error.what());
    }
    return 2;
}
