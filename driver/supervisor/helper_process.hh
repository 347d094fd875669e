// Spawning lxc_helper and talking to it while it starts (helper/exchange/protocol.hh). The helper is
// executed from a read-only clone of the mount that holds it: a process inside that gets hold of
// /proc/PID/exe cannot open it for writing (the class of CVE-2019-5736), and the page cache is
// still shared.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <string>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/process/program.hh"
#include "helper/exchange/plan.hh"
#include "helper/exchange/protocol.hh"

namespace lxvirt::driver {

// The build tree's own where this program runs from there, else the installed one.
[[nodiscard]] std::string helper_path();
// The supervisor of a network.
[[nodiscard]] std::string lxnetd_path();
// The program that a helper calls for a restart and for stop hooks; beside the helper.
[[nodiscard]] std::string agent_path();
// The program that speaks to systemd; not there where it was not built.
[[nodiscard]] std::string scope_program_path();
// For a program that was executed from a detached mount, whose /proc/self/exe has no path: where
// it is.
void set_program_path(const std::string& path);

// The supervisors' group, in which the helper is born and which it leaves at its end.
struct HelperGroup {
    std::string path;  // in every hierarchy
    base::Fd unified;  // its folder in the v2 tree; invalid where there is none
};

// False where the other end of a channel has gone while something is sent: it has failed, and what
// it sent before says why.
template <typename Send>
bool unless_it_has_failed(Send send) {
    try {
        send();
        return true;
    } catch (const base::SystemError& error) {
        if (error.error() != EPIPE && error.error() != ECONNRESET) throw;
        return false;
    }
}

class HelperProcess {
  public:
    // Spawns it, without waiting until it is executed; it waits for its plan. `operation` is the
    // operation lock, which it shares until the start is committed; `group`: see there. Throws
    // SystemError.
    static HelperProcess spawn(const std::string& name, base::Fd operation,
                               const HelperGroup& group);
    // The side of a process that the helper itself called, over its inherited channel.
    static HelperProcess adopt(base::UniqueFd channel, pid_t pid);

    [[nodiscard]] pid_t pid() const { return program_.pid; }

    void send_plan(const helper::Plan& plan) const;
    // After a plan whose groups are made by the driver.
    void say_groups_made() const;
    // Waits for the container to run; throws Error with the helper's words where it does not.
    [[nodiscard]] helper::StartReply await_start();
    // Without it the helper undoes everything once the channel closes.
    void commit();
    // Closes the channel and waits until the helper has undone everything and is gone.
    // False where it was killed, and so undid nothing.
    bool abandon();
    // Gives the channel up: its end is to be the container's end (autodestroy).
    [[nodiscard]] base::UniqueFd take_channel() { return std::move(channel_); }

  private:
    HelperProcess(base::UniqueFd channel, base::StartedProgram program)
        : channel_(std::move(channel)), program_(std::move(program)) {}
    base::UniqueFd channel_;
    base::StartedProgram program_;  // only the pid where it is not our child
};

// Reaps the supervisors that this program spawned and that have ended.
void reap_helpers();
// Whether there are any that have not been reaped.
[[nodiscard]] bool has_helpers();
// Adds one to them: `process` is the pidfd of a child of ours that goes on by itself.
void reap_later(base::UniqueFd process);
// A memory file with `bytes` in it, to be handed to a supervisor.
[[nodiscard]] base::UniqueFd memory_file(const std::string& bytes);

}  // namespace lxvirt::driver
