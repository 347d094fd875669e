"""Suspend, pause, autodestroy, transient domains, renaming, autostart, events, hooks, and many lives."""

import os
import signal
import subprocess
import unittest

import support
from guest import GuestCase
from support import read, wait_for, write


class Pausing(GuestCase):
    def frozen(self, name):
        return "frozen 1" in read(f"{self.unified(name)}/cgroup.events")

    def unified(self, name):
        for mount, kind in support.hierarchies():
            if kind == "unified":
                for folder in self.groups(name):
                    if folder.startswith(mount) and not folder.endswith("/init"):
                        return folder
        self.skipTest("no cgroup v2 hierarchy is mounted here")
        return None

    def test_suspend_and_resume(self):
        self.boot("one")
        self.assertEqual(self.ok("suspend", "one"), "Domain 'one' suspended\n\n")
        self.assertEqual(self.state("one"), "paused (user)")
        self.assertTrue(self.frozen("one"))
        self.assertEqual(self.ok("resume", "one"), "Domain 'one' resumed\n\n")
        self.assertEqual(self.state("one"), "running (unpaused)")
        self.assertEqual(self.output("one", "echo alive"), "alive")

    def test_destroy_of_a_paused_domain_leaves_nothing(self):
        self.boot("one")
        self.ok("suspend", "one")
        self.ok("destroy", "one", timeout=5)
        self.assertEqual(self.state("one"), "shut off (destroyed)")
        self.assert_nothing_left()

    def freeze(self, group):
        for file, word in (("freezer.state", "FROZEN"), ("cgroup.freeze", "1")):
            if os.path.exists(f"{group}/{file}"):
                write(f"{group}/{file}", word)

    def test_destroy_of_what_somebody_else_froze(self):
        """In a v1 group even SIGKILL waits for the thaw."""
        self.boot("one")
        for group in self.groups("one"):
            self.freeze(group)
        self.ok("destroy", "one", timeout=5)
        self.assertEqual(self.state("one"), "shut off (destroyed)")
        self.assert_nothing_left()

    def test_destroy_of_an_init_that_froze_itself(self):
        self.boot("one")
        inside = [group for group in self.groups("one")
                  if self.status("one")["init_pid"] in read(f"{group}/cgroup.procs").split()]
        for group in inside:
            if os.path.exists(f"{group}/freezer.state"):
                os.mkdir(f"{group}/cold")
                write(f"{group}/cold/tasks", self.status("one")["init_pid"])
                self.freeze(f"{group}/cold")
        self.ok("destroy", "one", timeout=5)
        self.assert_nothing_left()

    def test_start_paused_runs_nothing_before_resume(self):
        self.define(self.xml("one"))
        self.ok("start", "one", "--paused")
        self.assertEqual(self.state("one"), "paused (starting up)")
        self.assertTrue(self.frozen("one"))
        self.assertFalse(os.path.exists(f"{self.share('one')}/ready"))
        self.ok("resume", "one")
        self.wait_agent("one")
        self.assertEqual(self.state("one"), "running (unpaused)")

    def test_helper_of_a_paused_container_is_killed(self):
        self.boot("one")
        self.ok("suspend", "one")
        os.kill(self.helper("one"), signal.SIGKILL)
        self.assertTrue(wait_for(lambda: "crashed" in self.state("one"), 10), self.state("one"))
        self.start("one")
        self.ok("destroy", "one")
        self.assert_nothing_left()


class Definitions(GuestCase):
    def test_autodestroy_ends_with_the_shell(self):
        self.define(self.xml("one"))
        shell = subprocess.Popen(self.command(), stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
        shell.stdin.write("start one --autodestroy\n")
        shell.stdin.flush()
        self.wait_agent("one")
        self.wait_state("one", "running (booted)")
        shell.stdin.close()
        shell.wait(10)
        self.wait_state("one", "shut off (destroyed)")
        self.assert_nothing_left()

    def test_autodestroy_ends_with_a_killed_shell(self):
        self.define(self.xml("one"))
        shell = subprocess.Popen(self.command(), stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
        shell.stdin.write("start one --autodestroy\n")
        shell.stdin.flush()
        self.wait_agent("one")
        self.wait_state("one", "running (booted)")
        self.ok("desc", "one", "--live", "x")  # waits for the end of the start, which the state precedes
        shell.kill()
        shell.wait(10)
        shell.stdin.close()
        self.wait_state("one", "shut off (destroyed)")
        self.assert_nothing_left()

    def test_autodestroy_outlives_a_reboot(self):
        self.define(self.xml("one", on_poweroff="restart"))
        shell = subprocess.Popen(self.command(), stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
        shell.stdin.write("start one --autodestroy\n")
        shell.stdin.flush()
        self.wait_agent("one")
        os.unlink(f"{self.share('one')}/ready")
        self.ok("shutdown", "one")
        self.wait_agent("one")
        shell.stdin.close()
        shell.wait(10)
        self.wait_state("one", "shut off (destroyed)")
        self.assert_nothing_left()

    def test_transient_domain_is_forgotten_at_its_end(self):
        path = f"{self.folder}/one.xml"
        write(path, self.xml("one"))
        self.assertEqual(self.ok("create", path), f"Domain 'one' created from {path}\n\n")
        self.wait_agent("one")
        self.assertIn("Persistent:     no", self.ok("dominfo", "one"))
        self.ok("destroy", "one")
        self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), [])
        self.assertIn("failed to get domain", self.fails("domstate", "one"))

    def test_undefine_of_a_running_domain_makes_it_transient(self):
        self.boot("one")
        self.ok("undefine", "one")
        self.assertIn("Persistent:     no", self.ok("dominfo", "one"))
        self.assertEqual(self.output("one", "echo alive"), "alive")
        self.ok("destroy", "one")
        self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), [])

    def test_rename_and_autostart(self):
        self.define(self.xml("one"))
        self.ok("autostart", "one")
        link = f"{self.root}/etc/lxvirt/lxc/autostart"
        self.assertEqual(os.listdir(link), ["one.xml"])
        self.ok("domrename", "one", "other")
        self.assertEqual(os.listdir(link), ["other.xml"])
        self.assertIn("Autostart:      enable", self.ok("dominfo", "other"))
        self.assertIn("failed to get domain", self.fails("start", "one"))
        self.ok("start", "other")
        self.assertNotEqual(self.lxsh("domrename", "other", "third").status, 0)
        self.ok("autostart", "other", "--disable")
        self.assertEqual(os.listdir(link), [])
        self.ok("destroy", "other")


class Events(GuestCase):
    def watches(self, pid):
        """Whether it has come as far as to watch the journal's folder."""
        folder = f"/proc/{pid}/fdinfo"
        try:
            return any("inotify wd" in read(f"{folder}/{fd}") for fd in os.listdir(folder))
        except FileNotFoundError:  # one that it has just closed
            return False

    def test_lines_of_a_whole_life(self):
        watcher = self.background("event", "--event", "lifecycle", "--loop", "--timeout", "20")
        self.addCleanup(watcher.wait)
        self.addCleanup(watcher.kill)
        wait_for(lambda: self.watches(watcher.pid))
        self.define(self.xml("one"))
        self.start("one")
        self.ok("suspend", "one")
        self.ok("resume", "one")
        self.ok("shutdown", "one")
        wait_for(lambda: not self.active())
        self.ok("undefine", "one")
        watcher.send_signal(signal.SIGINT)
        text = watcher.communicate(timeout=10)[0]
        events = [line.split(": ", 1)[1] for line in text.splitlines() if "for domain 'one'" in line]
        wanted = ["Defined Added", "Started Booted", "Suspended Paused", "Resumed Unpaused",
                  "Stopped Shutdown", "Undefined Removed"]
        for line, start in zip(events, wanted):
            self.assertTrue(line.startswith(start), f"{line!r} is not {start!r}")
        self.assertEqual(len(events), len(wanted), text)


HOOK = """#!/bin/sh
echo "$@" >>{log}
cat >{log}.$2.xml
[ "$2" != "{failing}" ] || {{ echo "no, not today" >&2; exit 4; }}
"""


class Hooks(GuestCase):
    def setUp(self):
        super().setUp()
        self.log = f"{self.folder}/hook.log"

    def install(self, failing="nothing"):
        folder = f"{self.root}/etc/lxvirt/hooks"
        os.makedirs(folder)
        write(f"{folder}/lxc", HOOK.format(log=self.log, failing=failing), 0o755)

    def calls(self):
        return read(self.log).splitlines() if os.path.exists(self.log) else []

    def test_order_arguments_and_document(self):
        self.install()
        self.boot("one")
        before = ["one prepare begin -", "one start begin -", "one started begin -"]
        self.assertEqual(self.calls(), before)
        self.ok("destroy", "one")
        self.assertEqual(self.calls(), before + ["one stopped end -", "one release end -"])
        for operation in ("prepare", "start", "started", "stopped", "release"):
            self.assertIn("<name>one</name>", read(f"{self.log}.{operation}.xml"))

    def test_a_failing_hook_aborts_the_start(self):
        for operation in ("prepare", "start", "started"):
            with self.subTest(operation):
                folder = f"{self.root}/etc/lxvirt/hooks"
                os.makedirs(folder, exist_ok=True)
                write(f"{folder}/lxc", HOOK.format(log=self.log, failing=operation), 0o755)
                self.define(self.xml("one"))
                error = self.fails("start", "one")
                self.assertIn(f"one {operation} begin", error)
                self.assertIn("no, not today", error)
                self.assert_nothing_left()

    def test_stop_hooks_run_after_an_end_from_inside(self):
        self.install()
        self.define(self.plain("one", init="/bin/sh", args=("-c", "exit 0")))
        self.ok("start", "one")
        wait_for(lambda: len(self.calls()) == 5, 10)
        self.assertEqual(self.calls()[3:], ["one stopped end -", "one release end -"])


class ManyLives(GuestCase):
    CYCLES = 300 if os.environ.get("LXVIRT_LONG") else 50
    WARM = 10  # cycles before the first look: buffers have their size by then
    GROWTH = 256  # KiB

    def facts(self, pid):
        """What must not grow: of a process, of the kernel."""
        status = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").splitlines())
        # Groups that are removed but not yet freed count, too; other programs' may come and go.
        groups = {line.split()[0]: int(line.split()[2]) for line in read("/proc/cgroups").splitlines()[1:]}
        return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "memory": int(status["VmRSS"].split()[0]),
                "keys": len(read("/proc/keys").splitlines()), "mounts": len(support.mounts()),
                "groups": max(groups.values())}

    def compare(self, before, pid):
        def grown():
            after = self.facts(pid)
            allowed = {"memory": self.GROWTH, "groups": self.CYCLES // 4, "keys": 5}
            return {key: (before[key], after[key]) for key in after if after[key] > before[key] + allowed.get(key, 0)}
        wait_for(lambda: not grown(), 10, 0.1)
        self.assertEqual(grown(), {}, f"after {self.CYCLES} cycles")

    def cycles(self, wanted, *lines):
        """Each cycle is these commands in one interactive session; `wanted` comes into the journal with each."""
        journal = f"{self.root}/run/lxvirt/events"
        shell = subprocess.Popen(self.command("-q"), stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.processes.add(shell.pid)
        already = read_or_empty(journal).count(wanted)
        for cycle in range(self.CYCLES):
            shell.stdin.write("\n".join([*lines, ""]))
            shell.stdin.flush()
            ended = wait_for(lambda: read_or_empty(journal).count(wanted) > already + cycle, 10, 0.002)
            self.assertTrue(ended, f"cycle {cycle}")
            if cycle == self.WARM:
                yield shell.pid
        yield shell.pid
        errors = shell.communicate(timeout=10)[1]
        self.assertEqual((shell.returncode, errors), (0, ""))

    def test_nothing_grows_with_starts_and_destroys(self):
        self.bridge("br8")
        disk = self.empty_disk()
        self.define(self.plain("one", init="/bin/sleep", args=["1000"], devices=(
            "<interface type='bridge'><source bridge='br8'/></interface>"
            f"<disk type='file' device='disk'><source file='{disk}'/><target dev='vda'/></disk>")))
        before = None
        for pid in self.cycles("Destroyed", "start one", "destroy one"):
            self.assert_nothing_left()
            if before is None:
                before = self.facts(pid)
            else:
                self.compare(before, pid)

    def test_a_helper_does_not_grow(self):
        """Pauses and devices that come and go, under one supervisor."""
        self.boot("one")
        disk = self.folder + "/disk.xml"
        write(disk, f"<disk type='file'><source file='{self.empty_disk()}'/><target dev='vdb'/></disk>")
        helper = self.helper("one")
        before = None
        for _ in self.cycles("Resumed", f"attach-device one {disk}", f"detach-device one {disk}", "suspend one",
                             "resume one"):
            if before is None:
                before = self.facts(helper)
            else:
                self.compare(before, helper)


def read_or_empty(path):
    return read(path) if os.path.exists(path) else ""


if __name__ == "__main__":
    support.main()
