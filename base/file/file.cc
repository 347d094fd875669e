#include "base/file/file.hh"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

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

// Opens the folder before the rename or removal that is to become durable, so that afterwards only
// the disk itself can fail the flush.
UniqueFd open_to_sync(const std::string& path, Durability durability) {
    if (durability != Durability::fsync) return {};
    return open_file(parent_folder(path), O_RDONLY | O_DIRECTORY);
}

void sync_opened(Fd folder, const std::string& path) {
    if (!folder.valid()) return;
    if (uninterrupted([&] { return ::fsync(folder.get()); }) != 0)
        fail_errno("fsync folder '{}'", path);
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
        UniqueFd fd = open_file(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode);
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
    return read_all(open_file(path, O_RDONLY), path, limit);
}

std::optional<std::string> try_read_file(const std::string& path, std::size_t limit) {
    const auto fd = try_open(path, O_RDONLY);
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

void write_atomic(const std::string& path, std::string_view data, mode_t mode,
                  Durability durability) {
    const std::string temporary = temporary_of(path);
    UniqueFd fd = open_temporary(temporary, mode);
    TemporaryFile guard(temporary);
    write_all(fd, data, path);
    if (durability == Durability::fsync && uninterrupted([&] { return ::fsync(fd.get()); }) != 0)
        fail_errno("fsync '{}'", path);
    const UniqueFd parent = open_to_sync(path, durability);
    test_point("file-written");
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_errno("rename to '{}'", path);
    guard.keep();
    fd.reset();
    test_point("file-renamed");
    sync_opened(parent, parent_folder(path));
}

void sync_folder(const std::string& folder) {
    sync_opened(open_file(folder, O_RDONLY | O_DIRECTORY), folder);
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
    sync_opened(parent, parent_folder(path));
    return true;
}

void make_folders(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) fail_errno("make folder '{}'", path);
    make_folders(parent_folder(path), mode);
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail_errno("make folder '{}'", path);
}

std::vector<std::string> list_folder(const std::string& path) {
    std::vector<std::string> names;
    DIR* opened;
    do opened = ::opendir(path.c_str());
    while (opened == nullptr && errno == EINTR);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opened, &::closedir);
    if (!folder) {
        if (errno == ENOENT) return names;
        fail_errno("open folder '{}'", path);
    }
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) fail_errno("read folder '{}'", path);
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
