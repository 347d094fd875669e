"""Deep and wide trees of control groups, which a container makes so that it cannot be ended."""

import os
import signal
import unittest

import support
from probe import IDMAP, PRIVNET, ProbeCase
from support import read, wait_for

LONG = 250  # characters of a name: 16 levels of them are longer than a path may be


class TreeCase(ProbeCase):
    def boot_mapped(self, name="one"):
        self.boot(name, extra=IDMAP, features=PRIVNET)

    def place(self, controller):
        """Where the container sees this v1 hierarchy, or None for v2."""
        for mount, kind in support.hierarchies():
            if controller in kind.split(",") or (controller == "unified" and kind == "unified"):
                return f"/sys/fs/cgroup/{os.path.basename(mount)}" if self.is_hybrid() else "/sys/fs/cgroup"
        self.skipTest(f"no hierarchy of {controller} is mounted here")
        return None

    def is_hybrid(self):
        return any(kind != "unified" for _, kind in support.hierarchies())

    def tree(self, place, depth, length, end="", name="one"):
        return self.output(name, f"/share/probe tree {place} {depth} {length} {end}", 60)

    def init(self, name="one"):
        return int(self.status(name)["init_pid"])


class Deep(TreeCase):
    def test_destroy_of_a_deep_frozen_tree(self):
        self.boot_mapped()
        self.assertEqual(self.tree(self.place("freezer"), 20, LONG, "freeze"), "made 20")
        self.ok("destroy", "one", timeout=5)
        self.assertEqual(self.state("one"), "shut off (destroyed)")
        self.assert_nothing_left()

    def test_destroy_of_1800_levels(self):
        self.boot_mapped()
        self.assertEqual(self.tree(self.place("freezer"), 1800, 1, "freeze"), "made 1800")
        self.ok("destroy", "one", timeout=10)
        self.assert_nothing_left()

    def test_an_end_for_want_of_memory_with_a_deep_tree_of_memory(self):
        """The helper counts the kernel's kills in each group."""
        self.boot_mapped()
        self.assertEqual(self.tree(self.place("memory"), 20, LONG), "made 20")
        helper = self.helper("one")
        os.kill(self.init(), signal.SIGKILL)
        self.wait_state("one", "shut off (crashed: killed by signal 9 (KILL))")
        self.assertTrue(wait_for(lambda: support.is_zombie(helper), 5))
        self.assert_nothing_left()

    def test_a_tree_of_v2_has_a_bounded_depth_and_goes(self):
        self.boot_mapped()
        made = self.tree(self.place("unified"), 100, LONG, "hold")
        self.assertEqual(made, "made 63 EAGAIN")  # the container's own root is the first of 64
        self.ok("destroy", "one", timeout=5)
        self.assert_nothing_left()

    def test_a_tree_of_v2_has_a_bounded_width(self):
        self.boot_mapped()
        place = self.place("unified")
        outer = [folder for folder in self.groups("one")
                 if os.path.exists(f"{folder}/cgroup.max.descendants") and not folder.endswith("/init")]
        self.assertEqual(read(f"{outer[0]}/cgroup.max.descendants"), "10000\n")
        # A lower bound, so that the test is short.
        support.write(f"{outer[0]}/cgroup.max.descendants", "200")
        text = self.output("one", f"cd {place}; i=0; while mkdir w$i; do i=$((i + 1)); done 2>&1; echo $i")
        self.assertIn("Resource temporarily unavailable", text)
        self.assertEqual(text.split()[-1], "199")
        self.ok("destroy", "one", timeout=5)
        self.assert_nothing_left()

    def test_destroy_of_a_wide_tree(self):
        self.boot_mapped()
        place = self.place("freezer")
        self.output("one", f"cd {place}; mkdir w; cd w; i=0; while [ $i -lt 2000 ]; do mkdir w$i; i=$((i + 1)); done",
                    60)
        self.ok("destroy", "one", timeout=10)
        self.assert_nothing_left()

    def test_reboot_with_a_deep_frozen_tree(self):
        self.boot_mapped()
        self.assertEqual(self.tree(self.place("memory"), 20, LONG), "made 20")
        os.unlink(f"{self.share('one')}/ready")
        self.ok("reboot", "one")
        self.wait_agent("one")
        self.assertEqual(self.output("one", "echo alive"), "alive")


class Left(TreeCase):
    """A helper was killed while its container was frozen, so that processes are left."""

    def leave_processes(self, name="one", define=True):
        if define:
            self.boot_mapped(name)
        self.tree(self.place("freezer"), 20, LONG, "freeze", name)
        self.left = self.frozen(name)
        helper = self.helper(name)
        os.kill(helper, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: not os.path.exists(f"/proc/{helper}") or support.is_zombie(helper), 5))
        wait_for(lambda: self.state(name, False) == "in shutdown", 5)

    def tearDown(self):
        # What a fault leaves frozen could not be killed by the search for leftovers.
        self.lxsh("destroy", "one")
        super().tearDown()

    def frozen(self, name):
        """The pid of the process in the deepest group, as the host counts."""
        own = os.readlink(f"/proc/{self.init(name)}/ns/pid")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if read(f"/proc/{pid}/comm") == "probe\n" and os.readlink(f"/proc/{pid}/ns/pid") == own:
                    return int(pid)
            except OSError:
                pass  # it has just ended
        return None

    def test_is_in_shutdown_and_says_by_what(self):
        self.leave_processes()
        self.assertEqual(self.ok("domstate", "one"), "in shutdown\n\n")
        self.assertRegex(self.state("one"), rf"^in shutdown \(unknown: .*process {self.left} \(probe\)")
        self.assertRegex(self.ok("dominfo", "one"), rf"State: +in shutdown\n(.*\n)*Left: .*process {self.left} \(probe\)")
        self.assertRegex(self.ok("list", "--all"), r"- +one +in shutdown")
        self.assertEqual(self.ok("-q", "list", "--name").split(), [])
        # Who only reads repairs nothing.
        self.assertTrue(os.path.exists(f"/proc/{self.left}"))
        self.ok("destroy", "one", timeout=5)
        self.assertEqual(self.state("one"), "shut off (crashed: its lxc_helper was killed)")
        self.assert_nothing_left()

    def test_each_command_that_changes_repairs(self):
        self.boot_mapped()
        for words in (["start", "one"], ["autostart", "one"], ["desc", "one", "--config", "text"],
                      ["define", f"{self.folder}/definition.xml"], ["undefine", "one"]):
            with self.subTest(command=words[0]):
                if "one" not in self.active():
                    self.start("one")
                self.leave_processes(define=False)
                self.ok(*words, timeout=10)
                self.assertTrue(wait_for(lambda: not os.path.exists(f"/proc/{self.left}")
                                         or support.is_zombie(self.left), 2))
                if words[0] != "start":
                    self.assert_nothing_left()

    def test_a_transient_domain_is_there_until_its_processes_are_gone(self):
        path = f"{self.folder}/transient.xml"
        support.write(path, self.xml("one", extra=IDMAP, features=PRIVNET))
        self.ok("create", path)
        self.wait_agent("one")
        self.leave_processes(define=False)
        self.assertRegex(self.ok("list", "--all"), r"- +one +in shutdown")
        self.assertRegex(self.ok("dominfo", "one"), r"Persistent: +no")
        self.ok("destroy", "one", timeout=5)
        self.assert_nothing_left()
        self.assertIn("failed to get domain", self.fails("domstate", "one"))


if __name__ == "__main__":
    support.main()
