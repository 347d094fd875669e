// Knows the folders that containers can write, so that `apply` reads no definitions there: whoever
// can put a definition where apply finds it has root's rights on the host.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/file/find.hh"
#include "driver/connection.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

class ClosedFolders {
  public:
    // Adds the folders of all domains that are defined or run.
    void add_all(const Connection& connection);
    // Adds the root of `domain` and every folder of the host that it mounts read-write. The root of
    // the host's own file system does not count, though a domain may have it as its root.
    void add(const xml::Domain& domain);
    // Returns why a search must not look into a folder, as base::FileSearch::why_closed() does. A
    // folder that a container merely mounts may be given as a path: a build server may get the
    // definitions that it checks in this way.
    [[nodiscard]] std::optional<std::string> why(base::FileId folder, bool below) const;
    // Returns why a file that was found must not be used; nothing where it may.
    [[nodiscard]] std::optional<std::string> why(const base::FoundFile& file) const;

  private:
    struct Reason {
        std::string domain;
        bool is_root = false;
    };
    void add_folder(const std::string& source, const Reason& reason);
    std::map<base::FileId, Reason> folders_;
};

}  // namespace lxvirt::driver
