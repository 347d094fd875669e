// A file with a domain or a network, as `apply` and `diff` read it: beside the definition that it
// is about, so that what the file leaves to be made up (xml/domain/generated.hh) stays as it was made up.
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

// "Network", "Domain": at the beginning of a sentence.
[[nodiscard]] std::string_view kind_title(ObjectKind kind);
// The kind whose documents have this outermost element; nothing where none has.
[[nodiscard]] std::optional<ObjectKind> kind_of(std::string_view element);

// Returns the uuid of an object that is defined or runs; empty if there is none or it has none.
[[nodiscard]] std::string uuid_of(const Connection& connection, ObjectKind kind,
                                  const std::string& name);

// Returns whether an object runs; false also if there is none.
[[nodiscard]] bool is_active(const Connection& connection, ObjectKind kind,
                             const std::string& name);

class ObjectDocument {
  public:
    // Nothing is made up yet. Throws as the parsers do.
    ObjectDocument(ObjectKind kind, std::string_view text, std::string file);

    [[nodiscard]] ObjectKind kind() const { return kind_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] const std::string& uuid() const;  // empty where the file has none
    [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
    [[nodiscard]] const xml::Domain& domain() const { return std::get<xml::Domain>(object_); }
    [[nodiscard]] const xml::Network& network() const { return std::get<xml::Network>(object_); }
    [[nodiscard]] xml::Network& network() { return std::get<xml::Network>(object_); }

    // Takes what the file does not say from `stored`, the definition, and makes up the rest.
    void complete(const Connection& connection, const std::optional<std::string>& stored);
    // Replaces a network's document by `canonical`, the same network with what the driver has filled in.
    void take(std::string_view canonical);
    // As it would be stored.
    [[nodiscard]] std::string canonical() const;

  private:
    ObjectKind kind_;
    std::string file_;
    std::variant<xml::Network, xml::Domain> object_;
    std::vector<std::string> notices_;
};

// Throws xml_error where the text has neither a domain nor a network. `file` names it.
[[nodiscard]] ObjectDocument read_object(std::string_view text, const std::string& file);

}  // namespace lxvirt::driver
