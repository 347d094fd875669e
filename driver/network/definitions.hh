// The persistent definitions of networks: DefinitionFolder with xml::Network in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/definition_folder.hh"
#include "driver/types.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

class NetworkDefinitions : public DefinitionFolder {
  public:
    // Borrows it.
    explicit NetworkDefinitions(const Root& root)
        : DefinitionFolder(root.network_paths()), root_(root) {}

    // Throws base::Error naming file and line where the file is broken.
    [[nodiscard]] std::optional<xml::Network> load(std::string_view name) const;
    // Under the define lock. Gives it a bridge where it has none; throws operation_failed where the
    // name belongs to another uuid or the uuid to another name, internal_error where the bridge is
    // another's (libvirt's sentences). `taken` are bridges that are promised to others.
    void check(xml::Network& network, std::vector<std::string> taken = {}) const;
    // Of networks whose addresses are also this one's: only one of them can run at a time.
    [[nodiscard]] std::vector<std::string> rivals(const xml::Network& network) const;
    // True where there was none of this name.
    bool store(const xml::Network& network);

  private:
    // All but `name`, defined or running; those that cannot be read are passed over.
    [[nodiscard]] std::vector<xml::Network> others(std::string_view name) const;
    const Root& root_;
};

// A document that a caller gives, with a name that a network can have. Throws base::Error.
struct GivenNetwork {
    xml::Network network;
    std::vector<std::string> notices;
};
[[nodiscard]] GivenNetwork parse_given_network(std::string_view text, const std::string& file,
                                               bool validate);

// Finding networks: those with a definition and those that run, which need not have one.
[[nodiscard]] std::optional<NetworkRef> find_network(const Root& root, std::string_view name);
[[nodiscard]] std::optional<NetworkRef> find_network_by_uuid(const Root& root,
                                                             std::string_view uuid);

}  // namespace lxvirt::driver
