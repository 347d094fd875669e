"""Defects of libvirt 9.0's LXC driver and of virsh that no other test has; docs/evidence/defects.md has the list of all."""

import os

import support
from guest import GuestCase, busybox_rootfs
from support import read, wait_for
from terminal import Terminal


class Shell(GuestCase):
    def test_a_command_that_libvirts_daemon_dies_of_is_an_error(self):
        """Defect 1: schedinfo of a domain that is off."""
        self.define(self.plain("one"))
        self.assertIn("unknown command: 'schedinfo'", self.fails("schedinfo", "one"))
        self.assertEqual(self.state("one", False), "shut off")

    def test_an_edit_that_fails_without_a_terminal_fails(self):
        """Defect 20."""
        self.define(self.plain("one"))
        before = self.ok("dumpxml", "one")
        result = self.lxsh("edit", "one", env={**os.environ, "EDITOR": "sed -i s/memory/mem-ory/"})
        self.assertEqual(result.status, 1, str(result))
        self.assertEqual(self.ok("dumpxml", "one"), before)

    def test_reading_commands_make_no_folder(self):
        untouched = f"{self.folder}/untouched"
        self.uri = f"lxc:///embed?root={untouched}"
        for words in (("list", "--all"), ("net-list", "--all"), ("nodeinfo",), ("capabilities",), ("export", f"{self.folder}/files")):
            self.ok(*words)
        self.fails("dominfo", "x")
        self.assertFalse(os.path.exists(untouched))

    def test_ctrl_c_ends_the_command_and_not_the_shell(self):
        """Defect 20."""
        self.define(self.plain("one"))
        with Terminal(self.command()) as terminal:
            terminal.expect("lxsh # ")
            terminal.send("event one --event lifecycle --loop\r")
            wait_for(lambda: False, 0.3)
            terminal.send("\x03")
            terminal.expect("lxsh # ")
            terminal.send("echo still here\r")
            terminal.expect("\rstill here")
            terminal.send("quit\r")
            self.assertEqual(terminal.wait(), 0)

    def test_tab_completes_names_of_domains_that_can_be_started(self):
        """Defect 20."""
        self.define(self.plain("wanted", init="/bin/sleep", args=["1000"]))
        with Terminal(self.command()) as terminal:
            terminal.expect("lxsh # ")
            terminal.send("start wan\t")
            terminal.expect("start wanted")
            terminal.send("\r")
            terminal.expect("Domain 'wanted' started")
            terminal.send("quit\r")


class Inside(GuestCase):
    def test_facts_of_proc_can_be_read(self):
        """Defect 17: libvirt's view of /proc/meminfo breaks free and cat; ours is the kernel's own file."""
        self.boot("one")
        self.assertIn("MemTotal:", self.output("one", "cat /proc/meminfo"))
        self.assertIn("Mem:", self.output("one", "free"))
        self.assertEqual(self.output("one", "head -1 /proc/meminfo"), read("/proc/meminfo").splitlines()[0])

    def test_no_folder_of_the_start_stays_in_the_root(self):
        """Defect 5: .oldroot."""
        rootfs = f"{self.folder}/rootfs"
        support.run("cp", "-a", busybox_rootfs(), rootfs)
        before = sorted(os.listdir(rootfs))
        self.boot("one", rootfs=rootfs)
        self.ok("destroy", "one")
        self.assertEqual(sorted(os.listdir(rootfs)), before)


if __name__ == "__main__":
    support.main()
