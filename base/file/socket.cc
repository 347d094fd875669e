#include "base/file/socket.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"

namespace lxvirt::base {

namespace {

// The largest number of descriptors in one message, in either direction.
constexpr std::size_t kMaxFds = 8;

// Returns the address of NAME in `folder`, without the folder's own path.
sockaddr_un address_of(Fd folder, const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), name);
    if (path.size() >= sizeof address.sun_path) fail_with(ENAMETOOLONG, "socket '{}'", name);
    path.copy(address.sun_path, path.size());
    return address;
}

UniqueFd seqpacket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket) fail_errno("make a local socket");
    return socket;
}

// Takes the passed descriptors out of the control data before anything can throw, so that none
// leaks.
void take_fds(msghdr& header, std::vector<UniqueFd>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

}  // namespace

std::pair<UniqueFd, UniqueFd> socket_pair(int type) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail_errno("make a socket pair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void send_message(Fd socket, std::string_view bytes, const std::vector<Fd>& fds) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> control{};
    if (!fds.empty()) {
        if (fds.size() > kMaxFds) fail_with(EINVAL, "send {} descriptors", fds.size());
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        for (std::size_t i = 0; i < fds.size(); ++i) {
            const int fd = fds[i].get();
            std::memcpy(CMSG_DATA(rights) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    for (;;) {
        if (::sendmsg(socket.get(), &header, MSG_NOSIGNAL) >= 0) break;
        if (errno != EINTR) fail_errno("send a message");
    }
    test_point("message-sent");
}

std::optional<Message> receive_message(Fd socket, std::size_t limit) {
    Message message;
    message.bytes.resize(limit);
    iovec part{message.bytes.data(), message.bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t got;
    // ECONNRESET is reported once where the peer is gone and had not read all of our messages. What
    // the peer sent before that is still in the queue, so the read is repeated once.
    bool reset = false;
    do {
        got = ::recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == ECONNRESET && !std::exchange(reset, true)) errno = EINTR;
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == ECONNRESET) return std::nullopt;
    if (got < 0) fail_errno("receive a message");
    take_fds(header, message.fds);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        fail_with(EMSGSIZE, "receive a message of more than {} bytes", limit);
    if (got == 0) return std::nullopt;
    message.bytes.resize(static_cast<std::size_t>(got));
    test_point("message-received");
    return message;
}

UniqueFd listen_local(const std::string& folder, const std::string& name) {
    const UniqueFd place = open_file(folder, O_PATH | O_DIRECTORY);
    if (::unlinkat(place.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        fail_errno("remove the old socket '{}/{}'", folder, name);
    UniqueFd listener = seqpacket();
    const sockaddr_un address = address_of(place, name);
    // The mode is set at the moment of creation: a chmod(2) after bind(2) would come too late.
    const mode_t before = ::umask(0177);
    const int bound =
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(before);
    if (bound != 0 || ::listen(listener.get(), 16) != 0)
        fail_errno("listen on '{}/{}'", folder, name);
    test_point("socket-made");
    return listener;
}

std::optional<UniqueFd> accept_local(Fd listener) {
    UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) return socket;
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return std::nullopt;
    fail_errno("accept a connection");
}

std::optional<UniqueFd> connect_local(const std::string& folder, const std::string& name,
                                      std::chrono::seconds answer_limit) {
    if (!exists(folder)) return std::nullopt;
    const UniqueFd place = open_file(folder, O_PATH | O_DIRECTORY);
    UniqueFd socket = seqpacket();
    const timeval limit{.tv_sec = answer_limit.count(), .tv_usec = 0};
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        fail_errno("set the time limit of '{}/{}'", folder, name);
    const sockaddr_un address = address_of(place, name);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return socket;
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    fail_errno("connect to '{}/{}'", folder, name);
}

Peer peer_of(Fd socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        fail_errno("read who is at the other end of a socket");
    return {credentials.pid, credentials.uid};
}

}  // namespace lxvirt::base
