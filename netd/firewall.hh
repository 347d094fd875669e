// Applies nftables rules through libnftables, and notices when another program removes our table. A
// child does the work, so that lxnetd stays small and goes on meanwhile.
#pragma once

#include <string>

#include "base/fd.hh"

namespace lxvirt::netd {

// Applies a text in a child process.
class RulesetJob {
  public:
    // Starts one transaction: all of `text` takes effect, or none of it. Throws SystemError.
    explicit RulesetJob(const std::string& text);
    RulesetJob(RulesetJob&&) = default;
    // Waits for the child, if finish() was not called.
    ~RulesetJob();
    // Waits for the result. Throws Error(operation_failed) with the message of nft. On success the
    // child's pidfd is returned, to be reaped when it is readable: it ends some ten milliseconds
    // later, when the kernel has freed the replaced rules.
    [[nodiscard]] base::UniqueFd finish();

  private:
    base::UniqueFd process_, report_;
};

// Listens to the kernel's notifications about one table of family inet (NFNLGRP_NFTABLES).
class TableWatch {
  public:
    // Begins to listen. Throws SystemError.
    explicit TableWatch(std::string table);
    [[nodiscard]] base::Fd fd() const { return socket_; }
    // Reads the waiting notifications. Returns true if something of the table was removed and the
    // table was not made anew after that; a replacement of our own does both.
    [[nodiscard]] bool damaged();

  private:
    std::string table_;
    base::UniqueFd socket_;
    bool damaged_ = false;
};

}  // namespace lxvirt::netd
