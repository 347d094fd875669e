#include "base/file/batch.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

constexpr std::string_view kSuffix = ".batch";
// Syncs up to this many files one by one: syncfs(2) would also wait for whatever other programs
// write to the same file system.
constexpr std::size_t kFew = 4;

}  // namespace

FileBatch::FileBatch(std::string folder)
    : folder_(std::move(folder)), fd_(open_file(folder_, O_RDONLY | O_DIRECTORY)) {
    // A temporary file that is there belongs to a process that was killed: the caller holds the
    // lock.
    for (const std::string& name : list_folder(folder_))
        if (name.starts_with('.') && name.ends_with(kSuffix))
            (void)remove_file(folder_ + "/" + name);
}

FileBatch::~FileBatch() {
    for (const std::string& name : waiting_) (void)::unlink(temporary(name).c_str());
}

std::string FileBatch::temporary(const std::string& name) const {
    return fmt::format("{}/.{}{}", folder_, name, kSuffix);
}

void FileBatch::add(const std::string& name, std::string_view data) {
    const std::string path = temporary(name);
    const UniqueFd file = open_regular(path, O_WRONLY | O_CREAT | O_TRUNC, Links::refuse);
    waiting_.insert(std::lower_bound(waiting_.begin(), waiting_.end(), name), name);
    write_all(file, data, path);
    test_point("file-written");
}

void FileBatch::sync() {
    if (waiting_.size() > kFew) {
        if (::syncfs(fd_.get()) != 0) fail_errno("sync the file system of '{}'", folder_);
        return;
    }
    for (const std::string& name : waiting_) {
        const std::string path = temporary(name);
        if (uninterrupted([&] { return ::fsync(open_file(path, O_RDONLY).get()); }) != 0)
            fail_errno("fsync '{}'", path);
    }
}

void FileBatch::put(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    if (::rename(temporary(name).c_str(), path.c_str()) != 0) fail_errno("rename to '{}'", path);
    test_point("file-renamed");
    waiting_.erase(std::lower_bound(waiting_.begin(), waiting_.end(), name));
}

void FileBatch::finish() {
    if (uninterrupted([&] { return ::fsync(fd_.get()); }) != 0)
        fail_errno("fsync folder '{}'", folder_);
}

}  // namespace lxvirt::base
