// The end of a container, from the kill or the end of its init to the removal of the last file. The
// rest of Supervisor is in supervisor.cc.
//
// A destroy, SIGTERM and the owner's end all kill the guard, and with it the container; the end of
// the init then comes through the event loop as any other end does. The clean-up needs the
// operation lock. A driver that destroys holds it while it waits for the helper; for any other
// holder the helper goes on answering the control socket and tries the lock again every ten
// milliseconds.
#include <unistd.h>

#include <csignal>

#include "base/cgroup/cgroup.hh"
#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "base/process/apparmor.hh"
#include "base/process/capability.hh"
#include "base/process/spawn.hh"
#include "base/test_point.hh"
#include "helper/ending.hh"
#include "helper/objects/groups.hh"
#include "helper/supervisor.hh"

namespace lxvirt::helper {

namespace {

constexpr auto kLockRetry = std::chrono::milliseconds(10);
constexpr auto kThawLater = std::chrono::milliseconds(20);  // between attempts to thaw
constexpr auto kQuick = std::chrono::seconds(2);  // a boot that ends sooner counts as quick
constexpr std::uint64_t kMaxQuickEnds = 5;        // in a row; then it is not started again
constexpr const char* kDestroyed = "destroyed";   // the word that judge_end() has for it

}  // namespace

void Supervisor::destroy() {
    holder_waits_ = true;
    if (ended_)
        (void)finish_under_lock();  // the caller holds the operation lock that we wait for
    else if (base::wait_readable(launched_.init, std::chrono::milliseconds(0)))
        on_init_end();  // the init was faster, and the reason of its end stays
    else
        kill_container();
}

// Kills the guard, the first process of the container's pid namespace: the kernel then kills all
// others.
void Supervisor::kill_container() {
    const base::RaisedCapabilities raised;
    destroy_asked_ = destroy_asked_ || !ended_;
    try {
        (void)base::send_signal(launched_.guard, SIGKILL);
        // The container may have been frozen by others, above all from inside, but seldom is: look
        // for that only after a while.
        const bool frozen = status_.state == "paused";
        thaw_timer_ =
            loop_.after(frozen ? std::chrono::milliseconds(0) : kThawLater, [this] { thaw(); });
    } catch (const base::Exception& error) {
        log(error.message());
    }
    // Now, while the kernel takes the container down, there is time for this.
    if (!leaves_group_)
        leaves_group_ =
            leave_helper_group_later(plan_.groups, leaving_record(plan_.supervision.run_folder));
    // As long as live.xml exists, this record counts for nothing: should the helper be killed, the
    // container counts as crashed.
    if (destroy_asked_) record_end(kDestroyed, {});
}

void Supervisor::thaw() {
    if (ended_) return;
    const base::RaisedCapabilities raised;
    thaw_timer_ = loop_.after(kThawLater, [this] { thaw(); });
    // The kernel ignores a SIGKILL for a frozen v1 task until it is thawed; a group may be frozen
    // again, so this is repeated.
    attempt([this] { base::thaw_to_kill(plan_.groups.hierarchies, plan_.groups.outer); });
}

void Supervisor::watch_termination() {
    termination_ = base::block_signal(SIGTERM);
    loop_.watch(termination_, EPOLLIN, [this](std::uint32_t) {
        loop_.forget(termination_);
        log("SIGTERM: ends the container");
        kill_container();
    });
}

bool Supervisor::termination_is_asked() const {
    return base::wait_readable(termination_, std::chrono::milliseconds(0));
}

void Supervisor::on_init_end() {
    loop_.forget(launched_.init);
    ended_ = base::reap(launched_.init, true);
    // systemd sends SIGTERM to all processes of the scope; the init may have ended before we saw
    // ours.
    if (termination_is_asked()) destroy_asked_ = true;
    launched_.init.reset();
    // What the container printed last is still in the pty.
    relay_.drain();
    (void)finish_under_lock();
}

bool Supervisor::finish_under_lock() {
    // A driver that destroys holds the lock while it waits for us. For any other holder the control
    // socket must go on being answered, so the lock is tried and never waited for.
    if (!destroy_asked_ && !holder_waits_ && !operation_) {
        const base::RaisedCapabilities raised;
        operation_ = base::OperationLock::try_acquire(plan_.supervision.op_lock);
        if (!operation_) {
            retry_timer_ = loop_.after(kLockRetry, [this] { (void)finish_under_lock(); });
            return false;
        }
    }
    finish();
    return true;
}

// Says whether the kernel's killer for want of memory has ended a process of the container; the
// group's memory controller counts each of its calls.
bool Supervisor::ran_out_of_memory() const {
    bool ran_out = false;
    attempt([&] {
        ran_out = base::oom_kills(plan_.groups.hierarchies, plan_.groups.outer).value_or(0) != 0;
    });
    return ran_out;
}

// Removes processes and groups, as far as that succeeds.
void Supervisor::remove_what_was_made() {
    const auto problems = remove_container(plan_, launched_.guard, launched_.init);
    for (const std::string& problem : problems) log(problem);
    is_left_over_ = !problems.empty();
    // Removed earlier, the profile would let go of processes that are on their way out.
    if (plan_.init.own_profile && !is_left_over_)
        base::remove_apparmor_profile(plan_.init.apparmor);
}

// Nobody would finish an end that is given up half way, so no step may keep the others from being
// made: each one catches its own errors and logs them.
void Supervisor::finish() noexcept {
    attempt([] { base::raise_capabilities(); });
    const bool killed = ended_->signaled && ended_->value == SIGKILL && !destroy_asked_;
    Ending ending{.event_detail = "Crashed", .reason = "crashed"};
    attempt([&] {
        EndFacts facts{.exit = *ended_,
                       .destroy_asked = destroy_asked_,
                       .shutdown_asked = shutdown_asked_,
                       .restart_asked = restart_asked_,
                       .oom = killed && ran_out_of_memory()};
        ending = judge_end(facts, plan_.supervision);
        // A destroy that comes after the end of the init keeps the container from booting again.
        facts.destroy_asked = holder_waits_;
        if (ending.action == EndAction::restart) ending = judge_end(facts, plan_.supervision);
        status_.exit = ending.exit;
        log(fmt::format("the container's init ended: {}", ended_->text()));
    });
    attempt([this] {
        for (const std::string& problem : give_back_links(plan_, launched_)) log(problem);
    });
    attempt([this] { remove_what_was_made(); });
    if (ending.reboot) attempt([this] { append_event("", ""); });
    bool restarts = false;
    attempt([&] {
        // Another boot would use the groups that processes of this one are left in.
        restarts = run_end_hooks_for(ending.action) && ending.action == EndAction::restart &&
                   !is_left_over_ && !restarts_too_fast();
    });
    if (restarts) {
        outcome_ = Outcome::restart;
        report_end(true);
        status_.state = "starting";
        status_.reason = "rebooting";
        status_.init_pid.reset();
        status_.init_start.reset();
        relay_.end();
        attempt([this] { (void)publish_status(); });
    } else {
        leave(ending.reason, ending.event_detail);
    }
    loop_.stop();
}

// Runs the hooks after the end. A post-stop hook that fails turns a reboot into a stop.
bool Supervisor::run_end_hooks_for(EndAction action) {
    if (plan_.hooks.all.empty()) return true;
    const bool done = run_end_hooks(plan_.hooks, end_moment(plan_, launched_),
                                    action == EndAction::restart ? "reboot" : "stop");
    launched_.namespaces.clear();
    return done;
}

// A container that ends at once each time would otherwise restart for ever.
bool Supervisor::restarts_too_fast() {
    const bool quick = std::chrono::steady_clock::now() - started_ < kQuick;
    options_.quick_ends = quick ? options_.quick_ends + 1 : 0;
    if (options_.quick_ends < kMaxQuickEnds) return false;
    status_.exit += status_.exit.empty() ? "" : ", ";
    status_.exit += fmt::format("{} times in a row within {} s of its start: not started again",
                                kMaxQuickEnds, kQuick.count());
    log(status_.exit);
    return true;
}

// Writes the record of the end once; a record that cannot be written leaves the container "crashed"
// for readers, and the log has the reason.
void Supervisor::record_end(std::string_view reason, std::string_view exit) {
    std::pair<std::string, std::string> end(reason, exit);
    if (recorded_end_ == end) return;
    try {
        helper::write_end(plan_.supervision.ended_file, reason, exit);
        recorded_end_ = std::move(end);
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

// The order matters: the record comes before the event, and the hooks come before the removal of
// live.xml. Where a process or a group is left, live.xml and the status file stay, and the next
// command that changes the domain removes them with the rest (driver/device/clean.hh).
void Supervisor::leave(std::string_view reason, std::string_view event_detail) noexcept {
    attempt([&] { record_end(reason, status_.exit); });
    attempt([&] { append_event("Stopped", event_detail); });
    attempt([this] { call_stop_hooks(); });
    attempt([this] { leave_group(); });
    if (is_left_over_) {
        status_.state = "stopped";
        attempt([this] { (void)publish_status(); });
    } else {
        attempt([this] { remove_files(); });
    }
}

void Supervisor::leave_group() {
    if (!leaves_group_)
        leave_helper_group(plan_.groups, leaving_record(plan_.supervision.run_folder));
    leaves_group_ = true;
}

// Runs libvirt's hook scripts. They get the live definition, so this must happen before its file is
// removed.
void Supervisor::call_stop_hooks() const {
    if (!plan_.supervision.has_hooks) return;
    try {
        const auto result = base::run_program(
            {.argv = {plan_.supervision.agent_path, "stopped", plan_.supervision.uri, plan_.name},
             .env = base::test_environment(),
             .input = {},
             .limit = std::chrono::minutes(10)});
        if (!result.succeeded())
            log(fmt::format("stop hooks: {}: {}", result.text(), result.errors));
    } catch (const base::Exception& error) {
        log(error.message());
    }
}

void Supervisor::remove_files() const {
    const std::string& folder = plan_.supervision.run_folder;
    // live.xml goes last, because it marks a container that has to be cleaned up.
    for (const char* file :
         {base::kControlSocket, base::kStatusFile, base::kPendingFile, base::kLiveFile}) {
        (void)::unlink((folder + "/" + file).c_str());
        base::test_point("file-removed");
    }
    (void)::rmdir(folder.c_str());
    base::test_point("folder-removed");
    for (const std::string& file : plan_.supervision.end_files) {
        (void)::unlink(file.c_str());
        base::test_point("file-removed");
    }
}

void Supervisor::report_end(bool goes_on) noexcept {
    if (!has_client_ || !ended_) return;
    has_client_ = false;
    // These two are what the kernel makes of a reboot(2) inside (reboot(2), "Behavior inside PID
    // namespaces").
    const bool rebooted = ended_->signaled && (ended_->value == SIGINT || ended_->value == SIGHUP);
    EndReport report;
    report.goes_on = goes_on;
    if (!rebooted) (ended_->signaled ? report.signal : report.status) = ended_->value;
    try {
        base::send_message(starter_ ? starter_ : owner_, base::encode(report));
    } catch (const std::exception&) {
        // The other side is gone; nobody waits for the report.
    }
}

void Supervisor::release_resources() {
    launched_.loops.clear();
    operation_.reset();
    destroy_lock_.reset();
}

void Supervisor::close_connections() {
    connections_.clear();
    relay_.end();
}

void Supervisor::give_up_restart(const std::string& why) {
    status_.exit = "restart: " + why;
    log(status_.exit);
    leave("failed", "Failed");
}

void Supervisor::undo() {
    // The init may still run: a start that failed is undone.
    loop_.forget(launched_.init);
    relay_.end();
    attempt([this] { remove_what_was_made(); });
    attempt([this] { (void)run_end_hooks_for(EndAction::destroy); });
    leave_group();
    // The driver cleans up by live.xml what is left.
    if (!is_left_over_) remove_files();
}

}  // namespace lxvirt::helper
