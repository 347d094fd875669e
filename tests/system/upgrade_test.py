"""Containers and networks that an older build started go on under a newer one.

Needs both builds, installed for one prefix into two stages; tests/upgrade makes them and runs this:
LXVIRT_STAGES is "PREFIX OLD_STAGE NEW_STAGE".
"""

import os
import shutil
import unittest

import support
from network_guest import NetworkCase
from support import write
from terminal import Terminal

STAGES = os.environ.get("LXVIRT_STAGES", "").split()


def install(stage):
    """As a package manager does: each file is replaced by a new one of its name."""
    prefix = STAGES[0]
    for folder, _, names in os.walk(stage + prefix):
        target = prefix + folder[len(stage + prefix):]
        os.makedirs(target, exist_ok=True)
        for name in names:
            shutil.copy2(os.path.join(folder, name), f"{target}/{name}.dpkg-new", follow_symlinks=False)
            os.rename(f"{target}/{name}.dpkg-new", f"{target}/{name}")


@unittest.skipUnless(STAGES, "needs two builds: run tests/upgrade OLD_COMMIT")
class Upgrade(NetworkCase):
    def setUp(self):
        super().setUp()
        install(STAGES[1])
        self.old = self.ok("--version").strip()
        self.net("lvn")
        self.boot_on("one", "lvn")
        self.boot("two")
        install(STAGES[2])

    def test_they_go_on(self):
        self.assertEqual(sorted(self.active()), ["one", "two"])
        self.assertEqual(self.state("one"), "running (booted)")
        self.assertIn("lvn", self.ok("net-list"))
        self.assertIn("<name>one</name>", self.ok("dumpxml", "one"))
        self.ok("suspend", "two")
        self.assertEqual(self.state("two", False), "paused")
        self.ok("resume", "two")
        disk = self.empty_disk()
        write(f"{self.folder}/disk.xml", f"<disk type='file'><source file='{disk}'/>"
              "<target dev='vdb'/></disk>")
        self.ok("attach-device", "two", f"{self.folder}/disk.xml")
        self.output("two", "test -b /dev/vdb")
        self.ok("detach-device", "two", f"{self.folder}/disk.xml")
        with Terminal(self.command("console", "two")) as terminal:
            terminal.expect("Connected to domain")
        three = self.boot_on("three", "lvn")
        self.assertTrue(three.startswith("10.100.0."))
        self.ok("destroy", "one")
        self.ok("destroy", "two")
        self.ok("destroy", "three")
        self.ok("net-destroy", "lvn")
        self.assert_nothing_left()

    def test_a_reboot_is_into_the_new_helper(self):
        before = os.readlink(f"/proc/{self.helper('two')}/exe")
        self.assertIn("lxc_helper", before)
        ready = f"{self.share('two')}/ready"
        os.unlink(ready)
        self.ok("reboot", "two", "--mode", "signal")
        self.wait_agent("two")
        self.assertEqual(self.status("two")["boots"], "2")
        self.assertEqual(self.output("two", "echo here"), "here")
        self.ok("suspend", "two")
        self.ok("resume", "two")
        self.ok("destroy", "two")


if __name__ == "__main__":
    support.main()
