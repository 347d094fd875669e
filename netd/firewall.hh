// Applies nftables text through libnftables, and notices when somebody else takes our table away.
// A child does the work, so that the supervisor stays small and goes on meanwhile.
#pragma once

#include <string>

#include "base/fd.hh"

namespace lxvirt::netd {

class RulesetJob {
  public:
    // Starts one transaction; all of `text` takes effect or none of it.
    explicit RulesetJob(const std::string& text);
    RulesetJob(RulesetJob&&) = default;
    // Waits for its end.
    ~RulesetJob();
    // Waits for its result. Throws operation_failed with nft's own words. The process ends some ten
    // milliseconds later, when the kernel has taken apart what was replaced: it is returned to be
    // reaped once it is readable.
    [[nodiscard]] base::UniqueFd finish();

  private:
    base::UniqueFd process_, report_;
};

// The notices of one table of family inet (NFNLGRP_NFTABLES).
class TableWatch {
  public:
    explicit TableWatch(std::string table);
    [[nodiscard]] base::Fd fd() const { return socket_; }
    // Reads what has come. True where something of the table was removed and the table was not made
    // anew since: our own replacement makes it.
    [[nodiscard]] bool damaged();

  private:
    std::string table_;
    base::UniqueFd socket_;
    bool damaged_ = false;
};

}  // namespace lxvirt::netd
