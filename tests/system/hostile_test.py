"""Host root acts in a container whose root moves, links, mounts and watches everything that it can reach, at
that moment. Files of the host that the container sees keep owner, mode and contents, and none comes or goes.
"""

import os
import shutil
import stat
import time
import unittest

import support
from devices import DeviceCase, disk_xml, filesystem_xml
from guest import busybox_rootfs
from probe import IDMAP, PRIVNET, container
from support import read, run, write
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

    def test_file_systems_that_cannot_be_mapped(self):
        self.boot("one", devices=filesystem_xml("/sys/kernel", "/mnt"), features=PRIVNET, extra=IDMAP)
        self.assertIn("sysfs /mnt", self.output("one", "cat /proc/mounts"))

    @unittest.skipUnless(os.path.exists("/usr/share/lxc/config/userns.conf"), "lxc-tools are not installed here")
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


class Locked(DeviceCase):
    """With an id map the container's root owns its mounts; what narrows those of the host's trees stays all the same."""

    def tree(self):
        """A folder that everybody may write to, with a mount below it, of a file system that every kernel can map."""
        folder = f"{self.folder}/tree"
        os.makedirs(f"{folder}/below")
        image = self.empty_disk()
        run("mkfs.ext4", "-q", image)
        run("mount", "-o", "loop", image, f"{folder}/below")
        os.chmod(f"{folder}/below", 0o777)
        self.addCleanup(run, "umount", f"{folder}/below")
        os.chmod(folder, 0o777)
        write(f"{folder}/file", "ours\n")
        os.chmod(f"{folder}/file", 0o666)
        return folder

    def assert_read_only(self, *targets):
        for target in targets:
            for way in ("mount -o remount,bind,rw {}", "mount -o remount,rw {}",
                        "unshare -Urm mount -o remount,bind,rw {}"):
                self.assertNotEqual(self.inside("one", way.format(target))[0], 0, f"{way} {target}")
        for target in targets:
            name = target if target.endswith("file") else f"{target}/made"
            self.assertIn("Read-only", self.inside("one", f"echo x >{name}")[1], target)

    def test_a_read_only_share(self):
        folder = self.tree()
        self.boot("one", devices=filesystem_xml(folder, "/shared", more="<readonly/>"), features=PRIVNET,
                  extra=IDMAP)
        self.assert_read_only("/shared", "/shared/below")
        self.output("one", "umount -l /shared && mkdir /shared/own")
        self.assertEqual(sorted(os.listdir(folder)), ["below", "file"])

    def test_a_mapped_share_and_mounts_of_lxc(self):
        folder = self.tree()
        mounts = (f"<lx:filesystem target='/shared' idmap='container'/>"
                  f"<lx:mount source='{folder}' target='/mnt/all' type='none' options='rbind,ro,create=dir'/>"
                  f"<lx:mount source='{folder}/file' target='/mnt/file' type='none' options='bind,ro,create=file'/>"
                  f"<lx:mount source='{folder}' target='/mnt/plain' type='none' "
                  "options='bind,nosuid,nodev,noexec,create=dir'/>")
        self.boot("one", devices=filesystem_xml(f"{folder}/below", "/shared", more="<readonly/>"),
                  features=PRIVNET, extra=IDMAP + container(mounts))
        self.assert_read_only("/shared", "/mnt/all", "/mnt/all/below", "/mnt/file")
        for word in ("suid", "dev", "exec"):
            self.assertNotEqual(self.inside("one", f"mount -o remount,bind,{word} /mnt/plain")[0], 0, word)
        self.output("one", "echo x >/mnt/plain/new")

    def test_a_read_only_root_whose_mount_points_are_missing(self):
        root = f"{self.folder}/copy"
        run("cp", "-a", busybox_rootfs(), root)
        mounts = ("<lx:mount source='/etc/hostname' target='/new/deep/file' type='none' options='bind,create=file'/>"
                  "<lx:mount source='tmpfs' target='/new/tmpfs' type='tmpfs' options='create=dir'/>"
                  "<lx:mount source='tmpfs' target='/new/tmpfs/inner' type='tmpfs' options='create=dir'/>")
        for more in ("", "<lx:hooks><lx:hook type='mount' command='/bin/true'/></lx:hooks>"):
            with self.subTest(more):
                self.boot("one", rootfs=root, root_extra="<readonly/>", features=PRIVNET,
                          extra=IDMAP + container(mounts + more))
                self.assert_read_only("/", "/etc")
                self.output("one", "cat /new/deep/file && echo x >/new/tmpfs/x && echo x >/new/tmpfs/inner/x")
                self.ok("destroy", "one")
                self.ok("undefine", "one")

    def test_a_read_only_root_of_layers(self):
        root, upper = f"{self.folder}/lower", f"{self.folder}/upper"
        run("cp", "-a", busybox_rootfs(), root)
        os.mkdir(upper)
        run("chown", "-R", "100000:100000", root, upper)
        self.boot("one", rootfs=root, features=PRIVNET, extra=IDMAP + container(
            f"<lx:rootfs storage='overlay:{root}:{upper}' options='ro'/>"))
        self.assertIn("overlay / overlay ro", self.output("one", "grep ' / ' /proc/mounts"))
        self.assert_read_only("/")
        self.assertNotIn("made", os.listdir(upper))

    def test_hot_plug_and_update(self):
        folder = self.tree()
        locked = filesystem_xml(folder, "/shared", more="<readonly/>")
        self.boot("one", features=PRIVNET, extra=IDMAP)
        self.attach("one", locked)
        self.assert_read_only("/shared", "/shared/below")
        self.update("one", filesystem_xml(folder, "/shared"))
        self.output("one", "echo x >/shared/file")
        self.update("one", locked)
        self.assert_read_only("/shared", "/shared/below")
        self.assertEqual(self.output("one", "grep -c ' /shared ' /proc/mounts"), "1")
        self.detach("one", locked)
        self.assertEqual(self.inside("one", "grep ' /shared' /proc/mounts")[1], "")


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
