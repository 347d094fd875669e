// The dnsmasq process of one network: its files, its start until it listens, its end. dnsmasq runs
// in the foreground as a child of lxnetd, so that its pid is known for certain. Its log is a file
// and not a pipe, because it goes on when lxnetd is killed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hh"
#include "base/process/process.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

// Describes the process to start.
struct DnsmasqSetup {
    std::string folder;    // where its files are
    std::string log_file;  // dnsmasq appends its messages there
    DnsmasqPlan plan;
};

// Writes the files of dnsmasq, those whose content differs. Throws SystemError.
void write_dnsmasq_files(const DnsmasqSetup& setup);

// Owns the process until stop() or reap(); an object that is destroyed earlier leaves it running.
class DnsmasqProcess {
  public:
    // Starts dnsmasq, which is not ready yet. Throws SystemError.
    explicit DnsmasqProcess(const DnsmasqSetup& setup);

    // Returns when dnsmasq listens. Throws Error(operation_failed) with dnsmasq's own message where
    // it ends instead, Error(operation_timeout) after 20 seconds.
    void await_ready();

    [[nodiscard]] base::Fd process() const { return process_; }  // pidfd, borrowed
    [[nodiscard]] pid_t pid() const { return pid_; }
    // Makes dnsmasq reread the lists of clients and of host names (SIGHUP).
    void reload() const { (void)base::send_signal(process_, SIGHUP); }
    // Ends dnsmasq by SIGTERM, after three seconds by SIGKILL, and reaps it.
    void stop();
    // Reaps a dnsmasq that has ended: process() is readable.
    [[nodiscard]] base::ExitStatus reap();

  private:
    [[nodiscard]] std::string new_log() const;  // returns the lines since the start
    base::UniqueFd process_;
    pid_t pid_ = 0;
    std::string log_file_;
    std::size_t log_start_ = 0;
};

}  // namespace lxvirt::netd
