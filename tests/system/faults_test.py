"""Faults of the everyday kind before and at a start: each is named, and nothing of it stays."""

import os
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import read, run, write


class FailedStart(GuestCase):
    def refused(self, *texts, **options):
        """Starting this definition must fail with these texts and leave nothing."""
        name = options.pop("name", "bad")
        self.define(self.plain(name, **options))
        error = self.fails("start", name)
        self.assertIn(f"error: Failed to start domain '{name}'", error)
        for text in texts:
            self.assertIn(text, error)
        self.assert_nothing_left()
        self.assertTrue(self.state(name).startswith("shut off"), self.state(name))

    def test_missing_rootfs_is_named_and_not_made(self):
        path = f"{self.folder}/no/such/root"
        self.refused(path, "No such file or directory", rootfs=path)
        self.assertFalse(os.path.exists(f"{self.folder}/no"))

    def test_missing_init_is_named(self):
        self.refused("cannot find init path '/sbin/absent'", busybox_rootfs(), init="/sbin/absent")

    def test_init_that_is_no_program_is_named(self):
        self.refused("'/etc/inittab'", "not an executable", init="/etc/inittab")

    def test_init_link_that_leads_out_is_resolved_inside(self):
        rootfs = f"{self.folder}/links"
        os.makedirs(f"{rootfs}/sbin")
        os.symlink("/../../../../bin/sh", f"{rootfs}/sbin/init")
        self.refused("cannot find init path '/sbin/init'", rootfs=rootfs, init="/sbin/init")

    def test_missing_interpreter_is_named(self):
        rootfs = f"{self.folder}/scripts"
        os.makedirs(f"{rootfs}/sbin")
        write(f"{rootfs}/sbin/init", "#!/no/such/interpreter\n", 0o755)
        self.refused("/sbin/init", "No such file or directory", rootfs=rootfs, init="/sbin/init")

    def test_program_of_another_kind_is_named(self):
        rootfs = f"{self.folder}/garbage"
        os.makedirs(f"{rootfs}/sbin")
        write(f"{rootfs}/sbin/init", "\x7fELFgarbage", 0o755)
        self.refused("/sbin/init", "Exec format error", rootfs=rootfs, init="/sbin/init")

    def test_missing_bridge_is_named(self):
        self.refused("Unable to add bridge nosuch0 port of interface 52:54:00:", "No such device",
                     "start what makes it, or use <interface type='network'>",
                     devices="<interface type='bridge'><source bridge='nosuch0'/></interface>")

    def test_missing_device_below_macvlan_is_named(self):
        self.refused("nosuch1", devices="<interface type='direct'><source dev='nosuch1'/></interface>")

    def test_missing_source_is_named(self):
        self.refused("/no/such/folder", "'/data'", devices=(
            "<filesystem type='mount'><source dir='/no/such/folder'/><target dir='/data'/>"
            "</filesystem>"))

    def test_missing_disk_is_named(self):
        self.refused("/no/such/image", devices=(
            "<disk type='file' device='disk'><source file='/no/such/image'/><target dev='vda'/>"
            "</disk>"))
        self.refused("/dev/nosuchdisk", devices=(
            "<disk type='block' device='disk'><source dev='/dev/nosuchdisk'/><target dev='vda'/>"
            "</disk>"))

    def test_file_that_holds_no_filesystem_is_named(self):
        write(f"{self.folder}/empty.img", "\0" * 65536)
        self.refused("empty.img", devices=(
            f"<filesystem type='file'><driver type='loop' format='raw'/>"
            f"<source file='{self.folder}/empty.img'/><target dir='/data'/></filesystem>"))

    def test_failure_after_links_were_made_takes_them_away(self):
        run("ip", "link", "add", "br7", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "br7")
        self.before["link"] = support.links()
        self.refused("/no/such/dir", os_extra="<initdir>/no/such/dir</initdir>",
                     devices="<interface type='bridge'><source bridge='br7'/></interface>")

    def test_unknown_user_is_named(self):
        self.refused("nosuchuser", os_extra="<inituser>nosuchuser</inituser>")

    def test_refused_limit_is_named(self):
        xml = self.plain("cpus").replace("<vcpu>", "<vcpu cpuset='900-901'>")
        self.define(xml)
        self.assertIn("cpuset", self.fails("start", "cpus"))
        self.assert_nothing_left()


class WrongState(GuestCase):
    def test_start_of_a_running_domain(self):
        self.boot("one")
        self.assertEqual(self.fails("start", "one"), "error: Domain is already active\n")
        self.assertEqual(self.output("one", "echo alive"), "alive")

    def test_commands_for_a_domain_that_is_off(self):
        self.define(self.plain("one"))
        for command in ("destroy", "shutdown", "reboot", "suspend", "resume", "console"):
            with self.subTest(command):
                self.assertRegex(self.fails(command, "one"), "not running")
        self.assert_nothing_left()

    def test_domain_that_does_not_exist(self):
        for command in ("start", "destroy", "undefine", "console", "domstate"):
            with self.subTest(command):
                self.assertIn("failed to get domain 'ghost'", self.fails(command, "ghost"))


class Definitions(GuestCase):
    def folder_of_definitions(self):
        return f"{self.root}/etc/lxvirt/lxc"

    def test_no_space_keeps_the_old_definition(self):
        self.define(self.plain("one", memory=262144))
        etc = f"{self.root}/etc/lxvirt"
        kept = read(f"{self.folder_of_definitions()}/one.xml")
        run("mount", "-t", "tmpfs", "-o", "size=64k", "none", etc)
        try:
            os.makedirs(f"{etc}/lxc/autostart")
            write(f"{etc}/lxc/one.xml", kept)
            try:
                write(f"{etc}/filler", "x" * 70000)
            except OSError:
                pass
            path = f"{self.folder}/more.xml"
            write(path, self.plain("one", memory=524288))
            error = self.fails("define", path)
            self.assertIn("No space left on device", error)
            self.assertIn("one.xml", error)
            self.assertEqual(read(f"{etc}/lxc/one.xml"), kept)
            write(path, self.plain("two"))
            self.assertIn("No space left on device", self.fails("define", path))
            self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), ["one"])
            self.assertEqual(sorted(os.listdir(f"{etc}/lxc")), ["autostart", "one.xml"])
            # A rename needs space for the new text, and all of it happens or nothing.
            os.symlink("../one.xml", f"{etc}/lxc/autostart/one.xml")
            self.assertIn("No space left on device", self.fails("domrename", "one", "two"))
            self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), ["one"])
            self.assertEqual(read(f"{etc}/lxc/one.xml"), kept)
            self.assertEqual(os.listdir(f"{etc}/lxc/autostart"), ["one.xml"])
            self.assertEqual(sorted(os.listdir(f"{etc}/lxc")), ["autostart", "one.xml"])
            os.unlink(f"{etc}/filler")
            self.ok("domrename", "one", "two")
            self.assertEqual(sorted(os.listdir(f"{etc}/lxc")), ["autostart", "two.xml"])
            self.assertEqual(os.listdir(f"{etc}/lxc/autostart"), ["two.xml"])
        finally:
            run("umount", etc)

    def test_half_written_definition_is_named_among_good_ones(self):
        for name in ("one", "two"):
            self.define(self.xml(name))
        path = f"{self.folder_of_definitions()}/half.xml"
        write(path, self.plain("half")[:200])
        result = self.lxsh("list", "--all")
        self.assertIn("one", result.out)
        self.assertIn("two", result.out)
        self.assertIn(path, result.err)
        self.start("one")
        self.assertIn(path, self.fails("start", "half"))
        self.ok("destroy", "one")


if __name__ == "__main__":
    support.main()
