// The driver's end of a running helper's control socket (helper/exchange/protocol.hh): one request,
// one reply.
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

// No answer came: the helper is stopped, has no memory for an answer, has just ended, or is of a
// version that does not know the request.
class NoAnswer : public base::Error {
  public:
    using Error::Error;
};

// Owns a connection to one helper.
class Control {
  public:
    // Returns nullopt if no helper listens. A helper answers in microseconds; `limit` is for one
    // that does not, and holds for each answer. Throws SystemError.
    [[nodiscard]] static std::optional<Control> connect(
        const Root& root, const std::string& name,
        std::chrono::seconds limit = std::chrono::seconds(30));

    // Sends a request with `fds` and waits for the answer. Returns the descriptor that the answer
    // brings, if any. Throws the error that the helper answers, or NoAnswer.
    [[nodiscard]] base::UniqueFd request(const helper::Request& request,
                                         const std::vector<base::Fd>& fds = {}) const;

    // Gives up the socket, whose hang-up tells the helper's end.
    [[nodiscard]] base::UniqueFd take_socket() { return std::move(socket_); }

  private:
    explicit Control(base::UniqueFd socket) : socket_(std::move(socket)) {}
    base::UniqueFd socket_;
};

// Does the same over a connected control socket, which the caller keeps.
base::UniqueFd control_request(base::Fd socket, const helper::Request& request,
                               const std::vector<base::Fd>& fds = {});

// Returns a connection to the helper of a domain. Throws operation_invalid "domain is not running"
// if there is none.
[[nodiscard]] Control connect_running(const Root& root, const std::string& name);

}  // namespace lxvirt::driver
