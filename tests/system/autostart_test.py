"""start-autostarted: order, groups, networks first, and failures that stop nobody."""

import unittest

import support
from guest import GuestCase
from support import read, write


class Autostart(GuestCase):
    def add(self, name, marked=True, order=None, delay=None, groups=(), **options):
        words = "".join(f" {key}='{value}'" for key, value in (("order", order), ("delay", delay))
                        if value is not None)
        inner = f"<lx:autostart{words}/>" if words else ""
        inner += "".join(f"<lx:group name='{group}'/>" for group in groups)
        options.setdefault("init", "/bin/sleep")
        self.define(self.plain(name, args=("1000",), extra=(
            f"<lx:container xmlns:lx='urn:lxvirt:domain:1'>{inner}</lx:container>"), **options))
        if marked:
            self.ok("autostart", name)

    def started(self):
        """In their order, as the journal has it."""
        lines = read(f"{self.root}/run/lxvirt/events").splitlines()
        return [name for line in lines if "Started" in line for name in line.split()
                if name in ("a", "b", "c", "early", "boot", "web")]

    def test_order_and_groups(self):
        self.add("a")
        self.add("early", order=-5, delay=1)
        self.add("boot", groups=("onboot",), order=50)
        self.add("web", groups=("web",))
        self.add("b", marked=False)
        self.assertEqual(self.ok("start-autostarted", "--list"), "boot 0\nearly 1\na 0\n\n")
        self.assertEqual(self.ok("start-autostarted", "--list", "--group", "web,"),
                         "web 0\nearly 1\na 0\n\n")
        self.assertIn("b 0", self.ok("start-autostarted", "--list", "--all", "--ignore-auto"))
        out = self.ok("start-autostarted")
        self.assertIn("Domain 'early' started", out)
        self.assertEqual(self.started(), ["boot", "early", "a"])
        self.assertEqual(self.ok("start-autostarted", "--list"), "\n")
        self.assertIn("mutually exclusive", self.fails("start-autostarted", "--all", "--group", "x"))

    def test_one_that_fails_does_not_stop_the_others(self):
        self.add("a", rootfs="/no/such/root")
        self.add("b")
        error = self.fails("start-autostarted")
        self.assertIn("Failed to start domain 'a'", error)
        self.assertIn("/no/such/root", error)
        self.assertEqual(self.started(), ["b"])

    def test_stop_running_goes_the_other_way_and_ends_what_does_not_listen(self):
        traps = {"early": "trap 'exit 0' TERM", "a": "trap 'exit 0' TERM", "deaf": "trap : TERM"}
        for name, trap in traps.items():
            self.define(self.plain(name, init="/bin/sh", args=(
                "-c", f"{trap}; while :; do sleep 0.1; done"), extra=(
                "<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:autostart order='-5'/></lx:container>"
                if name == "early" else "")))
        self.add("b")  # no init that could be asked: sleep catches no signal
        for name in (*traps, "b"):
            self.ok("start", name)
        result = self.lxsh("stop-running", "--wait", "2")
        self.assertEqual(result.status, 0, str(result))
        told = [line.split("'")[1] for line in result.out.splitlines() if "being shutdown" in line]
        self.assertEqual(told, ["deaf", "a", "early"])
        self.assertIn("Failed to shutdown domain 'b'", result.err)
        states = {name: self.state(name) for name in (*traps, "b")}
        self.assertEqual(states, {"early": "shut off (shutdown: exit status 0)",
                                  "a": "shut off (shutdown: exit status 0)", "deaf": "shut off (destroyed)", "b": "shut off (destroyed)"})
        self.assertEqual(self.ok("stop-running"), "\n")
        self.assertIn("out of range", self.fails("stop-running", "--wait", "-1"))

    def test_networks_come_first(self):
        path = f"{self.folder}/network.xml"
        write(path, "<network><name>inner</name><bridge name='br-auto'/>"
                    "<ip address='10.77.0.1' prefix='24'/></network>")
        self.ok("net-define", path)
        self.ok("net-autostart", "inner")
        self.addCleanup(self.lxsh, "net-destroy", "inner")
        self.add("a", devices="<interface type='network'><source network='inner'/></interface>")
        self.ok("start-autostarted")
        self.assertEqual(self.started(), ["a"])
        self.ok("destroy", "a")
        self.ok("net-destroy", "inner")


if __name__ == "__main__":
    support.main()
