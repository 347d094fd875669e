// A file with a domain or a network, as `apply` and `diff` read it. The file is completed from the
// stored definition of the same name, so that values that the file leaves to be made up
// (xml/domain/generated.hh) keep the values that they once got; without this, each apply would give
// a container another hardware address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "driver/connection.hh"
#include "xml/domain/domain.hh"
#include "xml/network/network.hh"

namespace lxvirt::driver {

// Returns "Network" or "Domain", for the beginning of a sentence; name_of() (driver/names.hh) has
// the words in small letters.
[[nodiscard]] std::string_view kind_title(ObjectKind kind);
// Returns the kind whose documents have this outermost element; nullopt for other elements.
[[nodiscard]] std::optional<ObjectKind> kind_of(std::string_view element);

// Returns the uuid of an object that is defined or runs; empty if there is none or it has none.
[[nodiscard]] std::string uuid_of(const Connection& connection, ObjectKind kind,
                                  const std::string& name);

// Returns whether an object runs; false also if there is none.
[[nodiscard]] bool is_active(const Connection& connection, ObjectKind kind,
                             const std::string& name);

// A parsed domain or network with the file that it came from.
class ObjectDocument {
  public:
    // Parses `text` and makes nothing up. Throws as xml::parse_domain() and xml::parse_network()
    // do.
    ObjectDocument(ObjectKind kind, std::string_view text, std::string file);

    [[nodiscard]] ObjectKind kind() const { return kind_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::string& name() const;
    // Empty if the file has none, until complete().
    [[nodiscard]] const std::string& uuid() const;
    // Returns a line for the user for each thing that lxvirt ignores.
    [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
    // The object itself, which this document owns. Throws std::bad_variant_access for the other
    // kind.
    [[nodiscard]] const xml::Domain& domain() const { return std::get<xml::Domain>(object_); }
    [[nodiscard]] const xml::Network& network() const { return std::get<xml::Network>(object_); }
    [[nodiscard]] xml::Network& network() { return std::get<xml::Network>(object_); }

    // Takes what the file does not say from `stored`, the text of the definition, and makes up the
    // rest. A definition that cannot be parsed counts as missing, for the file replaces it.
    void complete(const Connection& connection, const std::optional<std::string>& stored);
    // Replaces a network's document by `canonical`, the same network with what the driver has
    // filled in. Throws as xml::parse_network() does.
    void take(std::string_view canonical);
    // Returns the text as it would be stored.
    [[nodiscard]] std::string canonical() const;

  private:
    ObjectKind kind_;
    std::string file_;
    std::variant<xml::Network, xml::Domain> object_;
    std::vector<std::string> notices_;
};

// Parses a domain or a network, whichever `text` holds. Throws xml_error if it holds neither.
// `file` names the text in errors.
[[nodiscard]] ObjectDocument read_object(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
