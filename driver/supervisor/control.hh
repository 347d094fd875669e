// The driver's end of a running helper's control socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hh"
#include "base/fd.hh"
#include "driver/store/root.hh"
#include "helper/exchange/protocol.hh"

namespace lxvirt::driver {

// A helper that is stopped, has no memory for an answer, has just ended, or is of a version that
// does not know what it is asked.
class NoAnswer : public base::Error {
  public:
    using Error::Error;
};

class Control {
  public:
    // Nothing where no helper listens. It answers in microseconds; `limit` is for one that does
    // not.
    [[nodiscard]] static std::optional<Control> connect(
        const Root& root, const std::string& name,
        std::chrono::seconds limit = std::chrono::seconds(30));

    // Sends and waits for the answer, which may bring a descriptor. Throws the error that the
    // helper answers, or NoAnswer.
    [[nodiscard]] base::UniqueFd request(const helper::Request& request,
                                         const std::vector<base::Fd>& fds = {}) const;

    [[nodiscard]] base::UniqueFd take_socket() { return std::move(socket_); }

  private:
    explicit Control(base::UniqueFd socket) : socket_(std::move(socket)) {}
    base::UniqueFd socket_;
};

// One request over a connected control socket, which the caller keeps; `fds` go with it.
base::UniqueFd control_request(base::Fd socket, const helper::Request& request,
                               const std::vector<base::Fd>& fds = {});

// Of a domain that must be running: throws operation_invalid "domain is not running".
[[nodiscard]] Control connect_running(const Root& root, const std::string& name);

}  // namespace lxvirt::driver
