// Spawns lxc_helper and talks to it while it starts (helper/exchange/protocol.hh). The helper is
// executed from a read-only clone of the mount that holds it: a process in the container that gets
// hold of /proc/PID/exe cannot open it for writing (the class of CVE-2019-5736), and the page cache
// is still shared.
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

// Returns the path of lxc_helper: the build tree's if this program runs from there, otherwise the
// installed one. The functions below follow the same rule.
[[nodiscard]] std::string helper_path();
// Returns the path of lxnetd, the supervisor of a network.
[[nodiscard]] std::string lxnetd_path();
// Returns the path of lxc_agent, which a helper calls for a restart and for stop hooks.
[[nodiscard]] std::string agent_path();
// Returns the path of lxc_zone, which speaks to firewalld; the file is missing if lxvirt was built
// without libsystemd.
[[nodiscard]] std::string zone_program_path();
// Returns the path of lxc_scope, which speaks to systemd; the file is missing if lxvirt was built
// without systemd.
[[nodiscard]] std::string scope_program_path();
// Tells the path of this program, for one that was executed from a detached mount: its
// /proc/self/exe has no path.
void set_program_path(const std::string& path);

// The supervisors' group, in which the helper is born and which it leaves at its end.
struct HelperGroup {
    std::string path;  // the same in every hierarchy
    base::Fd unified;  // its folder in the v2 tree; not valid if there is none
};

// Calls `send`. Returns false if the other end of the channel is gone (EPIPE, ECONNRESET): it has
// failed, and its last message says why.
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

// A helper that is not yet committed.
class HelperProcess {
  public:
    // Spawns a helper, which waits for its plan; does not wait until it is executed. The helper
    // shares `operation`, the operation lock, until the start is committed. Throws SystemError.
    static HelperProcess spawn(const std::string& name, base::Fd operation,
                               const HelperGroup& group);
    // Returns the driver's side in a process that the helper itself called, over the channel that
    // it inherited.
    static HelperProcess adopt(base::UniqueFd channel, pid_t pid);

    [[nodiscard]] pid_t pid() const { return program_.pid; }

    // Sends the plan. Does not throw if the helper has failed: await_start() has the reason.
    void send_plan(const helper::Plan& plan) const;
    // Tells the helper that the driver has made the control groups, after a plan that leaves them
    // to the driver.
    void say_groups_made() const;
    // Waits for the container to run. Throws the helper's error if it does not.
    [[nodiscard]] helper::StartReply await_start();
    // Lets go of the helper, which goes on by itself. Without this call the helper undoes
    // everything once the channel closes. `stream` is the other end of a client's stream for the
    // first console; with it the helper reports the end over the channel (take_channel()).
    void commit(base::Fd stream = {});
    // Closes the channel and waits until the helper has undone everything and is gone. Returns
    // false if the helper was killed, and so undid nothing.
    bool abandon();
    // Gives up the channel, whose close is then to end the container (autodestroy), or over which the
    // container's end is reported.
    [[nodiscard]] base::UniqueFd take_channel() { return std::move(channel_); }

  private:
    HelperProcess(base::UniqueFd channel, base::StartedProgram program)
        : channel_(std::move(channel)), program_(std::move(program)) {}
    base::UniqueFd channel_;
    base::StartedProgram program_;  // only the pid is set if it is not our child
};

// Reaps the supervisors that this program spawned and that have ended.
void reap_helpers();
// Returns whether there are any that have not been reaped.
[[nodiscard]] bool has_helpers();
// Adds one to them: `process` is the pidfd of a child of this process that goes on by itself.
void reap_later(base::UniqueFd process);
// Returns a memory file (memfd_create(2)) with `bytes` in it, to be handed to a supervisor: a plan
// may be longer than a message.
[[nodiscard]] base::UniqueFd memory_file(const std::string& bytes);

}  // namespace lxvirt::driver
