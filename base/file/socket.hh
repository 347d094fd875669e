// Local sockets that keep message boundaries (unix(7), SOCK_SEQPACKET), with descriptors passed
// beside the bytes (SCM_RIGHTS). A path longer than sun_path is bound and connected through
// /proc/self/fd.
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

// Two connected ends, close-on-exec.
[[nodiscard]] std::pair<UniqueFd, UniqueFd> socket_pair(int type);

struct Message {
    std::string bytes;
    std::vector<UniqueFd> fds;
};

// Throws SystemError; EPIPE where the other end is closed.
void send_message(Fd socket, std::string_view bytes, const std::vector<Fd>& fds = {});
// Nothing at the end of the stream. Throws SystemError(EMSGSIZE) where the message is longer than
// `limit`, EAGAIN on a non-blocking socket without one.
[[nodiscard]] std::optional<Message> receive_message(Fd socket, std::size_t limit);

// Listens on FOLDER/NAME, mode 0600; a socket that is left there is replaced.
[[nodiscard]] UniqueFd listen_local(const std::string& folder, const std::string& name);
[[nodiscard]] std::optional<UniqueFd> accept_local(Fd listener);
// Nothing where nobody listens (ENOENT, ECONNREFUSED). An answer that takes longer than
// `answer_limit` is SystemError(EAGAIN) to who receives it.
[[nodiscard]] std::optional<UniqueFd> connect_local(const std::string& folder,
                                                    const std::string& name,
                                                    std::chrono::seconds answer_limit);

struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};
[[nodiscard]] Peer peer_of(Fd socket);  // SO_PEERCRED

}  // namespace lxvirt::base
