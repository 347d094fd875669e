"""Disks that come and go while the container runs; the walkthrough's step 4, word for word."""

import os
import stat
import subprocess
import unittest

import support
from devices import DeviceCase, bridge_xml, disk_xml, filesystem_xml
from support import read, run, wait_for

ATTACHED = "Device attached successfully\n\n"
DETACHED = "Device detached successfully\n\n"


class Walkthrough(DeviceCase):
    def test_step_4(self):
        self.boot("one", features="<privnet/>")
        device = self.loop_device()
        number = self.number(device)
        path = self.file(disk_xml(device), "new_disk.xml")
        state = self.kernel_state("one")
        self.assertEqual(self.ok("attach-device", "one", path), ATTACHED)
        self.assertEqual(self.output("one", "stat -c '%F %t %T %A %u %g' /dev/vdb"),
                         f"block special file 7 {os.minor(number):x} brwx------ 0 0")
        rule = "-" * (1 + 6 + 2 + 1 + len(device) + 2)
        self.assertEqual(self.ok("domblklist", "one"),
                         f" Target   Source\n{rule}\n vdb      {device}\n\n")
        self.output("one", "mount -t ext4 /dev/vdb /mnt")
        self.assertEqual(self.output("one", "cat /mnt/test"), "test")
        self.output("one", "umount /mnt")
        self.assertEqual(self.fails("attach-device", "one", path),
                         f"error: Failed to attach device from {path}\n"
                         "error: operation failed: target vdb already exists\n")
        self.assertEqual(self.ok("detach-device", "--live", "one", path), DETACHED)
        self.assertNotEqual(self.inside("one", "ls /dev/vdb")[0], 0)
        self.assert_refused("one", "b", number)
        self.assertEqual(self.kernel_state("one"), state)
        self.assertEqual(self.fails("detach-device", "--live", "one", path),
                         f"error: Failed to detach device from {path}\n"
                         "error: operation failed: disk vdb not found\n")


class Disks(DeviceCase):
    def test_file_through_a_loop_device(self):
        self.boot("one", features="<privnet/>")
        image = self.image()
        state = self.kernel_state("one")
        self.attach("one", disk_xml(image, kind="file"))
        self.assertEqual(len(self.loops()), 1)
        self.assertEqual(self.output("one", "mount -t ext4 /dev/vdb /mnt; cat /mnt/test; umount /mnt"),
                         "test")
        self.detach("one", disk_xml(image, kind="file"))
        self.assertTrue(wait_for(lambda: not self.loops(), 3), "the loop device stayed")
        self.assertEqual(self.kernel_state("one"), state)

    def test_one_disk_of_two_containers_is_refused(self):
        """Two systems that mount one disk destroy it, and neither is told."""
        shareable = "<shareable/>"
        device, image = self.loop_device(), self.image("other.img")
        for source, kind in ((device, "block"), (image, "file")):
            self.boot("one", disk_xml(source, kind=kind), features="<privnet/>")
            xml = disk_xml(source, target="vdc", kind=kind)
            self.define(self.xml("two", devices=xml, features="<privnet/>"))
            error = self.fails("start", "two")
            self.assertIn(f"disk 'vdc' of domain 'two': '{source}' is in use already as disk 'vdb' of running domain "
                          "'one'", error)
            self.assertIn("<shareable/>", error)
            self.boot("two", features="<privnet/>")
            self.assertIn("of running domain 'one'", self.no_attach("two", xml))
            self.assertIn("of the same domain", self.no_attach("one", xml))
            self.assertIn("of running domain 'one'",
                          self.no_attach("two", disk_xml(source, kind=kind, more=shareable)))
            self.assertIn("of running domain 'one'", self.no_attach("two", disk_xml(source, kind=kind, more="<readonly/>")))
            self.assertIn("of running domain 'one'", self.no_attach(
                "two", filesystem_xml(source, "/mnt", kind=kind)))
            self.ok("destroy", "one")
            self.attach("two", xml)
            self.assertIn("of running domain 'two'", self.fails("start", "one"))
            for name in ("one", "two"):
                self.lxsh("destroy", name)
                self.ok("undefine", name)
                os.unlink(f"{self.share(name)}/ready")

    def test_one_disk_twice_in_one_container_is_refused(self):
        device = self.loop_device()
        self.define(self.xml("one", devices=disk_xml(device) + disk_xml(device, target="vdc")))
        self.assertIn("of the same domain", self.fails("start", "one"))
        self.assertEqual(self.active(), [])

    def test_loop_devices_and_their_image_are_one_disk(self):
        image = self.image()
        loops = [run("losetup", "--find", "--show", *part, image).strip()
                 for part in ((), (), ("--sizelimit", "65536"), ("--offset", "65536"))]
        self.loops_made += loops
        first, second, begin, rest = loops
        self.boot("one", disk_xml(first), features="<privnet/>")
        for source, kind in ((second, "block"), (image, "file"), (rest, "block")):
            self.assertIn(f"'{source}' is in use already as disk 'vdb' of the same domain",
                          self.no_attach("one", disk_xml(source, target="vdc", kind=kind)))
        self.ok("destroy", "one")
        self.ok("undefine", "one")
        os.unlink(f"{self.share('one')}/ready")
        # Two that show different parts of the image are two disks.
        self.boot("one", disk_xml(begin) + disk_xml(rest, target="vdc"), features="<privnet/>")

    def test_partition_and_its_whole_disk_are_one_disk(self):
        # Without this option the kernel keeps no partitions of a loop device.
        whole = run("losetup", "--find", "--show", "--partscan", self.image()).strip()
        self.loops_made.append(whole)
        name = os.path.basename(whole)
        added = subprocess.run(["addpart", whole, "1", "2048", "2048"], capture_output=True, text=True, check=False)
        if added.returncode != 0:
            self.skipTest(f"no partition of a loop device can be made here: {added.stderr.strip()}")
        part = f"{self.folder}/part"
        major, minor = read(f"/sys/block/{name}/{name}p1/dev").split(":")
        os.mknod(part, 0o600 | stat.S_IFBLK, os.makedev(int(major), int(minor)))
        for first, second, words in ((whole, part, f"'{part}' is a partition of '{whole}', which is"),
                                     (part, whole, f"'{whole}' has the partition '{part}', which is")):
            self.boot("one", disk_xml(first), features="<privnet/>")
            self.define(self.xml("two", devices=disk_xml(second), features="<privnet/>"))
            self.assertIn(f"disk 'vdb' of domain 'two': {words} in use already as disk 'vdb' of running domain 'one'",
                          self.fails("start", "two"))
            self.assertIn("of the same domain", self.no_attach("one", disk_xml(second, target="vdc")))
            for domain in ("one", "two"):
                self.lxsh("destroy", domain)
                self.ok("undefine", domain)
            os.unlink(f"{self.share('one')}/ready")

    def test_disks_that_are_shareable_or_only_read_are_shared(self):
        device = self.loop_device()
        for more in ("<shareable/>", "<readonly/>"):
            xml = disk_xml(device, more=more)
            self.boot("one", xml + disk_xml(device, target="vdc", more=more), features="<privnet/>")
            self.boot("two", xml, features="<privnet/>")
            for name in ("one", "two"):
                self.ok("destroy", name)
                self.ok("undefine", name)
                os.unlink(f"{self.share(name)}/ready")

    def test_made_at_the_start(self):
        image = self.image()
        self.boot("one", disk_xml(image, kind="file"))
        self.detach("one", disk_xml(image, kind="file"))
        self.assertTrue(wait_for(lambda: not self.loops(), 3), "the loop device stayed")
        self.assertNotEqual(self.inside("one", "ls /dev/vdb")[0], 0)

    def test_readonly(self):
        self.boot("one")
        self.attach("one", disk_xml(self.loop_device(), more="<readonly/>"))
        self.output("one", "head -c 1 /dev/vdb >/dev/null")
        self.assertIn("Operation not permitted", self.inside("one", "echo x >/dev/vdb")[1])

    def test_two_disks_of_one_source_share_its_number(self):
        self.boot("one")
        device = self.loop_device()
        shareable = "<shareable/>"
        self.attach("one", disk_xml(device, "vdb", more=shareable))
        self.attach("one", disk_xml(device, "vdc", more=shareable))
        self.detach("one", disk_xml(device, "vdb", more=shareable))
        self.output("one", "head -c 1 /dev/vdc >/dev/null")

    def test_the_source_can_be_changed(self):
        self.boot("one", features="<privnet/>")
        first, second = self.loop_device("a.img", content="a\n"), self.loop_device("b.img", content="b\n")
        self.attach("one", disk_xml(first))
        self.update("one", disk_xml(second))
        self.assertEqual(self.output("one", "mount -t ext4 /dev/vdb /mnt; cat /mnt/test"), "b")
        self.assertIn("in use: mounted on '/mnt'", self.no_update("one", disk_xml(first)))
        self.output("one", "umount /mnt")
        state, live = self.kernel_state("one"), self.live("one")
        self.assertIn("Unable to access /nosuch", self.no_update("one", disk_xml("/nosuch")))
        self.assertIn("of the same type", self.no_update("one", disk_xml("/x", kind="file")))
        self.assertEqual(self.kernel_state("one"), state)
        self.assertEqual(self.live("one"), live)
        self.assert_refused("one", "b", self.number(first))

    def test_in_use_says_who(self):
        self.boot("one")
        xml = disk_xml(self.loop_device())
        self.attach("one", xml)
        self.output("one", "mount -t ext4 /dev/vdb /mnt")
        self.assertRegex(self.no_detach("one", xml),
                         r"disk vdb is in use: mounted on '/mnt' \(process \d+ \(\w+\)\); --force")
        self.assertEqual(self.output("one", "cat /mnt/test"), "test")
        self.output("one", "umount /mnt; sleep 100 </dev/vdb >/dev/null 2>&1 &")
        wait_for(lambda: "open in" in self.no_detach("one", xml), 3)
        self.assertRegex(self.no_detach("one", xml), r"in use: open in process \d+ \(sleep\)")
        result = self.lxsh("detach-device", "one", self.file(xml), "--force")
        self.assertEqual(result.status, 0, str(result))
        self.assertRegex(result.err, r"warning: disk vdb was in use .*process \d+ \(sleep\)")
        self.assertNotEqual(self.inside("one", "ls /dev/vdb")[0], 0)

    def test_sizes_and_statistics(self):
        self.boot("one")
        image = self.image()
        self.attach("one", disk_xml(image, kind="file"))
        size = os.stat(image).st_size
        self.assertRegex(self.ok("domblkinfo", "one", "vdb"),
                         rf"^Capacity:       {size}\nAllocation:     \d+\nPhysical:       {size}\n\n$")
        self.output("one", "dd if=/dev/vdb of=/dev/null bs=64k count=4")
        stats = self.ok("domblkstat", "one", "vdb")
        self.assertRegex(stats, r"^vdb rd_req \d+\nvdb rd_bytes \d+\nvdb wr_req \d+\nvdb wr_bytes \d+\n\n$")
        self.assertRegex(self.ok("domblkstat", "one"), r"^ rd_req \d+\n rd_bytes")
        self.assertEqual(self.fails("domblkstat", "one", "vdz"),
                         "error: Failed to get block stats for domain 'one' device 'vdz'\n"
                         "error: invalid argument: invalid path: vdz\n")

    def test_bad_input(self):
        self.boot("one", features="<privnet/>")
        state, live = self.kernel_state("one"), self.live("one")
        for xml, words in (
                (disk_xml("/dev/loop0", "../etc/x"), "Invalid disk target '../etc/x'"),
                (disk_xml("/dev/loop0", "a/b"), "Invalid disk target 'a/b'"),
                (disk_xml("/dev/nosuch"), "Unable to access /dev/nosuch: No such file or directory"),
                (disk_xml("/dev/null"), "Disk source /dev/null must be a block device"),
                (disk_xml("/tmp"), "'/tmp' is not a block or character device"),
                (disk_xml("/nosuch.img", kind="file"), "Unable to access /nosuch.img"),
                ("<disk type='block'>\n<source", "device.xml:2:"),
                ("<disk type='block'>\n<source dev='/dev/loop0'/>\n</disk>", "device.xml:"),
                ("<sound model='ich6'/>", "device type 'sound' is not supported")):
            error = self.no_attach("one", xml)
            self.assertIn(words, error)
        self.assertEqual(self.kernel_state("one"), state)
        self.assertEqual(self.live("one"), live)

    def test_two_hundred_times_leaks_nothing(self):
        self.bridge("brx")
        self.boot("one", features="<privnet/>")
        # Mount points that are made stay, as at a start.
        files = [self.file(disk_xml(self.image(), kind="file"), "disk.xml"),
                 self.file(filesystem_xml(self.folder, "/data"), "fs.xml"),
                 self.file(bridge_xml("brx"), "net.xml")]
        helper = self.helper("one")
        state = self.kernel_state("one")
        handles = len(os.listdir(f"/proc/{helper}/fd"))
        script = "".join(f"{verb}-device one {path};" for path in files for verb in ("attach", "detach"))
        for _ in range(7):
            result = self.lxsh(script * 10, timeout=60)
            self.assertEqual(result.status, 0, str(result)[-400:])
        self.assertTrue(wait_for(lambda: not self.loops(), 3))
        self.assertEqual(self.kernel_state("one"), state)
        self.assertEqual(len(os.listdir(f"/proc/{helper}/fd")), handles)


if __name__ == "__main__":
    support.main()
