// The kernel's switches for forwarding belong to the whole network namespace, while several
// networks may need them, of several lxnetd. Each switch has a file below /run that holds the
// former value and the bridges that use the switch; the last one to leave restores the value. A
// lock orders the processes. A network whose lxnetd was killed is found by its missing bridge.

#include "netd/forwarding.hh"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <set>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/lock.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"

namespace lxvirt::netd {

namespace {

constexpr const char* kFolder = "/run/lxvirt/forwarding";

// A switch and the file of the kernel that holds it.
struct Switch {
    const char* name;
    const char* path;
};
constexpr std::array<Switch, 3> kSwitches = {
    {{"ipv4", "/proc/sys/net/ipv4/ip_forward"},
     {"ipv6", "/proc/sys/net/ipv6/conf/all/forwarding"},
     {"mark", "/proc/sys/net/ipv4/conf/all/src_valid_mark"}}};

// Says whether a network that forwards so needs the switch.
bool is_wanted(std::size_t which, Forwarding wanted) {
    return which == 1 ? wanted.v6 : wanted.v4;
}

// Returns the folder of this network namespace, which its inode identifies.
std::string namespace_folder() {
    struct stat facts = {};
    if (::stat("/proc/self/ns/net", &facts) != 0) base::fail_errno("stat the network namespace");
    return fmt::format("{}/{}", kFolder, facts.st_ino);
}

// The file of one switch: the first line holds the value that is to be left behind, "=N" the moment
// of the last write by lxnetd, each other line a bridge.
struct Record {
    std::string former;
    std::set<std::string> users;
    std::uint64_t own_write = 0;
};

// Returns the nanoseconds since the boot. No two writes have the same, also where the record was
// removed between them: a count would begin again, and a network that is ending would take the
// second write for another program's.
std::uint64_t present_moment() {
    timespec now{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// Reads a record; empty if there is no file.
Record read_record(const std::string& path) {
    Record record;
    const auto text = base::try_read_state(path);
    if (!text) return record;
    for (const std::string_view line : base::split(*text, '\n')) {
        if (line.empty()) continue;
        if (record.former.empty())
            record.former = line;
        else if (line.front() == '=')
            record.own_write = base::parse_number<std::uint64_t>(line.substr(1)).value_or(0);
        else
            record.users.emplace(line);
    }
    return record;
}

void write_record(const std::string& path, const Record& record) {
    std::string text = fmt::format("{}\n={}\n", record.former, record.own_write);
    for (const std::string& user : record.users) text += user + "\n";
    base::write_atomic(path, text, 0644, base::Durability::volatile_);
}

// Drops users whose bridge no longer exists.
void forget_gone(Record& record) {
    base::Netlink netlink;
    std::erase_if(record.users,
                  [&](const std::string& user) { return !netlink.find_link(user).has_value(); });
}

// Returns the present value without the newline.
std::string present(const Switch& which) {
    std::string value = base::read_file(which.path);
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
}

// Adds the bridge to the users of a switch, and switches it on if it is off. The record is written
// first, so that a kill in between loses nothing.
void use(const Switch& which, const std::string& folder, const std::string& bridge) {
    const std::string path = folder + "/" + which.name;
    Record record = read_record(path);
    forget_gone(record);
    const std::string now = present(which);
    // A network that is ending may have lost its bridge already and not yet restored the switch:
    // then the recorded former value is still the right one.
    if (record.former.empty() || (record.users.empty() && now == "0")) record.former = now;
    record.users.insert(bridge);
    if (now == "0") record.own_write = present_moment();
    write_record(path, record);
    if (now == "0") base::write_value(which.path, "1");
}

// Removes the bridge from the users, and restores the former value if no user is left.
void leave(const Switch& which, const std::string& folder, const std::string& bridge) {
    const std::string path = folder + "/" + which.name;
    (void)base::remove_file(base::temporary_of(path));  // left by a killed writer
    Record record = read_record(path);
    if (record.former.empty()) return;
    forget_gone(record);
    record.users.erase(bridge);
    if (!record.users.empty()) {
        write_record(path, record);
        return;
    }
    if (record.former == "0") base::write_value(which.path, "0");
    (void)base::remove_file(path);
}

// Throws where the host would lose a route. The kernel drops the routes of router advertisements when
// forwarding is switched on, and learns no others, unless accept_ra is 2.
void require_kept_routes() {
    base::Netlink netlink;
    std::set<int> indices;
    for (const base::RouteFacts& route : netlink.routes())
        if (route.advertised && route.destination.family == AF_INET6) indices.insert(route.index);
    if (indices.empty()) return;
    std::string names;
    for (const base::LinkFacts& link : netlink.links()) {
        if (!indices.contains(link.index)) continue;
        const auto accept =
            base::try_read_file(fmt::format("/proc/sys/net/ipv6/conf/{}/accept_ra", link.name));
        // With 0 another program has added the route, and keeps it.
        if (accept && accept->front() == '1') names += (names.empty() ? "" : ", ") + link.name;
    }
    if (!names.empty())
        base::fail(
            base::ErrorCode::internal_error,
            "Check the host setup: enabling IPv6 forwarding with RA routes without accept_ra "
            "set to 2 is likely to cause routes loss. Interfaces to look at: {} ('sysctl "
            "net.ipv6.conf.{}.accept_ra=2' keeps the routes)",
            names, names.substr(0, names.find(',')));
}

}  // namespace

void use_forwarding(const std::string& bridge, Forwarding wanted) {
    if (!wanted.any()) return;
    const std::string folder = namespace_folder();
    base::make_folders(kFolder);
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    base::make_folders(folder);
    if (wanted.v6 && present(kSwitches[1]) == "0") require_kept_routes();
    for (std::size_t i = 0; i < kSwitches.size(); ++i)
        if (is_wanted(i, wanted)) use(kSwitches[i], folder, bridge);
}

void leave_forwarding(const std::string& bridge) {
    const std::string folder = namespace_folder();
    if (!base::exists(folder)) return;
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    for (const Switch& which : kSwitches) leave(which, folder, bridge);
    (void)::rmdir(folder.c_str());  // fails while others use it
}

ForwardingWatch::ForwardingWatch(Forwarding wanted)
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (!events_) base::fail_errno("watch the host's forwarding");
    const std::string folder = namespace_folder();
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    for (std::size_t i = 0; i < kSwitches.size(); ++i) {
        if (!is_wanted(i, wanted)) continue;
        watched_[i].file = base::open_file(kSwitches[i].path, O_RDONLY);
        watched_[i].watch = ::inotify_add_watch(events_.get(), kSwitches[i].path, IN_MODIFY);
        if (watched_[i].watch < 0) base::fail_errno("watch '{}'", kSwitches[i].path);
        watched_[i].own_write = read_record(folder + "/" + kSwitches[i].name).own_write;
    }
}

void ForwardingWatch::take() {
    std::set<int> changed;
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        // The events of a watched file carry no name, so that all have the same size.
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);
             at += sizeof(inotify_event))
            changed.insert(reinterpret_cast<const inotify_event*>(buffer.data() + at)->wd);
    }
    const std::string folder = namespace_folder();
    if (changed.empty() || !base::exists(folder)) return;
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    for (std::size_t i = 0; i < kSwitches.size(); ++i) {
        if (watched_[i].watch < 0 || !changed.contains(watched_[i].watch)) continue;
        const std::string path = folder + "/" + kSwitches[i].name;
        Record record = read_record(path);
        const bool ours = record.own_write != watched_[i].own_write;
        watched_[i].own_write = record.own_write;
        if (ours || record.former.empty()) continue;
        record.former = present(kSwitches[i]);
        write_record(path, record);
    }
}

}  // namespace lxvirt::netd
