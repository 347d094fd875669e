// Parses documents to structs, and formats structs as documents. Parsing is hardened (no network
// access, no external entities, no entity expansion, bounded depth and size) and complete: an
// element or attribute that lxvirt does not act on is returned as a Notice, never dropped in
// silence.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/document/notice.hh"
#include "xml/document/writer.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

// The result of parse_domain().
struct ParsedDomain {
    Domain domain;
    std::vector<Notice> notices;
};

// Options for parsing documents of every kind.
struct ParseOptions {
    // Names the document in errors and notices: a path, or "(domain_definition)".
    std::string file = "(domain_definition)";
    // Fills in what libvirt fills in when a domain is defined: uuid, hardware addresses, emulator,
    // arch, memory, ports of consoles, access modes.
    bool defaults = true;
    // Reads the live document of a running domain: id, aliases, ttys and generated names are kept.
    bool live = false;
    // Refuses what the schema in schemas/ does not accept (define --validate).
    bool validate = false;
    // Refuses what no start accepts but an older build may have stored: network filters and guards
    // that cannot be applied. It is set for a document of the user's, never for a stored one.
    bool is_new = false;
    // Returns the ids that this host can give to containers, as `start` and `count` of the rows. If
    // it is set, an <idmap> that needs other ids is refused, as well as one that lacks the ids of
    // the init. It is set for a document that is to be defined here, never for a stored one.
    std::function<IdMap()> host_ids = {};
    // Collects what is wrong with the document's elements instead of throwing it, as far as one
    // fault leaves others to be found. The returned struct is of no use then.
    std::vector<Notice>* faults = nullptr;
};

// Parses a whole <domain>. Throws Error (xml_error, xml_detail, config_unsupported ...) that names
// file, line and element.
[[nodiscard]] ParsedDomain parse_domain(std::string_view text, const ParseOptions& options = {});

// Says whether this host runs programs of `arch` ("x86_64"), so that <os><type arch='...'> may name
// it.
[[nodiscard]] bool runs_here(std::string_view arch);

// Says whether parse_device() takes an element of this name.
[[nodiscard]] bool is_device(std::string_view name);

// Parses a document of one device (attach-device). The device is checked by itself; whether it fits
// into the domain (whether the target is free, for example) is for the driver to decide. Throws as
// parse_domain() does.
struct ParsedDevice {
    Device device;
    std::vector<Notice> notices;
};
[[nodiscard]] ParsedDevice parse_device(std::string_view text, const ParseOptions& options = {});

// Takes away what only the live definition of a running domain has (alias, ttys, generated names), so
// that a device parsed with ParseOptions::live is as if parsed without.
void forget_live(Device& device);

// Format in libvirt's canonical layout, with a newline after the outermost element.
[[nodiscard]] std::string format_domain(const Domain& domain, const FormatOptions& options = {});
[[nodiscard]] std::string format_device(const Device& device, const FormatOptions& options = {});

}  // namespace lxvirt::xml
