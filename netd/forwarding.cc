// The kernel's switches for forwarding belong to the whole network namespace, while several
// networks may need them, of several lxnetd. Each switch has a file below /run that holds the
// former value and the bridges that use the switch; the last one to leave restores the value. A
// lock orders the processes. A network whose lxnetd was killed is found by its missing bridge.

#include "netd/forwarding.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
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
constexpr std::array<Switch, 2> kSwitches = {{{"ipv4", "/proc/sys/net/ipv4/ip_forward"},
                                              {"ipv6", "/proc/sys/net/ipv6/conf/all/forwarding"}}};

// Returns the folder of this network namespace, which its inode identifies.
std::string namespace_folder() {
    struct stat facts = {};
    if (::stat("/proc/self/ns/net", &facts) != 0) base::fail_errno("stat the network namespace");
    return fmt::format("{}/{}", kFolder, facts.st_ino);
}

// The file of one switch: the first line holds the former value, each other line a bridge.
struct Record {
    std::string former;
    std::set<std::string> users;
};

// Reads a record; empty if there is no file.
Record read_record(const std::string& path) {
    Record record;
    const auto text = base::try_read_file(path);
    if (!text) return record;
    for (const std::string_view line : base::split(*text, '\n')) {
        if (line.empty()) continue;
        if (record.former.empty())
            record.former = line;
        else
            record.users.emplace(line);
    }
    return record;
}

void write_record(const std::string& path, const Record& record) {
    std::string text = record.former + "\n";
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

}  // namespace

void use_forwarding(const std::string& bridge, Forwarding wanted) {
    if (!wanted.any()) return;
    const std::string folder = namespace_folder();
    base::make_folders(kFolder);
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    base::make_folders(folder);
    if (wanted.v4) use(kSwitches[0], folder, bridge);
    if (wanted.v6) use(kSwitches[1], folder, bridge);
}

void leave_forwarding(const std::string& bridge) {
    const std::string folder = namespace_folder();
    if (!base::exists(folder)) return;
    const auto lock = base::OperationLock::acquire(std::string(kFolder) + "/lock");
    for (const Switch& which : kSwitches) leave(which, folder, bridge);
    (void)::rmdir(folder.c_str());  // fails while others use it
}

}  // namespace lxvirt::netd
