"""Containers and networks that an older build started go on under a newer one; one whose protocol this one does
not know is told of with words, and can be ended.

The first needs both builds, installed for /usr/local into two stages; tests/upgrade makes them and runs this:
LXVIRT_STAGES is "OLD_STAGE NEW_STAGE".
"""

import os
import shutil
import signal
import socket
import struct
import tempfile
import threading
import time
import unittest

import support
from network_guest import NetworkCase, nic
from support import read, run, wait_for, write
from terminal import Terminal

PREFIX = "/usr/local"
STAGES = os.environ.get("LXVIRT_STAGES", "").split()


def install(stage):
    """As a package manager does: each file is replaced by a new one of its name."""
    for folder, _, names in os.walk(stage + PREFIX):
        target = folder[len(stage):]
        os.makedirs(target, exist_ok=True)
        for name in names:
            shutil.copy2(os.path.join(folder, name), f"{target}/{name}.dpkg-new", follow_symlinks=False)
            os.rename(f"{target}/{name}.dpkg-new", f"{target}/{name}")


@unittest.skipUnless(STAGES, "needs two builds: run tests/upgrade OLD_COMMIT")
class Upgrade(NetworkCase):
    BEFORE, AFTER = 0, 1

    @classmethod
    def setUpClass(cls):
        cls.prefix = tempfile.mkdtemp(prefix="lxvirt-prefix-")
        run("mount", "--bind", cls.prefix, PREFIX)
        cls.lxsh_before = support.LXSH
        support.LXSH = f"{PREFIX}/bin/lxsh"

    @classmethod
    def tearDownClass(cls):
        support.LXSH = cls.lxsh_before
        run("umount", PREFIX)
        shutil.rmtree(cls.prefix)

    def setUp(self):
        super().setUp()
        install(STAGES[self.BEFORE])
        self.net("lvn")
        self.boot_on("one", "lvn")
        self.boot("two", features="<privnet/>")
        install(STAGES[self.AFTER])

    def is_installed(self, pid, program):
        """Whether a process runs the program that is installed now."""
        mine, installed = os.stat(f"/proc/{pid}/exe"), os.stat(f"{PREFIX}/libexec/lxvirt/{program}")
        return (mine.st_dev, mine.st_ino) == (installed.st_dev, installed.st_ino)

    def lxnetd(self, name):
        return int(self.net_status(name)["supervisor"])

    def reboot(self, name):
        os.unlink(f"{self.share(name)}/ready")
        self.ok("reboot", name, "--mode", "signal")
        self.wait_agent(name)
        # Its init runs before the supervisor has written so.
        self.assertTrue(wait_for(lambda: self.status(name)["boots"] == "2"), name)

    def test_they_go_on(self):
        self.assertFalse(self.is_installed(self.helper("one"), "lxc_helper"))
        self.assertEqual(sorted(self.active()), ["one", "two"])
        self.assertEqual(self.state("one"), "running (booted)")
        self.assertIn("lvn", self.ok("net-list"))
        self.assertIn("<name>one</name>", self.ok("dumpxml", "one"))
        self.ok("suspend", "two")
        self.assertEqual(self.state("two", False), "paused")
        self.ok("resume", "two")
        with Terminal(self.command("console", "two")) as terminal:
            terminal.expect("Connected to domain")
        three = self.boot_on("three", "lvn")
        self.assertTrue(three.startswith("10.100.0."))
        self.ok("destroy", "one")
        self.ok("destroy", "two")
        self.ok("destroy", "three")
        self.ok("net-destroy", "lvn")
        self.assert_nothing_left()

    def test_devices_are_plugged(self):
        disk, shared = self.empty_disk(), f"{self.folder}/shared"
        os.mkdir(shared)
        write(f"{shared}/file", "here")
        devices = (f"<disk type='file'><source file='{disk}'/><target dev='vdb'/></disk>",
                   f"<filesystem type='mount'><source dir='{shared}'/><target dir='/mnt'/></filesystem>",
                   nic("lvn", "<guest dev='eth7'/>", mac="52:54:00:12:34:56"),
                   "<console type='pty'><target type='lxc' port='1'/></console>")
        for number, content in enumerate(devices):
            write(f"{self.folder}/{number}.xml", content)
            self.ok("attach-device", "two", f"{self.folder}/{number}.xml")
        self.output("two", "test -b /dev/vdb && ip link show eth7")
        self.assertEqual(self.output("two", "cat /mnt/file"), "here")
        self.reboot("two")
        self.output("two", "test -b /dev/vdb && ip link show eth7 && cat /mnt/file")
        for number in range(3):
            self.ok("detach-device", "two", f"{self.folder}/{number}.xml")
        self.output("two", "! ls /dev/vdb && ! ip link show eth7 && ! cat /mnt/file")
        self.ok("destroy", "two")
        self.ok("destroy", "one")
        self.ok("net-destroy", "lvn")
        self.assert_nothing_left()

    def test_a_reboot_is_into_the_new_helper(self):
        helper = self.helper("two")
        self.reboot("two")
        self.assertEqual(self.helper("two"), helper)
        self.assertTrue(self.is_installed(helper, "lxc_helper"))
        self.assertEqual(self.output("two", "echo here"), "here")
        self.ok("suspend", "two")
        self.ok("resume", "two")
        self.reboot("one")
        self.lease("one")
        self.ok("destroy", "two")

    def test_they_end_by_themselves_and_by_shutdown(self):
        self.ok("shutdown", "two", "--mode", "signal")
        self.wait_state("two", "shut off (shutdown: exit status 0)")
        self.inside("one", "(sleep 0.5; reboot -f) >/dev/null 2>&1 &")
        self.assertTrue(wait_for(lambda: self.status("one")["boots"] == "2"))
        self.assertTrue(self.is_installed(self.helper("one"), "lxc_helper"))

    def test_what_is_killed_is_taken_away(self):
        os.kill(self.helper("two"), signal.SIGKILL)
        wait_for(lambda: "two" not in self.active())
        self.assertIn("crashed", self.state("two"))
        self.start("two")
        self.assertTrue(self.is_installed(self.helper("two"), "lxc_helper"))
        os.kill(self.lxnetd("lvn"), signal.SIGKILL)
        self.boot_on("three", "lvn")
        self.assertTrue(self.is_installed(self.lxnetd("lvn"), "lxnetd"))
        self.lease("one")

    def test_networks_are_changed(self):
        self.ok("net-update", "lvn", "add", "ip-dhcp-host",
                "<host mac='52:54:00:00:00:77' ip='10.100.0.77'/>", "--live")
        self.assertIn("10.100.0.77", self.ok("net-dumpxml", "lvn"))
        self.lease("one")


class Downgrade(Upgrade):
    """And back: where the versions are the same, or the older knows to read the newer's."""

    BEFORE, AFTER = 1, 0


OTHER = 99  # no version there is
UNSUPPORTED = 84  # VIR_ERR_OPERATION_UNSUPPORTED


class OtherVersion(NetworkCase):
    """The supervisor's place is taken by one that answers as another version's does, and whose files have its number."""

    def impersonate(self, folder, who):
        path = f"{folder}/control.sock"
        os.rename(path, f"{path}.away")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        listener.listen()
        text = f"{who} speaks protocol version {OTHER}, not 1".encode()
        answer = struct.pack(">Ii", OTHER, UNSUPPORTED) + struct.pack(">I", len(text)) + text + b"\0" * (-len(text) % 4)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.send(answer)
        thread = threading.Thread(target=serve)
        thread.start()

        def end():
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            listener.close()
        self.addCleanup(end)

    def test_of_a_helper(self):
        self.boot("one")
        self.impersonate(f"{self.root}/run/lxvirt/lxc/one", "this container's lxc_helper")
        words = "this container's lxc_helper speaks protocol version 99, not 1"
        for command in ("suspend", "shutdown", "reboot"):
            self.assertIn(words, self.fails(command, "one"), command)
        with Terminal(self.command("console", "one")) as terminal:
            terminal.expect(words)
        self.assertEqual(self.active(), ["one"])
        self.assertEqual(self.state("one"), "running (booted)")
        self.ok("destroy", "one")
        self.assertIn("shut off", self.state("one"))
        self.assertIn(f"{words}: killed", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))
        self.assert_nothing_left()

    def test_of_a_status(self):
        self.boot("one")
        path = f"{self.root}/run/lxvirt/lxc/one/status"
        write(path, read(path).replace("version=1\n", f"version={OTHER}\n"))
        words = "status version 99 was written by a newer lxc_helper; this program reads version 1"
        self.assertIn(words, self.fails("domstate", "one"))
        self.assertEqual(self.active(), ["one"])
        self.ok("destroy", "one")
        self.assert_nothing_left()

    def test_of_an_lxnetd(self):
        self.net("lvn")
        self.impersonate(f"{self.root}/run/lxvirt/network/lvn", "this network's lxnetd")
        words = "this network's lxnetd speaks protocol version 99, not 1"
        self.assertIn(words, self.fails("net-update", "lvn", "add", "ip-dhcp-host",
                                        "<host mac='52:54:00:00:00:77' ip='10.100.0.77'/>", "--live"))
        begin = time.monotonic()
        self.ok("net-destroy", "lvn")
        self.assertLess(time.monotonic() - begin, 5 * support.SLOWNESS)
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
