#include "shell/core/elsewhere.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text/text.hh"

namespace lxvirt::shell {

namespace {

constexpr std::string_view kRunInside =
    "'lxc-enter-namespace NAME PROGRAM' runs a program in the container";
constexpr std::string_view kEditDefinition =
    "'edit NAME' changes the definition, which the next start takes";
constexpr std::string_view kMoveContainer =
    "copy the root file system while the domain is off, and its definition with 'export' and "
    "'apply'";
constexpr std::string_view kCopyRoot =
    "copy or snapshot the root file system with the tools of its file system while the domain is "
    "off";

constexpr LackingCommands kLacking[] = {
    {"setmem setmaxmem memtune schedinfo blkiotune setvcpus vcpucount vcpuinfo vcpupin emulatorpin "
     "numatune domiftune set-lifecycle-action",
     "limits do not change live so far", kEditDefinition, true},
    {"cpu-stats domstats dommemstat domfsinfo domcontrol domtime domjobinfo",
     "there are no statistics so far",
     "'dominfo' and 'domifstat' tell some, the files of the container's control group the rest",
     true},
    {"send-process-signal", "signals go to the init alone so far",
     "'shutdown --mode signal', or 'lxc-enter-namespace NAME /bin/kill ...'", true},
    {"maxvcpus domcapabilities nodecpumap nodecpustats nodememstats freecell freepages "
     "node-memory-tune cpu-models",
     "these facts are the host's and not the containers'",
     "'capabilities' and 'nodeinfo', and the host's lscpu, free and numactl", true},
    {"snapshot-create snapshot-create-as snapshot-current snapshot-delete snapshot-dumpxml "
     "snapshot-edit snapshot-info snapshot-list snapshot-parent snapshot-revert",
     "there are no snapshots so far", kCopyRoot, true},
    {"find-storage-pool-sources-as find-storage-pool-sources pool-autostart pool-build "
     "pool-create-as pool-create pool-define-as pool-define pool-delete pool-destroy pool-dumpxml "
     "pool-edit pool-info pool-list pool-name pool-refresh pool-start pool-undefine pool-uuid "
     "pool-event pool-capabilities vol-clone vol-create-as vol-create vol-create-from vol-delete "
     "vol-download vol-dumpxml vol-info vol-key vol-list vol-name vol-path vol-pool vol-resize "
     "vol-upload vol-wipe",
     "there are no storage pools so far",
     "a <filesystem> or <disk> names a folder, a device or an image file of the host", true},
    {"blkdeviotune blockcommit blockcopy blockjob blockpull blockresize change-media "
     "domblkthreshold domblkerror",
     "block jobs belong to QEMU's disks",
     "'update-device' changes a disk; the host's tools resize its image"},
    {"domdisplay vncdisplay screenshot send-key inject-nmi reset dompmsuspend dompmwakeup "
     "update-memory-device",
     "a container has no display, keyboard, firmware or memory modules",
     "'console NAME' opens its terminal, 'reboot' and 'destroy' act on its init"},
    {"domfsfreeze domfsthaw domfstrim get-user-sshkeys set-user-sshkeys set-user-password "
     "guest-agent-timeout guestvcpus guestinfo",
     "no agent runs in a container", kRunInside},
    {"save restore managedsave managedsave-remove managedsave-edit managedsave-dumpxml "
     "managedsave-define save-image-define save-image-dumpxml save-image-edit dump domjobabort",
     "a container has no memory image that could be saved",
     "'suspend' and 'resume' stop it and let it go on"},
    {"migrate migrate-setmaxdowntime migrate-getmaxdowntime migrate-compcache migrate-setspeed "
     "migrate-getspeed migrate-postcopy domdirtyrate-calc",
     "containers are not migrated while they run", kMoveContainer},
    {"qemu-attach qemu-monitor-command qemu-monitor-event qemu-agent-command iothreadinfo "
     "iothreadpin iothreadadd iothreadset iothreaddel domlaunchsecinfo domsetlaunchsecstate perf "
     "setvcpu dom-fd-associate",
     "it is for QEMU only", kRunInside},
    {"cpu-baseline cpu-compare hypervisor-cpu-baseline hypervisor-cpu-compare nodesevinfo",
     "CPU models are for virtual machines; a container has the host's CPU", "'capabilities'"},
    {"allocpages nodesuspend", "it is the work of the host's own tools",
     "sysctl vm.nr_hugepages, systemctl suspend"},
    {"checkpoint-create checkpoint-create-as checkpoint-delete checkpoint-dumpxml checkpoint-edit "
     "checkpoint-info checkpoint-list checkpoint-parent backup-begin backup-dumpxml",
     "checkpoints and backups are block jobs of QEMU", kCopyRoot},
    {"iface-begin iface-bridge iface-commit iface-define iface-destroy iface-dumpxml iface-edit "
     "iface-list iface-mac iface-name iface-rollback iface-start iface-unbridge iface-undefine",
     "the host's own interfaces are the work of its network tools",
     "ip, netplan, nmcli or /etc/network/interfaces; 'net-define' makes bridges for containers"},
    {"nwfilter-define nwfilter-dumpxml nwfilter-edit nwfilter-list nwfilter-undefine "
     "nwfilter-binding-create nwfilter-binding-delete nwfilter-binding-dumpxml "
     "nwfilter-binding-list",
     "filters are not defined one by one",
     "<lx:guard>, or <filterref filter='clean-traffic'/> and the like, in an interface"},
    {"nodedev-create nodedev-destroy nodedev-detach nodedev-dumpxml nodedev-list nodedev-reattach "
     "nodedev-reset nodedev-event nodedev-define nodedev-undefine nodedev-start nodedev-autostart "
     "nodedev-info",
     "the host's devices are listed by its own tools",
     "lsblk, lsusb and ip link; a <hostdev> or <disk> gives a device to a container"},
    {"secret-define secret-dumpxml secret-event secret-get-value secret-list secret-set-value "
     "secret-undefine",
     "nothing in a container's definition uses secrets", ""},
};

// Returns the number of letters to insert, drop, change or swap that make one word of the other
// (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

// Returns the commands that are nearest to `name`, if any is near enough: a third of its letters may
// differ.
std::vector<std::string_view> nearest(std::span<const Group> groups, std::string_view name) {
    constexpr std::size_t kLongest = 40;  // no command has so long a name
    std::vector<std::string_view> found;
    if (name.size() > kLongest) return found;
    std::size_t least = std::max<std::size_t>(name.size() / 3, 1);
    for (const Group& group : groups)
        for (const Command& command : group.commands) {
            const std::size_t apart = distance(name, command.name);
            if (apart > least) continue;
            if (apart < least) found.clear();
            least = apart;
            found.push_back(command.name);
        }
    return found;
}

}  // namespace

std::span<const LackingCommands> lacking_commands() {
    return kLacking;
}

std::vector<std::string> unknown_command_lines(std::span<const Group> groups,
                                               std::string_view name) {
    std::vector<std::string> lines{fmt::format("unknown command: '{}'", name)};
    for (const LackingCommands& some : kLacking) {
        if (!base::contains_word(some.names, name)) continue;
        lines.push_back(fmt::format("virsh has it, lxsh {}: {}{}{}",
                                    some.planned ? "not yet" : "refuses it", some.because,
                                    some.instead.empty() ? "" : "; instead: ", some.instead));
        return lines;
    }
    if (const auto near = nearest(groups, name); !near.empty())
        lines.push_back(fmt::format("did you mean '{}'?", fmt::join(near, "' or '")));
    return lines;
}

}  // namespace lxvirt::shell
