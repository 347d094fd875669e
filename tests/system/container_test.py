"""What <lx:container> asks for, looked at from inside the container that runs."""

import os
import subprocess
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import read, run, write


def container(inner):
    return f"<lx:container xmlns:lx='urn:lxvirt:domain:1'>{inner}</lx:container>"


class SeccompProfiles(GuestCase):
    def profile(self, text):
        path = f"{self.folder}/profile"
        write(path, text)
        return container(f"<lx:seccomp profile='{path}'/>")

    def test_deny_list_takes_the_place_of_our_own(self):
        allowed = "<capabilities policy='allow'/>"
        self.boot("one", features=allowed,
                  extra=self.profile("2\ndenylist\nreject_force_umount\n[all]\nmkdir errno 42\n"
                                     "mkdirat errno 42\nno_such_call errno 1\n"))
        self.assertIn("Seccomp:\t2", self.output("one", "cat /proc/1/status"))
        status, text = self.inside("one", "mkdir /tmp/made")
        self.assertNotEqual(status, 0)
        self.assertIn("No message of desired type", text)  # ENOMSG is 42
        # Our own list would say EPERM; there is nothing to swap off.
        self.assertIn("Is a directory", self.inside("one", "swapoff /tmp")[1])
        log = support.read(f"{self.root}/var/log/lxvirt/lxc/one.log")
        self.assertIn("/profile:7: this machine knows no system call 'no_such_call'", log)

    def test_conditions_on_arguments(self):
        self.boot("one", features="<capabilities policy='allow'/>", extra=self.profile(
            "2\nallowlist allow\nmknod errno 0 [1,0x2000,SCMP_CMP_MASKED_EQ,0xf000]\n"
            "mknodat errno 0 [2,0x2000,SCMP_CMP_MASKED_EQ,0xf000]\n"))
        self.output("one", "mknod /tmp/pipe p && test -p /tmp/pipe")
        self.output("one", "mknod /tmp/null c 1 3 && ! test -e /tmp/null")  # says that it did

    def test_profile_that_is_wrong_or_missing_starts_nothing(self):
        self.define(self.xml("one", extra=self.profile("2\ndenylist\nmkdir notify\n")))
        self.assertIn("/profile:3: the action 'notify' is not supported", self.fails("start", "one"))
        self.define(self.xml("one", extra=container("<lx:seccomp profile='/no/profile'/>")))
        self.assertIn("'/no/profile': No such file or directory", self.fails("start", "one"))
        self.assert_nothing_left()


class Clocks(GuestCase):
    def test_offsets(self):
        if not os.path.exists("/proc/self/ns/time"):
            self.skipTest("this kernel has no time namespaces")
        self.boot("one", extra=container("<lx:time boot='10d' monotonic='-1500ms'/>"))
        outside = float(read("/proc/uptime").split()[0])
        inside = float(self.output("one", "cat /proc/uptime").split()[0])
        self.assertAlmostEqual(inside - outside, 864000, delta=10)
        self.assertEqual(self.output("one", "cat /proc/1/timens_offsets").split(),
                         ["monotonic", "-2", "500000000", "boottime", "864000", "0"])
        self.assertEqual(read("/proc/self/timens_offsets").split(),
                         ["monotonic", "0", "0", "boottime", "0", "0"])

    def test_wrong_offsets_start_nothing(self):
        self.define(self.xml("one", extra=container("<lx:time boot='1 fortnight'/>")))
        self.assertIn("'1 fortnight' is no offset", self.fails("start", "one"))
        self.define(self.xml("one", extra=container("<lx:time monotonic='-9999d'/>")))
        self.assertIn("time namespace", self.fails("start", "one"))


class Mounts(GuestCase):
    def source(self, name="data"):
        path = f"{self.folder}/{name}"
        os.mkdir(path)
        write(f"{path}/file", f"{name}\n")
        return path

    def mount(self, source, target, options, kind="none"):
        return container(f"<lx:mount source='{source}' target='{target}' type='{kind}'"
                         f" options='{options}'/>")

    def line(self, target):
        return next(line for line in self.output("one", "cat /proc/self/mountinfo").splitlines()
                    if line.split()[4] == target)

    def test_propagation(self):
        self.boot("one", extra=self.mount(self.source(), "/data", "bind,rshared,create=dir"))
        self.assertIn(" shared:", self.line("/data"))
        self.assertNotIn(" shared:", self.line("/"))
        self.output("one", "mkdir -p /data/x /tmp/x && mount --bind /data /tmp/x &&"
                           " mount -t tmpfs none /data/x && grep -q /tmp/x/x /proc/self/mounts")
        self.assertEqual(os.listdir(f"{self.folder}/data/x"), [])

    def test_relative_source_is_the_containers(self):
        self.boot("one", extra=self.mount("etc", "/mnt", "bind,relative,ro"))
        self.output("one", "cmp /mnt/passwd /etc/passwd && ! touch /mnt/x 2>/dev/null")

    def test_idmap(self):
        rootfs = f"{self.folder}/rootfs"
        run("cp", "-a", busybox_rootfs(), rootfs)
        run("chown", "-R", "-h", "100000:100000", rootfs)
        os.chmod(self.folder, 0o755)
        source = self.source()
        ids = ("<idmap><uid start='0' target='100000' count='65536'/>"
               "<gid start='0' target='100000' count='65536'/></idmap>")
        self.boot("one", rootfs=rootfs, features="<privnet/>",
                  extra=ids + self.mount(source, "/data", "bind,idmap=container,create=dir"))
        self.assertEqual(self.output("one", "stat -c %u /data/file"), "0")
        self.define(self.xml("two", extra=self.mount(source, "/data", "bind,idmap=container")))
        self.assertIn("has no <idmap>", self.fails("start", "two"))

    def test_root_options(self):
        self.boot("one", extra=container("<lx:rootfs options='nosuid,noatime,shared'/>"))
        self.assertRegex(self.line("/"), "nosuid,noatime.* shared:")

    def test_control_groups_that_are_read_only(self):
        """Words of lxc.mount.auto, which the conversion keeps."""
        ids = ("<idmap><uid start='0' target='100000' count='65536'/>"
               "<gid start='0' target='100000' count='65536'/></idmap>")
        # Each hierarchy is looked at, the v2 tree where it stands alone, too.
        script = ("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] || continue; echo tree; "
                  "mkdir $d/new 2>/dev/null && echo made; done; mkdir /sys/fs/cgroup/new 2>/dev/null && echo made; true")
        for name, words, extra, made in (("one", "cgroup:ro", "", False), ("two", "cgroup:ro:force", ids, False),
                                         ("three", "cgroup-full:ro", "", False), ("four", "cgroup:rw", "", True)):
            self.boot(name, features="<privnet/>", extra=extra + container(f"<lx:mount_auto>{words}</lx:mount_auto>"))
            text = self.output(name, script)
            self.assertIn("tree", text)
            self.assertEqual("made" in text, made, (words, text))
            self.ok("destroy", name)

    def test_layers(self):
        upper = f"{self.folder}/upper"
        os.mkdir(upper)
        middle = self.source("middle")
        lower = busybox_rootfs()
        self.define(self.xml("one", rootfs=upper, extra=container(
            f"<lx:rootfs storage='overlay:{middle}:{lower}:{upper}'/>")))
        self.start("one")
        self.assertEqual(self.output("one", "cat /file; echo new >/new"), "middle")
        self.assertIn(" - overlay ", self.line("/"))
        self.assertEqual(read(f"{upper}/new"), "new\n")
        self.assertFalse(os.path.exists(f"{lower}/new"))
        self.define(self.xml("two", rootfs=upper, extra=container(
            f"<lx:rootfs storage='overlay:/no/lower:{upper}'/>")))
        self.assertIn("/no/lower", self.fails("start", "two"))


class Links(GuestCase):
    def setUp(self):
        super().setUp()
        run("ip", "link", "add", "low0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "low0")
        self.before["link"] = support.links()

    def options(self, **options):
        lines = "".join(f"<lx:option name='{name.replace('__', '.')}' value='{value}'/>"
                        for name, value in options.items())
        return container(f"<lx:interface index='0'>{lines}</lx:interface>")

    def test_ipvlan(self):
        try:
            run("ip", "link", "add", "probe0", "link", "low0", "type", "ipvlan")
            run("ip", "link", "delete", "probe0")
        except subprocess.CalledProcessError:
            self.skipTest("this kernel has no ipvlan")
        self.boot("one", extra=self.options(ipvlan__mode="l3s", ipvlan__isolation="private"),
                  devices="<interface type='direct'><source dev='low0'/>"
                          "<ip address='10.9.0.2' prefix='24'/></interface>")
        init = self.status("one")["init_pid"]
        shown = run("nsenter", "-t", init, "-n", "ip", "-d", "link", "show", "eth0")
        self.assertRegex(shown, "ipvlan +mode l3s private")
        self.assertIn("10.9.0.2", self.output("one", "ip addr show eth0"))

    def test_router(self):
        # The kernel answers for another's address where it has a way to it.
        run("ip", "link", "set", "low0", "up")
        run("ip", "route", "add", "default", "dev", "low0")
        run("ip", "addr", "add", "10.9.9.9/32", "dev", "lo")
        self.addCleanup(run, "ip", "addr", "delete", "10.9.9.9/32", "dev", "lo")
        self.boot("one", extra=self.options(veth__mode="router", veth__ipv4__route="10.8.0.0/16",
                                            veth__n_txqueues="3"),
                  devices="<interface type='ethernet'><target dev='routed0'/>"
                          "<ip address='10.9.0.2' prefix='32'/><route address='0.0.0.0'"
                          " prefix='0' gateway='10.9.0.1'/></interface>")
        routes = run("ip", "route")
        self.assertRegex(routes, "10.9.0.2 dev routed0")
        self.assertRegex(routes, "10.8.0.0/16 dev routed0")
        self.assertIn("10.9.0.1 dev routed0 proxy", run("ip", "neigh", "show", "proxy"))
        self.assertEqual(read("/proc/sys/net/ipv4/conf/routed0/forwarding").strip(), "1")
        self.assertIn("numtxqueues 3", run("ip", "-d", "link", "show", "routed0"))
        self.output("one", "ping -c 1 -W 5 10.9.9.9")

    def test_gateway_is_a_device(self):
        self.boot("one", extra=self.options(ipv4__gateway="dev"),
                  devices="<interface type='ethernet'><ip address='10.9.0.2' prefix='32'/>"
                          "</interface>")
        self.assertRegex(self.output("one", "ip route"), "default dev eth0")

    def test_wrong_options_start_nothing(self):
        self.define(self.xml("one", extra=self.options(veth__mode="hub"),
                             devices="<interface type='ethernet'/>"))
        self.assertIn("<lx:option name='veth.mode' value='hub'>: right would be bridge or router",
                      self.fails("start", "one"))


class Labels(GuestCase):
    def test_label_of_a_module_that_is_not_here_is_told(self):
        if os.path.exists("/sys/fs/selinux/enforce"):
            self.skipTest("this host has SELinux")
        self.boot("one", extra="<seclabel type='static' model='selinux' relabel='no'>"
                               "<label>a:b:c</label></seclabel>")
        self.assertIn("<seclabel model='selinux'> has no effect: this host does not have it",
                      read(f"{self.root}/var/log/lxvirt/lxc/one.log"))

    def test_apparmor(self):
        enabled = "/sys/module/apparmor/parameters/enabled"
        if not os.path.exists(enabled) or read(enabled).strip() != "Y":
            self.skipTest("this host has no AppArmor")
        profile = "lxvirt-test-profile"
        rules = f"profile {profile} flags=(attach_disconnected) {{ file, signal, capability, mount,"
        rules += " umount, network, ptrace, unix, deny /etc/passwd r, }"
        subprocess.run(["apparmor_parser", "-r"], input=rules, text=True, check=True)
        self.addCleanup(subprocess.run, ["apparmor_parser", "-R"], input=rules, text=True, check=True)
        label = ("<seclabel type='static' model='apparmor' relabel='no'><label>{}</label></seclabel>")
        self.boot("one", extra=label.format(profile))
        self.assertEqual(self.output("one", "cat /proc/1/attr/current"), f"{profile} (enforce)")
        self.assertNotEqual(self.inside("one", "cat /etc/passwd")[0], 0)
        entered = ("--", "cat", "/proc/self/attr/current")
        self.assertEqual(self.ok("-q", "lxc-enter-namespace", "one", *entered).strip(), f"{profile} (enforce)")
        self.assertEqual(self.ok("-q", "lxc-enter-namespace", "one", "--noseclabel", *entered).strip(), "unconfined")
        self.ok("destroy", "one")
        self.define(self.xml("two", extra=label.format("no-such-profile")))
        self.assertIn("'no-such-profile'", self.fails("start", "two"))
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
