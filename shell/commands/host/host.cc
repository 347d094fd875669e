// capabilities, hostname, nodeinfo, sysinfo, uri and version: facts about the host. Layouts and
// error messages are virsh's, down to their small and capital first letters.
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

bool capabilities(Session& session, const Invocation&) {
    session.print(
        explain("failed to get capabilities", [&] { return session.connection().capabilities(); }) +
        "\n");
    return true;
}

bool hostname(Session& session, const Invocation&) {
    session.print_format(
        "{}\n", explain("failed to get hostname", [&] { return session.connection().hostname(); }));
    return true;
}

// As in virsh, an unknown frequency leaves its line out.
bool nodeinfo(Session& session, const Invocation&) {
    const driver::NodeInfo node = explain(
        "failed to get node information", [&] { return session.connection().node_info(); });
    const auto line = [&](std::string_view key, auto value, std::string_view unit = "") {
        session.print_format("{:<20} {}{}\n", key, value, unit);
    };
    line("CPU model:", node.model);
    line("CPU(s):", node.cpus);
    if (node.mhz != 0) line("CPU frequency:", node.mhz, " MHz");
    line("CPU socket(s):", node.sockets);
    line("Core(s) per socket:", node.cores);
    line("Thread(s) per core:", node.threads);
    line("NUMA cell(s):", node.nodes);
    line("Memory size:", node.memory, " KiB");
    return true;
}

bool sysinfo(Session& session, const Invocation&) {
    session.print(explain("failed to get sysinfo", [&] { return session.connection().sysinfo(); }));
    return true;
}

bool uri(Session& session, const Invocation&) {
    session.print_format("{}\n", session.connection().uri());
    return true;
}

constexpr Option kVersionOptions[] = {
    {"daemon", OptionType::boolean, "print the daemon's version, too, which is the driver's own"},
};

// Scripts compare these numbers with releases of libvirt, so they are those of the libvirt whose
// behaviour lxvirt has; the hypervisor is the kernel. --daemon adds the driver's version, since
// lxvirt has no daemon.
bool version(Session& session, const Invocation& invocation) {
    const driver::Version version = session.connection().version();
    session.print_format("Compiled against library: libvirt {}\n", version.libvirt);
    session.print_format("Using library: libvirt {}\n", version.libvirt);
    session.print_format("Using API: LXC {}\n", version.libvirt);
    session.print_format("Running hypervisor: LXC {}\n", version.hypervisor);
    if (invocation.has("daemon"))
        session.print_format("Running against daemon: {}\n", version.libvirt);
    return true;
}

constexpr Command kCommands[] = {
    {"capabilities",
     "print as XML what the host can run",
     "Print the host's processors, memory and kinds of containers.",
     {},
     capabilities},
    {"hostname", "the host's name", {}, {}, hostname},
    {"nodeinfo",
     "the host's processors and memory",
     "Print the host's processors and memory in a few lines.",
     {},
     nodeinfo},
    {"sysinfo",
     "print the host's hardware as XML",
     "Print what the firmware (SMBIOS) reports about the machine.",
     {},
     sysinfo},
    {"uri", "the URI of this connection", {}, {}, uri},
    {"version", "versions of interface, driver and kernel",
     "Print the libvirt release whose behaviour lxvirt has, and the kernel's\n"
     "version, since the kernel is the hypervisor. lxsh --version prints lxvirt's\n"
     "own.",
     kVersionOptions, version},
};

}  // namespace

std::span<const Command> host_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
