// What lxc_helper does once the container runs: relays the consoles, answers the control socket,
// and waits for the end of the init. Then it decides by on_poweroff, on_reboot and on_crash, undoes
// what was made, and ends or restarts. While it waits its effective capabilities are empty.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.hh"
#include "base/file/lock.hh"
#include "base/file/log.hh"
#include "base/process/process.hh"
#include "helper/exchange/plan.hh"
#include "helper/exchange/protocol.hh"
#include "helper/exchange/status.hh"
#include "helper/launch.hh"
#include "helper/relay.hh"

namespace lxvirt::helper {

// Comes from the command line of a restarted helper.
struct SupervisorOptions {
    base::RecordLock* alive = nullptr;  // borrowed
    std::uint64_t boots = 1;            // 1 after the start, one more after each reboot
    std::uint64_t quick_ends = 0;       // boots in a row that ended at once
};

// Says what the process does after run(): end, or execute itself for another boot.
enum class Outcome { gone, restart };

// Supervises one container. `plan` must outlive it.
class Supervisor {
  public:
    Supervisor(const Plan& plan, SupervisorOptions options);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Takes over a launched container, and writes the status file. If this throws, call undo().
    void begin(Launched launched);
    [[nodiscard]] bool has_begun() const { return launched_.guard.valid(); }
    // Ends the container when the channel to the process that started it closes (autodestroy).
    void watch_owner(base::UniqueFd channel);
    [[nodiscard]] base::Fd owner() const { return owner_; }
    // Connects `stream` with the first console before anything is read from it, and has the end of
    // the init reported over `channel`, or over the owner's if that is not valid.
    void attach_client(base::UniqueFd stream, base::UniqueFd channel);
    // Reports the end of the init to whom attach_client() named.
    void report_end(bool goes_on) noexcept;
    // Returns at the end of the container. With Outcome::restart the groups are removed, the
    // operation lock is held (take_operation_lock()), and this program is to execute itself.
    [[nodiscard]] Outcome run();
    // Hands the operation lock over to the caller, if it is held.
    [[nodiscard]] std::optional<base::OperationLock> take_operation_lock();
    [[nodiscard]] std::uint64_t quick_ends() const { return options_.quick_ends; }
    // After Outcome::restart, where the new helper could not be executed: records the end as a
    // failure.
    void give_up_restart(const std::string& why);
    // After Outcome::gone: frees loop devices and locks, which another operation may want at once.
    void release_resources();
    // After the alive lock is free, too: closes the connections, by which waiting drivers learn of
    // the end before this process is torn down.
    void close_connections();
    // Called in place of run() for a start that failed late or that nobody committed: removes the
    // container and the files in /run.
    void undo();
    // Returns what the driver is told about the start.
    [[nodiscard]] StartReply start_reply() const;

  private:
    // A client of the control socket.
    struct Connection {
        base::UniqueFd socket;
        std::string console;  // the alias of the console that this client may resize
    };

    void on_connection();
    void on_request(int fd);
    // Answers a request. `given` are the descriptors that came with it, `extra` is sent along with
    // the answer.
    Reply answer(Connection& connection, const Request& request, std::vector<base::UniqueFd>& given,
                 base::UniqueFd& extra);
    Reply hold(const Request& request, std::vector<base::UniqueFd>& given);
    Reply hold_link(const Request& request);
    void pin_moved_links();
    Reply add_console(const Request& request, std::vector<base::UniqueFd>& given);
    void remove_console(const std::string& alias);
    Reply open_console(Connection& connection, const Request& request, base::UniqueFd& extra);
    Reply set_paused(bool paused);
    Reply send_init_signal(const Request& request);
    void destroy();
    void kill_container();
    void thaw();  // is repeated until the init has ended
    // Makes SIGTERM to the helper a destroy, since that is how systemd stops a scope (machinectl
    // terminate).
    void watch_termination();
    // Makes the files by which this helper is found anew, where somebody has removed them. A driver
    // asks for that by SIGHUP.
    void watch_removal();
    void renew_files();
    [[nodiscard]] bool termination_is_asked() const;

    void on_init_end();
    // Finishes once the operation lock is held, or its holder is known to wait for this helper;
    // until then the lock is tried again and again. Returns whether it has finished.
    bool finish_under_lock();
    void finish() noexcept;
    // Makes one step of the end; an error is logged, and the steps after it are made.
    template <typename Step>
    void attempt(Step&& step) const noexcept {
        try {
            step();
        } catch (const std::exception& error) {
            base::append_log(plan_.supervision.log_file, error.what());
        }
    }
    [[nodiscard]] bool ran_out_of_memory() const;
    void remove_what_was_made();
    [[nodiscard]] bool run_end_hooks_for(EndAction action);
    [[nodiscard]] bool restarts_too_fast();
    void leave(std::string_view reason, std::string_view event_detail) noexcept;
    // Records how the container ended, for `domstate --reason`; does nothing where the same is
    // recorded already.
    void record_end(std::string_view reason, std::string_view exit);
    void leave_group();
    void call_stop_hooks() const;
    void remove_files() const;
    [[nodiscard]] Reply publish_status();
    void name_consoles();
    void write_consoles();
    void log(std::string_view text) const;
    void append_event(std::string_view event, std::string_view detail);

    const Plan& plan_;
    Launched launched_;
    SupervisorOptions options_;
    base::EventLoop loop_;
    Relay relay_;
    base::UniqueFd owner_;
    base::UniqueFd starter_;      // the channel for an EndReport, if it is not the owner's
    bool has_client_ = false;     // an EndReport is waited for
    base::UniqueFd termination_;  // signalfd(2) of SIGTERM
    base::UniqueFd removal_;      // of SIGHUP
    std::map<int, Connection> connections_;
    base::UniqueFd retry_timer_, thaw_timer_;
    std::optional<base::OperationLock> operation_;
    base::UniqueFd destroy_lock_;  // the same lock, passed along with a destroy
    std::optional<base::ExitStatus> ended_;
    HelperStatus status_;
    bool destroy_asked_ = false;   // before the init ended
    bool holder_waits_ = false;    // the holder of the operation lock waits for this helper's end
    bool shutdown_asked_ = false;  // a signal was sent on the user's behalf
    bool restart_asked_ = false;
    std::pair<std::string, std::string> recorded_end_;  // reason and exit
    bool is_left_over_ = false;                         // a process or a group could not be removed
    bool leaves_group_ = false;  // the removal of the supervisors' group has been started
    std::chrono::steady_clock::time_point started_;
    Outcome outcome_ = Outcome::gone;
};

}  // namespace lxvirt::helper
