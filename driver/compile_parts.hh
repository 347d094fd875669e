// The parts of compile_plan(), one per section of the plan. For driver/compile*.cc only.
#pragma once

#include "driver/compile.hh"

namespace lxvirt::driver::compile {

// An id of the container as the host has it; the same where there is no map.
[[nodiscard]] std::uint32_t host_id(const std::vector<xml::IdMapRow>& rows, std::uint32_t inside);

[[nodiscard]] helper::Namespaces namespaces(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] helper::Groups groups(const xml::Domain& domain, const HostFacts& host, pid_t helper,
                                    const helper::Dev& dev);
[[nodiscard]] std::vector<helper::GroupLimit> limits(const xml::Domain& domain,
                                                     const HostFacts& host);
[[nodiscard]] helper::Dev dev(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] std::vector<helper::Mount> mounts(const xml::Domain& domain, const HostFacts& host,
                                                const helper::Namespaces& namespaces);
[[nodiscard]] std::vector<helper::Link> links(const xml::Domain& domain, const Root& root,
                                              const HostFacts& host);
[[nodiscard]] helper::Init init(const xml::Domain& domain);
[[nodiscard]] std::uint64_t capabilities(const xml::Features& features);
// Whether a tree of the host is to be shown through the domain's id map.
[[nodiscard]] bool wants_idmap(const xml::Domain& domain, const HostFacts& host,
                               const std::string& source);
// Adds what <lx:container> asks for to the other parts.
void container(const xml::Domain& domain, const HostFacts& host, helper::Plan& plan);

// Device nodes and network devices of <hostdev>.
void add_hostdev(const xml::Hostdev& hostdev, const HostFacts& host, helper::Dev& dev);

}  // namespace lxvirt::driver::compile
