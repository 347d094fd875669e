// The parts of compile_plan(), one for each section of the plan. Private to driver/plan/. All throw
// SystemError or Error that names what cannot be done.
#pragma once

#include "driver/plan/compile.hh"

namespace lxvirt::driver::compile {

// Returns the host's number for an id of the container: the same number where there is no map, the
// overflow id where the map lacks it.
[[nodiscard]] std::uint32_t host_id(const std::vector<xml::IdMapRow>& rows, std::uint32_t inside);

// Returns the namespaces that the init gets or enters.
[[nodiscard]] helper::Namespaces namespaces(const xml::Domain& domain, const HostFacts& host);
// Returns the control groups with their limits and device rules; `made` has the domain's devices.
[[nodiscard]] helper::Groups groups(const xml::Domain& domain, const HostFacts& host,
                                    const CompileOptions& options,
                                    const std::vector<MadeDevice>& made);
// Notes the hierarchies in which nothing is set. Must be called last, when all limits are known.
void find_unlimited(helper::Groups& groups);
// Returns the limits of <memory>, <memtune>, <cputune>, <numatune> and <blkiotune>.
[[nodiscard]] std::vector<helper::GroupLimit> limits(const xml::Domain& domain,
                                                     const HostFacts& host);
// Returns /dev with the nodes of disks and host devices, or with those of every container only.
[[nodiscard]] helper::Dev dev(const xml::Domain& domain, const HostFacts& host);
[[nodiscard]] helper::Dev common_dev(const xml::Domain& domain, const HostFacts& host);
// Returns the nodes that every container has, but those that <lx:node state='off'> leaves out.
[[nodiscard]] std::vector<helper::DeviceNode> standard_nodes(const xml::Domain& domain);
// Returns a node for each timer that <clock> has present.
[[nodiscard]] std::vector<helper::DeviceNode> timer_nodes(const xml::Domain& domain,
                                                          const HostFacts& host);
// Returns the node of a <disk>.
[[nodiscard]] helper::DeviceNode disk_node(const xml::Disk& disk, const xml::Domain& domain,
                                           const HostFacts& host);
// Returns the nodes of a <hostdev>; a network device has none.
[[nodiscard]] std::vector<helper::DeviceNode> hostdev_nodes(const xml::Hostdev& hostdev,
                                                            const xml::Domain& domain,
                                                            const HostFacts& host);
// Returns the mount of a <filesystem>.
[[nodiscard]] helper::Mount filesystem_mount(const xml::Domain& domain,
                                             const xml::Filesystem& filesystem,
                                             const HostFacts& host);
// Locks a mount of a tree or device of the host that is read-only, nosuid, nodev or noexec, where the
// container's root may change the attributes of mounts: with an id map and CAP_SYS_ADMIN.
void lock_attributes(const xml::Domain& domain, helper::Mount& mount);
// Returns all mounts, the root first.
[[nodiscard]] std::vector<helper::Mount> mounts(const xml::Domain& domain, const HostFacts& host,
                                                const helper::Namespaces& namespaces);
// Returns the links of all interfaces and network hostdevs.
[[nodiscard]] std::vector<helper::Link> links(const xml::Domain& domain, const Root& root,
                                              const HostFacts& host);
// Returns the link of one interface.
[[nodiscard]] helper::Link link(const xml::Interface& given, const xml::Domain& domain,
                                const Root& root, const HostFacts& host);
// Says whether a running domain's interface has an end on the host.
[[nodiscard]] bool has_veth(const xml::Interface& interface);
// Returns only as much of a link as its removal needs, without asking the host.
[[nodiscard]] helper::Link made_link(const xml::Interface& interface, const xml::Domain& domain,
                                     const Root& root);
// Returns the plan of one console.
[[nodiscard]] helper::ConsolePlan console(const xml::Console& console, const xml::Domain& domain,
                                          const Root& root);
// Returns the link for a network device of the host that is moved into the container.
[[nodiscard]] helper::Link moved_link(const xml::Hostdev& hostdev, const xml::Domain& domain,
                                      const Root& root);
// Returns the init with everything about its rights; used for a start, and for a program that
// enters beside the init.
[[nodiscard]] helper::Init first_process(const xml::Domain& domain, const HostFacts& host,
                                         const CompileOptions& options);
[[nodiscard]] helper::Init init(const xml::Domain& domain);
// Sets a variable; an earlier one of the same name is removed.
void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value);
// Returns the compiled system call filter: that of <lx:seccomp profile>, else lxvirt's own.
[[nodiscard]] std::string seccomp(const xml::Domain& domain, const HostFacts& host,
                                  const CompileOptions& options);
// Adds the labels of <seclabel>.
void labels(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
            helper::Init& made);
// Adds what <lx:container> says about the init: limits, groups, privileges, settings in /proc.
void container_process(const xml::Container& container, helper::Init& made);
// Returns the capabilities that the policy and the elements keep; bit N stands for capability N.
[[nodiscard]] std::uint64_t capabilities(const xml::Domain& domain);
// Says whether a tree of the host is to be shown through the domain's id map.
[[nodiscard]] bool wants_idmap(const xml::Domain& domain, const HostFacts& host,
                               const std::string& source);
// Returns a mount of `path` over itself; `kind` is MountKind::protect (read-only) or
// MountKind::mask.
[[nodiscard]] helper::Mount over(helper::MountKind kind, std::string path);
// Returns the mount that hides a path: of the kernel's log, which readers wait for, by a FIFO.
[[nodiscard]] helper::Mount mask(std::string path);
// Adds what <lx:container> says to the other parts of the plan.
void container(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
               helper::Plan& plan);
// Adds what it says about mounts and the root.
void container_mounts(const xml::Domain& domain, const HostFacts& host,
                      const CompileOptions& options, std::vector<helper::Mount>& mounts);
// Sets what the link's end on the host drops. `resolved` is the interface as its network plugs it in.
void guard_link(const xml::Interface& given, const xml::Interface& resolved,
                const xml::Domain& domain, const HostFacts& host, helper::Link& link);
// Adds a route to each gateway that none of the addresses' subnets has, before the routes that use it.
void reach_gateways(const std::vector<helper::Address>& addresses,
                    std::vector<helper::Route>& routes);
// Adds what <lx:interface> says to the link of the domain's interface.
void apply_link_options(const xml::ContainerInterface& from, helper::Link& link);
// Adds what <lx:dev> says to the /dev of every container.
void container_dev(const xml::Domain& domain, const HostFacts& host, helper::Dev& dev);
// Says whether <lx:node state='off'> leaves out the node `name` of /dev.
[[nodiscard]] bool is_left_out(const xml::ContainerDev& dev, std::string_view name);
// Says whether every container has the node `path` ("/dev/null"), whatever the host has there.
[[nodiscard]] bool is_standard_node(std::string_view path);
// Returns the rules of <lx:device_rules>, in their order.
[[nodiscard]] std::vector<base::DeviceRule> container_rules(const xml::Domain& domain);
// Returns the rules for the nodes of the host that <lx:dev> names; a standard node has a rule
// already.
[[nodiscard]] std::vector<base::DeviceRule> node_rules(const xml::Domain& domain,
                                                       const HostFacts& host);

}  // namespace lxvirt::driver::compile
