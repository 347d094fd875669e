// What lxc_helper is once the container runs: it relays the consoles, answers the control socket,
// waits for the init's end, then decides by on_poweroff, on_reboot and on_crash, undoes what was
// made, and goes or restarts. Its effective capabilities are empty while it waits.
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
#include "base/process/process.hh"
#include "helper/console.hh"
#include "helper/launch.hh"
#include "helper/plan.hh"
#include "helper/protocol.hh"
#include "helper/status.hh"

namespace lxvirt::helper {

struct SupervisorOptions {
    std::uint64_t boots = 1;       // 1 after the start, one more with every reboot
    std::uint64_t quick_ends = 0;  // how many boots in a row were over in no time
};

enum class Outcome { gone, restart };

class Supervisor {
  public:
    Supervisor(const Plan& plan, SupervisorOptions options);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Relays and answers from now on, and says so in the status file. Throws SystemError, then
    // undo() is to follow.
    void begin(Launched launched);
    [[nodiscard]] bool has_begun() const { return launched_.guard.valid(); }
    // The channel to whoever started the container: its end is the container's end.
    void watch_owner(base::UniqueFd channel);
    [[nodiscard]] base::Fd owner() const { return owner_; }
    // Until the container's end. Outcome::restart: its groups are gone, the operation lock is held
    // (take_operation_lock()), and this program is to execute itself.
    [[nodiscard]] Outcome run();
    [[nodiscard]] std::optional<base::OperationLock> take_operation_lock();
    [[nodiscard]] std::uint64_t quick_ends() const { return options_.quick_ends; }
    // After Outcome::restart, where the new helper could not be executed: ends as failed.
    void give_up_restart(const std::string& why);
    // After Outcome::gone: lets go of what others could take next, then, when the alive lock is
    // free as well, tells who waits for the end: before this process is torn down.
    void release_resources();
    void close_connections();
    // Instead of run(): takes the container away again, for a start that failed late.
    void undo();
    // The same and the files of /run, for a start that nobody committed.
    void abort();
    [[nodiscard]] StartReply start_reply() const;

  private:
    struct Connection {
        base::UniqueFd socket;
        Console* console = nullptr;  // the one it may resize
    };

    void on_connection();
    void on_request(int fd);
    // The answer; `given` came with the request, `extra` is sent along.
    Reply answer(Connection& connection, const Request& request, std::vector<base::UniqueFd>& given,
                 base::UniqueFd& extra);
    Reply hold(const Request& request, std::vector<base::UniqueFd>& given);
    Reply add_console(const Request& request, std::vector<base::UniqueFd>& given);
    void remove_console(const std::string& alias);
    Reply open_console(Connection& connection, const Request& request, base::UniqueFd& extra);
    Reply set_paused(bool paused);
    Reply send_init_signal(const Request& request);
    void destroy();
    void kill_container();
    void thaw();  // again and again, until init's end
    // SIGTERM to the helper is a destroy: so systemd ends a scope (machinectl terminate).
    void watch_termination();
    [[nodiscard]] bool termination_is_asked() const;

    void on_init_end();
    // Holds the operation lock, or knows that its holder waits for us, and finishes.
    void finish_under_lock();
    void finish();
    [[nodiscard]] bool run_end_hooks_for(EndAction action);
    [[nodiscard]] bool restarts_too_fast();
    void leave(std::string_view reason, std::string_view event_detail);
    // For those who ask when it is over; what is recorded already is not written again.
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
    std::vector<std::unique_ptr<Console>> consoles_;
    base::UniqueFd owner_;
    base::UniqueFd termination_;  // signalfd of SIGTERM
    std::map<int, Connection> connections_;
    base::UniqueFd retry_timer_, thaw_timer_;
    std::optional<base::OperationLock> operation_;
    base::UniqueFd destroy_lock_;  // the same, shared by whoever asked for the end
    std::optional<base::ExitStatus> ended_;
    HelperStatus status_;
    bool destroy_asked_ = false;   // by the holder of the operation lock
    bool shutdown_asked_ = false;  // a signal was sent for the user
    bool restart_asked_ = false;
    std::pair<std::string, std::string> recorded_end_;  // reason and exit
    bool leaves_group_ = false;  // what removes the supervisors' group has been started
    std::chrono::steady_clock::time_point started_;
    Outcome outcome_ = Outcome::gone;
};

}  // namespace lxvirt::helper
