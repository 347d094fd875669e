// Every key of lxc.container.conf(5), each generation's names, one by one: what becomes of it.
#include <set>

#include <gmock/gmock.h>

#include "base/text/text.hh"
#include "driver/native/config.hh"
#include "tests/support/folder.hh"
#include "tests/unit/driver/native_facts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {
namespace {

using tests::TemporaryFolder;

using ::testing::HasSubstr;

// One line beside a root: the part of the XML it must show in, and the account's words.
struct KeyCase {
    const char* line;
    const char* xml;
    const char* account;
};

class NativeKey : public ::testing::TestWithParam<KeyCase> {};

TEST_P(NativeKey, IsTranslated) {
    const TemporaryFolder folder;
    const std::string path = folder / "config";
    base::write_atomic(
        path, fmt::format("lxc.uts.name = c\nlxc.rootfs.path = /srv/c\n{}\n", GetParam().line));
    const Conversion made = convert(path, {}, test_facts());
    EXPECT_THAT(xml::format_domain(made.domain), HasSubstr(GetParam().xml));
    EXPECT_THAT(told(made), HasSubstr(GetParam().account));
}

const std::vector<KeyCase>& cases() {
    static const std::vector<KeyCase> all{
        {"lxc.arch = i586", "<type arch='i686'>", "3 exact"},
        {"lxc.arch = warp", "<type arch=", "not a machine type"},
        {"lxc.init.cmd = /bin/echo it's 'a b' c", "<initarg>it&apos;s</initarg>", "3 exact"},
        {"lxc.init.cmd = /bin/echo it's 'a b' c",
         "<initarg>&apos;a</initarg>\n    <initarg>b&apos;</initarg>", "3 exact"},
        {"lxc.init.cmd = \"/bin/echo a b\"",
         "<initarg>a</initarg>\n    <initarg>b</initarg>\n  </os>", "3 exact"},
        {"lxc.init_cmd = systemd", "<init>/sbin/systemd</init>", "approximated: as '/sbin/"},
        {"lxc.init.cwd = /srv", "<initdir>/srv</initdir>", "3 exact"},
        {"lxc.init_uid = 1000", "<inituser>1000</inituser>", "3 exact"},
        {"lxc.init.gid = 100", "<initgroup>100</initgroup>", "3 exact"},
        {"lxc.init.groups = 4,24", "<lx:init groups='4,24'/>", "kept as <lx:init>"},
        {"lxc.environment = A=b c", "<initenv name='A'>b c</initenv>", "3 exact"},
        {"lxc.environment = EMPTY=", "<lx:environment name='EMPTY' value='' for='hooks'/>", "kept"},
        {"lxc.environment.runtime = A=b", "<lx:environment name='A' value='b' for='init'/>",
         "kept"},
        {"lxc.environment.hooks = A=b", "<lx:environment name='A' value='b' for='hooks'/>", "kept"},
        {"lxc.environment.hooks = LANG", "<init>", "no variable of the caller's"},
        {"lxc.environment = LANG", "<lx:environment name='LANG'/>", "kept as <lx:env"},
        {"lxc.id_map = u 0 100000 65536\nlxc.id_map = g 0 100000 65536",
         "<uid start='0' target='100000' count='65536'/>", "4 exact"},
        {"lxc.idmap = u 0 one 2", "<init>", "not 'u|g|b ID-INSIDE"},
        {"lxc.idmap = b 1000 1000 1\nlxc.idmap = b 0 100000 1000\nlxc.idmap = b 1001 101001 9\n"
         "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 01:00:5e:00:00:01",
         "<uid start='1000' target='1000' count='1'/>", "hwaddr: not translated: no domain"},
        {"lxc.idmap = u 0 100000 9", "<init>", "no row for groups: it needs both kinds"},
        {"lxc.idmap = b 1000 1000 1", "<init>", "no row maps the container's root"},
        {"lxc.idmap = b 0 100000 2000\nlxc.idmap = b 1000 1000 1", "<init>", "overlap inside"},
        {"lxc.idmap = b 0 100000 2000\nlxc.idmap = b 3000 100000 1", "<init>",
         "overlap on the host"},
        {"lxc.rootfs.options = ro,noatime", "<readonly/>", "kept as <lx:rootfs options>"},
        {"lxc.mount.entry = tmpfs run tmpfs size=10m 0 0",
         "<lx:mount source='tmpfs' target='/run' type='tmpfs' options='size=10m'/>", "kept"},
        {"lxc.mount.entry = tmpfs run tmpfs nosuid,nodev,mode=755,size=10m 0 0", "usage='10240'",
         "3 exact"},
        {"lxc.mount.entry = tmpfs run tmpfs nosuid,nodev,size=10m 0 0", "<lx:mount ", "kept"},
        {"lxc.mount.entry = tmpfs run tmpfs size=1000 0 0", "options='size=1000'", "kept"},
        {"lxc.mount.entry = shm dev/shm tmpfs defaults 0 0", "<lx:mount source='shm'",
         "kept as <lx:mount>"},
        {"lxc.mount.entry = /dev/kvm dev/kvm none bind,create=file", "<char>/dev/kvm</char>",
         "3 exact"},
        {"lxc.mount.entry = /dev/sda1 dev/sda1 none bind", "<block>/dev/sda1</block>", "3 exact"},
        {"lxc.mount.entry = /a /srv/c/b none bind", "<target dir='/b'/>", "3 exact"},
        {"lxc.mount.entry = /a /elsewhere none bind", "<init>", "is not below the root"},
        {"lxc.mount.entry = /a ../b none bind", "<init>", "is not below the root"},
        {"lxc.mount.entry = /a b none bind", "<lx:filesystem target='/b' submounts='no'/>",
         "3 exact"},
        {"lxc.mount.entry = /a b none rbind,ro", "<readonly/>\n    </filesystem>\n    <console",
         "3 exact"},
        {"lxc.mount.entry = /a b none rbind", "</console>\n  </devices>\n</domain>", "3 exact"},
        {"lxc.mount.entry = /absent/a b none bind,create=file", "options='bind,create=file'",
         "kept"},
        {"lxc.mount.entry = /etc/hosts b none bind,create=file", "<source dir='/etc/hosts'/>",
         "3 exact"},
        {"lxc.mount.entry = /etc/hosts b none bind,create=dir", "options='bind,create=dir'",
         "kept"},
        {"lxc.mount.entry = /a b none move,create=dir", "options='move,create=dir'", "kept"},
        {"lxc.mount.entry = /a b none bind,nosymfollow", "options='bind,nosymfollow'", "kept"},
        {"lxc.mount.entry = tmpfs run tmpfs size=10m\nlxc.mount.entry = /a run/a none rbind",
         "<lx:mount source='/a' target='/run/a' type='none' options='rbind'/>", "2 kept"},
        {"lxc.mount.entry = tmpfs run/a tmpfs size=10m\nlxc.mount.entry = /a run none rbind",
         "<lx:mount source='/a' target='/run' type='none' options='rbind'/>", "2 kept"},
        {"lxc.mount.entry = tmpfs run tmpfs size=10m\nlxc.mount.entry = /a runs none rbind",
         "<target dir='/runs'/>", "1 kept"},
        {"lxc.mount.entry = tmpfs dev tmpfs size=1m", "<init>", "mounts its own on '/dev'"},
        {"lxc.mount.entry = /proc proc none bind,optional", "<init>", "mounts its own on '/proc'"},
        {"lxc.mount.entry = /a dev none rbind,noexec\n"
         "lxc.mount.entry = /dev/kvm dev/kvm none bind,create=file",
         "target='/dev/kvm' type='none'", "2 kept"},
        {"lxc.mount.entry = proc proc proc ro,nosuid", "<lx:readonly path='/proc'/>",
         "and <lx:readonly>"},
        {"lxc.mount.entry = /a b none bind,optional", "<lx:mount source='/a' target='/b'", "kept"},
        {"lxc.mount.auto = proc:mixed sys:ro", "<init>", "3 exact"},
        {"lxc.mount.auto = sys:rw", "<lx:mount_auto>sys:rw</lx:mount_auto>", "kept"},
        {"lxc.mount = /absent/fstab", "<init>", "No such file"},
        {"lxc.autodev = 0", "<init>", "always makes the container's /dev"},
        {"lxc.net.0.type = empty", "<privnet/>", "3 exact"},
        {"lxc.net.0.type = veth", "<interface type='ethernet'>", "3 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.pair = v0\n"
         "lxc.net.0.mtu = 1400",
         "<mtu size='1400'/>", "6 exact"},
        {"lxc.net.0.type = macvlan\nlxc.net.0.link = eth0\nlxc.net.0.macvlan.mode = passthru",
         "<source dev='eth0' mode='passthrough'/>", "5 exact"},
        {"lxc.net.0.type = ipvlan\nlxc.net.0.link = eth0", "<interface type='direct'>",
         "kept as <lx:interface> of a direct interface"},
        {"lxc.net.0.type = phys\nlxc.net.0.link = eth1", "<interface>eth1</interface>", "4 exact"},
        {"lxc.net.0.type = vlan\nlxc.net.0.link = eth1\nlxc.net.0.vlan.id = 7",
         "<lx:option name='vlan.id' value='7'/>", "kept as <lx:interface> of a direct"},
        {"lxc.net.0.type = vlan\nlxc.net.0.link = eth1\nlxc.net.0.vlan.id = 5000", "<init>",
         "there is no vlan.id"},
        {"lxc.net.0.type = phys\nlxc.net.0.link = eth1\nlxc.net.0.name = lan0\n"
         "lxc.net.0.hwaddr = 02:16:3e:xx:xx:01\nlxc.net.0.mtu = 1400",
         "<lx:hostdev source='eth1' name='lan0' mac='02:16:3e:", "3 kept"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.ipv4.address = 10.1.2.3",
         "<ip address='10.1.2.3' family='ipv4' prefix='8'/>", "5 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 0.0.0.0/24",
         "<ip address='0.0.0.0' family='ipv4' prefix='24'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 192.168.7.9",
         "<ip address='192.168.7.9' family='ipv4' prefix='24'/>",
         "with the prefix 24 of its class; lxc on this machine takes 8"},
        {"lxc.cgroup.devices.allow = c 5:1 rwm", "<init>", "the host's own terminal"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 172.20.0.130 172.20.255.255",
         "<ip address='172.20.0.130' family='ipv4' prefix='16'/>", "broadcast"},
        {"lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:x:x:x", "<mac address='00:16:3e:0",
         "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.ipv4.gateway = auto",
         "gateway='10.0.3.1'", "approximated: as '10.0.3.1'"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br7\nlxc.net.0.ipv4.gateway = auto", "<interface",
         "has no address to take"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.mode = router",
         "<lx:option name='veth.mode' value='router'/>", "kept as <lx:interface>"},
        {"lxc.network.link = br0", "<init>", "no lxc.network.type opened a NIC"},
        {"lxc.namespace.share.net = other", "<lxc:sharenet type='name' value='other'/>", "3 exact"},
        {"lxc.namespace.share.ipc = 123", "<lxc:shareipc type='pid' value='123'/>", "3 exact"},
        {"lxc.cap.drop = sys_time CAP_SYS_MODULE", "<sys_module state='off'/>", "3 exact"},
        {"lxc.cap.keep = chown", "<capabilities policy='deny'>", "3 exact"},
        {"lxc.cap.drop = fly", "<init>", "there is no capability 'fly'"},
        {"lxc.cgroup.memory.limit_in_bytes = 256M", "<memory unit='KiB'>262144</memory>",
         "3 exact"},
        {"lxc.cgroup2.memory.max = 1G\nlxc.cgroup2.memory.swap.max = 512M",
         "<swap_hard_limit unit='KiB'>1572864</swap_hard_limit>", "4 exact"},
        {"lxc.cgroup2.cpu.weight = 50", "<shares>512</shares>", "3 exact"},
        {"lxc.cgroup2.cpu.max = 50000 100000", "<quota>50000</quota>", "3 exact"},
        {"lxc.cgroup.cpuset.cpus = 0-1", "cpuset='0-1'", "3 exact"},
        {"lxc.cgroup.cpuset.mems = 0", "nodeset='0'", "3 exact"},
        {"lxc.cgroup.blkio.weight = 500", "<weight>500</weight>", "3 exact"},
        {"lxc.cgroup.blkio.throttle.read_bps_device = 8:0 1048576",
         "<read_bytes_sec>1048576</read_bytes_sec>", "3 exact"},
        {"lxc.cgroup.blkio.throttle.write_bps_device = 8:0 1048576",
         "<write_bytes_sec>1048576</write_bytes_sec>", "3 exact"},
        {"lxc.cgroup.blkio.throttle.read_iops_device = 8:0 100\n"
         "lxc.cgroup.blkio.throttle.write_iops_device = 8:0 200",
         "<write_iops_sec>200</write_iops_sec>", "4 exact"},
        {"lxc.cgroup.blkio.weight_device = 8:0 500", "<path>/dev/sda</path>", "3 exact"},
        {"lxc.cgroup.blkio.throttle.read_bps_device = 8:16 1048576", "value='8:16 1048576'",
         "there is no block device 8:16 now"},
        {"lxc.cgroup2.io.max = 8:0 rbps=max wiops=7\nlxc.cgroup2.io.weight = 8:0 300\n"
         "lxc.cgroup2.io.weight = default 200",
         "<write_iops_sec>7</write_iops_sec>", "5 exact"},
        {"lxc.cgroup2.io.max = 8:0 7", "<init>", "takes no value"},
        {"lxc.cgroup.pids.max = 100", "<lx:cgroup version='1' name='pids.max' value='100'/>",
         "kept as <lx:cgroup>"},
        {"lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c 1:3 rwm",
         "<lx:deny device='a'/>\n      <lx:allow device='c 1:3'/>", "2 kept"},
        {"lxc.cgroup.devices.allow = c 10:200 rwm", "<lx:allow device='c 10:200'/>", "kept"},
        {"lxc.cgroup.devices.deny = c 1:9 rwm", "<lx:deny device='c 1:9'/>", "kept"},
        {"lxc.cgroup.devices.allow = c 10:200 rwm # /dev/net/tun", "<lx:allow device='c 10:200'/>",
         "kept"},
        {"lxc.cgroup.devices.allow = a", "<lx:allow device='a'/>", "kept"},
        {"lxc.cgroup.devices.deny = b 8 rwm", "<init>", "takes no value"},
        {"lxc.cgroup.devices.allow = c 1:3 rwm", "<init>", "3 exact"},
        {"lxc.cgroup.dir = ../../x", "<init>", "takes no value"},
        {"lxc.cgroup.dir = /lxc.slice", "<partition>/lxc.slice</partition>", "3 exact"},
        {"lxc.tty.max = 0", "<lx:node path='/dev/tty1' state='off'/>", "kept as <lx:dev>"},
        {"lxc.hook.start = /a\nlxc.hook =", "<init>", "4 exact"},
        {"lxc.sysctl.net.core.somaxconn = 2\nlxc.sysctl =\nlxc.prlimit.core = 0\nlxc.prlimit =",
         "<init>", "6 exact"},
        {"lxc.tty = 3", "port='2'", "one terminal"},
        {"lxc.console.logfile = /var/log/c", "<log file='/var/log/c' append='on'/>", "3 exact"},
        {"lxc.aa_profile = unconfined", "<seclabel type='none' model='apparmor'/>", "3 exact"},
        {"lxc.selinux.context = system_u:s", "<label>system_u:s</label>", "approximated"},
        {"lxc.seccomp = /etc/p", "<lx:seccomp profile='/etc/p'/>", "kept as <lx:seccomp>"},
        {"lxc.prlimit.nofile = 1024:unlimited",
         "<lx:prlimit name='nofile' soft='1024' hard='unlimited'/>", "kept"},
        {"lxc.limit.core = 0", "<lx:prlimit name='core' soft='0' hard='0'/>", "kept"},
        {"lxc.sysctl.net.core.somaxconn = 256",
         "<lx:sysctl name='net.core.somaxconn' value='256'/>", "kept"},
        {"lxc.proc.oom_score_adj = 10", "<lx:proc name='oom_score_adj' value='10'/>", "kept"},
        {"lxc.no_new_privs = 1", "<lx:no_new_privs/>", "kept"},
        {"lxc.haltsignal = SIGTERM", "<lx:signal halt='SIGTERM'/>", "lxc.haltsignal: kept"},
        {"lxc.time.offset.boot = 1h", "<lx:time boot='1h'/>", "kept as <lx:time>\n"},
        {"lxc.start.order = 5\nlxc.start.delay = 2", "<lx:autostart order='5' delay='2'/>",
         "2 kept"},
        {"lxc.group = onboot,web", "<lx:group name='web'/>", "kept as <lx:group>"},
        {"lxc.hook.version = 1\nlxc.hook.pre-start = /bin/x y",
         "<lx:hook type='pre-start' command='/bin/x y'/>", "kept as <lx:hook>\n"},
        {"lxc.log.level = 1", "<lx:key name='lxc.log.level' value='1'/>", "not acted upon"},
        {"lxc.pts = 1024", "<lx:key name='lxc.pty.max' value='1024'/>", "not acted upon"},
        {"lxc.kmsg = 0", "<init>", "obsolete"},
        {"lxc.nonsense = 1", "<init>", "lxc knows no such key"},
        {"lxc.cap.drop", "<init>", "there is no '='"},
        {"lxc.include = /absent.conf", "<init>", "lxc.include: not translated: open"},
        {"lxc.execute.cmd = /bin/x", "<lx:key name='lxc.execute.cmd'", "not acted upon"},
        {"lxc.rootfs.backend = dir", "<source dir='/srv/c'/>", "3 exact"},
        {"lxc.rootfs.mount = /mnt", "<lx:key name='lxc.rootfs.mount' value='/mnt'/>", "kept"},
        {"lxc.rootfs.managed = 0", "<lx:key name='lxc.rootfs.managed' value='0'/>", "kept"},
        {"lxc.mount.fstab = /var/lib/lxc/box/fstab", "<source dir='/srv/share'/>", "6 lines"},
        {"lxc.autodev.tmpfs.size = 500000", "<lx:dev size='500000'/>", "kept"},
        {"lxc.autodev.tmpfs.size = 12", "<init>", "4096 bytes or more"},
        {"lxc.net.0.type = veth\nlxc.net.0.name = lan0", "<guest dev='lan0'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.flags = up", "<link state='up'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.flags =", "<link state='down'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3E:1:2:3",
         "<mac address='00:16:3e:01:02:03'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:zz:xx:xx", "<interface",
         "not a hardware address"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv6.address = fd00::2", "prefix='64'", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv6.gateway = fd00::1",
         "<route family='ipv6' address='::' prefix='0' gateway='fd00::1'/>", "4 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.ipv4.gateway = dev", "<lx:option name='ipv4.gateway'",
         "kept as <lx:interface>"},
        {"lxc.net.0.type = ipvlan\nlxc.net.0.link = eth0\nlxc.net.0.ipvlan.mode = l3\n"
         "lxc.net.0.ipvlan.isolation = vepa",
         "<lx:option name='ipvlan.isolation' value='vepa'/>", "kept as <lx:interface>"},
        {"lxc.net.0.type = veth\nlxc.net.0.veth.n_rxqueues = 4\nlxc.net.0.veth.n_txqueues = 2",
         "<lx:option name='veth.n_txqueues' value='2'/>", "2 kept"},
        {"lxc.net.0.type = veth\nlxc.net.0.veth.ipv4.route = 10.9.0.0/16\n"
         "lxc.net.0.veth.ipv6.route = fd01::/64",
         "<lx:option name='veth.ipv4.route' value='10.9.0.0/16'/>", "2 kept"},
        {"lxc.net.0.type = veth\nlxc.net.0.l2proxy = 1", "<lx:option name='l2proxy'", "kept"},
        {"lxc.net.0.type = veth\nlxc.net.0.script.up = /bin/u\nlxc.net.0.script.down = /bin/d",
         "<lx:option name='script.down' value='/bin/d'/>", "2 kept"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.vlan.id = 5", "<tag id='5'/>",
         "5 exact"},
        {"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.vlan.tagged.id = 6",
         "<vlan trunk='yes'>", "5 exact"},
        {"lxc.net.0.type = none", "<capabilities policy='allow'/>\n  </features>", "3 exact"},
        {"lxc.net.0.type = carrier", "<init>", "no NIC has the type 'carrier'"},
        {"lxc.namespace.share.uts = /run/netns/blue", "<lxc:shareuts type='netns' value='blue'/>",
         "3 exact"},
        {"lxc.namespace.share.net = /proc/1/ns/net", "<init>", "not from a path"},
        {"lxc.namespace.share.pid = 1\nlxc.namespace.share.user = 1",
         "<lx:key name='lxc.namespace.share.user'", "2 kept"},
        {"lxc.namespace.keep = net\nlxc.namespace.clone = mount",
         "<lx:key name='lxc.namespace.clone'", "2 kept"},
        {"lxc.monitor.unshare = 1\nlxc.monitor.signal.pdeath = 9",
         "<lx:key name='lxc.monitor.signal.pdeath' value='9'/>", "2 kept"},
        {"lxc.cgroup.memory.soft_limit_in_bytes = 1M", "<soft_limit unit='KiB'>1024<", "3 exact"},
        {"lxc.cgroup.memory.memsw.limit_in_bytes = 1G", "<swap_hard_limit unit='KiB'>1048576<",
         "3 exact"},
        {"lxc.cgroup2.memory.high = 2M", "<soft_limit unit='KiB'>2048<", "3 exact"},
        {"lxc.cgroup.cpu.shares = 7", "<shares>7</shares>", "3 exact"},
        {"lxc.cgroup.cpu.cfs_period_us = 50000\nlxc.cgroup.cpu.cfs_quota_us = 25000",
         "<quota>25000</quota>", "4 exact"},
        {"lxc.cgroup2.io.weight = 300", "<weight>300</weight>", "3 exact"},
        {"lxc.cgroup.hugetlb.2MB.limit_in_bytes = 0",
         "<lx:cgroup version='1' name='hugetlb.2MB.limit_in_bytes' value='0'/>", "kept"},
        {"lxc.cgroup.relative = 1", "<lx:key name='lxc.cgroup.relative' value='1'/>", "kept"},
        {"lxc.cgroup.dir.container = a", "<lx:key name='lxc.cgroup.dir.container'", "kept"},
        {"lxc.cgroup2.devices.allow = c 10:200 rwm\n"
         "lxc.mount.entry = /dev/net/tun dev/net/tun none bind,create=file",
         "<char>/dev/net/tun</char>", "4 exact"},
        {"lxc.tty.dir = lxc", "<lx:key name='lxc.tty.dir' value='lxc'/>", "kept"},
        {"lxc.console.path = /dev/tty9", "<console type='pty'>", "there is always a console"},
        {"lxc.console.size = 1MB\nlxc.console.rotate = 1\nlxc.console.buffer.size = 4096",
         "<lx:key name='lxc.console.buffer.size' value='4096'/>", "3 kept"},
        {"lxc.apparmor.profile = generated", "<seclabel type='dynamic' model='apparmor'", "kept"},
        {"lxc.apparmor.allow_incomplete = 1\nlxc.apparmor.raw = deny mount,\n"
         "lxc.apparmor.allow_nesting = 1",
         "<lx:key name='lxc.apparmor.raw' value='deny mount,'/>", "3 kept"},
        {"lxc.selinux.context.keyring = a:b", "<lx:key name='lxc.selinux.context.keyring'", "kept"},
        {"lxc.seccomp.allow_nesting = 1\nlxc.seccomp.notify.proxy = unix:/x",
         "<lx:key name='lxc.seccomp.notify.proxy'", "2 kept"},
        {"lxc.sched.core = 1", "<lx:core_scheduling/>", "kept"},
        {"lxc.signal.reboot = SIGINT\nlxc.signal.stop = 9", "<lx:signal reboot='SIGINT' stop='9'/>",
         "2 kept"},
        {"lxc.time.offset.monotonic = -5s", "<lx:time monotonic='-5s'/>", "kept"},
        {"lxc.ephemeral = 1", "<lx:key name='lxc.ephemeral' value='1'/>", "kept"},
        {"lxc.log.file = /l\nlxc.log.syslog = daemon", "<lx:key name='lxc.log.syslog'", "2 kept"},
        {"lxc.sched.core = 0", "<init>", "exact"},
        {"lxc.keyring.session = 0", "<lx:keyring session='no'/>", "no one else's"},
        {"lxc.keyring.session = 1", "<init>", "exact"},
        {"lxc.start.auto = 1", "<init>", "'autostart' sets it"},
        {"lxc.pivotdir = x", "<init>", "obsolete"},
    };
    return all;
}

INSTANTIATE_TEST_SUITE_P(Keys, NativeKey, ::testing::ValuesIn(cases()));

// The keys of lxc up to 7.0, and those that went before.
constexpr std::string_view kKeys =
    "uts.name arch init.cmd execute.cmd init.cwd init.uid init.gid init.groups environment idmap "
    "environment.runtime environment.hooks cgroup.blkio.weight_device cgroup2.io.max "
    "cgroup.blkio.throttle.read_bps_device cgroup.blkio.throttle.write_bps_device "
    "cgroup.blkio.throttle.read_iops_device cgroup.blkio.throttle.write_iops_device "
    "rootfs.path rootfs.backend rootfs.options rootfs.mount rootfs.managed mount.entry mount.fstab "
    "mount.auto autodev autodev.tmpfs.size net.0.type net.0.link net.0.veth.pair net.0.name "
    "net.0.mtu net.0.hwaddr net.0.flags net.0.ipv4.address net.0.ipv4.gateway net.0.ipv6.address "
    "net.0.ipv6.gateway net.0.macvlan.mode net.0.ipvlan.mode net.0.ipvlan.isolation net.0.vlan.id "
    "net.0.veth.mode net.0.veth.n_rxqueues net.0.veth.n_txqueues net.0.veth.ipv4.route "
    "net.0.veth.ipv6.route net.0.l2proxy net.0.veth.vlan.id net.0.veth.vlan.tagged.id "
    "net.0.script.up net.0.script.down namespace.share.net namespace.share.ipc namespace.share.uts "
    "namespace.share.pid namespace.share.user namespace.keep namespace.clone time.offset.boot "
    "time.offset.monotonic monitor.unshare monitor.signal.pdeath cap.drop cap.keep "
    "cgroup.memory.limit_in_bytes cgroup.memory.soft_limit_in_bytes "
    "cgroup.memory.memsw.limit_in_bytes cgroup2.memory.max cgroup2.memory.high "
    "cgroup2.memory.swap.max cgroup.cpu.shares cgroup.cpu.cfs_period_us cgroup.cpu.cfs_quota_us "
    "cgroup2.cpu.weight cgroup2.cpu.max cgroup.cpuset.cpus cgroup.cpuset.mems cgroup.blkio.weight "
    "cgroup2.io.weight cgroup.devices.allow cgroup.devices.deny cgroup2.devices.allow "
    "cgroup.pids.max cgroup.hugetlb.2MB.limit_in_bytes cgroup.dir cgroup.dir.container "
    "cgroup.relative tty.max pty.max tty.dir console.path console.logfile console.size "
    "console.rotate console.buffer.size apparmor.profile apparmor.allow_nesting "
    "apparmor.allow_incomplete apparmor.raw selinux.context selinux.context.keyring "
    "seccomp.profile seccomp.allow_nesting seccomp.notify.proxy prlimit.nofile prlimit.core "
    "sysctl.net.core.somaxconn proc.oom_score_adj no_new_privs sched.core signal.halt "
    "signal.reboot signal.stop ephemeral log.file log.level log.syslog keyring.session start.auto "
    "start.order start.delay group hook.version hook.pre-start kmsg pivotdir include";

TEST(NativeKeys, EachHasACase) {
    std::set<std::string> tried{"uts.name", "rootfs.path"};  // in all of them
    for (const KeyCase& one : cases())
        for (const std::string_view line : base::split(one.line, '\n'))
            tried.insert(modern_name(base::trim(line.substr(0, line.find('=')))));
    for (const std::string_view key : base::split_words(kKeys))
        EXPECT_EQ(tried.count(std::string(key)), 1U) << key;
}

TEST(NativeKeys, EachHookAndLimitIsKnown) {
    const TemporaryFolder folder;
    std::string text = "lxc.rootfs.path = /srv/c\n";
    for (const std::string_view hook : xml::kHookTypes)
        text += fmt::format("lxc.hook.{} = /h\n", hook);
    for (const std::string_view limit : xml::kLimitNames)
        text += fmt::format("lxc.prlimit.{} = 7\n", limit);
    base::write_atomic(folder / "config", text);
    const Conversion made = convert(folder / "config", {}, test_facts());
    EXPECT_EQ(made.verdicts.count(Verdict::not_translated), 0U) << told(made);
    EXPECT_EQ(made.domain.container.hooks.size(), xml::kHookTypes.size());
    EXPECT_EQ(made.domain.container.limits.size(), xml::kLimitNames.size());
}

// Names of before lxc 2.1 mean what the modern ones mean.
TEST(NativeKeys, OldNamesAreRead) {
    const std::pair<const char*, const char*> names[] = {
        {"utsname", "uts.name"},
        {"init_cmd", "init.cmd"},
        {"init_uid", "init.uid"},
        {"init_gid", "init.gid"},
        {"id_map", "idmap"},
        {"rootfs", "rootfs.path"},
        {"mount", "mount.fstab"},
        {"tty", "tty.max"},
        {"devttydir", "tty.dir"},
        {"pts", "pty.max"},
        {"console", "console.path"},
        {"aa_profile", "apparmor.profile"},
        {"aa_allow_incomplete", "apparmor.allow_incomplete"},
        {"se_context", "selinux.context"},
        {"seccomp", "seccomp.profile"},
        {"haltsignal", "signal.halt"},
        {"rebootsignal", "signal.reboot"},
        {"stopsignal", "signal.stop"},
        {"syslog", "log.syslog"},
        {"loglevel", "log.level"},
        {"logfile", "log.file"},
        {"start.unshare", "monitor.unshare"},
        {"limit.nofile", "prlimit.nofile"}};
    for (const auto& [old, modern] : names)
        EXPECT_EQ(modern_name(std::string("lxc.") + old), modern);
}

}  // namespace
}  // namespace lxvirt::driver::native
