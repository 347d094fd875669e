"""Kernels without some of the newer system calls, and filters around lxvirt that forbid them: lxvirt falls back,
or says what is missing before anything is made.
"""

import os
import subprocess
import sys

import support
from guest import GuestCase
from support import Result

INJECT = os.environ.get("LXVIRT_INJECT", "build/tests/inject/inject")
LONG = bool(os.environ.get("LXVIRT_LONG"))


class Absent(GuestCase):
    def start_without(self, call):
        done = subprocess.run([INJECT, "--absent", call, *self.command("start", "one")], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30, check=False)
        return Result(("start", "one"), done.returncode, done.stdout, done.stderr)

    def refused(self, call):
        self.define(self.plain("one", init="/bin/sleep", args=["1000"], features="<privnet/>"))
        result = self.start_without(call)
        self.assertEqual(result.status, 1, str(result))
        self.assertIn(f"the system call {call} is missing", result.err)
        self.assertRegex(self.state("one"), "^shut off")
        self.assert_nothing_left()
        self.ok("start", "one")

    def test_clone3(self):
        self.refused("clone3")

    def test_openat2(self):
        self.refused("openat2")

    def test_mount_setattr(self):
        self.refused("mount_setattr")

    def test_fsopen(self):
        self.refused("fsopen")

    def test_move_mount(self):
        self.refused("move_mount")

    def test_open_tree(self):
        self.refused("open_tree")

    def test_close_range(self):
        self.refused("close_range")

    def test_pidfd_send_signal(self):
        """Without it no container could be killed: none is started."""
        self.refused("pidfd_send_signal")

    def run_again(self, program, *tests, without):
        """A test program under the same condition, all its commands and containers with it."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), program)
        report = subprocess.run([INJECT, *without, sys.executable, path, *tests], capture_output=True, text=True,
                                timeout=600, check=False)
        self.assertEqual(report.returncode, 0, report.stderr[-3000:] + report.stdout[-3000:])
        self.assertRegex(report.stderr + report.stdout, r"Ran [1-9][0-9]* test")

    def test_without_cgroup_kill_processes_are_killed_one_by_one(self):
        for program, tests in (("crashes_test.py", ["" if LONG else "KilledHelper"]),
                               ("life_test.py", ["" if LONG else "Pausing"])):
            self.run_again(program, *filter(None, tests), without=["--absent-file", "cgroup.kill"])


if __name__ == "__main__":
    support.main()
