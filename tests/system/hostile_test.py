"""Host root acts in a container whose root moves, links, mounts and watches everything that it can reach, at
that moment. Files of the host that the container sees keep owner, mode and contents, and none comes or goes.
"""

import os
import shutil
import stat
import time

import support
from devices import DeviceCase, disk_xml, filesystem_xml
from guest import busybox_rootfs
from probe import IDMAP, PRIVNET, container
from support import read, write
from terminal import Terminal

SECONDS = 20 if os.environ.get("LXVIRT_LONG") else 4
ATTACKER = os.environ.get("LXVIRT_ATTACKER", "build/tests/system/attacker")
TUN = "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>"


class Racing(DeviceCase):
    def setUp(self):
        super().setUp()
        self.victims = f"{self.folder}/victims"
        os.makedirs(f"{self.victims}/victim")
        write(f"{self.victims}/file", "of the host\n")
        os.chmod(f"{self.victims}/file", 0o600)
        self.source = f"{self.folder}/source"
        os.mkdir(self.source)
        write(f"{self.source}.file", "a source\n")

    def state(self):
        """Everything of the host that the container sees."""
        found = []
        for folder, folders, files in os.walk(self.victims):
            for path in [folder] + [f"{folder}/{name}" for name in files]:
                info = os.lstat(path)
                found.append((path, info.st_uid, info.st_gid, oct(info.st_mode), info.st_rdev,
                              read(path) if stat.S_ISREG(info.st_mode) else ""))
        return sorted(found)

    def attack(self, name, more, **options):
        shutil.copy(ATTACKER, f"{self.make_share(name)}/attacker")
        self.boot(name, devices=filesystem_xml(self.victims, "/victims", more=more), features=PRIVNET, **options)
        self.output(name, "/share/attacker /victims/file /victims >/share/attacking 2>&1 &")
        self.assertTrue(support.wait_for(lambda: read(f"{self.share(name)}/attacking"), 10))

    def acts(self, name, device):
        """Each act of host root; the container may make it fail, with words."""
        disk, mounts = self.file(disk_xml(device), "disk.xml"), []
        tun = self.file(TUN, "tun.xml")
        for number, source in enumerate((self.source, f"{self.source}.file")):
            kind = "mount" if number == 0 else "bind"
            mounts.append(self.file(filesystem_xml(source, ("/a/victim", "/a/file")[number]), f"mount{kind}.xml"))
        console = self.file("<console type='pty'/>", "console.xml")
        for file in [disk, tun, console, *mounts]:
            for verb in ("attach-device", "detach-device"):
                result = self.lxsh(verb, name, file, *(["--force"] if verb[0] == "d" else []))
                self.assertIn(result.status, (0, 1), str(result))
                self.done[result.status] += 1
        with Terminal(self.command("-q", "lxc-enter-namespace", name, "--", "true")) as terminal:
            end = time.monotonic() + 10
            while not terminal.ended() and time.monotonic() < end:
                terminal.read(0.2)

    def race(self, more="", **options):
        device = self.loop_device()
        before = self.state()
        self.attack("one", more, **options)
        self.done = [0, 0]
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            self.acts("one", device)
            self.assertEqual(self.state(), before)
        self.ok("destroy", "one")
        self.assertEqual(self.state(), before)
        self.assertGreater(self.done[0], 0, "no act ever succeeded")

    def test_with_an_id_map(self):
        self.race(extra=IDMAP + container("<lx:filesystem target='/victims' idmap='none'/>"))

    def test_without_an_id_map(self):
        self.race(more="<readonly/>")


class Ids(DeviceCase):
    """Whose files a container with an id map sees on its mounts."""

    def ok_errors(self, *words):
        result = self.lxsh(*words)
        self.assertEqual(result.status, 0, str(result))
        return result.err

    def shared(self):
        folder = f"{self.folder}/shared"
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        write(f"{folder}/secret", "of the host's root\n")
        os.chmod(f"{folder}/secret", 0o600)
        return folder

    def test_a_share_keeps_the_hosts_ids(self):
        folder = self.shared()
        self.boot("one", devices=filesystem_xml(folder, "/shared"), features=PRIVNET, extra=IDMAP)
        self.assertNotEqual(self.inside("one", "cat /shared/secret")[0], 0)
        self.assertNotEqual(self.inside("one", "echo x >>/shared/secret")[0], 0)
        self.output("one", "cp /bin/busybox /shared/program; chmod 4755 /shared/program")
        self.assertEqual(os.stat(f"{folder}/program").st_uid, 100000)
        self.assertEqual(read(f"{folder}/secret"), "of the host's root\n")

    def test_a_share_of_lxc_keeps_the_hosts_ids(self):
        folder = self.shared()
        self.boot("one", features=PRIVNET, extra=IDMAP + container(
            f"<lx:mount source='{folder}' target='/mnt' type='none' options='bind'/>"))
        self.assertNotEqual(self.inside("one", "cat /mnt/secret")[0], 0)

    def test_a_hot_plugged_share_keeps_the_hosts_ids(self):
        folder = self.shared()
        self.boot("one", features=PRIVNET, extra=IDMAP)
        self.attach("one", filesystem_xml(folder, "/shared"))
        self.assertNotEqual(self.inside("one", "cat /shared/secret")[0], 0)

    def test_a_share_that_asks_is_mapped(self):
        folder = self.shared()
        self.boot("one", devices=filesystem_xml(folder, "/shared"), features=PRIVNET,
                  extra=IDMAP + container("<lx:filesystem target='/shared' idmap='container'/>"))
        self.assertEqual(self.output("one", "cat /shared/secret"), "of the host's root")

    def test_the_next_start_of_a_stored_definition_tells_it(self):
        folder = self.shared()
        for more, told in (("", True), (container("<lx:filesystem target='/shared' idmap='none'/>"), False)):
            self.define(self.xml("one", devices=filesystem_xml(folder, "/shared"), features=PRIVNET,
                                 extra=IDMAP + more))
            result = self.lxsh("start", "one")
            self.assertEqual("filesystem on '/shared' keeps the host's ids" in result.err, told, str(result))
            self.ok("destroy", "one")

    def test_read_only_shares_stay_so_without_sys_admin_and_a_notice_tells_it(self):
        folder = self.shared()
        for off in ("", "<capabilities><sys_admin state='off'/></capabilities>"):
            xml = self.xml("one", devices=filesystem_xml(folder, "/shared", more="<readonly/>"),
                           features=PRIVNET + off, extra=IDMAP)
            told = self.ok_errors("define", self.file(xml))
            self.assertEqual("make the read-only <filesystem> on '/shared' writable" in told, not off, told)
            if off:
                self.start("one")
                self.assertNotEqual(self.inside("one", "mount -o remount,bind,rw /shared")[0], 0)
                self.assertNotEqual(self.inside("one", "unshare -Urm mount -o remount,bind,rw /shared")[0], 0)
                self.assertNotEqual(self.inside("one", "echo x >/shared/new")[0], 0)
        self.assertFalse(os.path.exists(f"{folder}/new"))

    def test_file_systems_that_cannot_be_mapped(self):
        self.boot("one", devices=filesystem_xml("/sys/kernel", "/mnt"), features=PRIVNET, extra=IDMAP)
        self.assertIn("sysfs /mnt", self.output("one", "cat /proc/mounts"))

    def test_debians_own_configuration_of_an_unprivileged_container_starts(self):
        """Its includes mount /dev/fuse, the debug file systems and others of the host's, which no map can show."""
        config = f"{self.folder}/config"
        write(config, "lxc.include = /usr/share/lxc/config/common.conf\n"
                      "lxc.include = /usr/share/lxc/config/userns.conf\n"
                      "lxc.uts.name = one\nlxc.net.0.type = empty\nlxc.init.cmd = /bin/sleep 1000\n"
                      f"lxc.rootfs.path = dir:{busybox_rootfs()}\n"
                      "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n")
        self.define(self.ok("domxml-from-native", "lxc-tools", config))
        self.ok("start", "one")
        self.assertEqual(self.ok("domstate", "one").strip(), "running")

    def test_root_folder_that_others_can_enter_is_warned_of(self):
        for mode, told in ((0o755, True), (0o700, False)):
            os.chmod(self.folder, mode)
            root = f"{self.folder}/root{mode}"
            os.mkdir(root)
            result = self.lxsh("define", self.file(self.plain("one", rootfs=root, features=PRIVNET, extra=IDMAP)))
            self.assertEqual("set-user-ID" in result.err, told, str(result))


class Silent(DeviceCase):
    """A file system of the container's that never answers holds up an act on it, and no other command."""

    FUSE = "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"

    def test_a_mount_point_on_a_file_system_that_does_not_answer(self):
        shutil.copy(os.environ.get("LXVIRT_SILENT_FUSE", "build/tests/system/silent_fuse"),
                    f"{self.make_share('one')}/fuse")
        source = f"{self.folder}/source"
        os.mkdir(source)
        self.boot("one", devices=self.FUSE, features=PRIVNET, extra=IDMAP)
        self.output("one", "mkdir /fs; /share/fuse /fs >/share/fused 2>&1 &")
        support.wait_for(lambda: os.path.exists(f"{self.share('one')}/fused") and
                         read(f"{self.share('one')}/fused"), 5)
        if "mounted" not in read(f"{self.share('one')}/fused"):
            self.skipTest("this kernel has no FUSE: " + read(f"{self.share('one')}/fused"))
        begun = time.monotonic()
        told = self.no_attach("one", filesystem_xml(source, "/fs/below"))
        self.assertIn("does not answer", told)
        self.assertLess(time.monotonic() - begun, 25 * support.SLOWNESS)
        self.ok("destroy", "one")


class Shown(DeviceCase):
    """What a container is called inside reaches no terminal as it is."""

    def test_names_that_a_container_gives(self):
        self.boot("one", features=PRIVNET)
        self.output("one", "ip link add \"$(printf 'a\\033[2Jb')\" type bridge; ip link set \"$(printf 'a\\033[2Jb')\" up; "
                           "ip addr add 192.0.2.1/24 dev \"$(printf 'a\\033[2Jb')\"; hostname \"$(printf 'h\\033[2J')\"; true")
        for words in (["domifaddr", "one", "--source", "agent"], ["domhostname", "one", "--source", "agent"],
                      ["shutdown", "one", "--mode", "initctl"]):
            result = self.lxsh(*words)
            self.assertNotIn("\x1b", result.out + result.err, str(words))
        self.assertIn(r"a\x1b[2Jb", self.ok("domifaddr", "one", "--source", "agent"))


class Devices(DeviceCase):
    """The same without a race."""

    def test_a_folder_of_the_host_mounted_on_a_folder_of_dev(self):
        outside = f"{self.folder}/outside"
        os.mkdir(outside)
        self.boot("one", devices=filesystem_xml(outside, "/outside"), features=PRIVNET)
        self.output("one", "mkdir /dev/net; mount --bind /outside /dev/net")
        self.attach("one", TUN)
        self.assertEqual(os.listdir(outside), [])
        self.detach("one", TUN)

    def test_a_link_in_place_of_a_read_only_mount(self):
        """update-device makes the device's own mount writable, and no other one."""
        xml = "<filesystem type='ram'><source usage='64' units='KiB'/><target dir='/ram'/>{}</filesystem>"
        self.boot("one", devices=xml.format("<readonly/>"), features=PRIVNET)
        self.output("one", "umount /ram; rmdir /ram; mkdir /own; mount -t tmpfs -o ro none /own; "
                           "ln -s /own /ram")
        self.no_update("one", xml.format(""))
        self.assertIn("ro", self.output("one", "grep ' /own ' /proc/mounts").split()[3].split(","))

    def test_the_private_half_is_not_seen(self):
        self.boot("one", features=PRIVNET)
        self.assertEqual(self.output("one", "ls -d /dev/c /dev/p /dev/../dev/.. 2>/dev/null; true"),
                         "/dev/../dev/..")
        self.assertNotIn("new", self.output("one", "ls /dev").split())


if __name__ == "__main__":
    support.main()
