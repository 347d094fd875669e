// Replaces many files of one folder, each as safely as write_atomic() does, but with one wait for
// the disk for all of them. All files are written under temporary names, flushed together, and then
// renamed into place one by one, when the caller has had a last look.
//
// The temporary files are named ".NAME.batch". Whoever makes a FileBatch holds a lock that keeps
// others from making one in the same folder; therefore the constructor may delete the temporary
// files of a killed predecessor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

// Call add() and sync(), then put() for each file, then finish(). All of these throw
// SystemError.
class FileBatch {
  public:
    // Opens `folder`, which must exist, and removes a killed predecessor's temporary files.
    explicit FileBatch(std::string folder);
    // Removes the temporary files that put() did not rename.
    ~FileBatch();
    FileBatch(const FileBatch&) = delete;
    FileBatch& operator=(const FileBatch&) = delete;

    // Writes `data` to the temporary file of `name`, a file name without a slash. Readers do not
    // see it yet.
    void add(const std::string& name, std::string_view data);
    // Returns when everything that was added is on the disk.
    void sync();
    // Renames the temporary file of `name` into place; from now on readers see it. The rename
    // survives a crash of the host only after finish().
    void put(const std::string& name);
    // Syncs the folder.
    void finish();

  private:
    [[nodiscard]] std::string temporary(const std::string& name) const;
    std::string folder_;
    UniqueFd fd_;
    std::vector<std::string> waiting_;  // names that were added and not yet put; sorted
};

}  // namespace lxvirt::base
