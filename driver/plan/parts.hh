// The parts of compile_plan(), one per section of the plan. For driver/compile*.cc only.
#pragma once

#include "driver/plan/compile.hh"

namespace lxvirt::driver::compile {

// An id of the container as the host has it; the same where there is no map.
[[nodiscard]] std::uint32_t host_id(const std::vector<xml::IdMapRow>& rows, std::uint32_t inside);

[[nodiscard]] helper::Namespaces namespaces(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] helper::Groups groups(const xml::Domain& domain, const HostFacts& host,
                                    const CompileOptions& options,
                                    const std::vector<MadeDevice>& made);
// The last step, when all limits are there.
void find_unlimited(helper::Groups& groups);
[[nodiscard]] std::vector<helper::GroupLimit> limits(const xml::Domain& domain,
                                                     const HostFacts& host);
// With the nodes of disks and host devices, or only what every container has.
[[nodiscard]] helper::Dev dev(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] helper::Dev common_dev(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] helper::DeviceNode disk_node(const xml::Disk& disk, const xml::Domain& domain,
                                           const HostFacts& host);
[[nodiscard]] std::vector<helper::DeviceNode> hostdev_nodes(const xml::Hostdev& hostdev,
                                                            const xml::Domain& domain,
                                                            const HostFacts& host);
[[nodiscard]] helper::Mount filesystem_mount(const xml::Domain& domain,
                                             const xml::Filesystem& filesystem,
                                             const HostFacts& host);
[[nodiscard]] std::vector<helper::Mount> mounts(const xml::Domain& domain, const HostFacts& host,
                                                const helper::Namespaces& namespaces);
[[nodiscard]] std::vector<helper::Link> links(const xml::Domain& domain, const Root& root,
                                              const HostFacts& host);
[[nodiscard]] helper::Link link(const xml::Interface& interface, const xml::Domain& domain,
                                const Root& root, const HostFacts& host);
// Whether a live one has an end on the host.
[[nodiscard]] bool has_veth(const xml::Interface& interface);
// As much of it as its removal takes; asks nobody.
[[nodiscard]] helper::Link made_link(const xml::Interface& interface, const xml::Domain& domain,
                                     const Root& root);
[[nodiscard]] helper::ConsolePlan console(const xml::Console& console, const xml::Domain& domain,
                                          const Root& root);
[[nodiscard]] helper::Link moved_link(const xml::Hostdev& hostdev, const xml::Domain& domain,
                                      const Root& root);
// The init with all that follows of this group, for a start, and for a program beside the init.
[[nodiscard]] helper::Init first_process(const xml::Domain& domain, const HostFacts& host,
                                         const CompileOptions& options);
[[nodiscard]] helper::Init init(const xml::Domain& domain);
// In an environment, where an earlier one of this name gives way.
void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value);
// The filter of system calls: that of <lx:seccomp profile>, else lxvirt's own.
[[nodiscard]] std::string seccomp(const xml::Domain& domain, const HostFacts& host,
                                  const CompileOptions& options);
// Adds what <seclabel> asks for.
void labels(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
            helper::Init& made);
// What <lx:container> says of it: limits, groups, privileges, settings in /proc.
void container_process(const xml::Container& container, helper::Init& made);
[[nodiscard]] std::uint64_t capabilities(const xml::Features& features);
// Whether a tree of the host is to be shown through the domain's id map.
[[nodiscard]] bool wants_idmap(const xml::Domain& domain, const HostFacts& host,
                               const std::string& source);
// `kind` is protect (read-only) or mask.
[[nodiscard]] helper::Mount over(helper::MountKind kind, std::string path);
// Adds what <lx:container> asks for to the other parts.
void container(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
               helper::Plan& plan);
// The part of it that is about mounts and the root.
void container_mounts(const xml::Domain& domain, const HostFacts& host,
                      const CompileOptions& options, std::vector<helper::Mount>& mounts);
// What <lx:interface> says of the link of the domain's interface.
void apply_link_options(const xml::ContainerInterface& from, helper::Link& link);
// What <lx:dev> says, on top of what every container has.
void container_dev(const xml::Domain& domain, const HostFacts& host, helper::Dev& dev);
// Whether every container has this device ("/dev/null"), whatever the host has there.
[[nodiscard]] bool is_standard_node(std::string_view path);
// The devices that <lx:cgroup name='devices.allow'> and <lx:dev> allow.
[[nodiscard]] std::vector<base::DeviceRule> container_rules(const xml::Domain& domain,
                                                            const HostFacts& host);

}  // namespace lxvirt::driver::compile
