// Another process, for tests of what processes do to each other: runs a function, tells when it is
// ready, waits to be let go or killed.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace lxvirt::tests {

class ChildProcess {
  public:
    // `act` runs in the child; its result is the exit status. It calls ready() once when it is.
    explicit ChildProcess(const std::function<int(const std::function<void()>& ready)>& act) {
        if (::pipe(pipe_) != 0) return;
        pid_ = ::fork();
        if (pid_ != 0) {
            (void)::close(pipe_[1]);
            return;
        }
        int status = 125;
        try {
            status = act([this] { (void)!::write(pipe_[1], "r", 1); });
        } catch (...) {
        }
        ::_exit(status);
    }
    ~ChildProcess() {
        if (pid_ > 0) {
            (void)::kill(pid_, SIGKILL);
            (void)wait();
        }
        (void)::close(pipe_[0]);
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    // False where the child ended without being ready.
    [[nodiscard]] bool wait_ready() const {
        char byte = 0;
        return ::read(pipe_[0], &byte, 1) == 1;
    }
    void kill() const { (void)::kill(pid_, SIGKILL); }
    // The wait status (waitpid(2)).
    int wait() {
        int status = -1;
        (void)::waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }

  private:
    pid_t pid_ = 0;
    int pipe_[2] = {-1, -1};
};

}  // namespace lxvirt::tests
