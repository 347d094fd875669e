#include "driver/supervisor/control.hh"

#include <unistd.h>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/run_files.hh"
#include "base/file/socket.hh"
#include "driver/store/lookup.hh"

namespace lxvirt::driver {

namespace {

// Returns the answer; nullopt at the end of the connection. Throws NoAnswer after the socket's time
// limit.
std::optional<base::Message> await_answer(base::Fd socket) {
    try {
        return base::receive_message(socket, helper::kMaxMessage);
    } catch (const base::SystemError& error) {
        if (error.error() != EAGAIN) throw;
        throw NoAnswer(base::ErrorCode::operation_timeout,
                       "the domain's lxc_helper does not answer: it may be stopped");
    }
}

}  // namespace

std::optional<Control> Control::connect(const Root& root, const std::string& name,
                                        std::chrono::seconds answer_limit) {
    auto socket = base::connect_local(root.domain(name), base::kControlSocket, answer_limit);
    if (!socket) return std::nullopt;
    return Control(std::move(*socket));
}

base::UniqueFd Control::request(const helper::Request& request,
                                const std::vector<base::Fd>& fds) const {
    return control_request(socket_, request, fds);
}

base::UniqueFd control_request(base::Fd socket, const helper::Request& request,
                               const std::vector<base::Fd>& fds) {
    base::send_message(socket, base::encode(request), fds);
    auto message = await_answer(socket);
    if (!message)
        throw NoAnswer(base::ErrorCode::operation_failed,
                       "the domain's lxc_helper closed the connection before it answered");
    const auto reply = base::decode<helper::Reply>(message->bytes, "answer of lxc_helper");
    if (reply.code == static_cast<int>(base::ErrorCode::system_error))
        throw base::PreparedError(base::ErrorCode::system_error, reply.text);
    const auto code = static_cast<base::ErrorCode>(reply.code);
    // An older helper answers so to a request that it does not know.
    if (code == base::ErrorCode::operation_unsupported) throw NoAnswer(code, reply.text);
    if (reply.code != 0) throw base::Error(code, reply.text);
    if (message->fds.empty()) return {};
    return std::move(message->fds.front());
}

Control connect_running(const Root& root, const std::string& name) {
    constexpr int attempts = 20;  // of five milliseconds each
    for (int i = 0; i < attempts; ++i) {
        if (!root.running(name)) fail_not_running();
        if (auto control = Control::connect(root, name)) return std::move(*control);
        // The helper is at its end, unless somebody has removed the socket.
        ::usleep(5000);
    }
    base::fail(
        base::ErrorCode::operation_failed,
        "the socket of its lxc_helper, '{}/{}', is gone; destroy ends the domain all the same",
        root.domain(name), base::kControlSocket);
}

}  // namespace lxvirt::driver
