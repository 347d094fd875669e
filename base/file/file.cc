#include "base/file/file.hh"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "base/error.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

std::optional<UniqueFd> try_open(const std::string& path, int flags) {
    UniqueFd fd = open_quietly(path, flags);
    if (fd) return fd;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail_errno("open '{}'", path);
}

// Returns what a file that is not regular is, for messages.
std::string_view kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFIFO: return "a FIFO";
        case S_IFCHR: return "a character device";
        case S_IFBLK: return "a block device";
        case S_IFSOCK: return "a socket";
        case S_IFLNK: return "a symbolic link";
        default: return "something unknown";
    }
}

// Looks before it opens, since an open(2) can make a device act. The look after it, on the
// descriptor, is the one that counts where the name can change meanwhile. Returns an invalid
// descriptor with errno set where the name cannot be looked at or opened.
UniqueFd open_if_regular(Fd folder, const std::string& name, int flags, Links links,
                         const std::string& shown, mode_t mode) {
    const bool follow = links == Links::follow;
    const int quiet = flags | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
    struct stat facts {};
    if (::fstatat(folder.get(), name.c_str(), &facts, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0) {
        require_regular(facts.st_mode, shown);
    } else {
        if (errno != ENOENT || (flags & O_CREAT) == 0) return {};
        // A file that this call makes is regular, so no look at it can fail and leave it behind.
        UniqueFd made = openat_quietly(folder, name, quiet | O_EXCL, mode);
        if (made || errno != EEXIST) return made;
    }
    UniqueFd fd = openat_quietly(folder, name, quiet, mode);
    if (!fd) return fd;
    if (::fstat(fd.get(), &facts) != 0) fail_errno("stat '{}'", shown);
    require_regular(facts.st_mode, shown);
    return fd;
}

// Opens the folder before the rename or removal that is to become durable, so that afterwards only
// the disk itself can fail the flush.
UniqueFd open_to_sync(const std::string& path, Durability durability) {
    if (durability != Durability::fsync) return {};
    return open_file(parent_folder(path), O_RDONLY | O_DIRECTORY);
}

// Removes the temporary file of write_atomic() on destruction, unless keep() was called because it
// has been renamed or turned out to be another process's.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
    ~TemporaryFile() {
        if (!path_.empty()) (void)::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    void keep() { path_.clear(); }

  private:
    std::string path_;
};

// Opens an empty temporary file that no other process writes. Two writers of the same path take
// turns through flock(2) on the file itself: the kernel drops the lock of a killed writer. A writer
// that waited may get the lock on a file that its predecessor has meanwhile renamed into place;
// then the name belongs to another file or none, which comparing the inodes shows, and the loop
// begins again.
UniqueFd open_temporary(const std::string& path, mode_t mode) {
    for (;;) {
        UniqueFd fd = open_regular(path, O_WRONLY | O_CREAT, Links::refuse, mode);
        if (uninterrupted([&] { return ::flock(fd.get(), LOCK_EX); }) != 0)
            fail_errno("lock '{}'", path);
        TemporaryFile guard(path);
        struct stat mine {};
        struct stat named {};
        if (::fstat(fd.get(), &mine) != 0 || (::stat(path.c_str(), &named) != 0 && errno != ENOENT))
            fail_errno("stat '{}'", path);
        const bool is_mine = named.st_ino == mine.st_ino;
        if (is_mine && mine.st_size != 0 &&
            uninterrupted([&] { return ::ftruncate(fd.get(), 0); }) != 0)
            fail_errno("empty '{}'", path);
        guard.keep();
        if (is_mine) return fd;
    }
}

}  // namespace

UniqueFd open_file(const std::string& path, int flags, mode_t mode) {
    UniqueFd fd = open_quietly(path, flags, mode);
    if (!fd) fail_errno("open '{}'", path);
    return fd;
}

void require_regular(mode_t mode, const std::string& shown) {
    if (S_ISREG(mode)) return;
    if (S_ISDIR(mode)) fail_with(EISDIR, "read '{}'", shown);
    fail_with(EINVAL, "'{}' is {}, where a regular file must be", shown, kind_of(mode));
}

UniqueFd open_regular_at(Fd folder, const std::string& name, int flags, Links links,
                         const std::string& shown, mode_t mode) {
    UniqueFd fd = open_if_regular(folder, name, flags, links, shown, mode);
    if (!fd) fail_errno("open '{}'", shown);
    return fd;
}

UniqueFd open_regular(const std::string& path, int flags, Links links, mode_t mode) {
    return open_regular_at(Fd(AT_FDCWD), path, flags, links, path, mode);
}

std::optional<UniqueFd> try_open_regular(const std::string& path, int flags, Links links) {
    UniqueFd fd = open_if_regular(Fd(AT_FDCWD), path, flags, links, path, 0);
    if (fd) return fd;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail_errno("open '{}'", path);
}

UniqueFd open_named_by_user(const std::string& path) {
    struct statfs system {};
    if (::statfs(path.c_str(), &system) == 0 && system.f_type == PIPEFS_MAGIC)
        return open_file(path, O_RDONLY);
    return open_regular(path, O_RDONLY);
}

UniqueFd open_image(const std::string& path, int flags) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && !S_ISBLK(facts.st_mode))
        return open_regular(path, flags);
    return open_file(path, flags | O_NONBLOCK | O_NOCTTY);
}

std::string read_all(Fd fd, const std::string& name, std::size_t limit) {
    std::string data;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_errno("read '{}'", name);
        if (got == 0) return data;
        data.append(buffer.data(), static_cast<std::size_t>(got));
        if (data.size() > limit) fail_with(EFBIG, "read '{}' (limit {} bytes)", name, limit);
    }
}

std::string read_file(const std::string& path, std::size_t limit) {
    return read_all(open_regular(path, O_RDONLY), path, limit);
}

// A file of /proc/PID can be opened while the process ends, and is then read as ESRCH.
std::optional<std::string> try_read_file(const std::string& path, std::size_t limit) {
    const auto fd = try_open_regular(path, O_RDONLY);
    if (!fd) return std::nullopt;
    try {
        return read_all(*fd, path, limit);
    } catch (const SystemError& error) {
        if (error.error() == ESRCH) return std::nullopt;
        throw;
    }
}

std::optional<std::string> try_read_state(const std::string& path, std::size_t limit) {
    const auto fd = try_open_regular(path, O_RDONLY, Links::refuse);
    if (!fd) return std::nullopt;
    return read_all(*fd, path, limit);
}

void write_all(Fd fd, std::string_view data, const std::string& name) {
    while (!data.empty()) {
        const ssize_t put = ::write(fd.get(), data.data(), data.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail_errno("write '{}'", name);
        data.remove_prefix(static_cast<std::size_t>(put));
    }
}

void write_value(const std::string& path, std::string_view value) {
    const UniqueFd fd = open_file(path, O_WRONLY);
    const ssize_t put =
        uninterrupted([&] { return ::write(fd.get(), value.data(), value.size()); });
    if (put < 0) fail_errno("write '{}' to '{}'", value, path);
    if (static_cast<std::size_t>(put) != value.size())
        fail_with(EIO, "write '{}' to '{}': {} bytes taken", value, path, put);
    test_point("value-written");
}

std::string temporary_of(const std::string& path) {
    // Listings for users pass over names that begin with a dot.
    return fmt::format("{}/.{}.new", parent_folder(path), path.substr(path.rfind('/') + 1));
}

StagedFile::StagedFile(std::string path, std::string_view data, mode_t mode, Durability durability)
    : path_(std::move(path)), fd_(open_temporary(temporary_of(path_), mode)) {
    try {
        write_all(fd_, data, path_);
        if (durability == Durability::fsync &&
            uninterrupted([&] { return ::fsync(fd_.get()); }) != 0)
            fail_errno("fsync '{}'", path_);
        folder_ = open_to_sync(path_, durability);
    } catch (const SystemError&) {
        discard();
        throw;
    }
    test_point("file-written");
}

StagedFile::~StagedFile() {
    discard();
}

void StagedFile::put() {
    if (::rename(temporary_of(path_).c_str(), path_.c_str()) != 0)
        fail_errno("rename to '{}'", path_);
    fd_.reset();
    test_point("file-renamed");
}

void StagedFile::sync() {
    sync_folder(folder_, parent_folder(path_));
}

void StagedFile::discard() noexcept {
    if (fd_) (void)::unlink(temporary_of(path_).c_str());
    fd_.reset();
}

void write_atomic(const std::string& path, std::string_view data, mode_t mode,
                  Durability durability) {
    StagedFile staged(path, data, mode, durability);
    staged.put();
    staged.sync();
}

void replace_file_at(Fd folder, const std::string& name, std::string_view data, mode_t mode,
                     const std::string& shown) {
    const std::string temporary = fmt::format(".{}.new", name);
    // What stands under the temporary name is another writer's, or was left by a killed one.
    for (int attempt = 0;; ++attempt) {
        const bool last = attempt == 100;
        const UniqueFd fd =
            openat_quietly(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (!fd && errno == EEXIST && !last) {
            if (::unlinkat(folder.get(), temporary.c_str(), 0) == 0 || errno == ENOENT) continue;
            fail_errno("remove the temporary file of '{}'", shown);
        }
        if (!fd) fail_errno("make the temporary file of '{}'", shown);
        try {
            write_all(fd, data, shown);
        } catch (const SystemError&) {
            (void)::unlinkat(folder.get(), temporary.c_str(), 0);
            throw;
        }
        if (::renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) == 0) return;
        const int error = errno;
        (void)::unlinkat(folder.get(), temporary.c_str(), 0);
        if (error != ENOENT || last) fail_with(error, "rename to '{}'", shown);
    }
}

void sync_folder(Fd folder, const std::string& path) {
    if (!folder.valid()) return;
    if (uninterrupted([&] { return ::fsync(folder.get()); }) != 0)
        fail_errno("fsync folder '{}'", path);
}

bool remove_file(const std::string& path, Durability durability) {
    UniqueFd parent;
    if (durability == Durability::fsync) {
        auto folder = try_open(parent_folder(path), O_RDONLY | O_DIRECTORY);
        if (!folder) return false;
        parent = std::move(*folder);
    }
    if (::unlink(path.c_str()) != 0) {
        // On a read-only file system unlink(2) says so before it looks whether there is such a file.
        const int error = errno;
        if (error == ENOENT || (error == EROFS && !exists(path))) return false;
        fail_with(error, "remove '{}'", path);
    }
    test_point("file-removed");
    sync_folder(parent, parent_folder(path));
    return true;
}

void make_folders(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) fail_errno("make folder '{}'", path);
    make_folders(parent_folder(path), mode);
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail_errno("make folder '{}'", path);
}

void each_entry(UniqueFd folder, const std::string& shown,
                const std::function<bool(std::string_view name, unsigned char type)>& take) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(folder.get()), &::closedir);
    if (!stream) fail_errno("open folder '{}'", shown);
    (void)folder.release();  // the stream closes it
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != ".." && !take(name, entry->d_type)) return;
    }
    if (errno != 0) fail_errno("read folder '{}'", shown);
}

std::vector<std::string> list_folder(const std::string& path) {
    std::vector<std::string> names;
    UniqueFd folder = open_quietly(path, O_RDONLY | O_DIRECTORY);
    if (!folder && errno == ENOENT) return names;
    if (!folder) fail_errno("open folder '{}'", path);
    each_entry(std::move(folder), path, [&names](std::string_view name, unsigned char) {
        names.emplace_back(name);
        return true;
    });
    std::sort(names.begin(), names.end());
    return names;
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::optional<std::string> read_link(const std::string& path) {
    std::array<char, 4096> buffer;
    const ssize_t got = ::readlink(path.c_str(), buffer.data(), buffer.size());
    if (got < 0) return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(got));
}

std::string parent_folder(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace lxvirt::base
