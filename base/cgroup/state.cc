// Changes and reads the state of a group's processes: freeze, thaw, kill, and the count of the OOM
// killer.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/tree.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/process.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

using Clock = std::chrono::steady_clock;

// Names the file that freezes a group. The v2 tree freezes and kills wherever it is mounted, also
// without controllers, so it is preferred.
struct FreezeFile {
    std::string path;
    bool unified;
};

FreezeFile freeze_file(const std::vector<Hierarchy>& all, const std::string& path) {
    if (const Hierarchy* unified = unified_of(all)) {
        std::string file = unified->mount + path + "/cgroup.freeze";
        if (exists(file)) return {std::move(file), true};
    }
    if (const Hierarchy* freezer = owner_of(all, "freezer"))
        return {freezer->mount + path + "/freezer.state", false};
    fail(ErrorCode::operation_unsupported,
         "this host has no freezer: neither cgroup v2 nor a v1 freezer hierarchy is mounted");
}

// Returns the value of `key` in a text of "key value" lines, such as 1 for "populated 1".
std::optional<unsigned long> keyed_value(const std::optional<std::string>& text,
                                         std::string_view key) {
    if (!text) return std::nullopt;
    for (const std::string_view line : split(*text, '\n')) {
        if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ')
            continue;
        unsigned long value = 0;
        std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
        return value;
    }
    return std::nullopt;
}

// Waits until `key` in the group's cgroup.events has `value`. The kernel signals changes by
// POLLPRI; the wait is cut into pieces of 20 ms in case one was missed.
bool wait_event(const std::string& group, std::string_view key, unsigned long value,
                Clock::time_point end) {
    const UniqueFd events = open_file(group + "/cgroup.events", O_RDONLY);
    for (;;) {
        if (keyed_value(try_read_file(group + "/cgroup.events"), key) == value) return true;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return false;
        pollfd entry{.fd = events.get(), .events = POLLPRI, .revents = 0};
        (void)::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 20)));
    }
}

// v1 announces no change of freezer.state, and freezing takes several reads of it (FREEZING) to be
// done.
bool wait_v1_frozen(const std::string& file, Clock::time_point end) {
    for (;;) {
        if (trim(read_file(file)) == "FROZEN") return true;
        if (Clock::now() > end) return false;
        ::usleep(500);
    }
}

// Returns the pids in the group at the path `folder` and in the groups below it.
std::vector<pid_t> processes_below(const std::string& folder) {
    std::vector<pid_t> found;
    visit_groups(folder, [&found](Fd group) {
        const auto procs = read_group_file(group, "cgroup.procs");
        if (!procs) return true;
        for (const std::string_view word : split_words(*procs))
            if (const auto pid = parse_number<pid_t>(word); pid && *pid > 0) found.push_back(*pid);
        return true;
    });
    return found;
}

// Sends SIGKILL to all processes there are now, and returns how many there were.
std::size_t kill_once(const std::string& folder) {
    const std::vector<pid_t> found = processes_below(folder);
    for (const pid_t pid : found)
        if (const auto process = open_pidfd(pid)) (void)send_signal(*process, SIGKILL);
    return found.size();
}

// Returns the time of the next attempt to thaw.
Clock::time_point soon(Clock::time_point end) {
    return std::min(end, Clock::now() + std::chrono::milliseconds(20));
}

bool kill_one_by_one(const std::vector<Hierarchy>& all, const Hierarchy& hierarchy,
                     const std::string& path, Clock::time_point end) {
    for (auto thaw = Clock::now(); kill_once(hierarchy.mount + path) != 0;) {
        const auto now = Clock::now();
        if (now > end) return false;
        if (now >= thaw) {
            thaw_to_kill(all, path);
            thaw = soon(end);
        }
        ::usleep(1000);
    }
    return true;
}

// Waits until a group that was killed as a whole is empty. A v1 group may have been frozen between
// the last thaw and the kill, so the thaw is repeated.
bool wait_until_empty(const std::vector<Hierarchy>& all, const std::string& folder,
                      const std::string& path, Clock::time_point end) {
    while (!wait_event(folder, "populated", 0, soon(end))) {
        if (Clock::now() > end) return false;
        thaw_to_kill(all, path);
    }
    return true;
}

// Kills the whole group by cgroup.kill; returns false on a Linux before 5.14, whose groups have no
// such file.
bool try_kill_at_once(const std::string& folder) {
    const std::string path = folder + "/cgroup.kill";
    const UniqueFd file = open_quietly(path, O_WRONLY);
    if (!file && errno == ENOENT) return false;
    if (!file) fail_errno("open '{}'", path);
    write_all(file, "1", path);
    test_point("value-written");
    return true;
}

}  // namespace

void freeze_group(const std::vector<Hierarchy>& all, const std::string& path,
                  std::chrono::milliseconds patience) {
    const FreezeFile file = freeze_file(all, path);
    const auto end = Clock::now() + patience;
    write_value(file.path, file.unified ? "1" : "FROZEN");
    const bool done = file.unified ? wait_event(parent_folder(file.path), "frozen", 1, end)
                                   : wait_v1_frozen(file.path, end);
    if (done) return;
    write_value(file.path, file.unified ? "0" : "THAWED");
    fail_with(ETIMEDOUT, "freeze control group '{}'", path);
}

void thaw_group(const std::vector<Hierarchy>& all, const std::string& path) {
    const FreezeFile file = freeze_file(all, path);
    if (exists(file.path)) write_value(file.path, file.unified ? "0" : "THAWED");
}

void thaw_to_kill(const std::vector<Hierarchy>& all, const std::string& path) {
    const Hierarchy* freezer = owner_of(all, "freezer");
    if (freezer == nullptr || freezer->unified) return;
    // Each level has a state of its own, and a thaw of the top leaves the levels below frozen.
    // self_freezing tells which levels were frozen themselves; most were not, and writing to all of
    // a deep tree would take ten times as long.
    visit_groups(freezer->mount + path, [](Fd group) {
        const auto frozen = read_group_file(group, "freezer.self_freezing");
        if (frozen && trim(*frozen) == "1") write_group_file(group, "freezer.state", "THAWED");
        return true;
    });
}

bool kill_group(const std::vector<Hierarchy>& all, const std::string& path,
                std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    bool empty = true;
    // v2 comes first: the end of cgroup.kill can be waited for without polling, and then no process
    // is left in the other hierarchies.
    std::vector<const Hierarchy*> order;
    for (const Hierarchy& hierarchy : all)
        order.insert(hierarchy.unified ? order.begin() : order.end(), &hierarchy);
    thaw_to_kill(all, path);
    for (const Hierarchy* at : order) {
        const Hierarchy& hierarchy = *at;
        const std::string folder = hierarchy.mount + path;
        if (!exists(folder)) continue;
        if (hierarchy.unified && try_kill_at_once(folder))
            empty = wait_until_empty(all, folder, path, end) && empty;
        else
            empty = kill_one_by_one(all, hierarchy, path, end) && empty;
    }
    return empty;
}

std::vector<pid_t> processes_of(const std::vector<Hierarchy>& all, const std::string& path) {
    if (all.empty()) return {};
    const Hierarchy* unified = unified_of(all);
    return processes_below((unified != nullptr ? *unified : all.front()).mount + path);
}

std::optional<unsigned long> oom_kills(const std::vector<Hierarchy>& all, const std::string& path) {
    const Hierarchy* memory = owner_of(all, "memory");
    if (memory == nullptr) return std::nullopt;
    const std::string folder = memory->mount + path;
    if (memory->unified) return keyed_value(try_read_file(folder + "/memory.events"), "oom_kill");
    // v1 counts in the victim's own group only, v2 also in the groups above it; so v1's groups are
    // summed up.
    unsigned long sum = 0;
    visit_groups(folder, [&sum](Fd group) {
        sum += keyed_value(read_group_file(group, "memory.oom_control"), "oom_kill").value_or(0);
        return true;
    });
    return sum;
}

}  // namespace lxvirt::base
