#include "base/cgroup/tree.hh"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

// Says whether an errno means that the group was removed: ENODEV comes from a file of a group that
// is dying.
bool is_gone(int error) {
    return error == ENOENT || error == ENODEV;
}

// Returns the names of the groups below an opened one. kernfs reports the type of each entry, so
// none has to be looked at.
std::vector<std::string> subgroups(Fd group, const std::string& top) {
    UniqueFd again = openat_quietly(group, ".", kFolder);
    if (!again && is_gone(errno)) return {};
    if (!again) fail_errno("open a control group below '{}'", top);
    std::vector<std::string> names;
    try {
        each_entry(
            std::move(again), top,
            [&names](std::string_view name, unsigned char type) {
                if (type == DT_DIR) names.emplace_back(name);
                return true;
            });
    } catch (const SystemError& error) {
        if (!is_gone(error.error())) throw;
    }
    return names;
}

// Stands at one group of a tree.
class Walk {
  public:
    explicit Walk(const std::string& top) : top_(top), at_(open_quietly(top, kFolder)) {
        if (!at_ && !is_gone(errno)) fail_errno("open control group '{}'", top);
    }

    [[nodiscard]] bool found_top() const { return at_.valid(); }
    [[nodiscard]] Fd here() const { return at_; }
    [[nodiscard]] std::vector<std::string> below() const { return subgroups(at_, top_); }

    // Goes to the group `name` below. Returns false where it is gone.
    bool go_down(const std::string& name) {
        UniqueFd next = openat_quietly(at_, name, kFolder);
        if (!next && is_gone(errno)) return false;
        if (!next) fail_errno("open a control group below '{}'", top_);
        at_ = std::move(next);
        return true;
    }
    void go_up() {
        UniqueFd above = openat_quietly(at_, "..", kFolder);
        if (!above) fail_errno("go up in the control groups below '{}'", top_);
        at_ = std::move(above);
    }

  private:
    const std::string& top_;
    UniqueFd at_;
};

// Tries to remove a group below an opened one. Returns false where it is in use.
bool try_remove(Fd above, const std::string& name, const std::string& top) {
    if (::unlinkat(above.get(), name.c_str(), AT_REMOVEDIR) == 0) {
        test_point("group-removed");
        return true;
    }
    if (is_gone(errno)) return true;
    // The second is what other file systems answer, with which this is tested.
    if (errno != EBUSY && errno != ENOTEMPTY) fail_errno("remove a control group below '{}'", top);
    return false;
}

void remove_when_idle(Fd above, const std::string& name, const std::string& top,
                      std::chrono::steady_clock::time_point end) {
    while (!try_remove(above, name, top)) {
        if (std::chrono::steady_clock::now() > end)
            fail_with(EBUSY, "remove a control group below '{}'", top);
        ::usleep(500);
    }
}

}  // namespace

void visit_groups(const std::string& top, const GroupVisitor& visit) {
    Walk walk(top);
    if (!walk.found_top() || !visit(walk.here())) return;
    // Holds, for each level from `top` to the group where the walk stands, what is still to visit.
    std::vector<std::vector<std::string>> levels{walk.below()};
    while (!levels.empty()) {
        if (levels.back().empty()) {
            levels.pop_back();
            if (!levels.empty()) walk.go_up();
            continue;
        }
        const std::string name = std::move(levels.back().back());
        levels.back().pop_back();
        if (!walk.go_down(name)) continue;
        levels.emplace_back();
        if (visit(walk.here())) levels.back() = walk.below();
    }
}

void remove_groups_below(const std::string& top, std::chrono::steady_clock::time_point end) {
    Walk walk(top);
    if (!walk.found_top()) return;
    struct Level {
        std::string name;
        std::vector<std::string> below;  // still to remove
    };
    std::vector<Level> levels{{{}, walk.below()}};
    for (;;) {
        if (levels.back().below.empty()) {
            if (levels.size() == 1) return;
            const std::string name = std::move(levels.back().name);
            levels.pop_back();
            walk.go_up();
            remove_when_idle(walk.here(), name, top, end);
            continue;
        }
        std::string name = std::move(levels.back().below.back());
        levels.back().below.pop_back();
        // Most groups have none below, and this is one system call for each.
        if (try_remove(walk.here(), name, top) || !walk.go_down(name)) continue;
        levels.push_back({std::move(name), walk.below()});
    }
}

std::optional<std::string> read_group_file(Fd group, const char* name) {
    const UniqueFd file = openat_quietly(group, name, O_RDONLY);
    if (!file && is_gone(errno)) return std::nullopt;
    if (!file) fail_errno("open '{}' of a control group", name);
    try {
        return read_all(file, name);
    } catch (const SystemError& error) {
        if (is_gone(error.error()) || error.error() == EOPNOTSUPP) return std::nullopt;
        throw;
    }
}

void write_group_file(Fd group, const char* name, const std::string& value) {
    const UniqueFd file = openat_quietly(group, name, O_WRONLY);
    if (!file && is_gone(errno)) return;
    if (!file) fail_errno("open '{}' of a control group", name);
    try {
        write_all(file, value, name);
    } catch (const SystemError& error) {
        if (!is_gone(error.error())) throw;
    }
}

}  // namespace lxvirt::base
