// From text to structs and back. Parsing is hardened (no network, no external entity, no entity
// expansion, bounded depth and size) and complete: an element or attribute that lxvirt does not act
// on is returned as a Notice, never dropped in silence.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/document/notice.hh"
#include "xml/document/writer.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

struct ParsedDomain {
    Domain domain;
    std::vector<Notice> notices;
};

struct ParseOptions {
    // What errors and notices call the document: a path, or "(domain_definition)".
    std::string file = "(domain_definition)";
    // Fill in what libvirt fills in when a domain is defined: uuid, mac, emulator, arch, memory,
    // console port, filesystem access mode.
    bool defaults = true;
    // The live document of a running domain: id, aliases, ttys and generated names are kept.
    bool live = false;
    // Refuse what schemas/domain.rng does not accept (define --validate).
    bool validate = false;
    // Where it is set, for what is to be defined here: an <idmap> is refused that needs more than
    // these ids, which are what this host may give (`start` and `count` of each row), or that has
    // not those of the init. What is stored already is always read.
    std::function<IdMap()> host_ids = {};
    // Where it is set, what is wrong with the document's elements is added to it instead of thrown,
    // as far as one fault leaves others to be found; what is returned is of no use then.
    std::vector<Notice>* faults = nullptr;
};

// Throws base::Error (xml_error, xml_detail, config_unsupported, ...) naming file, line and
// element.
[[nodiscard]] ParsedDomain parse_domain(std::string_view text, const ParseOptions& options = {});

// Whether this host runs programs of `arch` ("x86_64"), an <os><type arch> that is accepted.
[[nodiscard]] bool runs_here(std::string_view arch);

// Whether an element of this name is a device's, so that parse_device() takes it.
[[nodiscard]] bool is_device(std::string_view name);

// A document of one device (attach-device). It is checked by itself; whether it fits the domain
// (a target that is taken) is the driver's to say.
struct ParsedDevice {
    Device device;
    std::vector<Notice> notices;
};
[[nodiscard]] ParsedDevice parse_device(std::string_view text, const ParseOptions& options = {});

// Takes away what only the live definition of a running domain has (alias, ttys, generated names), so
// that a device parsed with ParseOptions::live is as if parsed without.
void forget_live(Device& device);

// libvirt's canonical layout; ends with a newline after the outermost element.
[[nodiscard]] std::string format_domain(const Domain& domain, const FormatOptions& options = {});
[[nodiscard]] std::string format_device(const Device& device, const FormatOptions& options = {});

}  // namespace lxvirt::xml
