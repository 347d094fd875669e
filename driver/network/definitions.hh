// The persistent definitions of networks, a DefinitionFolder that reads and writes xml::Network,
// and the look-up of networks by name and uuid.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/definition_folder.hh"
#include "driver/types.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Reads and writes the definitions. What others() reads is kept until a file changes, since whoever
// stores a thousand networks compares each of them with all others.
class NetworkDefinitions : public DefinitionFolder {
  public:
    // Borrows `root`.
    explicit NetworkDefinitions(const Root& root)
        : DefinitionFolder(root.network_paths()), root_(root) {}

    // Returns the parsed definition, under the file's name; nullopt if there is none. Throws
    // base::Error that names file and line if the file is broken.
    [[nodiscard]] std::optional<xml::Network> load(std::string_view name) const;
    // Checks a definition that is to be stored, and gives it a bridge name if it makes a bridge and
    // has no name. The caller holds the define lock. `taken` are bridge names that are promised to
    // others. Throws, with libvirt's sentences, operation_failed if the name belongs to another
    // uuid or the uuid to another name, internal_error if another network has the bridge.
    void check(xml::Network& network, std::vector<std::string> taken = {}) const;
    // Returns the names of networks that have addresses of this one's subnets: only one of them can
    // run at a time.
    [[nodiscard]] std::vector<std::string> rivals(const xml::Network& network) const;
    // Stores a definition. Returns true if there was none of this name; such a one is marked for autostart
    // if `starts`. Throws SystemError.
    bool store(const xml::Network& network, bool starts = false);

  private:
    // Another network as it was read last. The second is null where the file has no definition that
    // can be read.
    struct Other {
        std::string name;
        std::optional<std::string> uuid;
        std::shared_ptr<const xml::Network> network;
    };
    // Returns all networks but `name`, defined or running.
    [[nodiscard]] std::vector<Other> others(std::string_view name) const;
    [[nodiscard]] const Other& known(const std::string& name) const;
    const Root& root_;
};

// A document that a caller gives, parsed.
struct GivenNetwork {
    xml::Network network;
    std::vector<std::string> notices;
};
// Parses a document. `file` names it in errors and notices; `validate` compares it with the schema.
// Throws base::Error, also for a name that a network cannot have.
[[nodiscard]] GivenNetwork parse_given_network(std::string_view text, const std::string& file,
                                               bool validate);

// Find a network, which has a definition or runs, or both. Return nullopt if there is none. The
// uuid is empty if the definition cannot be read.
[[nodiscard]] std::optional<NetworkRef> find_network(const Root& root, std::string_view name);
[[nodiscard]] std::optional<NetworkRef> find_network_by_uuid(const Root& root,
                                                             std::string_view uuid);

}  // namespace lxvirt::driver
