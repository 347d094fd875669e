// Many files of one folder, replaced as safely as by write_atomic() but with the waiting done once
// for all: written to temporary files, synced together, then renamed one by one, when the caller
// has looked once more.
//
// The temporary files are called ".NAME.batch"; whoever makes a FileBatch holds a lock that keeps
// others from making one in the same folder, so what a killed one has left is removed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

class FileBatch {
  public:
    // Throws SystemError.
    explicit FileBatch(std::string folder);
    // What was not put in its place is removed.
    ~FileBatch();
    FileBatch(const FileBatch&) = delete;
    FileBatch& operator=(const FileBatch&) = delete;

    // `name` is that of the file in the folder. Nothing is seen of it yet.
    void add(const std::string& name, std::string_view data);
    // Returns when all that was added is on the disk.
    void sync();
    // The file is there, for readers; for good after finish().
    void put(const std::string& name);
    void finish();

  private:
    [[nodiscard]] std::string temporary(const std::string& name) const;
    std::string folder_;
    UniqueFd fd_;
    std::vector<std::string> waiting_;  // added, not put; sorted
};

}  // namespace lxvirt::base
