// tests/golden/native/CASE.lxc is converted; CASE.out is the domain XML, CASE.account what is told
// of its lines. TESTS_ACCEPT=1 rewrites both. What is asked of the host is answered by the test.
#include <regex>

#include <gmock/gmock.h>

#include "base/error.hh"
#include "driver/native/containers.hh"
#include "driver/native/convert.hh"
#include "tests/support/folder.hh"
#include "tests/support/golden.hh"
#include "tests/unit/driver/native_facts.hh"
#include "xml/parse.hh"

namespace lxvirt::driver::native {
namespace {

using tests::TemporaryFolder;
using xml::basename_of;
using xml::case_name;
using xml::compare;
using xml::documents;
using xml::stem;
using xml::tests_folder;

using ::testing::HasSubstr;

std::string told(const Conversion& made) {
    std::string text;
    for (Entry entry : made.account.entries) {
        entry.file = basename_of(entry.file);
        if (entry.verdict != Verdict::exact) text += entry.message() + "\n";
    }
    return stable(text + made.account.summary() + "\n");
}

class NativeGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(NativeGolden, IsConvertedWithAnAccount) {
    const std::string path = GetParam();
    const Conversion made = convert(path, {}, test_facts());
    const std::string xml = xml::format_domain(made.domain);
    compare(stem(path) + ".out", stable(xml));
    compare(stem(path) + ".account", told(made));
    // What comes out can be defined as it is.
    EXPECT_EQ(xml::format_domain(xml::parse_domain(xml, {.validate = true}).domain), xml);
}

INSTANTIATE_TEST_SUITE_P(Golden, NativeGolden,
                         ::testing::ValuesIn(documents(tests_folder() + "/golden/native", ".lxc")),
                         [](const auto& document) { return case_name(document.param); });

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

INSTANTIATE_TEST_SUITE_P(
    Keys, NativeKey,
    ::testing::Values(
        KeyCase{"lxc.arch = i586", "<type arch='i686'>", "3 exact"},
        KeyCase{"lxc.arch = warp", "<type arch=", "not a machine type"},
        KeyCase{"lxc.init.cmd = \"/bin/my init\" -v 'a b'", "<init>/bin/my init</init>", "3 exact"},
        KeyCase{"lxc.init_cmd = systemd", "<init>/sbin/systemd</init>", "approximated: as '/sbin/"},
        KeyCase{"lxc.init.cwd = /srv", "<initdir>/srv</initdir>", "3 exact"},
        KeyCase{"lxc.init_uid = 1000", "<inituser>1000</inituser>", "3 exact"},
        KeyCase{"lxc.init.gid = 100", "<initgroup>100</initgroup>", "3 exact"},
        KeyCase{"lxc.init.groups = 4,24", "<lx:init groups='4,24'/>", "kept as <lx:init>"},
        KeyCase{"lxc.environment = A=b c", "<initenv name='A'>b c</initenv>", "3 exact"},
        KeyCase{"lxc.environment = LANG", "<lx:environment name='LANG'/>", "kept as <lx:env"},
        KeyCase{"lxc.id_map = u 0 100000 65536\nlxc.id_map = g 0 100000 65536",
                "<uid start='0' target='100000' count='65536'/>", "4 exact"},
        KeyCase{"lxc.idmap = u 0 one 2", "<init>", "not 'u|g|b ID-INSIDE"},
        KeyCase{"lxc.rootfs.options = ro,noatime", "<readonly/>", "kept as <lx:rootfs options>"},
        KeyCase{"lxc.mount.entry = tmpfs run tmpfs size=10m 0 0", "usage='10240'", "3 exact"},
        KeyCase{"lxc.mount.entry = shm dev/shm tmpfs defaults 0 0", "<lx:mount source='shm'",
                "kept as <lx:mount>"},
        KeyCase{"lxc.mount.entry = /dev/kvm dev/kvm none bind,create=file", "<char>/dev/kvm</char>",
                "3 exact"},
        KeyCase{"lxc.mount.entry = /dev/sda1 dev/sda1 none bind", "<block>/dev/sda1</block>",
                "3 exact"},
        KeyCase{"lxc.mount.entry = /a /srv/c/b none bind", "<target dir='/b'/>", "3 exact"},
        KeyCase{"lxc.mount.entry = /a /elsewhere none bind", "<init>", "is not below the root"},
        KeyCase{"lxc.mount.entry = /a ../b none bind", "<init>", "is not below the root"},
        KeyCase{"lxc.mount.entry = /a b none bind,optional", "<lx:mount source='/a' target='/b'",
                "kept"},
        KeyCase{"lxc.mount.auto = proc:mixed sys:ro", "<init>", "3 exact"},
        KeyCase{"lxc.mount.auto = sys:rw", "<lx:mount_auto>sys:rw</lx:mount_auto>", "kept"},
        KeyCase{"lxc.mount = /absent/fstab", "<init>", "No such file"},
        KeyCase{"lxc.autodev = 0", "<init>", "always makes the container's /dev"},
        KeyCase{"lxc.net.0.type = empty", "<privnet/>", "3 exact"},
        KeyCase{"lxc.net.0.type = veth", "<interface type='ethernet'>", "3 exact"},
        KeyCase{"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.pair = v0\n"
                "lxc.net.0.mtu = 1400",
                "<mtu size='1400'/>", "6 exact"},
        KeyCase{
            "lxc.net.0.type = macvlan\nlxc.net.0.link = eth0\nlxc.net.0.macvlan.mode = passthru",
            "<source dev='eth0' mode='passthrough'/>", "5 exact"},
        KeyCase{"lxc.net.0.type = ipvlan\nlxc.net.0.link = eth0", "<interface type='direct'>",
                "as a macvlan"},
        KeyCase{"lxc.net.0.type = phys\nlxc.net.0.link = eth1", "<interface>eth1</interface>",
                "4 exact"},
        KeyCase{"lxc.net.0.type = vlan\nlxc.net.0.link = eth1\nlxc.net.0.vlan.id = 7",
                "<interface>eth1.7</interface>", "which has to be there"},
        KeyCase{"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.ipv4.address = 10.1.2.3",
                "<ip address='10.1.2.3' family='ipv4' prefix='8'/>", "5 exact"},
        KeyCase{"lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.ipv4.gateway = auto",
                "gateway='10.0.3.1'", "approximated: as '10.0.3.1'"},
        KeyCase{"lxc.net.0.type = veth\nlxc.net.0.link = br7\nlxc.net.0.ipv4.gateway = auto",
                "<interface", "has no address to take"},
        KeyCase{"lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.mode = router",
                "<lx:option name='veth.mode' value='router'/>", "kept as <lx:interface>"},
        KeyCase{"lxc.network.link = br0", "<init>", "no lxc.network.type opened a NIC"},
        KeyCase{"lxc.namespace.share.net = other", "<lxc:sharenet type='name' value='other'/>",
                "3 exact"},
        KeyCase{"lxc.namespace.share.ipc = 123", "<lxc:shareipc type='pid' value='123'/>",
                "3 exact"},
        KeyCase{"lxc.cap.drop = sys_time CAP_SYS_MODULE", "<sys_module state='off'/>", "3 exact"},
        KeyCase{"lxc.cap.keep = chown", "<capabilities policy='deny'>", "3 exact"},
        KeyCase{"lxc.cap.drop = fly", "<init>", "there is no capability 'fly'"},
        KeyCase{"lxc.cgroup.memory.limit_in_bytes = 256M", "<memory unit='KiB'>262144</memory>",
                "3 exact"},
        KeyCase{"lxc.cgroup2.memory.max = 1G\nlxc.cgroup2.memory.swap.max = 512M",
                "<swap_hard_limit unit='KiB'>1572864</swap_hard_limit>", "4 exact"},
        KeyCase{"lxc.cgroup2.cpu.weight = 50", "<shares>512</shares>", "3 exact"},
        KeyCase{"lxc.cgroup2.cpu.max = 50000 100000", "<quota>50000</quota>", "3 exact"},
        KeyCase{"lxc.cgroup.cpuset.cpus = 0-1", "cpuset='0-1'", "3 exact"},
        KeyCase{"lxc.cgroup.cpuset.mems = 0", "nodeset='0'", "3 exact"},
        KeyCase{"lxc.cgroup.blkio.weight = 500", "<weight>500</weight>", "3 exact"},
        KeyCase{"lxc.cgroup.pids.max = 100", "<lx:cgroup version='1' name='pids.max' value='100'/>",
                "kept as <lx:cgroup>"},
        KeyCase{"lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c 1:3 rwm", "<init>",
                "4 exact"},
        KeyCase{"lxc.cgroup.devices.allow = c 10:200 rwm", "value='c 10:200 rwm'", "kept"},
        KeyCase{"lxc.cgroup.dir = /lxc.slice", "<partition>/lxc.slice</partition>", "3 exact"},
        KeyCase{"lxc.tty = 3", "port='2'", "3 exact"},
        KeyCase{"lxc.console.logfile = /var/log/c", "<log file='/var/log/c' append='on'/>",
                "3 exact"},
        KeyCase{"lxc.aa_profile = unconfined", "<seclabel type='none' model='apparmor'/>",
                "3 exact"},
        KeyCase{"lxc.selinux.context = system_u:s", "<label>system_u:s</label>", "approximated"},
        KeyCase{"lxc.seccomp = /etc/p", "<lx:seccomp profile='/etc/p'/>", "kept as <lx:seccomp>"},
        KeyCase{"lxc.prlimit.nofile = 1024:unlimited",
                "<lx:prlimit name='nofile' soft='1024' hard='unlimited'/>", "kept"},
        KeyCase{"lxc.limit.core = 0", "<lx:prlimit name='core' soft='0' hard='0'/>", "kept"},
        KeyCase{"lxc.sysctl.net.core.somaxconn = 256",
                "<lx:sysctl name='net.core.somaxconn' value='256'/>", "kept"},
        KeyCase{"lxc.proc.oom_score_adj = 10", "<lx:proc name='oom_score_adj' value='10'/>",
                "kept"},
        KeyCase{"lxc.no_new_privs = 1", "<lx:no_new_privs/>", "kept"},
        KeyCase{"lxc.haltsignal = SIGTERM", "<lx:signal halt='SIGTERM'/>", "lxc.haltsignal: kept"},
        KeyCase{"lxc.time.offset.boot = 1h", "<lx:time boot='1h'/>", "does not act upon"},
        KeyCase{"lxc.start.order = 5\nlxc.start.delay = 2", "<lx:autostart order='5' delay='2'/>",
                "2 kept"},
        KeyCase{"lxc.group = onboot,web", "<lx:group name='web'/>", "kept as <lx:group>"},
        KeyCase{"lxc.hook.version = 1\nlxc.hook.pre-start = /bin/x y",
                "<lx:hook type='pre-start' command='/bin/x y'/>", "kept as <lx:hook>\n"},
        KeyCase{"lxc.log.level = 1", "<lx:key name='lxc.log.level' value='1'/>", "not acted upon"},
        KeyCase{"lxc.pts = 1024", "<lx:key name='lxc.pty.max' value='1024'/>", "not acted upon"},
        KeyCase{"lxc.kmsg = 0", "<init>", "obsolete"},
        KeyCase{"lxc.nonsense = 1", "<init>", "lxc knows no such key"},
        KeyCase{"lxc.cap.drop", "<init>", "there is no '='"},
        KeyCase{"lxc.include = /absent.conf", "<init>", "lxc.include: not translated: open"}));

TEST(Native, TakesTheFolderForAName) {
    const TemporaryFolder folder;
    base::write_atomic(folder / "config", "lxc.rootfs = /srv/c\n");
    const Conversion made = convert(folder / "config", {}, test_facts());
    EXPECT_THAT(made.name_from, HasSubstr("the folder"));
    EXPECT_EQ(made.domain.name, basename_of(folder.path()));
}

TEST(Native, NeedsARoot) {
    const TemporaryFolder folder;
    base::write_atomic(folder / "config", "lxc.uts.name = c\n");
    EXPECT_THROW((void)convert(folder / "config", {}, test_facts()), base::Error);
    EXPECT_EQ(convert(folder / "config", {.rootfs = "/srv/x"}, test_facts()).domain.root()->source,
              "/srv/x");
}

TEST(Native, FollowsIncludesOnce) {
    const TemporaryFolder folder;
    const std::string path = folder / "config";
    base::write_atomic(path, fmt::format("lxc.rootfs = /srv/c\nlxc.include = {}\n", path));
    const Config config = read_config(path);
    EXPECT_EQ(config.lines.size(), 1U);
    ASSERT_EQ(config.problems.size(), 1U);
    EXPECT_THAT(config.problems.front().text, HasSubstr("includes itself"));
}

TEST(Native, FindsContainersAndTheirMonitors) {
    const TemporaryFolder folder;
    base::make_folders(folder / "b");
    base::make_folders(folder / "a");
    base::make_folders(folder / "empty");
    base::write_atomic(folder / "a/config", "");
    base::write_atomic(folder / "b/config", "");
    const auto found = find_containers(folder.path() + "/");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].name, "a");
    EXPECT_EQ(found[1].config, folder / "b/config");
    EXPECT_FALSE(found[0].running);
    EXPECT_THROW((void)find_containers(folder / "absent"), base::SystemError);

    constexpr const char* sockets =
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "ffff8881: 00000002 00000000 00010000 0001 01 12345 @/srv/lxc/web/command\n";
    EXPECT_TRUE(has_monitor(sockets, "/srv/lxc", "web"));
    EXPECT_FALSE(has_monitor(sockets, "/srv/lxc", "we"));
    EXPECT_FALSE(has_monitor(sockets, "/lxc", "web"));
}

TEST(Native, AccountIsAvailableForPrograms) {
    const Account account{{{"f", 3, "lxc.x", Verdict::not_translated, "a \"b\""}}};
    EXPECT_THAT(account.json(), HasSubstr("{\"file\": \"f\", \"line\": 3, \"key\": \"lxc.x\", "
                                          "\"verdict\": \"not translated\", \"text\": "
                                          "\"a \\\"b\\\"\"}"));
}

}  // namespace
}  // namespace lxvirt::driver::native
