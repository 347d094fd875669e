// Names and loads the AppArmor profile of a container that is to have one of its own. It is removed
// with the container: by the helper, or by clean_up().
#pragma once

#include <optional>
#include <string>

#include "driver/plan/compile.hh"
#include "driver/store/root.hh"
#include "helper/exchange/plan.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver {

// Returns a notice if the domain has a dynamic label of AppArmor and no profile will be made for it:
// this host has no AppArmor or no program that compiles profiles, or lxvirt.conf says `apparmor =
// off`.
[[nodiscard]] std::optional<std::string> notice_of_profile(const Root& root,
                                                           const xml::Domain& domain,
                                                           const HostFacts& host);

// Gives the dynamic label of a live domain, which has its id, the name of a profile; an empty label
// where notice_of_profile() has a notice. Does nothing for a domain without such a label.
void name_profile(const Root& root, const HostFacts& host, xml::Domain& domain);

// Loads the profile that `plan` names as lxvirt's own, if it does; live.xml has the name already.
// Throws Error(config_unsupported) with the words of apparmor_parser.
void load_profile(const helper::Plan& plan);

}  // namespace lxvirt::driver
