"""A bus of the system that hangs: a start waits a moment for it, once, and goes on without a scope.

The test has a /run of its own that looks like that of a host of systemd, with a socket that takes connections and never
answers.
"""

import os
import signal
import socket
import time

import support
from guest import GuestCase
from support import read, run, write

SOCKET = "/run/dbus/system_bus_socket"
LIMIT = 2.5  # seconds, of driver/systemd/scope.cc


def look_like_systemd():
    run("mount", "-t", "tmpfs", "none", "/run")
    os.makedirs("/run/systemd/system")
    os.makedirs(os.path.dirname(SOCKET))


class HungBus(GuestCase):
    @classmethod
    def setUpClass(cls):
        look_like_systemd()

    def setUp(self):
        super().setUp()
        self.bus = socket.socket(socket.AF_UNIX)
        self.bus.bind(SOCKET)
        self.bus.listen(16)
        self.addCleanup(os.unlink, SOCKET)
        self.addCleanup(self.bus.close)
        os.makedirs(f"{self.root}/etc/lxvirt")
        write(f"{self.root}/etc/lxvirt/lxvirt.conf", "systemd = yes\n")

    def log(self, name):
        return read(f"{self.root}/var/log/lxvirt/lxc/{name}.log")

    def test_is_waited_for_once(self):
        for name in ("one", "two"):
            self.define(self.xml(name))
        begin = time.monotonic()
        self.ok("start one; start two")
        took = time.monotonic() - begin
        self.assertGreater(took, LIMIT - 0.1)
        self.assertLess(took, (LIMIT + 1) * support.SLOWNESS)
        self.assertIn("no scope of systemd for it: no answer within 2500 ms", self.log("one"))
        self.assertIn("no scope of systemd for it: there was no answer a moment ago", self.log("two"))
        for name in ("one", "two"):
            self.wait_agent(name)
            self.assertIn(f"0::{self.partition}/lxvirt.helpers\n", read(f"/proc/{self.helper(name)}/cgroup"))
            self.ok("destroy", name)
        self.assert_nothing_left()

    def test_a_kill_while_it_is_waited_for_leaves_nothing(self):
        self.define(self.xml("one"))
        start = self.background("start", "one")
        connection, _ = self.bus.accept()
        start.send_signal(signal.SIGKILL)
        start.communicate()
        # What asked the bus ends with its caller.
        connection.settimeout(LIMIT / 2 * support.SLOWNESS)
        while connection.recv(4096):
            pass
        connection.close()
        self.assertEqual(self.state("one", False), "shut off")
        self.ok("undefine", "one")
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
