// Plans without a host: what a domain becomes, section by section.
#include "driver/plan/compile.hh"
#include "driver/plan/apparmor.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>

#include "base/error.hh"
#include "compile_fixture.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Compile, NamesGroupsAfterTheSupervisor) {
    const helper::Plan plan = plan_of("");
    EXPECT_EQ(plan.groups.outer, "/machine/lxc-4242-a b.libvirt-lxc");
    EXPECT_TRUE(plan.groups.inner.starts_with(plan.groups.outer + "/"));
    EXPECT_EQ(plan.init.hostname, "ab");
    xml::Domain domain = domain_of("");
    domain.name = "büro 1";
    EXPECT_EQ(plan_of(domain).init.hostname, "xn--bro1-0ra");
    domain.name = "\xff";
    EXPECT_EQ(plan_of(domain).init.hostname, "");
    EXPECT_THAT(plan.init.environment, Contains("container=lxc-libvirt"));
    EXPECT_THAT(plan.init.environment, Contains("LIBVIRT_LXC_NAME=a b"));
}

TEST(Compile, VariablesOfTheDefinitionReplaceOurs) {
    xml::Domain domain = domain_of("");
    domain.os.initenv = {{"PATH", "/opt/bin"}, {"A", "1"}, {"A", "2"}};
    const helper::Plan plan = plan_of(domain);
    EXPECT_THAT(plan.init.environment, Contains("PATH=/opt/bin"));
    EXPECT_THAT(plan.init.environment, Contains(StartsWith("PATH=")).Times(1));
    EXPECT_THAT(plan.init.environment, Contains("A=2"));
    EXPECT_THAT(plan.init.environment, Not(Contains("A=1")));
}

TEST(Compile, WithoutNicSharesTheHostsNetwork) {
    EXPECT_EQ(plan_of("").namespaces.fresh & CLONE_NEWNET, 0U);
    EXPECT_NE(plan_of("<features><privnet/></features>").namespaces.fresh & CLONE_NEWNET, 0U);
}

TEST(Compile, WritesLimitsInTheHierarchysTerms) {
    const std::string tune =
        "<memtune><swap_hard_limit>3072</swap_hard_limit></memtune>"
        "<cputune><shares>2048</shares><period>50000</period><quota>25000</quota></cputune>";
    const helper::Plan v1 = plan_of(tune);
    EXPECT_EQ(limit_of(v1, "memory.limit_in_bytes"), "1048576");
    EXPECT_EQ(limit_of(v1, "memory.memsw.limit_in_bytes"), "3145728");
    EXPECT_EQ(limit_of(v1, "cpu.shares"), "2048");
    EXPECT_EQ(limit_of(v1, "cpu.cfs_quota_us"), "25000");
    HostFacts host = made_host();
    host.hierarchies = base::parse_hierarchies("1 0 0:1 / /cg rw - cgroup2 cgroup2 rw\n");
    host.hierarchies[0].controllers = {"memory", "cpu"};
    const helper::Plan v2 = plan_of(tune, host);
    EXPECT_EQ(limit_of(v2, "memory.max"), "1048576");
    EXPECT_EQ(limit_of(v2, "memory.swap.max"), "2097152");
    EXPECT_EQ(limit_of(v2, "cpu.weight"), "200");
    EXPECT_EQ(limit_of(v2, "cpu.max"), "25000 50000");
}

TEST(Compile, NamesTheMissingController) {
    try {
        (void)plan_of("<blkiotune><weight>500</weight></blkiotune>");
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("'blkio', which this host does not have"));
    }
}

TEST(Compile, DropsCapabilitiesByPolicy) {
    const auto has = [](const helper::Plan& plan, unsigned number) {
        return (plan.init.capabilities >> number & 1U) != 0;
    };
    const helper::Plan standard = plan_of("");
    EXPECT_FALSE(has(standard, CAP_SYS_MODULE));
    EXPECT_TRUE(has(standard, CAP_SYS_ADMIN));
    EXPECT_TRUE(
        has(plan_of("<features><capabilities policy='allow'/></features>"), CAP_SYS_MODULE));
    const helper::Plan deny = plan_of(
        "<features><capabilities policy='deny'><chown state='on'/></capabilities></features>");
    EXPECT_EQ(deny.init.capabilities, 1ULL << CAP_CHOWN);
}

TEST(Compile, MapsOnlyTreesThatStillHaveTheHostsIds) {
    const std::string map =
        "<idmap><uid start='0' target='100000' count='1000'/>"
        "<gid start='0' target='200000' count='1000'/></idmap>";
    const helper::Plan unshifted = plan_of(map);
    EXPECT_TRUE(unshifted.mounts.front().idmapped);
    EXPECT_EQ(unshifted.dev.uid, 100000U);
    EXPECT_EQ(unshifted.dev.tty_gid, 200005U);
    EXPECT_FALSE(plan_of(map, made_host(), "/srv/shifted").mounts.front().idmapped);
    EXPECT_FALSE(plan_of("").mounts.front().idmapped);
}

TEST(Compile, ProtectsTheKernelsFiles) {
    const helper::Plan plan = plan_of("");
    EXPECT_EQ(plan.mounts.front().target, "/");
    EXPECT_NE(mount_on(plan, "/proc/sys")->attributes & MOUNT_ATTR_RDONLY, 0U);
    EXPECT_NE(mount_on(plan, "/sys")->attributes & MOUNT_ATTR_RDONLY, 0U);
    EXPECT_EQ(mount_on(plan, "/proc/kcore")->kind, helper::MountKind::mask);
    EXPECT_FALSE(plan.init.seccomp.empty());
}

// rsyslog would read /dev/null there without a pause.
TEST(Compile, HidesTheKernelsLogSoThatReadersWait) {
    EXPECT_EQ(mount_on(plan_of(""), "/proc/kmsg")->kind, helper::MountKind::quiet);
    const std::string map =
        "<idmap><uid start='0' target='100000' count='1000'/>"
        "<gid start='0' target='200000' count='1000'/></idmap>";
    const auto kinds_of = [](const helper::Plan& plan) {
        std::vector<helper::MountKind> kinds;
        for (const helper::Mount& mount : plan.mounts)
            if (mount.target == "/proc/kmsg") kinds.push_back(mount.kind);
        return kinds;
    };
    EXPECT_THAT(kinds_of(plan_of(map)), testing::IsEmpty());
    const std::string asked =
        "<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:mask path='/proc/kmsg'/></lx:container>";
    EXPECT_THAT(kinds_of(plan_of(asked)), testing::ElementsAre(helper::MountKind::quiet));
}

TEST(Compile, MakesSettingsOfItsOwnNetworkWritable) {
    const helper::Plan own = plan_of("<features><privnet/></features>");
    EXPECT_EQ(mount_on(own, "/proc/sys/net")->clear_attributes, MOUNT_ATTR_RDONLY);
    EXPECT_EQ(mount_on(own, "/proc/sys/net/netfilter/nf_hooks_lwtunnel")->attributes,
              MOUNT_ATTR_RDONLY);
    EXPECT_EQ(mount_on(plan_of(""), "/proc/sys/net"), nullptr);
}

TEST(Compile, MakesNodesAndRulesForDisks) {
    const helper::Plan plan = plan_of(
        "<devices><disk type='block' device='disk'><source dev='/dev/sdb'/>"
        "<target dev='vdb' bus='virtio'/></disk></devices>");
    const auto node = std::find_if(plan.dev.nodes.begin(), plan.dev.nodes.end(),
                                   [](const auto& made) { return made.path == "vdb"; });
    ASSERT_NE(node, plan.dev.nodes.end());
    EXPECT_EQ(node->major, 8U);
    const auto rule = std::find_if(
        plan.groups.devices.begin(), plan.groups.devices.end(),
        [](const auto& made) { return made.type == 'b' && made.major == 8U && made.minor == 16U; });
    EXPECT_NE(rule, plan.groups.devices.end());
}

TEST(Plan, IsPrintedWithoutItsDefaults) {
    const std::string text = format_plan(plan_of(""));
    EXPECT_THAT(text, HasSubstr("name: a b\n"));
    EXPECT_THAT(text, HasSubstr("  argv: /sbin/init\n"));
    EXPECT_THAT(text, HasSubstr(" instructions\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("paused")));
    // Sets and enumerators have words.
    EXPECT_THAT(text, HasSubstr("  on_reboot: restart\n"));
    EXPECT_THAT(text, HasSubstr("    access: r w m\n"));
    EXPECT_THAT(text, HasSubstr("  fresh: uts ipc\n"));
    EXPECT_THAT(text, HasSubstr("  kind: fresh\n  source: proc\n  target: /proc\n  fstype: proc\n"
                                "  attributes: nosuid nodev noexec\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("0x")));
}

TEST(Compile, TellsHooksWhatLxcWould) {
    EXPECT_TRUE(plan_of("").hooks.environment.empty());
    const std::string container =
        "<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:interface index='0'>"
        "<lx:option name='script.up' value='/bin/up x'/></lx:interface><lx:hooks version='1'>"
        "<lx:hook type='mount' command='/bin/m'/></lx:hooks></lx:container>";
    const helper::Hooks hooks =
        plan_of(
            "<devices><interface type='bridge'><source bridge='br0'/><target dev='v0'/>"
            "</interface></devices>" +
            container)
            .hooks;
    EXPECT_THAT(hooks.environment, Contains("LXC_NAME=a b"));
    EXPECT_THAT(hooks.environment, Contains("LXC_ROOTFS_PATH=/srv/root"));
    EXPECT_THAT(hooks.environment, Contains("LXC_HOOK_VERSION=1"));
    EXPECT_THAT(hooks.environment, Contains("LXC_ROOTFS_MOUNT=" + hooks.stage));
    ASSERT_EQ(hooks.all.size(), 2U);
    EXPECT_EQ(hooks.all[1].type, "up");
    EXPECT_EQ(hooks.all[1].section, "net");
    EXPECT_EQ(hooks.all[1].command, "/bin/up x");
    EXPECT_THAT(hooks.all[1].arguments, testing::ElementsAre("veth", "br0", "v0"));
}

TEST(Compile, RefusesPreMountHooksOnARootSeenThroughTheIdMap) {
    const std::string hooked =
        "<idmap><uid start='0' target='100000' count='65536'/>"
        "<gid start='0' target='100000' count='65536'/></idmap>"
        "<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:hooks>"
        "<lx:hook type='pre-mount' command='/bin/m'/></lx:hooks></lx:container>";
    EXPECT_THROW((void)plan_of(hooked), base::Error);
    EXPECT_NO_THROW((void)plan_of(hooked, made_host(), "/srv/shifted"));
}

TEST(Compile, OffsetsClocks) {
    EXPECT_EQ(plan_of("").namespaces.time_offsets, "");
    EXPECT_EQ(
        plan_of(container("<lx:time boot='2h' monotonic='-1500ms'/>")).namespaces.time_offsets,
        "monotonic -2 500000000\nboottime 7200 0\n");
    for (const char* wrong : {"1 h", "h", "1w", "--1s", "99999999999999d"})
        EXPECT_THROW((void)plan_of(container(std::string("<lx:time boot='") + wrong + "'/>")),
                     base::Error)
            << wrong;
}

TEST(Compile, LaysLayersOverEachOther) {
    const helper::Mount root =
        plan_of(container("<lx:rootfs options='nosuid,userxattr' storage='overlay:/a:/b:/c/up'/>"))
            .mounts.front();
    EXPECT_EQ(root.fstype, "overlay");
    ASSERT_EQ(root.options.size(), 4U);
    EXPECT_EQ(root.options[0].value, "/a:/b");
    EXPECT_EQ(root.options[1].value, "/c/up");
    EXPECT_EQ(root.options[2].value, "/c/olwork");
    EXPECT_EQ(root.options[3].key, "userxattr");
    EXPECT_EQ(root.attributes, std::uint64_t{MOUNT_ATTR_NOSUID});
}

TEST(Compile, LabelsTheInitWhereTheHostHasTheModule) {
    const std::string label =
        "<seclabel type='static' model='apparmor' relabel='no'>"
        "<label>prof</label></seclabel>";
    HostFacts host = made_host();
    host.read = [](const std::string&) { return "Y\n"; };
    EXPECT_EQ(plan_of(label, host).init.apparmor, "prof");
    host.exists = [](const std::string&) { return false; };
    EXPECT_EQ(plan_of(label, host).init.apparmor, "");
}

TEST(Compile, ProtectsBeforeTheDomainsOwnMountsAndCoversThemAfterwards) {
    const helper::Plan plan = plan_of(
        container("<lx:mask path='/data/x'/><lx:readonly path='/etc'/>"
                  "<lx:mask path='/proc/kcore' state='off'/>"
                  "<lx:readonly path='/proc/irq' state='off'/>") +
        "<devices><filesystem type='mount'><source dir='/srv/x'/><target dir='/data'/></filesystem>"
        "</devices>");
    const auto place = [&](const std::string& target) {
        return mount_on(plan, target) - plan.mounts.data();
    };
    EXPECT_EQ(mount_on(plan, "/proc/kcore"), nullptr);
    EXPECT_EQ(mount_on(plan, "/proc/irq"), nullptr);
    EXPECT_LT(place("/dev"), place("/proc/sys"));
    EXPECT_LT(place("/proc/kmsg"), place("/data"));
    EXPECT_LT(place("/data"), place("/etc"));
    EXPECT_LT(place("/etc"), place("/data/x"));
    EXPECT_EQ(mount_on(plan, "/data/x")->kind, helper::MountKind::mask);
    EXPECT_EQ(mount_on(plan, "/etc")->kind, helper::MountKind::protect);
    for (const char* target : {"/proc", "/sys", "/dev"})
        EXPECT_TRUE(mount_on(plan, target)->no_links) << target;
    EXPECT_FALSE(mount_on(plan, "/data")->no_links);
}

TEST(Compile, LeavesOutASecondProc) {
    const helper::Plan plan =
        plan_of(container("<lx:mount source='proc' target='//proc/' type='proc' options='rw'/>"));
    EXPECT_EQ(std::count_if(plan.mounts.begin(), plan.mounts.end(),
                            [](const helper::Mount& mount) { return mount.fstype == "proc"; }),
              1);
}

TEST(Compile, KeepsOrShiftsIdsAsAsked) {
    const std::string map =
        "<idmap><uid start='0' target='100000' count='1000'/>"
        "<gid start='0' target='200000' count='1000'/></idmap>";
    const auto idmapped = [&](const std::string& word, const std::string& source) {
        const std::string said = "<lx:filesystem target='/' idmap='" + word + "'/>";
        return plan_of(map + "<devices></devices>" + container(said), made_host(), source)
            .mounts.front()
            .idmapped;
    };
    EXPECT_FALSE(idmapped("none", "/srv/root"));
    EXPECT_TRUE(idmapped("container", "/srv/shifted"));
}

TEST(Compile, TakesAProfileOfOurOwnByItsNameAndClosesTheNewerCallsOfMounts) {
    HostFacts host = made_host();
    host.read = [](const std::string&) { return std::string("Y\n"); };
    xml::Domain domain = domain_of("<seclabel type='dynamic' model='apparmor'/>");
    const helper::Plan without = plan_of(domain, host);
    EXPECT_FALSE(without.init.own_profile);
    EXPECT_EQ(without.init.apparmor, "");
    ASSERT_NE(dynamic_profile_of(domain), nullptr);
    const std::string name = profile_name(domain, 4242);
    EXPECT_EQ(name, "lxvirt-4242-6a46bd23-f0df-461b-85e7-19fd36be90df");
    dynamic_profile_of(domain)->label = name;
    const helper::Plan with = plan_of(domain, host);
    EXPECT_TRUE(with.init.own_profile);
    EXPECT_EQ(with.init.apparmor, name);
    EXPECT_GT(with.init.seccomp.size(), without.init.seccomp.size());
    const std::string text = profile_text(name);
    EXPECT_TRUE(text.starts_with("profile \"" + name + "\" flags=")) << text;
    EXPECT_TRUE(text.ends_with("),\n}\n")) << text;
}

std::string rules_of(const helper::Plan& plan) {
    std::string text;
    for (const base::DeviceRule& rule : plan.groups.devices)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", rule.allow ? "allow" : "deny",
                            rule.v1_text());
    return text;
}

TEST(Compile, PutsTheUsualDevicesBeforeTheListUnlessItBeginsWithTheDenialOfAll) {
    const std::string denied = rules_of(plan_of(
        container("<lx:device_rules><lx:deny device='c 1:9'/><lx:allow device='c 1:9' access='r'/>"
                  "</lx:device_rules>")));
    EXPECT_TRUE(denied.starts_with("allow c 1:3 rwm, ")) << denied;
    EXPECT_TRUE(denied.ends_with(", deny c 1:9 rwm, allow c 1:9 r")) << denied;
    EXPECT_EQ(rules_of(plan_of(container("<lx:device_rules><lx:deny device='a'/>"
                                         "<lx:allow device='c 1:3' access='rw'/>"
                                         "</lx:device_rules>"))),
              "deny a *:* rwm, allow c 1:3 rw");
    // What the definition names as a device works whatever the list says.
    const std::string disk =
        rules_of(plan_of(container("<lx:device_rules><lx:deny device='a'/></lx:device_rules>") +
                         "<devices><disk type='block' device='disk'><source dev='/dev/sdb'/>"
                         "<target dev='vdb' bus='virtio'/></disk></devices>"));
    EXPECT_TRUE(disk.starts_with("deny a *:* rwm, allow b ")) << disk;
}

TEST(Compile, BoundsTheGroupsOfAContainer) {
    const helper::Plan plan = plan_of("");
    const auto limit = [&](std::string_view file) -> std::string {
        for (const helper::GroupLimit& one : plan.groups.limits)
            if (one.file == file && one.controller == helper::kCgroupCore) return one.value;
        return "none";
    };
    const bool unified = base::unified_of(plan.groups.hierarchies) != nullptr;
    EXPECT_EQ(limit("cgroup.max.depth"), unified ? "64" : "none");
    EXPECT_EQ(limit("cgroup.max.descendants"), unified ? "10000" : "none");
}

// A value that narrows the container is kept, told of or refused.
TEST(Compile, NeverLosesAValueOfAGroupInSilence) {
    const auto told_of = [](const std::string& value) {
        std::string told;
        (void)compile_plan(domain_of(container("<lx:cgroup " + value + "/>")), Root("/tmp/root"),
                           made_host(),
                           {.helper = 4242, .log = [&](const std::string& line) { told += line; }});
        return told;
    };
    EXPECT_EQ(told_of("version='1' name='memory.swappiness' value='10'"), "");
    EXPECT_THAT(told_of("version='2' name='memory.oom.group' value='1'"),
                HasSubstr("<lx:cgroup version='2' name='memory.oom.group'> has no effect"));
    EXPECT_THROW((void)told_of("version='1' name='misc.max' value='7'"), base::Error);
    EXPECT_THROW((void)told_of("version='2' name='misc.max' value='7'"), base::Error);
}

TEST(Compile, OptionalMountsMakeNoTargetAndAreMarked) {
    const helper::Plan plan = plan_of(
        container("<lx:mount source='/a' target='/b' type='none' options='bind,optional'/>"
                  "<lx:mount source='/a' target='/c' type='none' "
                  "options='bind,optional,create=dir'/>"
                  "<lx:mount source='srv' target='/d' type='none' options='move,relative'/>"));
    const auto mount = [&](std::string_view target) {
        for (const helper::Mount& one : plan.mounts)
            if (one.target == target) return one;
        return helper::Mount{};
    };
    EXPECT_TRUE(mount("/b").optional && !mount("/b").make_target && !mount("/b").recursive);
    EXPECT_TRUE(mount("/c").optional && mount("/c").make_target);
    EXPECT_TRUE(mount("/d").move && mount("/d").kind == helper::MountKind::inner_bind);
}

TEST(Compile, MakesWhatDevSays) {
    const helper::Plan plan = plan_of(
        container("<lx:dev size='65536'><lx:node path='/dev/tty' state='off'/>"
                  "<lx:node path='/dev/zero' mode='0600'/><lx:link path='/dev/log' target='x'/>"
                  "</lx:dev><lx:keyring session='no'/><lx:core_scheduling/>"));
    EXPECT_EQ(plan.dev.size, 65536U);
    EXPECT_EQ(plan.dev.links.back().path, "log");
    for (const helper::DeviceNode& node : plan.dev.nodes) {
        EXPECT_NE(node.path, "tty");
        EXPECT_EQ(node.mode, node.path == "zero" ? 0600U : 0666U);
    }
    for (const base::DeviceRule& rule : plan.groups.devices)
        EXPECT_FALSE(rule.major == 5U && rule.minor == 0U);
    EXPECT_FALSE(plan.init.session_keyring);
    EXPECT_TRUE(plan.init.core_scheduling);
    EXPECT_TRUE(plan_of("").init.session_keyring);
}

}  // namespace
}  // namespace lxvirt::driver
