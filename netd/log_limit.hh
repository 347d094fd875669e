// Bounds the log of a network while dnsmasq writes it: a container can make dnsmasq log as fast as it
// sends requests, and must not fill the host's disk by it.
#pragma once

#include <string>

#include "base/fd.hh"

namespace lxvirt::netd {

// Bytes. A log that has grown beyond kLogLimit is cut to its last lines, of kLogKept bytes at most.
inline constexpr long kLogLimit = 1 << 20, kLogKept = 64 << 10;

class LogLimit {
  public:
    // Watches the file, which has to exist. Throws SystemError.
    explicit LogLimit(std::string path);
    [[nodiscard]] base::Fd fd() const { return events_; }  // readable after writes (inotify(7))
    // Takes the waiting events, and cuts the log if it is too long. Whoever appends goes on at the new
    // end. Throws SystemError.
    void take() const;

  private:
    std::string path_;
    base::UniqueFd events_;
};

}  // namespace lxvirt::netd
