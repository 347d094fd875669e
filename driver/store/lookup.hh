// Finds domains: those with a definition and those that run, which need not have one. Nothing is
// cached, as other programs change the files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Return nullopt if there is no such domain. The id is a running domain's pid, otherwise -1. A
// definition that cannot be read is found by its name, with an empty uuid.
[[nodiscard]] std::optional<DomainRef> find_by_name(const Root& root, std::string_view name);
[[nodiscard]] std::optional<DomainRef> find_by_uuid(const Root& root, std::string_view uuid);
[[nodiscard]] std::optional<DomainRef> find_by_id(const Root& root, int id);

// Returns the uuid of the definition, otherwise the running domain's, by scanning the text; nullopt
// if neither has one.
[[nodiscard]] std::optional<std::string> known_uuid(const Root& root, std::string_view name);

// A running domain; its id is the helper's pid.
struct ActiveDomain {
    std::string name;
    int id = -1;
};
// Returns the domains that run, sorted by name.
[[nodiscard]] std::vector<ActiveDomain> active_domains(const Root& root);

// Throws operation_failed, with libvirt's sentences, if the name belongs to another uuid or the
// uuid to another name. The caller holds the define lock, or another command could take the name
// meanwhile. define and create of a transient domain call this.
void check_unique(const Root& root, const xml::Domain& domain);
// The definitions that a call's flags mean.
struct Targets {
    bool live = false, config = false;
};
// Returns the targets of `flags` (live, config, or neither for whichever there is). Throws
// no_domain, or operation_invalid if a definition that is asked for does not exist.
[[nodiscard]] Targets targets_of(const Root& root, const std::string& name, Affect flags);

// Throws no_domain with libvirt's sentence: "no domain with matching name 'x'".
[[noreturn]] void fail_no_domain(std::string_view name);
// Throws operation_invalid with libvirt's sentence: "domain is not running".
[[noreturn]] void fail_not_running();

}  // namespace lxvirt::driver
