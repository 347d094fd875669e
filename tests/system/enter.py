"""Programs run beside a container's init, for the tests of lxc-enter-namespace."""

import subprocess

import support
from probe import ProbeCase
from support import read

SPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


class EnterCase(ProbeCase):
    def words(self, name, *program):
        return ("-q", "lxc-enter-namespace", name, "--", *program)

    def enter(self, name, *program, **options):
        return self.lxsh(*self.words(name, *program), timeout=20, **options)

    def entered(self, name, *program, **options):
        """The output of a program that must succeed."""
        result = self.enter(name, *program, **options)
        self.assertEqual(result.status, 0, str(result))
        return result.out

    def script(self, name, text, **options):
        return self.entered(name, "sh", "-c", text, **options).strip()

    def launch(self, name, *program, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(*self.words(name, *program)), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **options)

    def sleeper(self, name, script="echo go; sleep 1000"):
        """A program that runs: (lxsh, the pids of lxc_enter and of the program)."""
        lxsh = self.launch(name, "sh", "-c", script)
        self.assertEqual(lxsh.stdout.readline(), "go\n")
        enter = support.children(lxsh.pid)[0]
        return lxsh, enter, support.children(enter)[0]

    def end(self, lxsh, seconds=5):
        """Its exit status and errors, in so much time."""
        _, errors = lxsh.communicate(timeout=seconds * support.SLOWNESS)
        return lxsh.returncode, errors

    def processes_of(self, name):
        """Of the container, but for its init."""
        init = self.status(name)["init_pid"]
        found = set()
        for group in self.groups(name):
            found |= set(read(f"{group}/cgroup.procs").split())
        return found - {init}
