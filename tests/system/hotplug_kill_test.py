"""Programs killed between any two steps of an attach, detach or update, and containers that do what they
can against it."""

import os
import re
import signal
import subprocess
import unittest

import support
from devices import DeviceCase, bridge_xml, disk_xml, filesystem_xml
from kill import Counts
from support import read, run, write

TEST_POINTS = bool(os.environ.get("LXVIRT_TEST_POINTS"))


@unittest.skipUnless(TEST_POINTS, "this build has no test points (-Dtest_points=true)")
class Killed(DeviceCase):
    """Each command is killed at its first step, its second ... until it comes through. After each the
    next command brings all of kernel, live XML and definition to what was before or to what is asked."""

    MOST = 40
    maxDiff = 2000
    counts = Counts()

    @classmethod
    def tearDownClass(cls):
        cls.counts.show()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.bridge("brx")
        self.bridge("bry")
        self.boot("one", features="<privnet/>")
        self.image_file = self.image()
        self.other_image = self.image("other.img")
        self.own_loops = 0
        # Mount points stay, so it is there from the beginning.
        self.output("one", "mkdir -p /data")

    def state(self):
        support.wait_for(lambda: len(self.loops()) == self.own_loops or "loop='yes'" in self.live_file(), 1)
        live, stored = self.live("one"), self.stored("one")
        return {**self.kernel_state("one"), "live": live, "stored": stored}

    def live_file(self):
        return read(f"{self.root}/run/lxvirt/lxc/one/live.xml")

    def comparable(self, state):
        """Numbers of loop devices and of the host's ptys and the ids of ports may differ from time to time."""
        live = re.sub("portid='[^']*'", "portid=''", state["live"])
        return {**state, "loops": len(state["loops"]), "live": re.sub("/dev/pts/[0-9]+", "/dev/pts/N", live)}

    def killed(self, step, *words):
        environment = {**os.environ, "LXVIRT_KILL_AT": str(step)}
        done = subprocess.run(self.command(*words), env=environment, capture_output=True, text=True,
                              timeout=30 * support.SLOWNESS, check=False)
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
        return done.returncode == -signal.SIGKILL

    def settle(self):
        # Any command that takes the lock.
        self.ok("desc", "one", "--live", "x")
        self.assertFalse(os.path.exists(f"{self.root}/run/lxvirt/lxc/one/pending"))

    def check(self, verb, xml, undo, *flags):
        """`undo` brings a finished command back."""
        path = self.file(xml, "checked.xml")
        self.settle()
        before = self.comparable(self.state())
        self.ok(f"{verb}-device", "one", path, *flags)
        after = self.comparable(self.state())
        self.assertNotEqual(before, after)
        undo()
        outcomes = set()
        for step in range(1, self.MOST, 1 if support.SLOWNESS == 1 else 3):
            if not self.killed(step, f"{verb}-device", "one", path, *flags):
                self.assertEqual(self.comparable(self.state()), after, step)
                self.assertGreater(step, 3)
                undo()
                return outcomes
            self.counts.add(f"{verb}-device, {self._testMethodName[5:]}", "lxsh")
            self.settle()
            state = self.comparable(self.state())
            self.assertIn(state, (before, after), f"{verb} {flags} killed at step {step}")
            outcomes.add("before" if state == before else "after")
            if state == after:
                undo()
        self.fail("it has no end")
        return outcomes

    def both_ways(self, xml, *flags):
        detach = lambda: self.detach("one", xml, *flags)
        attach = lambda: self.attach("one", xml, *flags)
        self.check("attach", xml, detach, *flags)
        attach()
        self.check("detach", xml, attach, *flags)
        detach()

    def test_disk(self):
        self.both_ways(disk_xml(self.image_file, kind="file"))

    def test_disk_live_and_config(self):
        xml = disk_xml(self.loop_device("dev.img"))
        self.own_loops = 1
        self.assertEqual(self.check("attach", xml, lambda: self.detach("one", xml, "--live", "--config"),
                                    "--live", "--config"), {"before", "after"})
        self.attach("one", xml, "--live", "--config")
        self.check("detach", xml, lambda: self.attach("one", xml, "--live", "--config"),
                   "--live", "--config")

    def test_filesystem(self):
        self.both_ways(filesystem_xml("/etc", "/data"))

    def test_interface(self):
        self.both_ways(bridge_xml("brx"))

    def test_console(self):
        self.both_ways("<console type='pty'><target port='1'/></console>")

    def test_host_devices(self):
        device = self.loop_device("dev.img")
        self.own_loops = 1
        for kind, word, path in (("misc", "char", "/dev/fuse"), ("storage", "block", device)):
            self.both_ways(f"<hostdev mode='capabilities' type='{kind}'><source><{word}>{path}</{word}></source>"
                           "</hostdev>")

    def test_a_network_device_of_the_host(self):
        run("ip", "link", "add", "hostx", "type", "veth", "peer", "name", "hosty")
        self.before["link"] = support.links()
        self.keep_link("hosty")
        self.both_ways("<hostdev mode='capabilities' type='net'><source><interface>hostx</interface></source>"
                       "</hostdev>")

    def test_interface_of_a_network(self):
        self.ok("net-define", self.file("<network><name>net1</name><bridge name='brn'/></network>"))
        self.ok("net-start", "net1")
        ports = f"{self.root}/run/lxvirt/network/net1/ports"
        try:
            self.both_ways("<interface type='network'><mac address='52:54:00:11:11:22'/>"
                           "<source network='net1'/></interface>", "--live", "--config")
            self.assertEqual(os.listdir(ports) if os.path.isdir(ports) else [], [])
            self.ok("destroy", "one")
        finally:
            self.ok("net-destroy", "net1")
            self.ok("net-undefine", "net1")

    def test_detach_by_force(self):
        xml = filesystem_xml("/etc", "/data")

        def attach_and_use():
            self.attach("one", xml)
            self.output("one", "rm -f /share/there; (cd /data && echo >/share/there && exec sleep 1000) "
                               ">/dev/null 2>&1 & until [ -e /share/there ]; do :; done")
            self.assertIn("process", self.no_detach("one", xml))

        attach_and_use()
        self.check("detach", xml, attach_and_use, "--force")

    def test_updates(self):
        for first, second in (
                (disk_xml(self.image_file, kind="file"), disk_xml(self.other_image, kind="file")),
                (filesystem_xml("/etc", "/data"), filesystem_xml("/etc", "/data", more="<readonly/>")),
                (bridge_xml("brx"), bridge_xml("bry", more="<mtu size='1400'/>"))):
            self.attach("one", first)
            self.check("update", second, lambda xml=first: self.update("one", xml))
            self.detach("one", first)

    def test_link_state(self):
        """The link in the kernel and the one in the live XML agree, whatever was killed."""
        self.attach("one", bridge_xml("brx", more="<link state='up'/>"))
        target = re.search("<target dev='(vnet[^']*)'", self.live("one")).group(1)

        def states():
            kernel = self.ok("domif-getlink", "one", target).split()[-1]
            return kernel, "down" if "<link state='down'/>" in self.live("one") else "up"
        for step in range(1, self.MOST):
            hit = self.killed(step, "domif-setlink", "one", target, "down")
            self.settle()
            kernel, live = states()
            self.assertEqual(kernel, live, f"domif-setlink killed at step {step}")
            self.ok("domif-setlink", "one", target, "up")
            self.assertEqual(states(), ("up", "up"))
            if not hit:
                self.assertEqual(live, "down")
                self.assertGreater(step, 3)
                break
            self.counts.add("domif-setlink", "lxsh")

    def test_the_container_ends_or_reboots_before_anybody_comes(self):
        path = self.file(disk_xml(self.image_file, kind="file"))
        stored = self.stored("one")
        for step in ("attach-written-down", "plug-rules"):
            self.assertTrue(self.killed(step, "attach-device", "one", path, "--live", "--config"))
            ready = f"{self.share('one')}/ready"
            os.unlink(ready)
            # Whatever init understands, without a command of ours in between.
            os.kill(int(self.status("one")["init_pid"]), signal.SIGKILL)
            support.wait_for(lambda: not self.active())
            self.start("one")
            self.assertEqual(self.stored("one"), stored)
            self.assertNotIn("vdb", self.live("one"))
            self.assertEqual(self.loops(), [])

    def gone(self, xml, verb, step, remove, words=""):
        """A change is killed, what it was about is removed, and the next command settles all the same."""
        self.assertTrue(self.killed(step, f"{verb}-device", "one", self.file(xml)))
        remove()
        self.assertTrue(os.path.exists(f"{self.root}/run/lxvirt/lxc/one/pending"))
        self.settle()
        self.assertIn(words, read(f"{self.root}/var/log/lxvirt/lxc/one.log"))

    def test_a_network_device_that_is_gone(self):
        xml = "<hostdev mode='capabilities' type='net'><source><interface>hostx</interface></source></hostdev>"
        for step, remove in (("attach-written-down", lambda: run("ip", "link", "del", "hostx")),
                             ("plug-link", lambda: self.output("one", "ip link del hostx"))):
            run("ip", "link", "add", "hostx", "type", "veth", "peer", "name", "hosty")
            self.gone(xml, "attach", step, remove, "network device hostx is neither on the host nor")
            self.assertNotIn("hostx", self.live("one"))
        # One that the container has renamed comes back at the container's end.
        run("ip", "link", "add", "hostx", "type", "veth", "peer", "name", "hosty")
        self.keep_link("hosty")
        self.gone(xml, "attach", "plug-link-held", lambda: self.output("one", "ip link set hostx name other"))
        self.ok("destroy", "one")
        self.assertIn("hostx", support.links())

    def test_an_update_that_cannot_be_undone(self):
        target = "<target dev='lvx0'/>"
        self.attach("one", bridge_xml("brx", more=target))
        guest = re.search("<guest dev='([^']*)'", self.live("one"))[1]
        self.gone(bridge_xml("bry", more=target + "<mtu size='1400'/>"), "update", "update-container",
                  lambda: self.output("one", f"ip link del {guest}"), "could not be put back and was removed")
        self.assertNotIn("<interface", self.live("one"))
        self.assertNotIn("lvx0", support.links())
        self.attach("one", disk_xml(self.image_file, kind="file"))
        self.gone(disk_xml(self.other_image, kind="file"), "update", "update-unplugged",
                  lambda: os.unlink(self.image_file), "could not be put back and was removed")
        self.assertNotIn("<disk", self.live("one"))
        self.assertEqual(self.loops(), [])

    def test_what_cannot_be_settled_stops_no_shutdown(self):
        self.assertTrue(self.killed("attach-written-down", "attach-device", "one", self.file(bridge_xml("brx"))))
        # A record that nobody can read.
        pending = f"{self.root}/run/lxvirt/lxc/one/pending"
        write(pending, read(pending).replace("<interface", "<interfac"))
        self.assertNotEqual(self.lxsh("desc", "one", "--live", "x").status, 0)
        self.ok("suspend", "one")
        self.ok("resume", "one")
        self.ok("destroy", "one")


class Hostile(DeviceCase):
    """Its root does what it can; nothing of the host is reached, and nothing is left half done."""

    def unchanged(self, xml, words, name="one"):
        state, live = self.kernel_state(name), self.live(name)
        self.assertIn(words, self.no_attach(name, xml))
        self.assertEqual(self.kernel_state(name), state)
        self.assertEqual(self.live(name), live)

    def boot(self, name, devices="", **options):
        options.setdefault("features", "<privnet/>")
        super().boot(name, devices, **options)

    def test_links_in_dev(self):
        self.boot("one")
        device = self.loop_device()
        outside = f"{self.folder}/outside"
        os.mkdir(outside)
        self.output("one", f"ln -s /etc/passwd /dev/vdb; ln -s {outside} /dev/net")
        self.unchanged(disk_xml(device), "target vdb already exists")
        self.unchanged("<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source>"
                       "</hostdev>", "open folder 'net' of '/dev/net/tun'")
        self.assertEqual(os.listdir(outside), [])

    def test_a_link_at_the_mount_point_stays_inside(self):
        outside = f"{self.folder}/outside"
        source = f"{self.folder}/source"
        os.mkdir(outside)
        os.mkdir(source)
        write(f"{source}/file", "there\n")
        self.boot("one")
        mounts = support.mounts()
        # Where it points to is looked for inside, and made there.
        self.output("one", f"ln -s {outside} /data; ln -s ../../../../../..{outside} /dots")
        for target in ("/data", "/dots"):
            self.lxsh("attach-device", "one", self.file(filesystem_xml(source, target)))
            self.assertEqual(support.mounts(), mounts)
            self.assertEqual(os.listdir(outside), [])
            self.lxsh("detach-device", "one", self.file(filesystem_xml(source, target)))

    def test_dev_unmounted_or_replaced(self):
        self.boot("one")
        device = self.loop_device()
        self.attach("one", disk_xml(device, "vda"))
        self.output("one", "mount -t tmpfs none /dev; touch /dev/null")
        words = "the container has replaced or unmounted its /dev"
        self.unchanged(disk_xml(self.loop_device("other.img")), words)
        self.unchanged("<console type='pty'/>", words)
        # What the container has hidden can still be taken away.
        self.detach("one", disk_xml(device, "vda"))
        self.assertNotIn("disk0", self.live("one"))
        self.output("one", "umount -l /dev")
        self.assertEqual(self.output("one", "ls /dev | grep vda; true"), "")
        self.assert_refused("one", "b", self.number(device))

    def test_filesystem_unmounted_inside(self):
        self.boot("one")
        xml = filesystem_xml("/etc", "/data")
        self.attach("one", xml)
        self.output("one", "umount /data")
        self.detach("one", xml)
        self.attach("one", xml)
        self.output("one", "mount -t tmpfs none /data")
        self.assertIn("mount on '/data'", self.no_detach("one", xml))
        self.output("one", "umount /data")
        self.detach("one", xml)

    def test_a_copy_in_another_mount_namespace(self):
        self.boot("one")
        xml = filesystem_xml("/etc", "/data")
        self.attach("one", xml)
        self.output("one", "unshare -m sleep 100 >/dev/null 2>&1 &")
        support.wait_for(lambda: "in the mount namespace of process" in self.no_detach("one", xml), 3)
        self.assertIn("in the mount namespace of process", self.no_detach("one", xml))

    def test_a_device_of_that_name_inside(self):
        run("ip", "link", "add", "brx", "type", "bridge")
        self.keep_link("brx")
        self.boot("one")
        self.output("one", "ip link add eth0 type bridge")
        self.unchanged(bridge_xml("brx"), "eth0")


class OtherHosts(DeviceCase):
    """The same on hosts with other control groups, which a mount namespace of the test's makes."""

    def setUp(self):
        super().setUp()
        self.home = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        support.unshare_mounts()

    def tearDown(self):
        for name in self.active():
            self.lxsh("destroy", name)
        support.wait_for(lambda: not self.groups(), 3)
        left = self.groups()
        support.check(support.libc.setns(self.home, support.CLONE_NEWNS), "return")
        os.close(self.home)
        super().tearDown()
        self.assertEqual(left, [])

    def disk_comes_and_goes(self, **options):
        self.boot("one", features="<privnet/>", **options)
        device = self.loop_device()
        self.assert_refused("one", "b", self.number(device))
        state = self.kernel_state("one")
        self.attach("one", disk_xml(device))
        self.assertEqual(self.output("one", "mount -t ext4 /dev/vdb /mnt; cat /mnt/test; umount /mnt"),
                         "test")
        self.detach("one", disk_xml(device))
        self.assert_refused("one", "b", self.number(device))
        self.assertEqual(self.kernel_state("one"), state)
        self.ok("destroy", "one")

    def test_v1_alone(self):
        for mount, kind in support.hierarchies():
            if kind == "unified":
                run("umount", mount)
        if not any("devices" in kind for _, kind in support.hierarchies()):
            self.skipTest("this host has no v1 devices hierarchy")
        self.disk_comes_and_goes()

    def test_v1_alone_with_mknod(self):
        for mount, kind in support.hierarchies():
            if kind == "unified":
                run("umount", mount)
        if not any("devices" in kind for _, kind in support.hierarchies()):
            self.skipTest("this host has no v1 devices hierarchy")
        self.boot("one", features="<privnet/><capabilities policy='allow'/>")
        device = self.loop_device()
        self.output("one", f"mknod /dev/own b 7 {os.minor(self.number(device))}")
        self.assertIn("Operation not permitted", self.inside("one", "head -c 1 /dev/own")[1])

    def test_v2_alone(self):
        if [kind for _, kind in support.hierarchies()] == ["unified"]:
            self.skipTest("this host has nothing but v2, so every test shows it")
        for mount, _ in reversed(support.hierarchies()):
            run("umount", mount)
        run("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")
        self.disk_comes_and_goes()


if __name__ == "__main__":
    support.main()
