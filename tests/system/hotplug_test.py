"""Filesystems, interfaces, host devices and consoles that come and go while the container runs."""

import os
import re
import signal
import unittest

import support
from devices import DeviceCase, bridge_xml, disk_xml, filesystem_xml
from probe import IDMAP, PRIVNET, container
from support import read, run, write

MAC = "52:54:00:11:11:22"
READONLY = "<readonly/>"
DOWN = "<link state='down'/>"


def interface_xml(kind, source, more=""):
    return f"<interface type='{kind}'><mac address='{MAC}'/>{source}{more}</interface>"


def filesystem_pair(source, kind):
    return tuple(filesystem_xml(source, "/there", kind, more=more) for more in ("", READONLY))


def interface_pair(kind, source):
    return tuple(interface_xml(kind, source, more) for more in ("", DOWN))


# Kind: a device, and what an update makes of it; None where nothing of it can be changed.
DEFINED = {
    "disk block": (disk_xml("/dev/loop0"), disk_xml("/dev/loop1")),
    "disk file": (disk_xml("/srv/a.img", kind="file"), disk_xml("/srv/b.img", kind="file")),
    "filesystem mount": filesystem_pair("/srv/data", "mount"),
    "filesystem ram": filesystem_pair(1024, "ram"),
    "filesystem block": filesystem_pair("/dev/loop0", "block"),
    "filesystem file": filesystem_pair("/srv/a.img", "file"),
    "filesystem bind": filesystem_pair("/etc", "bind"),
    "interface bridge": interface_pair("bridge", "<source bridge='br7'/>"),
    "interface network": interface_pair("network", "<source network='net7'/>"),
    "interface ethernet": interface_pair("ethernet", ""),
    "interface direct": interface_pair("direct", "<source dev='eth7' mode='bridge'/>"),
    "hostdev misc": ("<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source>"
                     "</hostdev>", None),
    "hostdev storage": ("<hostdev mode='capabilities' type='storage'><source>"
                        "<block>/dev/loop0</block></source></hostdev>", None),
    "hostdev net": ("<hostdev mode='capabilities' type='net'><source><interface>eth7</interface></source>"
                    "</hostdev>", None),
    "hostdev usb": ("<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/>"
                    "<product id='0x5678'/></source></hostdev>", None),
    "console": ("<console type='pty'><target type='lxc' port='1'/></console>", None),
}


class Filesystems(DeviceCase):
    def folder_with_file(self, name="data"):
        path = f"{self.folder}/{name}"
        os.mkdir(path)
        write(f"{path}/file", "there\n")
        return path

    def gone(self, name, path):
        self.assertNotIn(f" {path} ", self.output(name, "cat /proc/mounts"))

    def test_mount_readonly_and_what_is_below(self):
        source = self.folder_with_file()
        os.mkdir(f"{source}/inner")
        run("mount", "-t", "tmpfs", "none", f"{source}/inner")
        self.addCleanup(run, "umount", f"{source}/inner")
        write(f"{source}/inner/file", "deep\n")
        self.boot("one")
        xml = filesystem_xml(source, "/new/place", more="<readonly/>")
        self.attach("one", xml)
        self.assertEqual(self.output("one", "cat /new/place/file /new/place/inner/file"),
                         "there\ndeep")
        self.assertIn("Read-only", self.inside("one", "echo x >/new/place/file")[1])
        self.assertIn("<alias name='fs2'/>", self.live("one"))
        self.detach("one", xml)
        self.gone("one", "/new/place")
        self.gone("one", "/new/place/inner")
        self.assertNotIn("/new/place", self.live("one"))

    def test_ram_block_file_and_bind(self):
        self.boot("one")
        self.attach("one", filesystem_xml(1024, "/scratch", "ram"))
        self.output("one", "echo x >/scratch/file")
        self.assertIn("No space", self.inside("one", "dd if=/dev/zero of=/scratch/f bs=64k count=32")[1])
        self.attach("one", filesystem_xml(self.loop_device("block.img"), "/block", "block"))
        self.assertEqual(self.output("one", "cat /block/test"), "test")
        image = self.image("file.img")
        self.attach("one", filesystem_xml(image, "/file", "file"))
        self.assertEqual(self.output("one", "cat /file/test"), "test")
        self.attach("one", filesystem_xml("/etc", "/bound", "bind"))
        self.assertEqual(self.output("one", "cat /bound/securetty"), "console")
        for source, target, kind in ((1024, "/scratch", "ram"), ("/etc", "/bound", "bind"),
                                     (self.loops_made[0], "/block", "block"), (image, "/file", "file")):
            self.detach("one", filesystem_xml(source, target, kind))
            self.gone("one", target)
        self.assertTrue(support.wait_for(lambda: image not in support.loop_devices().values(), 3))

    def test_with_a_user_namespace_the_ids_are_the_containers(self):
        source = self.folder_with_file()
        self.boot("one", extra=IDMAP + container("".join(
            f"<lx:filesystem target='{target}' idmap='container'/>" for target in ("/data", "/file"))))
        self.attach("one", filesystem_xml(source, "/data"))
        self.assertEqual(self.output("one", "stat -c '%u %g' /data/file; echo up >/data/made"), "0 0")
        self.assertEqual(os.stat(f"{source}/made").st_uid, 0)
        self.attach("one", filesystem_xml(1024, "/scratch", "ram"))
        self.assertEqual(self.output("one", "echo x >/scratch/x; stat -c '%u %g' /scratch /scratch/x"),
                         "0 0\n0 0")
        image = self.image()
        self.attach("one", filesystem_xml(image, "/file", "file"))
        self.assertEqual(self.output("one", "cat /file/test; stat -c %u /file/test"), "test\n0")
        self.attach("one", disk_xml(self.image("d.img"), "vdc", "file"))
        self.assertEqual(self.output("one", "stat -c '%u %g' /dev/vdc; head -c 4 /dev/vdc | wc -c"),
                         "0 0\n4")
        for xml in (filesystem_xml(source, "/data"), filesystem_xml(1024, "/scratch", "ram"),
                    filesystem_xml(image, "/file", "file"), disk_xml("/x", "vdc", "file")):
            self.detach("one", xml)

    def test_readonly_can_be_changed(self):
        source = self.folder_with_file()
        self.boot("one")
        self.attach("one", filesystem_xml(source, "/data"))
        self.update("one", filesystem_xml(source, "/data", more="<readonly/>"))
        self.assertIn("Read-only", self.inside("one", "echo x >/data/file")[1])
        self.assertIn("<readonly/>", self.live("one"))
        self.update("one", filesystem_xml(source, "/data"))
        self.output("one", "echo x >/data/file")
        self.assertIn("what can be changed is <readonly/>",
                      self.no_update("one", filesystem_xml("/tmp", "/data")))

    def test_readonly_can_be_changed_of_every_kind(self):
        self.boot("one")
        sources = {"ram": 1024, "block": self.loop_device("block.img"), "file": self.image("file.img"),
                   "bind": "/tmp"}
        for kind, source in sources.items():
            with self.subTest(kind):
                self.attach("one", filesystem_xml(source, "/there", kind))
                self.output("one", "echo x >/there/file")
                self.update("one", filesystem_xml(source, "/there", kind, more=READONLY))
                self.assertIn("Read-only", self.inside("one", "echo x >/there/file")[1])
                self.detach("one", filesystem_xml(source, "/there", kind))

    def test_in_use_says_who(self):
        source = self.folder_with_file()
        self.boot("one")
        xml = filesystem_xml(source, "/data")
        self.attach("one", xml)
        self.output("one", "sleep 100 </data/file >/dev/null 2>&1 & echo $! >/share/pid")
        error = self.no_detach("one", xml)
        self.assertRegex(error, r"filesystem on '/data' is in use: open in process \d+ \(sleep\)")
        self.assertEqual(self.output("one", "cat /data/file"), "there")
        self.output("one", "mkdir /data/x; mount -t tmpfs none /data/x")
        self.assertIn("mount on '/data/x'", self.no_detach("one", xml))
        result = self.lxsh("detach-device", "one", self.file(xml), "--force")
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("was in use", result.err)
        self.gone("one", "/data")


class Interfaces(DeviceCase):
    def setUp(self):
        super().setUp()
        self.bridge("brx")

    def boot(self, name, devices="", **options):
        options.setdefault("features", "<privnet/>")
        super().boot(name, devices, **options)

    def test_bridge(self):
        self.boot("one")
        xml = bridge_xml("brx", MAC, "<ip address='10.77.0.2' family='ipv4' prefix='24'/>")
        self.attach("one", xml)
        inside = self.output("one", "ip addr show eth0")
        for text in (MAC, "10.77.0.2/24", "UP"):
            self.assertIn(text, inside)
        live = self.live("one")
        target = re.search(r"<target dev='(vnet[^']*)'/>", live).group(1)
        self.assertIn("<alias name='net0'/>", live)
        self.assertIn("master brx", run("ip", "link", "show", target))
        run("ip", "addr", "add", "10.77.0.1/24", "dev", "brx")
        self.output("one", "ping -c 1 -W 5 10.77.0.1")
        self.assertIn(f"network device with mac {MAC} already exists", self.no_attach("one", xml))
        self.attach("one", bridge_xml("brx", "52:54:00:11:11:23"))
        self.assertEqual(self.output("one", "ls /sys/class/net"), "eth0\neth1\nlo")
        self.detach("one", xml)
        self.assertNotIn("eth0", self.output("one", "ls /sys/class/net"))
        self.assertNotIn(target, support.links())
        self.assertIn("device not found: no device found at address '(<null>)' matching MAC address "
                      f"'{MAC}' and alias '(<null>)'", self.no_detach("one", xml))

    def test_ethernet_and_direct(self):
        self.boot("one")
        xml = ("<interface type='ethernet'><mac address='52:54:00:00:00:01'/>"
               "<source><ip address='10.78.0.1' family='ipv4' prefix='24'/></source>"
               "<ip address='10.78.0.2' family='ipv4' prefix='24'/></interface>")
        self.attach("one", xml)
        self.output("one", "ping -c 1 -W 5 10.78.0.1")
        run("ip", "link", "add", "lowerx", "type", "veth", "peer", "name", "lowery")
        run("ip", "link", "set", "lowerx", "up")
        self.before["link"] = support.links()
        self.keep_link("lowerx")
        direct = (f"<interface type='direct'><mac address='{MAC}'/><source dev='lowerx' mode='bridge'/>"
                  "<guest dev='lan0'/><link state='up'/></interface>")
        self.attach("one", direct)
        self.assertIn(MAC, self.output("one", "ip link show lan0"))
        # However the container calls it now.
        self.output("one", "ip link set lan0 down; ip link set lan0 name other")
        self.detach("one", direct)
        self.detach("one", xml)
        self.assertEqual(self.output("one", "ls /sys/class/net"), "lo")

    def test_update(self):
        self.bridge("bry")
        self.boot("one")
        self.attach("one", bridge_xml("brx", MAC, "<link state='up'/>"))
        self.update("one", bridge_xml("bry", MAC, "<link state='down'/><mtu size='1400'/>"))
        target = re.search(r"<target dev='(vnet[^']*)'/>", self.live("one")).group(1)
        facts = run("ip", "link", "show", target)
        self.assertIn("master bry", facts)
        self.assertIn("mtu 1400", facts)
        inside = self.output("one", "ip link show eth0")
        self.assertIn("mtu 1400", inside)
        self.assertNotIn(",UP", inside)
        self.update("one", bridge_xml("bry", MAC, "<link state='up'/>"))
        self.assertIn("mtu 1500", self.output("one", "ip link show eth0"))
        error = self.no_update("one", bridge_xml("bry", MAC, "<model type='e1000'/>"))
        self.assertIn("cannot be changed to <model type='e1000'/>", error)
        self.assertIn("what can be changed is <link state=.../>", error)
        self.assertIn("Unable to add bridge nosuch", self.no_update("one", bridge_xml("nosuch", MAC)))
        self.assertIn("bridge='bry'", self.live("one"))
        self.assertIn("master bry", run("ip", "link", "show", target))

    def test_network(self):
        self.ok("net-define", self.file("<network><name>net1</name><bridge name='brn'/>"
                                        "<ip address='10.99.0.1' netmask='255.255.255.0'/></network>"))
        self.ok("net-start", "net1")
        try:
            self.boot("one")
            xml = (f"<interface type='network'><mac address='{MAC}'/><source network='net1'/>"
                   "<link state='up'/>{}</interface>")
            self.attach("one", xml.format(""))
            live = self.live("one")
            target = re.search(r"<target dev='(vnet[^']*)'/>", live).group(1)
            self.assertIn("master brn", run("ip", "link", "show", target))
            self.assertIn("portid=", live)
            self.update("one", xml.format("<bandwidth><inbound average='1000'/></bandwidth>"))
            self.assertIn("htb", run("tc", "qdisc", "show", "dev", target))
            self.update("one", bridge_xml("brx", MAC, "<link state='up'/>"))
            self.assertIn("master brx", run("ip", "link", "show", target))
            self.update("one", xml.format(""))
            self.assertIn("master brn", run("ip", "link", "show", target))
            self.detach("one", xml.format(""))
            self.assertNotIn(target, support.links())
            ports = f"{self.root}/run/lxvirt/network/net1/ports"
            self.assertEqual(os.listdir(ports) if os.path.isdir(ports) else [], [])
            self.ok("destroy", "one")
        finally:
            self.ok("net-destroy", "net1")

    def test_the_last_one_leaves_a_private_network(self):
        self.boot("one", bridge_xml("brx"), features="")
        xml = bridge_xml("brx")
        namespace = self.output("one", "readlink /proc/self/ns/net")
        self.detach("one", xml)
        self.assertEqual(self.output("one", "ls /sys/class/net"), "lo")
        self.assertIn("<privnet/>", self.live("one"))
        self.assertNotIn("<privnet/>", self.stored("one"))
        self.assertNotEqual(namespace, os.readlink("/proc/self/ns/net"))

    def test_without_a_network_of_its_own(self):
        self.boot("one", features="")
        before = support.links()
        self.assertIn("shares the host's network", self.no_attach("one", bridge_xml("brx")))
        self.assertEqual(support.links(), before)
        self.assertNotIn("<interface", self.live("one"))

    def test_a_device_of_the_host(self):
        run("ip", "link", "add", "hostx", "type", "veth", "peer", "name", "hosty")
        self.before["link"] = support.links()
        self.keep_link("hosty")
        self.boot("one")
        xml = "<hostdev mode='capabilities' type='net'><source><interface>hostx</interface></source></hostdev>"
        self.attach("one", xml)
        self.assertIn("hostx", self.output("one", "ls /sys/class/net"))
        self.assertNotIn("hostx", support.links())
        self.detach("one", xml)
        self.assertIn("hostx", support.links())

    HOSTX = "<hostdev mode='capabilities' type='net'><source><interface>hostx</interface></source></hostdev>"

    def make_host_device(self):
        """A device that the kernel deletes with the namespace in which it is."""
        run("ip", "link", "add", "hostx", "type", "veth", "peer", "name", "hosty")
        self.before["link"] = support.links()
        self.keep_link("hosty")

    def init(self, name):
        return int(self.status(name)["init_pid"])

    def assert_it_comes_back(self):
        self.assertTrue(support.wait_for(lambda: "hostx" in support.links(), 5), support.links())

    def test_a_device_of_the_host_comes_back_at_every_end(self):
        self.make_host_device()
        self.define(self.xml("one", devices=self.HOSTX, features=PRIVNET))
        for end in ("destroy", "crash"):
            with self.subTest(end):
                self.start("one")
                self.assertNotIn("hostx", support.links())
                self.output("one", "ip link set hostx down; ip link set hostx name mine")
                if end == "crash":
                    os.kill(self.init("one"), signal.SIGKILL)
                else:
                    self.ok("destroy", "one")
                self.assert_it_comes_back()
                support.wait_for(lambda: self.ok("domstate", "one").strip() == "shut off", 5)

    def test_a_device_of_the_host_comes_back_after_a_kill_of_the_helper(self):
        self.make_host_device()
        folder = f"{self.root}/run/lxvirt/lxc/one"
        for stored in (self.HOSTX, ""):
            self.define(self.xml("one", devices=stored, features=PRIVNET))
            self.start("one")
            if not stored:
                self.attach("one", self.HOSTX)
            self.output("one", "ip link set hostx down; ip link set hostx name mine")
            os.kill(self.helper("one"), signal.SIGKILL)
            support.wait_for(lambda: not self.active(), 3)
            # The next change of the domain cleans up.
            self.lxsh("destroy", "one")
            self.assert_it_comes_back()
            self.assertFalse(os.path.exists(folder))
            self.assertNotIn(folder, read("/proc/self/mountinfo"))
            os.unlink(f"{self.share('one')}/ready")

    def test_a_device_whose_name_was_taken_comes_back_under_another(self):
        self.make_host_device()
        self.define(self.xml("one", devices=self.HOSTX, features=PRIVNET))
        self.start("one")
        run("ip", "link", "add", "hostx", "type", "bridge")
        try:
            self.assertIn("the host has another network device of that name", self.no_detach("one", self.HOSTX))
            self.ok("destroy", "one")
            self.assertIn("network device hostx was given back to the host as dev0", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))
            self.assertIn("hosty@dev0", run("ip", "-o", "link"))
        finally:
            run("ip", "link", "del", "hostx")
        run("ip", "link", "set", "dev0", "name", "hostx")

    def test_a_device_of_the_host_is_there_for_a_reboot_from_inside(self):
        self.make_host_device()
        self.define(self.xml("one", devices=self.HOSTX, features=PRIVNET, on_poweroff="restart"))
        self.start("one")
        os.unlink(f"{self.share('one')}/ready")
        self.ok("shutdown", "one")
        self.wait_agent("one")
        self.assertIn("hostx", self.output("one", "ls /sys/class/net"))
        self.ok("destroy", "one")
        self.assert_it_comes_back()

    def test_an_attached_device_of_the_host_comes_back(self):
        self.make_host_device()
        self.boot("one")
        self.attach("one", self.HOSTX)
        self.ok("destroy", "one")
        self.assert_it_comes_back()

    def test_a_start_that_fails_gives_it_back(self):
        self.make_host_device()
        self.define(self.xml("one", devices=self.HOSTX + bridge_xml("brnone"), features=PRIVNET))
        self.fails("start", "one")
        self.assert_it_comes_back()

    def test_what_the_container_makes_stays_its_own(self):
        """It deletes the device and makes another one, which goes with it."""
        self.make_host_device()
        self.define(self.xml("one", devices=self.HOSTX, features=PRIVNET))
        self.start("one")
        self.output("one", "ip link del hostx; ip link add hostx type veth peer name other")
        self.ok("destroy", "one")
        self.assertNotIn("hostx", support.links())
        self.before["link"] = [name for name in self.before["link"] if name not in ("hostx", "hosty")]


class Others(DeviceCase):
    def hostdev(self, path, kind="misc"):
        word = "char" if kind == "misc" else "block"
        return (f"<hostdev mode='capabilities' type='{kind}'><source><{word}>{path}</{word}></source>"
                "</hostdev>")

    def test_host_devices_are_what_they_are_on_the_host(self):
        self.boot("one")
        self.attach("one", self.hostdev("/dev/net/tun"))
        facts = self.number("/dev/net/tun")
        self.assertEqual(self.output("one", "stat -c '%F %t %T' /dev/net/tun"),
                         f"character special file {os.major(facts):x} {os.minor(facts):x}")
        self.output("one", "exec 5<>/dev/net/tun")
        device = self.loop_device()
        self.attach("one", self.hostdev(device, "storage"))
        self.assertIn("block special", self.output("one", f"stat -c %F {device}"))
        self.detach("one", self.hostdev(device, "storage"))
        self.detach("one", self.hostdev("/dev/net/tun"))
        self.assertNotEqual(self.inside("one", "ls /dev/net")[0], 0)
        self.assert_refused("one", "c", facts)
        self.assertIn("is not a block device", self.no_attach("one", self.hostdev("/dev/fuse", "storage")))
        self.assertIn("is not below /dev", self.no_attach("one", self.hostdev("/etc/passwd")))

    def test_console(self):
        self.boot("one")
        xml = "<console type='pty'><target type='lxc' port='1'/></console>"
        self.attach("one", xml)
        self.assertIn("<alias name='console1'/>", self.live("one"))
        path = re.findall(r"tty='(/dev/pts/\d+)'", self.live("one"))[1]
        self.assertEqual(self.status("one")["console1"], path)
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.output("one", "echo hello >/dev/tty2")
        self.assertTrue(support.wait_for(lambda: b"hello" in self.try_read(fd), 3))
        os.close(fd)
        self.assertIn("first console cannot be detached",
                      self.no_detach("one", "<console type='pty'><target port='0'/></console>"))
        self.detach("one", xml)
        self.assertNotEqual(self.inside("one", "ls /dev/tty2")[0], 0)
        self.assertNotIn("console1", self.status("one"))

    def try_read(self, fd):
        try:
            return os.read(fd, 100)
        except BlockingIOError:
            return b""


class Examples(DeviceCase):
    def test_each_file_attaches_and_detaches(self):
        folder = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                              "examples", "devices")
        self.bridge("lxcbr0")
        os.mkdir(f"{self.folder}/share")
        self.boot("one", features="<privnet/>")
        state = self.kernel_state("one")
        paths = {"/dev/loop0": self.loop_device(), "/srv/lxvirt/data.img": self.image("data.img"),
                 "/srv/lxvirt/share": f"{self.folder}/share"}
        for name in sorted(os.listdir(folder)):
            text = read(f"{folder}/{name}")
            for there, here in paths.items():
                text = text.replace(f"'{there}'", f"'{here}'")
            self.attach("one", text, "--validate")
            self.assertNotEqual(self.kernel_state("one"), state, name)
            self.detach("one", text)
            support.wait_for(lambda: not set(self.loops()) - set(state["loops"]) - {
                os.path.basename(device) for device in self.loops_made}, 3)
            now = self.kernel_state("one")
            self.assertEqual({**now, "loops": 0}, {**state, "loops": 0}, name)

    def test_convenience_commands(self):
        self.bridge("brx")
        self.boot("one", features="<privnet/>")
        device = self.loop_device()
        self.assertEqual(self.ok("attach-disk", "one", "/dev/loop0", "vdb", "--print-xml"),
                         "<disk type='block'>\n  <source dev='/dev/loop0'/>\n  <target dev='vdb'/>\n"
                         "</disk>\n\n")
        self.assertEqual(self.ok("attach-disk", "one", device, "vdb"), "Disk attached successfully\n\n")
        self.assertEqual(self.fails("attach-disk", "one", device, "vdb", "--driver", "lxc",
                                    "--sourcetype", "block"),
                         "error: Failed to attach disk\n"
                         "error: operation failed: target vdb already exists\n")
        self.ok("attach-disk", "one", self.image("file.img"), "vdc")
        self.assertEqual(self.ok("detach-disk", "one", "vdb"), "Disk detached successfully\n\n")
        self.ok("detach-disk", "one", "vdc")
        self.assertEqual(self.fails("detach-disk", "one", "vdb"), "error: Failed to get disk information\n")
        self.assertEqual(self.ok("attach-interface", "one", "bridge", "brx", "--mac",
                                 "52:54:00:11:11:34", "--print-xml"),
                         "<interface type='bridge'>\n  <source bridge='brx'/>\n"
                         "  <mac address='52:54:00:11:11:34'/>\n</interface>\n\n")
        self.assertEqual(self.fails("attach-interface", "one", "bogus", "brx"),
                         "error: No support for bogus in command 'attach-interface'\n")
        self.assertRegex(self.fails("attach-interface", "one", "bridge", "nosuchbr"),
                         r"error: Failed to attach interface\n"
                         r"error: Unable to add bridge nosuchbr port vnet\w+: No such device; the host has no .*\n")
        for _ in range(2):
            self.assertEqual(self.ok("attach-interface", "one", "bridge", "brx"),
                             "Interface attached successfully\n\n")
        self.assertEqual(self.fails("detach-interface", "one", "bridge"),
                         "error: Domain has 2 interfaces. Please specify which one to detach using --mac\n"
                         "error: Failed to detach interface\n")
        self.assertEqual(self.fails("detach-interface", "one", "bridge", "--mac", "52:54:00:99:99:99"),
                         "error: No interface with MAC address 52:54:00:99:99:99 was found\n"
                         "error: Failed to detach interface\n")
        mac = re.search("mac address='([^']*)'", self.live("one")).group(1)
        self.assertEqual(self.ok("detach-interface", "one", "bridge", "--mac", mac),
                         "Interface detached successfully\n\n")
        self.ok("detach-interface", "one", "bridge")
        os.mkdir(f"{self.folder}/data")
        self.ok("attach-mount", "one", f"{self.folder}/data", "/data", "--readonly")
        self.assertIn("Read-only", self.inside("one", "echo x >/data/x")[1])
        self.ok("detach-mount", "one", "/data")


class Definitions(DeviceCase):
    def test_alone(self):
        self.define(self.xml("one"))
        xml = disk_xml("/dev/loop0")
        self.assertIn("domain is not running", self.no_attach("one", xml))
        self.attach("one", xml, "--config")
        self.assertIn("<target dev='vdb' bus='virtio'/>", self.stored("one"))
        self.assertIn("target vdb already exists", self.no_attach("one", xml, "--current"))
        self.update("one", disk_xml("/dev/loop1"), "--config")
        self.assertIn("/dev/loop1", self.stored("one"))
        self.detach("one", xml, "--current")
        self.assertNotIn("vdb", self.stored("one"))

    def test_every_kind(self):
        self.define(self.xml("one"))
        before = self.stored("one")
        for kind, (xml, changed) in DEFINED.items():
            with self.subTest(kind):
                self.attach("one", xml, "--config")
                attached = self.stored("one")
                self.assertNotEqual(attached, before)
                self.update("one", changed or xml, "--config")
                updated = self.stored("one")
                self.assertNotEqual(updated, before)
                self.assertEqual(updated != attached, changed is not None)
                self.detach("one", changed or xml, "--config")
                self.assertEqual(self.stored("one"), before)

    def test_both_at_once_or_neither(self):
        self.boot("one")
        device = self.loop_device()
        before = self.stored("one")
        self.attach("one", disk_xml(device), "--live", "--config")
        self.assertIn("vdb", self.stored("one"))
        self.assertIn("disk0", self.live("one"))
        self.detach("one", disk_xml(device), "--config")
        # Only the live one has it now.
        self.assertIn("disk vdb not found", self.no_detach("one", disk_xml(device), "--live", "--config"))
        self.output("one", "ls /dev/vdb")
        self.assertEqual(self.stored("one"), before)
        self.assertIn("target vdb already exists",
                      self.no_attach("one", disk_xml(device), "--persistent"))
        self.assertEqual(self.stored("one"), before)
        self.detach("one", disk_xml(device))
        # A folder that cannot be written makes the other half fail.
        folder = f"{self.root}/etc/lxvirt/lxc"
        run("mount", "--bind", folder, folder)
        self.addCleanup(run, "umount", folder)
        run("mount", "-o", "remount,ro,bind", folder)
        live = self.live("one")
        self.assertIn("Read-only", self.no_attach("one", disk_xml(device), "--live", "--config"))
        self.assertEqual(self.live("one"), live)
        self.assertNotEqual(self.inside("one", "ls /dev/vdb")[0], 0)

    def test_from_dumpxml_unchanged_and_by_alias(self):
        self.bridge("brx")
        source = f"{self.folder}/data"
        os.mkdir(source)
        self.boot("one", features="<privnet/>")
        for xml in (disk_xml(self.loop_device()), filesystem_xml(source, "/data"), bridge_xml("brx"),
                    "<console type='pty'/>"):
            self.attach("one", xml)
        live = self.live("one")
        for alias in ("disk0", "fs2", "net0", "console1"):
            found = self.ok("dumpxml", "one", "--xpath", f"//devices/*[alias/@name='{alias}']")
            self.detach("one", found)
            self.attach("one", found)
        self.assertEqual(re.sub(r"/dev/pts/\d+", "PTS", self.live("one")),
                         re.sub(r"/dev/pts/\d+", "PTS", live))
        self.assertEqual(self.ok("detach-device-alias", "one", "net0"),
                         "Device detach request sent successfully\n\n")
        self.assertIn("no device found with alias net0", self.fails("detach-device-alias", "one", "net0"))

    def test_ambiguous(self):
        self.bridge("brx")
        self.boot("one", features="<privnet/>")
        self.attach("one", bridge_xml("brx", "52:54:00:00:00:01"))
        self.attach("one", bridge_xml("brx", "52:54:00:00:00:02"))
        error = self.no_detach("one", "<interface type='bridge'><source bridge='brx'/></interface>")
        self.assertIn("net0 (interface 52:54:00:00:00:01 (eth0)), net1 (interface", error)

    def test_duplicates_are_refused_at_define(self):
        for devices in (bridge_xml("brx") * 2, disk_xml("/a") * 2,
                        filesystem_xml("/a", "/x") + filesystem_xml("/b", "//x/")):
            path = self.file(self.xml("one", devices=devices))
            self.assertRegex(self.fails("define", path), "duplicated|already exists")

    def test_devices_stay_over_a_reboot_from_inside(self):
        self.bridge("brx")
        self.boot("one", features="<privnet/>")
        self.attach("one", disk_xml(self.image(), "vdb", "file"))
        self.attach("one", bridge_xml("brx"))
        ready = f"{self.share('one')}/ready"
        os.unlink(ready)
        self.lxsh("reboot", "one")
        self.wait_agent("one")
        self.assertEqual(self.output("one", "head -c 4 /dev/vdb | wc -c; ls /sys/class/net"),
                         "4\neth0\nlo")
        self.detach("one", bridge_xml("brx"))
        self.detach("one", disk_xml("/x"))
        self.assertEqual(self.loops(), [])

    def test_one_that_is_just_restarting_has_it_afterwards_or_refuses(self):
        self.boot("one")
        path = self.file(disk_xml(self.image(), "vdb", "file"), "new.xml")
        ready = f"{self.share('one')}/ready"
        for _ in range(4):  # five are too many for the limit of restarts
            os.unlink(ready)
            self.lxsh("reboot", "one")
            attached = self.lxsh("attach-device", "one", path)
            self.wait_agent("one")
            listed = "<target dev='vdb'" in self.live("one")
            self.assertEqual(attached.status == 0, listed, str(attached))
            status, _output = self.inside("one", "test -b /dev/vdb")
            self.assertEqual(status == 0, listed)
            if listed:
                self.detach("one", disk_xml("/x"))
        self.assertEqual(self.loops(), [])

    def test_a_paused_container_takes_them(self):
        self.bridge("brx")
        self.boot("one", features="<privnet/>")
        self.ok("suspend", "one")
        self.attach("one", disk_xml(self.loop_device()))
        self.attach("one", bridge_xml("brx"))
        self.attach("one", filesystem_xml("/etc", "/data"))
        self.detach("one", filesystem_xml("/etc", "/data"))
        self.ok("resume", "one")
        self.output("one", "ls /dev/vdb /sys/class/net/eth0")


if __name__ == "__main__":
    support.main()
