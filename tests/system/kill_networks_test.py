"""lxsh and lxnetd killed at each of their steps with networks; then both, and dnsmasq by somebody else."""

import os
import re

import support
from kill import LONG, SHIFT, KillCase, children_of, is_gone, kill_and_wait
from network_guest import network, nic
from support import read, run, wait_for, write


MAC = "<mac address='52:54:00:00:00:aa'/>"


def empty_partitions():
    """Folders of groups that nobody needs any more; others' tests may have theirs in them."""
    folders = [f"{mount}/machine" for mount, _ in support.hierarchies()]
    return [path for path in folders if os.path.isdir(path) and os.stat(path).st_nlink == 2]


class Networks(KillCase):
    """One network lvk, defined, on a root of its own."""

    def setUp(self):
        super().setUp()
        self.partitions = empty_partitions()
        self.net_define("lvk", network("lvk", extra=MAC))
        self.path = f"{self.folder}/lvk-net.xml"

    def leftovers(self, seconds=3):
        """Nothing of containers, and nothing of networks that do not run."""
        wait_for(lambda: not self.look() and not self.network_leftovers(), seconds)
        return self.look() + self.network_leftovers()

    def network_leftovers(self):
        """Leases are kept until the network is undefined."""
        folder = f"{self.root}/run/lxvirt/network/lvk"
        kept = self.net_row() and os.path.isdir(folder) and os.listdir(folder) == ["leases"]
        left = [left for left in super().network_leftovers() if left != folder or not kept]
        return left + [f"control group {path}" for path in empty_partitions() if path not in self.partitions]

    def net_row(self, name="lvk"):
        """The state of `net-list --all`; nothing where it is not there."""
        found = re.search(rf"^ *{name} +(\S+)", self.ok("net-list", "--all"), re.M)
        return found.group(1) if found else None

    def net_truth(self, name="lvk"):
        """The state that all say, the kernel included."""
        state = self.net_row(name)
        info = self.lxsh("net-info", name).out
        if state:
            self.assertRegex(info, f"Active: +{'yes' if state == 'active' else 'no'}\n")
        if state == "active":
            self.assertIn(name, support.links())
            self.assertIn("10.100.0.1/24", run("ip", "-4", "-o", "addr", "show", "dev", name))
            # The table goes with a killed lxnetd, a moment later, and that is said.
            if "without rules" in info:
                self.assertTrue(wait_for(lambda: f"lxvirt_{name}" not in run("nft", "list", "tables"), 3))
            else:
                self.assertIn(f"lxvirt_{name}", run("nft", "list", "tables"))
        return state

    def works(self, name="lvk"):
        """It has a supervisor and a dnsmasq of its own, that the kernel knows."""
        self.assertEqual(self.net_truth(name), "active")
        for role, command in (("supervisor", "lxnetd"), ("dnsmasq", "dnsmasq")):
            # One that was killed comes back after a moment.
            self.assertTrue(wait_for(lambda args=(name, role, command): self.runs_as(*args), 5), self.net_status(name))

    def runs_as(self, name, role, command):
        try:
            return read(f"/proc/{self.net_status(name)[role]}/comm").strip() == command
        except (KeyError, FileNotFoundError, ProcessLookupError):
            return False

    def aftermath_of_net(self, step, states):
        """The next command cleans up and works, then nothing is left. Every second time nobody looks
        before, and every fourth it is net-destroy."""
        step += SHIFT
        if step % 2:
            self.assertIn(self.net_truth(), states)
        if step % 4 == 0 or (step % 2 and self.net_row() == "active"):
            self.lxsh("net-destroy", "lvk")
            self.assert_nothing_left()
        done = self.lxsh("net-start", "lvk")
        if step % 4 != 2 or "already active" not in done.err:
            self.assertEqual(done.status, 0, str(done))
        self.works()
        self.ok("net-destroy", "lvk")
        self.assert_nothing_left()

    def check(self, what, prepare, words, after, least, program="lxsh"):
        def attempt(step):
            prepare()
            done, hit = self.killed(program, step, *words)
            if not hit:
                self.assertEqual(done.status, 0, str(done))
            after(step)
            return hit
        return self.each_step(what, program, attempt, least)

    def life(self, *states):
        return lambda step: self.aftermath_of_net(step, states or ("active", "inactive"))

    def started(self):
        self.ok("net-start", "lvk")

    def no_change(self):
        pass

    # --- lxsh

    def test_start(self):
        self.check("net-start", self.no_change, ["net-start", "lvk"], self.life(), 15)

    def test_destroy(self):
        self.check("net-destroy", self.started, ["net-destroy", "lvk"], self.life(), 5)

    def test_create(self):
        self.ok("net-undefine", "lvk")

        def after(step):
            if self.net_truth() != "active":
                self.ok("net-create", self.path)
            self.works()
            self.ok("net-destroy", "lvk")
            self.assertIsNone(self.net_row())
            self.assert_nothing_left()
        self.check("net-create", self.no_change, ["net-create", self.path], after, 15)

    def test_define_and_undefine(self):
        write(f"{self.folder}/other.xml", network("lvk", subnet=101, extra=MAC))
        new = self.ok("net-dumpxml", "lvk")
        self.ok("net-define", f"{self.folder}/other.xml")
        old = self.ok("net-dumpxml", "lvk")

        def after(step):
            state = self.net_row()
            self.assertIn(self.ok("net-dumpxml", "lvk") if state else None, wanted)
            self.ok("net-define", self.path)
            self.aftermath_of_net(step, ("inactive",))
        wanted = (new, old)
        self.check("net-define over one", lambda: self.ok("net-define", f"{self.folder}/other.xml"),
                   ["net-define", self.path], after, 4)
        wanted = (None, new)
        self.check("net-define", lambda: self.ok("net-undefine", "lvk"), ["net-define", self.path],
                   after, 4)

        def gone(step):
            gone = self.net_row() is None
            after(step)
            starts = self.ok("net-info", "lvk").split("Autostart:")[1].split()[0]
            self.assertEqual(starts, "no" if gone else "yes")
        self.check("net-undefine", lambda: self.ok("net-autostart", "lvk"), ["net-undefine", "lvk"],
                   gone, 3)

    def test_update(self):
        entry = "<host mac='52:54:00:00:00:01' name='x' ip='10.100.0.5'/>"

        def after(step):
            self.assertEqual(self.net_truth(), "active")
            shown = [self.ok("net-dumpxml", "lvk", *flag) for flag in ([], ["--inactive"])]
            hosts = read(f"{self.root}/run/lxvirt/network/lvk/hosts")
            if (step + SHIFT) % 2:  # asked for once more, it is there
                if "10.100.0.5" not in shown[0]:
                    self.ok("net-update", "lvk", "add", "ip-dhcp-host", entry, "--live")
                hosts = read(f"{self.root}/run/lxvirt/network/lvk/hosts")
                self.assertIn("10.100.0.5", hosts)
            self.ok("net-destroy", "lvk")
            self.assert_nothing_left()
            self.ok("net-define", self.path)
        self.check("net-update", self.started, ["net-update", "lvk", "add", "ip-dhcp-host", entry,
                                                "--live", "--config"], after, 6)

    def test_update_of_both(self):
        """The running and the stored network change together or not at all."""
        entry = "<host mac='52:54:00:00:00:01' name='x' ip='10.100.0.5'/>"

        def after(step):
            self.ok("net-update", "lvk", "add", "dns-txt", "<txt name='settled' value='x'/>", "--live")
            shown = ["10.100.0.5" in self.ok("net-dumpxml", "lvk", *flag) for flag in ([], ["--inactive"])]
            hosts = read(f"{self.root}/run/lxvirt/network/lvk/hosts")
            self.assertIn(shown, ([True, True], [False, False]), step)
            self.assertEqual("10.100.0.5" in hosts, shown[0], step)
            self.assertFalse(os.path.exists(f"{self.root}/run/lxvirt/network/lvk/pending"))
            self.ok("net-destroy", "lvk")
            self.ok("net-define", self.path)
            self.assert_nothing_left()
        self.check("net-update of both", self.started, ["net-update", "lvk", "add", "ip-dhcp-host", entry,
                                                        "--live", "--config"], after, 6)

    # --- lxnetd

    def lives(self, what, script, least, program="lxnetd"):
        def attempt(step):
            self.lxsh("net-start", "lvk", env=self.environment("KILL", program, step))
            for words in script:
                self.lxsh(*words)
            hit = self.take_hit()
            self.aftermath_of_net(step, ("active", "inactive"))
            return hit
        return self.each_step(what, program, attempt, least)

    def test_supervisor_from_start_to_destroy(self):
        entry = "<host mac='52:54:00:00:00:01' name='x' ip='10.100.0.5'/>"
        rules = "<range start='10.100.0.60' end='10.100.0.70'/>"
        self.lives("net-start, net-update, net-destroy",
                   [["net-update", "lvk", "add", "ip-dhcp-host", entry, "--live"],
                    ["net-update", "lvk", "add", "ip-dhcp-range", rules, "--live"],
                    ["net-destroy", "lvk"]], 30)

    # --- both, and dnsmasq

    def test_lxsh_and_supervisor(self):
        self.together("net-start, with its lxnetd", "lxsh", ["net-start", "lvk"],
                      lambda lxsh, _: [lxsh, *support.children(lxsh)], self.life(), 10)
        self.together("net-start, with lxsh", "lxnetd", ["net-start", "lvk"],
                      lambda supervisor, lxsh: [lxsh, supervisor], self.life(), 15)

    def test_what_the_supervisor_starts(self):
        """dnsmasq; and all that lxnetd has started, the processes that apply the rules among them."""
        for what, victims in (
                ("its dnsmasq", lambda lxnetd: [pid for name, pid in children_of(lxnetd).items() if name == "dnsmasq"]),
                ("its children", support.children))[:None if LONG else 1]:
            self.together(f"net-start, {what}", "lxnetd", ["net-start", "lvk"],
                          lambda lxnetd, _, victims=victims: victims(lxnetd), self.life(), 15)

    def test_lxsh_and_supervisor_in_a_destroy(self):
        self.together("net-destroy, with its lxnetd", "lxsh", ["net-destroy", "lvk"],
                      lambda lxsh, _: [lxsh] + self.running_supervisor(), self.life(), 10, self.started)

    def running_supervisor(self):
        path = f"{self.root}/run/lxvirt/network/lvk/status"
        pid = int(self.net_status("lvk")["supervisor"]) if os.path.exists(path) else 0
        return [pid] if pid and not is_gone(pid) else []

    def test_container_on_a_network_that_lost_its_supervisor(self):
        self.ok("define", self.one(devices=nic("lvk")))
        for step in range(4 if not LONG else 12):
            self.started()
            self.ok("start", "one")
            kill_and_wait(int(self.net_status("lvk")["supervisor"]))
            self.counts.add("running, with a container", "lxnetd")
            self.assertEqual(self.net_truth(), "active")
            if step % 2:
                kill_and_wait(self.helper("one"))
                self.ok("start", "one")
            else:
                self.ok("destroy", "one")
                self.ok("start", "one")
            self.works()
            self.assertRegex(self.truth("one"), "^running")
            self.ok("destroy", "one")
            self.ok("net-destroy", "lvk")
            self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
