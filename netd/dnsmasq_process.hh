// The dnsmasq of one network: its files, its start until it really listens, its end. It runs in the
// foreground as our child, so that nothing has to be looked for; its log is a file, not a pipe,
// because it goes on when its supervisor is killed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hh"
#include "base/process/process.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

struct DnsmasqSetup {
    std::string folder;    // of its files
    std::string log_file;  // it appends what it has to say
    DnsmasqPlan plan;
};

// Replaces the files that differ.
void write_dnsmasq_files(const DnsmasqSetup& setup);

class DnsmasqProcess {
  public:
    // Executes it; it is not ready yet. Throws SystemError.
    explicit DnsmasqProcess(const DnsmasqSetup& setup);

    // Until it listens. Throws operation_failed with dnsmasq's own words where it ends instead.
    void await_ready();

    [[nodiscard]] base::Fd process() const { return process_; }  // pidfd
    [[nodiscard]] pid_t pid() const { return pid_; }
    // Rereads hosts and addn-hosts.
    void reload() const { (void)base::send_signal(process_, SIGHUP); }
    // TERM, then KILL; reaps it.
    void stop();
    // Once process() is readable.
    [[nodiscard]] base::ExitStatus reap();

  private:
    [[nodiscard]] std::string said() const;  // in the log since the start
    base::UniqueFd process_;
    pid_t pid_ = 0;
    std::string log_file_;
    std::size_t log_start_ = 0;
};

}  // namespace lxvirt::netd
