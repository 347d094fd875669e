"""What every system test stands on: lxsh on a root of the test's own, in network and mount namespaces of
the test program's own, and after each test a search for anything that was left behind.

The test program is a subreaper: whatever a command leaves running becomes its child, so that no process
can hide. Control groups are found by the partition, which no other test has.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import report

LXSH = os.environ.get("LXSH", "build/shell/lxsh")
# How much longer everything may take than on a usual machine: an emulated one is slow.
SLOWNESS = float(os.environ.get("LXVIRT_TEST_SLOWNESS", "1"))
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def unshare_mounts():
    check(libc.unshare(CLONE_NEWNS), "unshare mounts")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "make / private")


# The network namespace that isolate() left.
callers_network = []


def with_network(*command):
    """The words of a command that is to reach what the machine reaches: a mirror of packages."""
    return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{callers_network[0]}", *command] if callers_network else list(command)


def isolate():
    """Namespaces of this program's own; every process that loses its parent becomes its child."""
    callers_network.append(os.open("/proc/self/ns/net", os.O_RDONLY))
    check(libc.unshare(CLONE_NEWNET), "unshare the network")
    unshare_mounts()
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become a subreaper")
    run("ip", "link", "set", "lo", "up")


def run(*command, **options):
    """A host's command that has to succeed; what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def wait_for(condition, seconds=10, pause=0.01):
    """The first true value of `condition`, or its last one when the time is over."""
    end = time.monotonic() + seconds * SLOWNESS
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


# --- what there is on this machine: taken before a test, compared after it


def children(pid="self"):
    """Its children, except zombies; children of children follow when they lose their parent."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        for child in read(f"/proc/{pid}/task/{task}/children").split():
            found.append(int(child))
    return found


def is_zombie(pid):
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def reap():
    """Only what has ended; called while no subprocess of a test is outstanding."""
    for pid in children():
        if is_zombie(pid):
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def describe(pid):
    try:
        words = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
        return f"process {pid} ({words or read(f'/proc/{pid}/comm').strip()})"
    except (FileNotFoundError, ProcessLookupError):
        return f"process {pid}"


def hierarchies():
    """(folder, controllers or 'unified') of each mounted cgroup tree."""
    found = []
    for line in read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        words = after.split()
        if words[0] in ("cgroup", "cgroup2"):
            name = "unified" if words[0] == "cgroup2" else words[2]
            found.append((before.split()[4], name))
    return found


def loop_devices():
    found = {}
    for name in os.listdir("/sys/block"):
        try:
            found[name] = read(f"/sys/block/{name}/loop/backing_file").strip()
        except (FileNotFoundError, NotADirectoryError, OSError):
            pass
    return found


def mounts():
    return sorted(line.split(" ", 2)[2] for line in read("/proc/self/mountinfo").splitlines())


def links():
    return sorted(line.split(":")[0].strip() for line in read("/proc/self/net/dev").splitlines()[2:])


class Result:
    """What a command of lxsh did."""

    def __init__(self, words, status, out, err):
        self.words, self.status, self.out, self.err = words, status, out, err

    def __str__(self):
        return f"lxsh {' '.join(self.words)}: exit {self.status}\n{self.out}{self.err}"


class Case(unittest.TestCase):
    """A test with a root of its own; see tearDown() for what it must not leave."""

    maxDiff = None
    counter = 0

    def setUp(self):
        Case.counter += 1
        self.partition = f"/lxvirt-test-{os.getpid()}-{Case.counter}"
        self.before = {"mount": mounts(), "link": links()}
        self.processes = set(children())
        self.folder = tempfile.mkdtemp(prefix="lxvirt-system-")
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        self.uri = f"lxc:///embed?root={self.root}"

    def run(self, result=None):
        """Whatever setUp() or tearDown() raise, nothing stays: a program may be gone because it is just being built."""
        try:
            return super().run(result)
        finally:
            if os.path.isdir(getattr(self, "folder", "")):
                self.sweep()

    def tearDown(self):
        try:
            for name in self.active():
                self.lxsh("destroy", name)
            left = self.leftovers()
        finally:
            self.sweep()
        self.assertEqual(left, [], "left behind")

    # --- commands

    def command(self, *words):
        return [LXSH, "-c", self.uri, *words]

    def lxsh(self, *words, timeout=60, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(self.command(*words), capture_output=True, text=True,
                              timeout=timeout * SLOWNESS,
                              errors="replace", **options)
        return Result(words, done.returncode, done.stdout, done.stderr)

    def ok(self, *words, **options):
        """A command that must succeed; its output."""
        result = self.lxsh(*words, **options)
        self.assertEqual(result.status, 0, str(result))
        return result.out

    def fails(self, *words, **options):
        """A command that must fail; its errors."""
        result = self.lxsh(*words, **options)
        self.assertEqual(result.status, 1, str(result))
        return result.err

    def background(self, *words, **options):
        return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def define(self, xml):
        path = os.path.join(self.folder, "definition.xml")
        write(path, xml)
        return self.ok("define", path)

    # --- parts of the host

    def bridge(self, name):
        run("ip", "link", "add", name, "type", "bridge")
        run("ip", "link", "set", name, "up")
        self.keep_link(name)

    def keep_link(self, name):
        """A link of this test's own, that goes after the search for leftovers."""
        self.before["link"] = links()
        self.addCleanup(subprocess.run, ["ip", "link", "delete", name], capture_output=True)

    def empty_disk(self, name="disk.img"):
        """The path of a file of 1 MiB for a loop device."""
        path = f"{self.folder}/{name}"
        with open(path, "wb") as image:
            image.truncate(1 << 20)
        return path

    # --- facts

    def active(self):
        return self.lxsh("-q", "list", "--name").out.split()

    def state(self, name, reason=True):
        return self.ok("domstate", name, *(["--reason"] if reason else [])).strip()

    def wait_state(self, name, wanted, seconds=15):
        wait_for(lambda: self.state(name) == wanted, seconds, 0.05)
        self.assertEqual(self.state(name), wanted)

    def status(self, name):
        """The helper's facts."""
        text = read(f"{self.root}/run/lxvirt/lxc/{name}/status")
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def helper(self, name):
        return int(self.ok("domid", name))

    def groups(self, name=""):
        """The control groups of this test's partition, in all hierarchies."""
        found = []
        for mount, _ in hierarchies():
            for folder, _, _ in os.walk(mount + self.partition):
                if f"-{name}." in folder or not name:
                    found.append(folder)
        return found

    def group(self, name, controller):
        """The folder of the container's outer group that has this controller's files."""
        for mount, names in hierarchies():
            base = mount + self.partition
            if controller in names.split(",") and os.path.isdir(base):
                for entry in os.listdir(base):
                    if entry.endswith(f"-{name}.libvirt-lxc"):
                        return os.path.join(base, entry)
        return None

    def limit(self, controller, name, v1, v2):
        """A limit's file, whichever hierarchy has the controller."""
        folder = self.group(name, controller)
        if folder:
            return read(f"{folder}/{v1}").strip()
        for mount, kind in hierarchies():
            base = mount + self.partition
            if kind == "unified" and controller in read(f"{mount}/cgroup.controllers").split():
                outer = next(entry for entry in os.listdir(base) if f"-{name}." in entry)
                return read(f"{base}/{outer}/{v2}").strip()
        self.skipTest(f"this host has no cgroup controller '{controller}'")
        return None

    # --- what is left

    def strangers(self):
        reap()
        return [pid for pid in children() if pid not in self.processes]

    def look(self):
        left = [describe(pid) for pid in self.strangers()]
        left += [f"control group {path}" for path in self.groups()]
        left += [f"mount {line}" for line in mounts() if line not in self.before["mount"]]
        left += [f"link {name}" for name in links() if name not in self.before["link"]]
        left += [f"loop device {name} on {file}" for name, file in loop_devices().items()
                 if file.startswith(self.folder)]
        running = os.path.join(self.root, "run/lxvirt/lxc")
        if os.path.isdir(running):
            left += [f"file {path}" for path, _, _ in os.walk(running) if path != running]
        return left

    def leftovers(self, seconds=2):
        """Empty once everything is gone; a veth goes a few milliseconds after its namespace."""
        wait_for(lambda: not self.look(), seconds)
        return self.look()

    def assert_nothing_left(self):
        self.assertEqual(self.leftovers(), [])

    def sweep(self):
        """So that one test's fault is not the next one's."""
        self.remove_what_is_left()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill_strangers(self):
        """Those that there were; the children of one that dies become ours."""
        found = self.strangers()
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return found

    def remove_what_is_left(self):
        wait_for(lambda: not self.kill_strangers(), 3)
        for path in sorted(self.groups(), reverse=True):
            try:
                os.rmdir(path)
            except OSError:
                pass
        for name in links():
            if name not in self.before["link"]:
                subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)
        for name, file in loop_devices().items():
            if file.startswith(self.folder):
                subprocess.run(["losetup", "--detach", f"/dev/{name}"], check=False, capture_output=True)


def main():
    if os.geteuid() != 0:
        print("system tests need root", file=sys.stderr)
        sys.exit(77)
    isolate()
    report.main()
