"""Every type of <filesystem>, disks and host devices at start, through a busybox container."""

import os
import unittest

import support
from guest import GuestCase
from support import read, run, wait_for, write


def filesystem(kind, source, target, more=""):
    name = {"mount": "dir", "bind": "dir", "block": "dev", "file": "file"}.get(kind)
    source = f"<source {name}='{source}'/>" if name else source
    return f"<filesystem type='{kind}'>{source}<target dir='{target}'/>{more}</filesystem>"


class Filesystems(GuestCase):
    def image(self, name):
        """An ext4 image with a file `test` in it."""
        path = f"{self.folder}/{name}"
        tree = f"{self.folder}/{name}.tree"
        os.mkdir(tree)
        write(f"{tree}/test", "test\n")
        with open(path, "wb") as image:
            image.truncate(8 << 20)
        run("mkfs.ext4", "-q", "-d", tree, path)
        return path

    def loops(self):
        return [name for name, file in support.loop_devices().items()
                if file.startswith(self.folder)]

    def test_mount_with_what_is_mounted_below(self):
        outer = f"{self.folder}/outer"
        os.makedirs(f"{outer}/inner")
        run("mount", "-t", "tmpfs", "none", f"{outer}/inner")
        self.addCleanup(run, "umount", f"{outer}/inner")
        self.before["mount"] = support.mounts()
        write(f"{outer}/inner/file", "deep\n")
        self.boot("one", filesystem("mount", outer, "/new/place"))
        self.assertEqual(self.output("one", "cat /new/place/inner/file"), "deep")
        self.output("one", "echo up >/new/place/made")
        self.assertEqual(read(f"{outer}/made"), "up\n")
        self.ok("destroy", "one")

    def tearDown(self):
        # Cleanups come after tearDown(), and a mount of the test's own must not hinder the removal.
        self.doCleanups()
        self.before["mount"] = [line for line in self.before["mount"] if self.folder not in line]
        super().tearDown()

    def test_readonly(self):
        source = f"{self.folder}/data"
        os.mkdir(source)
        self.boot("one", filesystem("mount", source, "/data", "<readonly/>"))
        status, text = self.inside("one", "echo x >/data/file")
        self.assertNotEqual(status, 0)
        self.assertIn("Read-only file system", text)

    def test_a_device_node_as_the_source_is_warned_of(self):
        for source, told in (("/dev/loop0", "type='storage'> with <source><block>/dev/loop0</block>"),
                             ("/dev/loop-control", "type='misc'> with <source><char>/dev/loop-control</char>"),
                             ("/dev/null", None), ("/etc/hostname", None)):
            path = f"{self.folder}/node.xml"
            write(path, self.xml("one", devices=filesystem("mount", source, "/dev/x")))
            result = self.lxsh("define", path)
            self.assertEqual(result.status, 0, str(result))
            self.assertEqual(told is not None and told in result.err, told is not None, result.err)
            self.assertEqual("is a device node" in result.err, told is not None, result.err)
            self.ok("undefine", "one")

    def test_readonly_root(self):
        self.boot("one", root_extra="<readonly/>")
        status, text = self.inside("one", "echo x >/root/file")
        self.assertNotEqual(status, 0)
        self.assertIn("Read-only file system", text)
        self.output("one", "echo x >/share/file; echo x >/dev/null")

    def test_bind_of_a_folder_inside(self):
        self.boot("one", filesystem("bind", "/etc", "/mnt"))
        self.assertEqual(self.output("one", "cat /mnt/securetty"), "console")

    def test_ram(self):
        self.boot("one", filesystem("ram", "<source usage='1024' units='KiB'/>", "/scratch"))
        self.assertIn("tmpfs", self.output("one", "grep /scratch /proc/mounts"))
        status, text = self.inside("one", "dd if=/dev/zero of=/scratch/file bs=64k count=32")
        self.assertNotEqual(status, 0)
        self.assertIn("No space left on device", text)

    def test_file_through_a_loop_device(self):
        image = self.image("disk.img")
        self.boot("one", "<filesystem type='file'><driver type='loop' format='raw'/>"
                         f"<source file='{image}'/><target dir='/data'/></filesystem>")
        self.assertEqual(self.output("one", "cat /data/test"), "test")
        self.assertEqual(len(self.loops()), 1)
        self.output("one", "echo more >/data/more")
        self.ok("destroy", "one")
        self.assertTrue(wait_for(lambda: not self.loops(), 3), "the loop device stayed")
        self.assertIn("more", run("debugfs", "-R", "ls /", image))

    def test_block(self):
        image = self.image("block.img")
        device = run("losetup", "--find", "--show", image).strip()
        try:
            self.boot("one", filesystem("block", device, "/data"))
            self.assertEqual(self.output("one", "cat /data/test"), "test")
            self.ok("destroy", "one")
        finally:
            run("losetup", "--detach", device)


class Nodes(GuestCase):
    def image(self):
        path = f"{self.folder}/disk.img"
        with open(path, "wb") as image:
            image.truncate(1 << 20)
        return path

    def test_block_disk_is_a_node_with_its_numbers(self):
        device = run("losetup", "--find", "--show", self.image()).strip()
        try:
            self.boot("one", "<disk type='block' device='disk'><driver name='lxc' cache='none'/>"
                             f"<source dev='{device}'/><target dev='vdb' bus='virtio'/></disk>")
            number = os.minor(os.stat(device).st_rdev)
            self.assertEqual(self.output("one", "stat -c '%F %t %T' /dev/vdb"),
                             f"block special file 7 {number:x}")
            self.output("one", "echo hello | dd of=/dev/vdb conv=fsync")
            self.ok("destroy", "one")
        finally:
            run("losetup", "--detach", device)
        with open(f"{self.folder}/disk.img", "rb") as image:
            self.assertEqual(image.read(6), b"hello\n")

    def test_file_disk_is_a_loop_device_that_goes_with_the_container(self):
        image = self.image()
        self.boot("one", f"<disk type='file' device='disk'><source file='{image}'/>"
                         "<target dev='vda'/></disk>")
        self.output("one", "echo hello | dd of=/dev/vda conv=fsync")
        self.assertIn(image, support.loop_devices().values())
        self.ok("destroy", "one")
        gone = wait_for(lambda: image not in support.loop_devices().values(), 3)
        self.assertTrue(gone, "the loop device stayed")

    def test_host_device(self):
        device = next((path for path in ("/dev/fuse", "/dev/net/tun") if os.path.exists(path)), None)
        if device is None:
            self.skipTest("this host has neither /dev/fuse nor /dev/net/tun")
        facts = os.stat(device).st_rdev
        self.boot("one", "<hostdev mode='capabilities' type='misc'><source>"
                         f"<char>{device}</char></source></hostdev>")
        self.assertEqual(self.output("one", f"stat -c '%F %t %T' {device}"),
                         f"character special file {os.major(facts):x} {os.minor(facts):x}")
        self.output("one", f"exec 5<>{device}")


if __name__ == "__main__":
    support.main()
