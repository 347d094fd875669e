// Finding domains: those with a definition and those that run, which need not have one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/store/root.hh"
#include "driver/types.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Nothing where there is no such domain. The id is that of a running one, else -1. A definition
// that cannot be read is found by its name, with an empty uuid.
[[nodiscard]] std::optional<DomainRef> find_by_name(const Root& root, std::string_view name);
[[nodiscard]] std::optional<DomainRef> find_by_uuid(const Root& root, std::string_view uuid);
[[nodiscard]] std::optional<DomainRef> find_by_id(const Root& root, int id);

// The uuid of the definition, else of the running domain, by scanning the text.
[[nodiscard]] std::optional<std::string> known_uuid(const Root& root, std::string_view name);

// Domains that run, sorted by name.
struct ActiveDomain {
    std::string name;
    int id = -1;
};
[[nodiscard]] std::vector<ActiveDomain> active_domains(const Root& root);

// Under the define lock: throws operation_failed where the name belongs to another uuid or the uuid
// to another name, with libvirt's sentences. For define, and for create of a transient domain.
void check_unique(const Root& root, const xml::Domain& domain);
// The definitions that a call's flags mean.
struct Targets {
    bool live = false, config = false;
};
// Returns the targets of `flags` (live, config, or neither for whichever there is). Throws no_domain, or
// operation_invalid if a definition that is asked for does not exist.
[[nodiscard]] Targets targets_of(const Root& root, const std::string& name, Affect flags);

// The sentence for a name that is not there: "no domain with matching name 'x'".
[[noreturn]] void fail_no_domain(std::string_view name);

}  // namespace lxvirt::driver
