"""What the tests of this folder stand on: the installed lxsh on the machine's own root, lxc:///, for which the
machine is thrown away afterwards. They do not run anywhere else."""

import os
import subprocess
import sys
import tempfile
import unittest

import guest
import report
import support
from support import read, run, wait_for, write

# Where the v2 tree is: on a hybrid host beside the others.
UNIFIED = next(folder for folder, kind in support.hierarchies() if kind == "unified")
IS_HYBRID = len(support.hierarchies()) > 1
SLICE = f"{UNIFIED}/machine.slice"


class MachineCase(unittest.TestCase):
    """With containers of the machine; tearDown() looks for what they left."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lxvirt-guest-")

    def tearDown(self):
        for name in self.lxsh("-q", "list", "--name").out.split():
            self.lxsh("destroy", name)
        for name in self.lxsh("-q", "list", "--all", "--name").out.split():
            self.lxsh("undefine", name)
        wait_for(lambda: not self.leftovers(), 3)
        self.assertEqual(self.leftovers(), [], "left behind")
        support.shutil.rmtree(self.folder)

    def leftovers(self):
        left = [f"scope {name}" for name in self.scopes()] + [f"machine {name}" for name in self.machines()]
        left += [f"group {path}" for path, folders, _ in os.walk("/sys/fs/cgroup") for name in folders
                 if "libvirt-lxc" in name or name == "lxvirt.helpers" or name.startswith("machine-lxc")]
        return left + [f"file {name}" for name in os.listdir("/run/lxvirt/lxc")]

    # --- commands

    def lxsh(self, *words, timeout=60, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([support.LXSH, *words], capture_output=True, text=True, check=False,
                              timeout=timeout * support.SLOWNESS, errors="replace", **options)
        return support.Result(words, done.returncode, done.stdout, done.stderr)

    def ok(self, *words, **options):
        result = self.lxsh(*words, **options)
        self.assertEqual(result.status, 0, str(result))
        return result.out

    def written(self, name, init="/bin/sleep", args=("100000",), **options):
        path = f"{self.folder}/{name}.xml"
        write(path, guest.domain(name, init=init, args=args, **options))
        return path

    def define(self, name, **options):
        self.ok("define", self.written(name, **options))

    def boot(self, name, **options):
        self.define(name, **options)
        self.ok("start", name)

    def written_network(self):
        path = f"{self.folder}/lan.xml"
        write(path, "<network><name>lan</name><bridge name='lan'/><ip address='10.88.0.1' prefix='24'/></network>")
        return path

    # --- facts

    def helper(self, name):
        return int(self.ok("domid", name))

    def status(self, name):
        lines = read(f"/run/lxvirt/lxc/{name}/status").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def state(self, name):
        return self.ok("domstate", name, "--reason").strip()

    def log(self, name):
        path = f"/var/log/lxvirt/lxc/{name}.log"
        return read(path) if os.path.exists(path) else ""

    def scopes(self):
        """Those that systemd has, running or failed."""
        text = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "machine-*.scope")
        return [line.split()[0] for line in text.splitlines()]

    def machines(self):
        text = run("machinectl", "list", "--no-legend")
        return [line.split()[0] for line in text.splitlines()]

    def scope_of(self, name, slice_=SLICE):
        """The folder of a running container's scope."""
        escaped = f"lxc-{self.helper(name)}-{name}".replace("-", "\\x2d")
        return f"{slice_}/machine-{escaped}.scope"

    def outer_of(self, name):
        return f"{self.scope_of(name)}/lxc-{self.helper(name)}-{name}.libvirt-lxc"


def group_of(pid):
    """Its folder in the v2 tree."""
    return UNIFIED + next(line[3:] for line in read(f"/proc/{pid}/cgroup").splitlines() if line.startswith("0::"))


def main():
    if not os.environ.get("LXVIRT_GUEST"):
        print("this is for a machine that is thrown away: tests/guest/run", file=sys.stderr)
        sys.exit(77)
    os.makedirs("/run/lxvirt/lxc", exist_ok=True)
    report.main()


__all__ = ["MachineCase", "group_of", "main", "read", "run", "wait_for", "write"]
