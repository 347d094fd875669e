// Local sockets that keep message boundaries (unix(7), SOCK_SEQPACKET), with descriptors passed
// beside the bytes (SCM_RIGHTS). sun_path holds 108 bytes only, so sockets are bound and connected
// through /proc/self/fd/N/NAME, which makes the length of the folder's path irrelevant.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Returns two connected sockets of `type`, close-on-exec. Throws SystemError.
[[nodiscard]] std::pair<UniqueFd, UniqueFd> socket_pair(int type);

// A received message; the descriptors are close-on-exec and belong to the receiver.
struct Message {
    std::string bytes;
    std::vector<UniqueFd> fds;
};

// Sends one message with at most eight descriptors. Throws SystemError; EPIPE where the other end
// is closed.
void send_message(Fd socket, std::string_view bytes, const std::vector<Fd>& fds = {});
// Receives one message. Returns nothing at the end of the stream. Throws SystemError: EMSGSIZE
// where the message is longer than `limit` bytes, EAGAIN on a non-blocking socket with no message
// waiting or after the time limit of connect_local().
[[nodiscard]] std::optional<Message> receive_message(Fd socket, std::size_t limit);

// Listens on FOLDER/NAME, which gets mode 0600; a socket that a killed process left there is
// replaced. Throws SystemError.
[[nodiscard]] UniqueFd listen_local(const std::string& folder, const std::string& name);
// Accepts a connection, non-blocking; returns nothing where the peer has gone again.
[[nodiscard]] std::optional<UniqueFd> accept_local(Fd listener);
// Connects to FOLDER/NAME. Returns nothing where nobody listens (ENOENT, ECONNREFUSED). A later
// receive_message() that waits longer than `answer_limit` throws SystemError(EAGAIN).
[[nodiscard]] std::optional<UniqueFd> connect_local(const std::string& folder,
                                                    const std::string& name,
                                                    std::chrono::seconds answer_limit);

// Identifies the process at the other end, as it was when it connected.
struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};
[[nodiscard]] Peer peer_of(Fd socket);  // from SO_PEERCRED (unix(7))

}  // namespace lxvirt::base
