#include "driver/plan/apparmor.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lxvirt::driver {

namespace {

// What follows the first line. A rule is about a path and not about a file, and a bind shows the
// same file at another path. So proc and sysfs can be mounted only where the path has their name,
// nothing below such a path can be bound or moved, and each denial holds below any path: a bind of
// "/", which systemd makes for its services, keeps the names. The calls of the
// newer interface of mounts, which AppArmor does not see before Linux 6.8, are closed by the filter
// of system calls (driver/plan/init.cc). A denial counts more than a permission. overlayfs is left
// out, as it would open the files below it at paths of its own.
constexpr std::string_view kRules = R"(  capability,
  deny capability mac_admin,
  deny capability mac_override,
  deny capability sys_module,
  deny capability sys_rawio,
  deny capability sys_time,
  file,
  network,
  signal,
  unix,
  dbus,
  umount,
  pivot_root,
  ptrace (readby, tracedby),
  ptrace peer=@{profile_name},

  mount fstype=(tmpfs, ramfs, devpts, mqueue, hugetlbfs, cgroup, cgroup2, fuse, fuse.*),
  mount fstype=proc -> /{,**/}proc/,
  mount fstype=sysfs -> /{,**/}sys/,
  mount fstype=fusectl -> /{,**/}sys/fs/fuse/connections/,
  mount options=(bind),
  mount options=(rbind),
  mount options=(move),

  deny mount fstype=proc -> /,
  deny mount fstype=proc -> /{,**/}{[^p/]*,p,p[^r/]*,pr,pr[^o/]*,pro,pro[^c/]*,proc?*}/,
  deny mount fstype=sysfs -> /,
  deny mount fstype=sysfs -> /{,**/}{[^s/]*,s,s[^y/]*,sy,sy[^s/]*,sys?*}/,
  deny mount fstype=(9p, bpf, btrfs, ceph, cifs, configfs, debugfs, devtmpfs, efivarfs, erofs, exfat, ext2, ext3, ext4, f2fs),
  deny mount fstype=(functionfs, hfsplus, iso9660, nfs, nfs4, nfsd, ntfs, ntfs3, overlay, pstore, resctrl, rpc_pipefs, securityfs),
  deny mount fstype=(selinuxfs, smackfs, smb3, squashfs, tracefs, udf, vfat, virtiofs, xfs, zfs),
  deny mount options in (bind, rbind, move, ro, rw, nosuid, nodev, noexec, noatime, nodiratime, relatime, strictatime, silent) /{,**/}{proc,sys}/{,**},
  deny mount options in (bind, rbind, move, ro, rw, nosuid, nodev, noexec, noatime, nodiratime, relatime, strictatime, silent) /{,**/}{proc,sys},

  deny /{,**/}proc/{acpi,bus,fs,irq,scsi}/** wklx,
  deny /{,**/}proc/{mtrr,latency_stats} wklx,
  deny /{,**/}proc/{kcore,kmem,kmsg,sysrq-trigger,timer_list} rwklx,
  deny /{,**/}proc/sys/[^fkn]*{,/**} wklx,
  deny /{,**/}sys/{block,bus,class,dev,devices,firmware,hypervisor,module,power}/** wklx,
  deny /{,**/}sys/fs/[^cf]*{,/**} wklx,
  deny /{,**/}sys/fs/c[^g]*{,/**} wklx,
  deny /{,**/}sys/fs/f[^u]*{,/**} wklx,
  deny /{,**/}sys/kernel/[^dhmns]*{,/**} wklx,
  deny /{,**/}sys/kernel/{d[^o],h[^o],m[^s],n[^s],s[^eh]}*{,/**} wklx,
  deny /{,**/}sys/kernel/{hotplug,seccomp/**,security/**} wklx,
  deny /{,**/}sys/kernel/{debug,tracing,security}/** r,
)";

// Returns the rules that allow changes of mounts: each combination of options is spelled out, 272
// lines, which apparmor_parser makes one automaton of. It takes a rule about a remount for one about
// new file systems with these options as well, which is why kRules denies the types that reach the
// host one by one.
std::string change_rules() {
    std::string text;
    for (const char* type : {"shared", "slave", "private", "unbindable"})
        for (const char* below : {"", "r"})
            for (const char* silent : {"", ", silent"})
                text += fmt::format("  mount options=({}{}{}),\n", below, type, silent);
    constexpr const char* flags[] = {", bind", ", nosuid", ", nodev", ", noexec", ", silent"};
    for (const char* write : {"ro", "rw"})
        for (const char* times : {"", ", relatime", ", noatime", ", strictatime"})
            for (unsigned set = 0; set < 1U << std::size(flags); ++set) {
                text += fmt::format("  mount options=({}, remount{}", write, times);
                for (unsigned bit = 0; bit < std::size(flags); ++bit)
                    if ((set >> bit & 1U) != 0) text += flags[bit];
                text += "),\n";
            }
    return text;
}

template <typename Domain>
auto* find_dynamic(Domain& domain) {
    const auto found = std::find_if(domain.seclabels.begin(), domain.seclabels.end(),
                                    [](const xml::SecurityLabel& label) {
                                        return label.type == "dynamic" && label.model == "apparmor";
                                    });
    return found == domain.seclabels.end() ? nullptr : &*found;
}

}  // namespace

xml::SecurityLabel* dynamic_profile_of(xml::Domain& domain) {
    return find_dynamic(domain);
}

const xml::SecurityLabel* dynamic_profile_of(const xml::Domain& domain) {
    return find_dynamic(domain);
}

std::string profile_name(const xml::Domain& domain, pid_t helper) {
    return fmt::format("lxvirt-{}-{}", helper, domain.uuid);
}

// "attach_disconnected" is for files that were opened in the host's mount namespace, such as the
// console.
std::string profile_text(std::string_view name) {
    return fmt::format("profile \"{}\" flags=(attach_disconnected,mediate_deleted) {{\n{}{}}}\n",
                       name, kRules, change_rules());
}

}  // namespace lxvirt::driver
