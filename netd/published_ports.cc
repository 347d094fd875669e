#include "netd/published_ports.hh"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"
#include "netd/publish.hh"

namespace lxvirt::netd {

namespace {

[[noreturn]] void fail_taken(const Publication& publication, const std::string& by) {
    base::fail(base::ErrorCode::operation_failed,
               "{} of the host cannot be published: {}; right would be another port, or another "
               "address of the host",
               text_of(publication), by);
}

// Returns a socket that is bound to the port. Without SO_REUSEADDR nobody else gets the port, whatever
// that program asks for (socket(7)).
base::UniqueFd bind_to(const Publication& publication) {
    const bool v6 = publication.address.find(':') != std::string::npos;
    const int type = publication.proto == "udp" ? SOCK_DGRAM : SOCK_STREAM;
    base::UniqueFd socket(
        ::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) base::fail_errno("make a socket for {}", text_of(publication));
    sockaddr_in6 six{};
    sockaddr_in four{};
    const char* const address = publication.host_address.c_str();
    int made = 0;
    if (v6) {
        const int one = 1;
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(publication.host_port);
        if (*address != '\0') (void)::inet_pton(AF_INET6, address, &six.sin6_addr);
        (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
        made = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&six), sizeof six);
    } else {
        four.sin_family = AF_INET;
        four.sin_port = htons(publication.host_port);
        if (*address != '\0') (void)::inet_pton(AF_INET, address, &four.sin_addr);
        made = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&four), sizeof four);
    }
    if (made == 0) return socket;
    if (errno == EADDRINUSE)
        fail_taken(publication, fmt::format("another program has it (ss -{}anp 'sport = :{}')",
                                            type == SOCK_DGRAM ? "u" : "t", publication.host_port));
    if (errno == EADDRNOTAVAIL)
        fail_taken(publication, fmt::format("the host has no address {}", address));
    base::fail_errno("bind a socket to {}", text_of(publication));
}

bool is_over(const Publication& publication, const base::UniqueFd* owner) {
    return !base::exists(publication.file) ||
           (owner != nullptr && base::wait_readable(*owner, std::chrono::milliseconds(0)));
}

bool is_same_port(const Publication& one, const Publication& other) {
    const auto v6 = [](const Publication& it) { return it.address.find(':') != std::string::npos; };
    return one.proto == other.proto && one.host_port == other.host_port &&
           one.host_address == other.host_address && v6(one) == v6(other);
}

}  // namespace

PublishedPorts::PublishedPorts(base::EventLoop& loop, std::function<void()> ended,
                               std::function<void(const std::string&)> log)
    : loop_(loop), ended_(std::move(ended)), log_(std::move(log)) {}

PublishedPorts::~PublishedPorts() {
    commit({});
    if (files_) loop_.forget(files_);
}

void PublishedPorts::watch_folder(const std::string& file) {
    if (files_) return;
    const std::string folder = base::parent_folder(file);
    base::UniqueFd files(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!files || ::inotify_add_watch(files.get(), folder.c_str(), IN_DELETE | IN_MOVED_FROM) < 0)
        base::fail_errno("watch folder '{}'", folder);
    files_ = std::move(files);
    loop_.watch(files_, EPOLLIN, [this](std::uint32_t) {
        alignas(inotify_event) std::array<char, 4096> buffer;
        while (::read(files_.get(), buffer.data(), buffer.size()) > 0) {
        }
        drop_ended();
    });
}

// A port that an ended container has held goes over to the next one with its socket.
PublishedPorts::Held PublishedPorts::take(const Publication& publication) const {
    const auto same = std::find_if(held_.begin(), held_.end(), [&](const Held& one) {
        return is_same_port(one.publication, publication);
    });
    Held made{.publication = publication, .socket = {}, .owner = {}};
    made.socket =
        same != held_.end() ? same->socket : std::make_shared<base::UniqueFd>(bind_to(publication));
    if (publication.owner == 0) return made;
    const auto pid = static_cast<pid_t>(publication.owner);
    auto owner = base::open_pidfd(pid);
    if (!owner || base::start_time(pid) != publication.owner_start)
        fail_taken(publication, "its container has ended");
    made.owner = std::make_shared<base::UniqueFd>(std::move(*owner));
    return made;
}

// Replaces what is held; the pidfds of the loop follow.
void PublishedPorts::commit(std::vector<Held> next) {
    const auto has = [](const std::vector<Held>& all, const Held& one) {
        return std::any_of(all.begin(), all.end(),
                           [&](const Held& other) { return other.owner == one.owner; });
    };
    for (const Held& held : held_)
        if (held.owner && !has(next, held)) loop_.forget(*held.owner);
    for (const Held& held : next)
        if (held.owner && !has(held_, held))
            loop_.watch(*held.owner, EPOLLIN, [this](std::uint32_t) { drop_ended(); });
    held_ = std::move(next);
}

void PublishedPorts::hold(const std::vector<Publication>& publications, bool forgiving) {
    std::vector<Held> next;
    for (const Publication& publication : publications) {
        try {
            watch_folder(publication.file);
            if (std::any_of(next.begin(), next.end(), [&](const Held& one) {
                    return is_same_port(one.publication, publication);
                }))
                fail_taken(publication, "another container of this network has it");
            const auto had = std::find_if(held_.begin(), held_.end(), [&](const Held& one) {
                return one.publication == publication;
            });
            next.push_back(had != held_.end() ? *had : take(publication));
        } catch (const base::Exception& error) {
            if (!forgiving) throw;
            log_(error.message());
        }
    }
    commit(std::move(next));
}

std::vector<Publication> PublishedPorts::held() const {
    std::vector<Publication> all;
    for (const Held& one : held_) all.push_back(one.publication);
    return all;
}

void PublishedPorts::drop_ended() {
    std::vector<Held> next;
    for (const Held& one : held_)
        if (!is_over(one.publication, one.owner.get())) next.push_back(one);
    if (next.size() == held_.size()) return;
    commit(std::move(next));
    ended_();
}

}  // namespace lxvirt::netd
