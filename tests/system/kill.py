"""Programs killed with -9 at their first step, at their second ... until the command comes through. A step is
one of the test points of base/test_point.hh, which stand after each thing that changes the world. After each
kill three things are looked at: the next commands tell what the kernel tells, the next change works, and then
nothing is left.

The kill is the program's own, so that the others go on at once; or the program stops there and the test kills
it, when the others have come as far as they can.
"""

import collections
import os
import re
import signal
import time
import unittest

import support
from guest import busybox_rootfs, domain
from network_guest import NetworkCase
from support import read, wait_for, write

TEST_POINTS = bool(os.environ.get("LXVIRT_TEST_POINTS"))
# The whole matrix, instead of what fits into a minute.
LONG = bool(os.environ.get("LXVIRT_LONG"))
# Of the longer sequences every third step; where all is slow (tests/guest/run) some.
STRIDE = 3 if support.SLOWNESS == 1 else 11
MOST = 400
# What is done after a kill depends on its step; 1, 2 and 3 do the other things there.
SHIFT = int(os.environ.get("LXVIRT_SHIFT", "0"))

# Ends by itself when it is asked to.
INIT = """#!/bin/sh
trap 'exit 0' TERM INT PWR
while :; do
    sleep 1000 &
    wait $!
done
"""

Hit = collections.namedtuple("Hit", "program pid number name")


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}") or support.is_zombie(pid)


def state_letter(pid):
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def kill_and_wait(pid):
    """By its pidfd: PID 1 may reap it much later."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    wait_for(lambda: is_gone(pid), 5, 0.001)
    os.close(descriptor)


def send(pid, number):
    """To a process that may just be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Counts:
    """What docs/evidence/reliability.md has: one line for each sequence, printed at the end of its test."""

    def __init__(self):
        self.steps = collections.Counter()

    def add(self, what, program):
        self.steps[what, program] += 1

    def show(self):
        for (what, program), number in sorted(self.steps.items()):
            print(f"kill: {what:40} {program:12} {number:4} steps")
        self.steps.clear()


def children_of(pid):
    """{command: pid} of the children of a process, the last of each name."""
    found = {}
    for child in support.children(pid):
        try:
            found[read(f"/proc/{child}/comm").strip()] = child
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has just ended
    return found


class StateCase(NetworkCase):
    """What all say of a domain, the kernel included, and what must not be left."""

    # --- telling the truth

    def row(self, name):
        """(id or "-", state) of `list --all`; nothing where it is not there."""
        found = re.search(rf"^ *(\S+) +{name} +(\S.*?) *$", self.ok("list", "--all"), re.M)
        return found.groups() if found else None

    def truth(self, name):
        """The state that all say, the kernel included; soon, as whoever was not killed may still be at
        it: a start that was cut short takes its container away by itself."""
        end = time.monotonic() + 5
        while True:
            try:
                return self.agreed(name)
            except (AssertionError, LookupError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.005)

    def agreed(self, name):
        row = self.row(name)
        if not row:
            self.fails("domstate", name)
            return "gone"
        state = self.state(name)
        self.assertFalse(state.startswith(("paused (starting up)", "in shutdown")), state)
        number, listed = row
        self.assertEqual(listed, state.split(" (")[0])
        if listed == "shut off":
            self.assertEqual(number, "-")
            return state
        self.assertIn("lxc_helper", read(f"/proc/{number}/comm"))
        status = self.status(name)
        init = int(status["init_pid"])
        self.assertFalse(is_gone(init), f"{name} is {state} without its init")
        self.assertIn(f"-{name}.libvirt-lxc", read(f"/proc/{init}/cgroup"))
        frozen = any(read(f"{folder}/cgroup.freeze").strip() == "1" for folder in self.groups(name)
                     if os.path.exists(f"{folder}/cgroup.freeze"))
        self.assertEqual(listed == "paused", frozen)
        return state

    def definition(self, name):
        result = self.lxsh("dumpxml", name, "--inactive")
        return result.out if result.status == 0 else None

    # --- what is left

    def look(self):
        left = super().look()
        left += [f"temporary file {os.path.join(folder, file)}"
                 for part in ("etc", "run") for folder, _, files in os.walk(f"{self.root}/{part}")
                 for file in files if file.startswith(".")]
        ports = f"{self.root}/run/lxvirt/network"
        left += [f"port {os.path.join(folder, file)}" for folder, _, files in os.walk(ports)
                 for file in files if folder.endswith("/ports")]
        return left

    # --- the containers

    def one(self, name="one", devices="", **options):
        """The cheapest container that ends when it is asked to; its definition's file."""
        rootfs = f"{self.folder}/rootfs"
        if not os.path.exists(rootfs):
            support.run("cp", "-a", busybox_rootfs(), rootfs)
            write(f"{rootfs}/end", INIT, 0o755)
        options.setdefault("init", "/end")
        path = f"{self.folder}/{name}.xml"
        write(path, domain(name, rootfs, self.partition, devices=devices, **options))
        return path

    def keep_network(self, name, **options):
        """A network that runs through the whole test and is not counted as left behind."""
        self.net(name, **options)
        self.before["link"] = support.links()
        self.processes |= set(self.strangers())


@unittest.skipUnless(TEST_POINTS, "this build has no test points (-Dtest_points=true)")
class KillCase(StateCase):
    counts = Counts()

    @classmethod
    def tearDownClass(cls):
        cls.counts.show()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.points = f"{self.folder}/points"

    # --- killing

    def environment(self, verb, program, step):
        return {**os.environ, f"LXVIRT_{verb}_AT": f"{program}:{step}", "LXVIRT_POINTS": self.points}

    def take_hit(self):
        """Where a program was killed or stopped since the last call; nothing where none was. The one that
        was called to undo its work may have been killed at the same step."""
        hit = self.last_hit()
        if hit:
            os.unlink(self.points)
        return hit

    def last_hit(self):
        if not os.path.exists(self.points):
            return None
        lines = read(self.points).splitlines()
        self.assertEqual(len({line.split()[0] for line in lines}), 1, lines)
        program, pid, number, name = lines[0].split()
        return Hit(program, int(pid), int(number), name)

    def killed(self, program, step, *words, **options):
        """(what the command did, where it was killed)."""
        done = self.lxsh(*words, env={**self.environment("KILL", program, step),
                                      **options.pop("env", {})}, **options)
        hit = self.take_hit()
        if hit and program == "lxsh":
            self.assertEqual(done.status, -signal.SIGKILL, str(done))
        return done, hit

    def stopped(self, program, step, *words, **options):
        """(the command, still running, where its program stands); (None, None) where it came through."""
        running = self.background(*words, env={**self.environment("STOP", program, step),
                                               **options.pop("env", {})}, **options)
        wait_for(lambda: os.path.exists(self.points) or running.poll() is not None, 30, 0.0005)
        if running.poll() is not None and self.forbid_stops():
            return None, None
        wait_for(lambda: read(self.points).endswith("\n"), 5, 0.0005)
        hit = self.last_hit()
        wait_for(lambda: state_letter(hit.pid) in "TZX", 5, 0.0005)
        return running, hit

    def forbid_stops(self):
        """A supervisor that was not stopped goes on to its end; False where it has just been stopped."""
        try:
            os.close(os.open(self.points, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def together(self, what, program, words, victims, after, least, prepare=lambda: None):
        """`program` stops at a step of a command, and then `victims(its pid, that of lxsh)` are killed
        from outside; if it is none of them it goes on. `after(step)` looks at what is left."""
        def attempt(step):
            prepare()
            if os.path.exists(self.points):
                os.unlink(self.points)
            running, hit = self.stopped(program, step, *words)
            if hit:
                for pid in [*victims(hit.pid, running.pid)]:
                    send(pid, signal.SIGKILL)
                send(hit.pid, signal.SIGCONT)
                running.communicate(timeout=20 * support.SLOWNESS)
                self.take_hit()
            after(step)
            return hit
        return self.each_step(what, program, attempt, least)

    def each_step(self, what, program, attempt, least):
        """`attempt(step)` prepares, kills, and looks at what is left; False where nothing was killed. There
        are at least `least` steps; of many not every one is tried in a short run."""
        bad, first = 0, 1
        stride = 1 if LONG or least < 10 else STRIDE
        for step in range(first, MOST, stride):
            hit = True
            bad += 1
            with self.subTest(what=what, program=program, step=step):
                hit = attempt(step)
                bad -= 1
            if not hit:
                self.assertGreaterEqual(step - first, least,
                                        f"{what}: suspiciously few steps of {program}")
                return step - first
            self.counts.add(what, program)
            if bad == 3:
                return self.fail(f"{what}: and so on")
        return self.fail(f"{what}: it has no end")

    # --- and then

    def aftermath(self, name, step, states):
        """Of a domain that is defined: what is said is one of `states` and true; the next command cleans
        up and works; nothing is left. Every second time that is a destroy, and nobody waits before."""
        step += SHIFT
        if step % 2:
            state = self.truth(name)
            self.assertRegex(state, states)
        if step % 4 == 0 or (step % 2 and not state.startswith("shut off")):
            self.lxsh("destroy", name)
            self.assert_nothing_left()
        done = self.lxsh("start", name)
        if step % 4 == 2 and "already active" in done.err:  # it came so far that it is not taken back
            self.assertRegex(self.truth(name), states)
            self.lxsh("destroy", name)
        else:
            self.assertEqual(done.status, 0, str(done))
            self.assertRegex(self.truth(name), "^running")
            self.ok("destroy", name)
        self.assert_nothing_left()
