// What dnsmasq, which reads what containers send, gives up before it begins.
#pragma once

#include <string>

namespace lxvirt::netd {

// Confines the calling process, which then executes `program`: no_new_privs; by Landlock it writes
// below `folder` and to /dev/null only, and executes `program` and its ELF interpreter only, while
// reading is left to the modes of files; a seccomp filter refuses the calls by which a process
// reaches others, mounts, namespaces, modules, BPF and io_uring, and sockets other than those of
// IPv4, IPv6, AF_UNIX and NETLINK_ROUTE. dnsmasq itself keeps CAP_NET_ADMIN, CAP_NET_RAW and
// CAP_NET_BIND_SERVICE of root's, and becomes another user. Throws SystemError.
// Sources: landlock(7), seccomp(2), dnsmasq(8).
void confine_dnsmasq(const std::string& program, const std::string& folder);

}  // namespace lxvirt::netd
