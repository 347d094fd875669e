// The parsers of the parts of a domain, one for each group of elements; private to xml/. Each takes
// the element that contains its part, marks what it understands, and fills its part of the Domain.
// All throw PlacedError.
#pragma once

#include <functional>
#include <vector>

#include "xml/document/document.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// The namespaces of the two extensions.
inline constexpr std::string_view kLxcNamespace = "http://libvirt.org/schemas/domain/lxc/1.0";
inline constexpr std::string_view kContainerNamespace = "urn:lxvirt:domain:1";

// --- children of <domain>
void parse_basics(const Element& domain, Domain& out);  // name, uuid, title, description
void parse_memory(const Element& domain, Domain& out);
void parse_vcpu(const Element& domain, Domain& out);
void parse_tuning(const Element& domain, Domain& out);  // blkiotune, memtune, cputune, numatune
void parse_resource(const Element& domain, Domain& out);
[[nodiscard]] std::string host_architecture();  // uname(2), field machine
void parse_os(const Element& domain, Domain& out);
void parse_idmap(const Element& domain, Domain& out);
// Checks the id map against the ids that the host can give (ParseOptions::host_ids), and the ids of
// the init against the map.
void check_ids(const Element& domain, const Domain& parsed, const IdMap& host);
void parse_features(const Element& domain, Domain& out);
void parse_clock(const Element& domain, Domain& out);
void parse_lifecycle(const Element& domain, Domain& out);
[[nodiscard]] std::vector<std::string> parse_metadata(const Element& parent);
void parse_security_labels(const Element& domain, Domain& out, bool live);
void parse_extensions(const Element& domain, Domain& out);
[[nodiscard]] Container parse_container(const Element& element);  // <lx:container>

// --- devices; `live` keeps aliases, ttys and generated names
void parse_devices(const Element& domain, Domain& out, bool live);
[[nodiscard]] Disk parse_disk(const Element& element, bool live);
[[nodiscard]] Filesystem parse_filesystem(const Element& element, bool live);
[[nodiscard]] Interface parse_interface(const Element& element, bool live);
[[nodiscard]] Hostdev parse_hostdev(const Element& element, bool live);
[[nodiscard]] Console parse_console(const Element& element, bool live);
// Returns the alias in a live document; a definition's is given anew at each start, so there it is
// empty.
[[nodiscard]] std::string parse_alias(const Element& device, bool live);

// --- guards of interfaces (guards.cc)
// Throws PlacedError where the filter of an <interface>, or one of its parameters, cannot be applied.
void check_filter(const Element& element, const Interface& interface);
// Throws PlacedError where a guard of the domain could have no effect: it names no interface, or one
// without an end on the host, or needs addresses that nothing tells. `element` is the <domain>.
void check_guards(const Element& element, const Domain& domain);

// Throws PlacedError where <lx:publish> could have no effect, or two of them want one port.
void check_publications(const Element& element, const Domain& domain);

// --- parts of <interface> that other elements share
[[nodiscard]] std::vector<IpAddress> parse_ips(const Element& parent);
// `owner` is whom the errors name.
[[nodiscard]] std::vector<Route> parse_routes(const Element& parent,
                                              std::string_view owner = "guest interface");
[[nodiscard]] std::optional<Bandwidth> parse_bandwidth(const Element& interface,
                                                       InterfaceType type);
[[nodiscard]] std::optional<Vlan> parse_vlan(const Element& interface);
// Says whether a <virtualport> needs a type: where the type of a network applies, it may be missing.
enum class PortType { optional, required };
// Says whether an interface id that is missing is drawn: it belongs to one interface, so what many
// interfaces share has only what the document says.
enum class PortId { given, drawn };
[[nodiscard]] std::optional<VirtualPort> parse_virtual_port(const Element& parent, PortType type,
                                                            PortId id);

// Returns whether `name` is one that a start makes for the host's end of an interface (libvirt's
// prefixes). A definition that was copied from a running domain has such names.
[[nodiscard]] bool is_generated_name(std::string_view name);

// Puts a disk where libvirt puts it: among those of its bus by the index in its target's name.
void insert_disk(std::vector<Disk>& disks, Disk disk);

// Inserts a controller by its index among those of its type.
void insert_controller(std::vector<Controller>& controllers, Controller controller);

// Fill in what libvirt fills in for one device, and for the whole domain once it has been read.
void fill_defaults(Disk& disk);
void fill_defaults(Interface& interface);
void fill_defaults(Domain& domain);

// Adds one notice for each property of the domain that a reader may not expect: it shares the
// host's network, or its root is trusted like the host's.
void add_meaning_notices(const Element& root, const Domain& domain);

}  // namespace lxvirt::xml
