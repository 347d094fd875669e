#include "base/file/find.hh"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <set>
#include <utility>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/system_call.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int kMaxLinks = 40;  // as many as path_resolution(7) follows

FileId id_of(const struct stat& facts) {
    return {facts.st_dev, facts.st_ino};
}

struct stat facts_of(Fd fd, const std::string& shown) {
    struct stat facts {};
    if (::fstat(fd.get(), &facts) != 0) fail_errno("stat '{}'", shown);
    return facts;
}

// Returns the id of the mount that `fd` is on (statx(2), since Linux 5.8), or 0 on an older kernel.
std::uint64_t mount_of(Fd fd) {
    struct statx facts {};
    if (::statx(fd.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &facts) != 0) return 0;
    return (facts.stx_mask & STATX_MNT_ID) != 0 ? facts.stx_mnt_id : 0;
}

// Does the work of open_beneath() for one name and without links, where the kernel or a filter has
// no openat2(2): a name without a slash leads out of its folder only by a mount.
UniqueFd open_one_name(Fd folder, const std::string& name, int flags) {
    UniqueFd fd = openat_quietly(folder, name, flags | O_NOFOLLOW);
    if (fd && mount_of(fd) != mount_of(folder)) {
        fd.reset();
        errno = EXDEV;
    }
    return fd;
}

// Opens `path` below `folder`, where it may not lead out of it or into another file system. Returns an
// invalid descriptor, with errno set, on failure: EXDEV where the path leads out.
UniqueFd open_beneath(Fd folder, const std::string& path, int flags, std::uint64_t more = 0) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV | more;
    // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether the path led out.
    for (int attempt = 0;; ++attempt) {
        const long fd = ::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how);
        if (fd < 0 && errno == ENOSYS && (more & RESOLVE_NO_SYMLINKS) != 0 &&
            path.find('/') == std::string::npos)
            return open_one_name(folder, path, flags);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || attempt == 1000)
            return UniqueFd(static_cast<int>(fd));
    }
}

// Returns the names in an open folder without those that begin with a dot, sorted.
std::vector<std::string> names_in(Fd folder, const std::string& shown) {
    UniqueFd own = openat_quietly(folder, ".", kFolder);
    if (!own) fail_errno("open folder '{}'", shown);
    std::vector<std::string> names;
    each_entry(std::move(own), shown, [&names](std::string_view name, unsigned char) {
        if (name.front() != '.') names.emplace_back(name);
        return names.size() <= kMaxSearchNames;
    });
    std::sort(names.begin(), names.end());
    return names;
}

// Says whether these are the names in the root of an operating system: what stands below it belongs
// to a container.
bool look_like_a_root(const std::vector<std::string>& names) {
    const auto has = [&](const char* name) {
        return std::binary_search(names.begin(), names.end(), name);
    };
    return has("etc") && (has("usr") || has("bin")) && (has("dev") || has("proc"));
}

std::optional<uid_t> uid_of_sudo() {
    const char* text = std::getenv("SUDO_UID");
    if (text == nullptr || ::geteuid() != 0) return std::nullopt;
    return parse_number<uid_t>(text);
}

// An open folder, with the folders above it.
struct Place {
    UniqueFd fd;
    std::string path;             // for messages
    std::string below;            // from the given folder: "" for itself, else "a/b/"
    std::vector<FileId> folders;  // from the root of the file system to this one
};

class Finder {
  public:
    Finder(const FileSearch& search, const std::vector<std::string>& paths) : search_(search) {
        for (const std::string& path : paths)
            if (const auto id = file_id(path)) given_paths_.insert(*id);
    }

    // Looks at a path that the user gave.
    void look_at_given(const std::string& path) {
        guarded(
            path,
            [&] {
                struct stat facts {};
                if (::stat(path.c_str(), &facts) != 0) fail_errno("read '{}'", path);
                return S_ISDIR(facts.st_mode) ? search_folder(path) : take_given(path);
            });
    }

  private:
    void problem(const std::string& path, const std::string& sentence) {
        search_.on_problem(path, sentence);
    }
    [[nodiscard]] bool wanted(std::string_view name) const {
        return name.ends_with(search_.suffix);
    }
    [[nodiscard]] std::optional<std::string> why_closed(FileId folder, bool below) const {
        return search_.why_closed ? search_.why_closed(folder, below) : std::nullopt;
    }

    // Makes a problem of `path` of what `act` throws as a SystemError.
    template <typename Act>
    void guarded(const std::string& path, Act act) {
        try {
            act();
        } catch (const SystemError& error) {
            problem(path, error.message());
        }
    }

    void search_folder(const std::string& path) {
        Place top{open_file(path, O_RDONLY | O_DIRECTORY), path, "", {}};
        top.folders = folders_above(top.fd, path);
        given_ = top.folders.size();
        top_ = Fd(top.fd.get());
        top_path_ = path;
        for (const FileId& folder : top.folders)
            if (const auto why = why_closed(folder, false))
                return problem(path, fmt::format("'{}' or a folder above it {}", path, *why));
        look_into(top);
        // Most links lead to what the search finds by itself, so they come last.
        for (; !links_.empty(); links_.pop_front())
            look_at_link(links_.front().first, links_.front().second);
    }

    void take_given(const std::string& path) {
        UniqueFd fd = open_named_by_user(path);
        const struct stat facts = facts_of(fd, path);
        if (S_ISFIFO(facts.st_mode)) return take(path, std::move(fd), {});
        if (const auto why = distrusted(facts.st_uid, facts.st_mode, path))
            return problem(path, *why);
        if (seen_.insert(id_of(facts)).second) take(path, std::move(fd), {});
    }

    void take(const std::string& path, UniqueFd fd, std::vector<FileId> folders) {
        std::string text = read_all(fd, path);
        bytes_ += text.size();
        if (bytes_ > kMaxSearchBytes)
            fail_with(E2BIG, "read '{}': all files together have more than {} bytes", path,
                      kMaxSearchBytes);
        search_.on_file({path, std::move(text), std::move(folders), given_});
    }

    // Returns the folders from the root of the file system to `folder`, itself included.
    static std::vector<FileId> folders_above(Fd folder, const std::string& shown) {
        std::vector<FileId> found{id_of(facts_of(folder, shown))};
        UniqueFd at = openat_quietly(folder, ".", O_PATH | O_DIRECTORY);
        for (;;) {
            UniqueFd up = openat_quietly(at, "..", O_PATH | O_DIRECTORY);
            if (!up) fail_errno("open the folder above '{}'", shown);
            const FileId id = id_of(facts_of(up, shown));
            if (id == found.back()) break;
            found.push_back(id);
            at = std::move(up);
        }
        std::reverse(found.begin(), found.end());
        return found;
    }

    void look_into(const Place& place) {
        const struct stat facts = facts_of(place.fd, place.path);
        if (const auto why = distrusted(facts.st_uid, facts.st_mode, place.path))
            return problem(place.path, *why);
        if (!seen_.insert(id_of(facts)).second) return;
        if (place.folders.size() > given_ + kMaxSearchDepth)
            return problem(place.path, fmt::format("'{}' is more than {} folders deep", place.path,
                                                   kMaxSearchDepth));
        const std::vector<std::string> names = names_in(place.fd, place.path);
        if (look_like_a_root(names)) {
            const std::string sentence = fmt::format(
                "'{}' looks like the root of a system: nothing in it is read", place.path);
            return place.below.empty() ? problem(place.path, sentence)
                                       : search_.on_closed(place.path, sentence);
        }
        names_ += names.size();
        if (names_ > kMaxSearchNames)
            return problem(place.path,
                           fmt::format("'{}': more than {} names", place.path, kMaxSearchNames));
        const std::string_view slash = place.path.ends_with('/') ? "" : "/";
        for (const std::string& name : names) {
            const std::string path = fmt::format("{}{}{}", place.path, slash, name);
            guarded(path, [&] { look_at(place, name, path); });
        }
    }

    void look_at(const Place& place, const std::string& name, const std::string& path) {
        struct stat facts {};
        if (::fstatat(place.fd.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
            fail_errno("read '{}'", path);
        if (S_ISLNK(facts.st_mode)) {
            links_.emplace_back(place.below, name);
        } else if (S_ISDIR(facts.st_mode)) {
            enter(place, name, path, facts);
        } else if (wanted(name)) {
            require_regular(facts.st_mode, path);
            UniqueFd fd =
                open_beneath(place.fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_SYMLINKS);
            if (!fd) fail_call("openat2", "open '{}'", path);
            take_found(path, std::move(fd), place.folders);
        }
    }

    void take_found(const std::string& path, UniqueFd fd, const std::vector<FileId>& folders) {
        const struct stat facts = facts_of(fd, path);
        require_regular(facts.st_mode, path);
        if (const auto why = distrusted(facts.st_uid, facts.st_mode, path))
            return problem(path, *why);
        if (seen_.insert(id_of(facts)).second) take(path, std::move(fd), folders);
    }

    void enter(const Place& place, const std::string& name, const std::string& path,
               const struct stat& facts) {
        if (const auto why = why_closed(id_of(facts), true))
            return search_.on_closed(path,
                                     fmt::format("'{}' {}: nothing in it is read", path, *why));
        Place next{open_beneath(place.fd, name, kFolder, RESOLVE_NO_SYMLINKS), path,
                   place.below + name + "/", place.folders};
        if (!next.fd && errno == EXDEV) {
            if (given_paths_.contains(id_of(facts)))
                return;  // it is looked at as a path of its own
            fail_with(EXDEV,
                      "'{}' is the root of another file system; give it as a path of its own",
                      path);
        }
        if (!next.fd) fail_call("openat2", "open folder '{}'", path);
        next.folders.push_back(id_of(facts_of(next.fd, path)));
        look_into(next);
    }

    // Follows the link `name` in the folder `below` as far as it stays in the given folder.
    void look_at_link(const std::string& below, const std::string& name) {
        const std::string_view slash = top_path_.ends_with('/') ? "" : "/";
        const std::string path = fmt::format("{}{}{}{}", top_path_, slash, below, name);
        guarded(path, [&] {
            const UniqueFd target = open_beneath(top_, below + name, O_PATH);
            if (!target) return judge_unfollowed(path, name, errno);
            const struct stat facts = facts_of(target, path);
            if (seen_.contains(id_of(facts))) return;
            if (S_ISDIR(facts.st_mode)) return follow_to_folder(target, path);
            if (!wanted(name)) return;
            require_regular(facts.st_mode, path);
            follow_to_file(below, name, path);
        });
    }

    // A link that cannot be followed may name a file or a folder of files, unless it is known not to.
    void judge_unfollowed(const std::string& path, const std::string& name, int error) {
        if (!wanted(name) && error == ENOENT) return;
        struct stat outside {};
        if (error == EXDEV && !wanted(name) && ::stat(path.c_str(), &outside) == 0 &&
            !S_ISDIR(outside.st_mode))
            return;
        if (error == EXDEV)
            fail_with(error, "'{}' leads out of the folder '{}' and is not followed", path,
                      top_path_);
        errno = error;
        fail_call("openat2", "read '{}'", path);
    }

    void follow_to_folder(Fd target, const std::string& path) {
        Place place{openat_quietly(target, ".", kFolder), path, "", folders_above(target, path)};
        if (!place.fd) fail_errno("open folder '{}'", path);
        if (const auto closed = closed_above(place.folders))
            return search_.on_closed(path, fmt::format("'{}' leads to what {}", path, *closed));
        // Links in there are named from the given folder, which this path is.
        place.below = path.substr(top_path_.size() + (top_path_.ends_with('/') ? 0 : 1)) + "/";
        look_into(place);
    }

    [[nodiscard]] std::optional<std::string> closed_above(
        const std::vector<FileId>& folders) const {
        for (std::size_t i = given_; i < folders.size(); ++i)
            if (auto why = why_closed(folders[i], true)) return why;
        return std::nullopt;
    }

    // Follows the links one by one, so that the folder of the file in the end is known.
    void follow_to_file(std::string below, std::string name, const std::string& path) {
        for (int i = 0; i < kMaxLinks; ++i) {
            const UniqueFd folder =
                open_beneath(top_, below.empty() ? "." : below, O_PATH | O_DIRECTORY);
            if (!folder) fail_call("openat2", "open the folder of '{}'", path);
            std::array<char, 4096> target;
            const ssize_t length =
                ::readlinkat(folder.get(), name.c_str(), target.data(), target.size());
            if (length < 0 && errno == EINVAL) {  // no link any more
                const auto folders = folders_above(folder, path);
                if (const auto closed = closed_above(folders))
                    return search_.on_closed(path,
                                             fmt::format("'{}' leads to what {}", path, *closed));
                UniqueFd fd = open_beneath(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY,
                                           RESOLVE_NO_SYMLINKS);
                if (!fd) fail_call("openat2", "open '{}'", path);
                return take_found(path, std::move(fd), folders);
            }
            if (length < 0) fail_errno("read the link '{}'", path);
            const std::string_view text(target.data(), static_cast<std::size_t>(length));
            const auto slash = text.rfind('/');
            if (slash != std::string_view::npos) below += text.substr(0, slash + 1);
            name = text.substr(slash == std::string_view::npos ? 0 : slash + 1);
        }
        fail_with(ELOOP, "read '{}'", path);
    }

    const FileSearch& search_;
    std::set<FileId> given_paths_;
    std::set<FileId> seen_;
    std::size_t names_ = 0, bytes_ = 0;
    // The folder that is looked at, as it was given.
    Fd top_;
    std::string top_path_;
    std::size_t given_ = 0;
    // Links that were met: the folder, from the given one, and the name.
    std::deque<std::pair<std::string, std::string>> links_;
};

}  // namespace

std::optional<FileId> file_id(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
    return id_of(facts);
}

void find_files(const std::vector<std::string>& paths, const FileSearch& search) {
    Finder finder(search, paths);
    for (const std::string& path : paths) finder.look_at_given(path);
}

std::optional<std::string> distrusted(uid_t owner, mode_t mode, const std::string& shown) {
    if (owner != 0 && owner != ::getuid() && owner != ::geteuid() && uid_of_sudo() != owner)
        return fmt::format(
            "'{}' belongs to user {}: only what belongs to root, to you, or to the user who called "
            "sudo is read",
            shown, owner);
    // The sticky bit keeps others from replacing what is in a folder.
    const bool sticky = S_ISDIR(mode) && (mode & S_ISVTX) != 0;
    if ((mode & S_IWOTH) != 0 && !sticky && !S_ISLNK(mode))
        return fmt::format("'{}' can be changed by every user; take that away: chmod o-w", shown);
    return std::nullopt;
}

}  // namespace lxvirt::base
