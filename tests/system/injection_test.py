"""System calls of a start, a destroy and each change of what is stored that fail: no space, no descriptors, no
memory, interrupted.

Each call that a program of ours makes on the way is failed once. The command then either does its work or
says why not; what it says is true, the next command works, and nothing is left.
"""

import contextlib
import errno
import os
import random
import re
import shutil
import subprocess
from collections import Counter

import support
from guest import GuestCase
from network_guest import network
from support import read, run, write

INJECT = os.environ.get("LXVIRT_INJECT", "build/tests/inject/inject")
# All of them rather than a part, which another seed changes.
LONG = bool(os.environ.get("LXVIRT_LONG"))
SEED = int(os.environ.get("LXVIRT_SEED", "32"))
PART = 0.06
PROGRAMS = ("lxsh", "lxc_helper", "lxc_guard")

# What each call can fail with, by its manual page. Not close(2): where it is interrupted the descriptor is gone all
# the same, which no filter can imitate.
CALLS = {
    errno.ENOSPC: "bpf clone clone3 fsync ftruncate mkdir mkdirat mknodat mount move_mount open_tree openat pwrite64 "
                  "rename setxattr symlinkat unshare write",
    errno.EMFILE: "clone3 bpf epoll_create1 fcntl fsmount fsopen ioctl memfd_create open_tree openat openat2 pipe2 "
                  "socket socketpair pidfd_open",
    errno.ENOMEM: "bind bpf capset chdir clone clone3 epoll_ctl execve execveat fsconfig fsmount fsopen ioctl keyctl "
                  "memfd_create mkdir mkdirat mknodat mmap mount mount_setattr move_mount newfstatat "
                  "open_tree openat openat2 pivot_root prlimit64 readlink recvmsg rename seccomp sendmsg sendto "
                  "sethostname setns setresuid setgroups setsockopt setxattr socket symlinkat umount2 unlinkat unshare",
    errno.EINTR: "clock_nanosleep connect dup2 epoll_wait fsync ftruncate getrandom "
                 "openat openat2 poll read recvfrom recvmsg sendmsg sendto wait4 waitid write",
}
ALL = ",".join(sorted({call for calls in CALLS.values() for call in calls.split()}))


class InjectionCase(GuestCase):
    counts = Counter()

    @classmethod
    def tearDownClass(cls):
        for what, number in sorted(cls.counts.items()):
            print(f"# {what}: {number}")

    def inject(self, fail, *words):
        """(the result, a function that waits for the last of what it started and gives the report)"""
        reader, writer = os.pipe()
        failure = ["--fail", fail] if fail else []
        done = subprocess.Popen([INJECT, "--report", str(writer), "--calls", ALL, *failure, *self.command(*words)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                pass_fds=[writer], text=True, errors="replace")
        os.close(writer)
        report = os.fdopen(reader)
        first = report.readline().split()
        self.assertEqual(first[:1], ["exit"], f"{fail}: {done.stderr.read() if not first else first}")
        # A helper holds neither of these; who does keeps the terminal of a user busy.
        out, err = done.stdout.read(), done.stderr.read()

        def finish():
            text = report.read()
            report.close()
            done.wait(timeout=10 * support.SLOWNESS)
            return [line.split() for line in text.splitlines()]

        return support.Result(words, int(first[1]), out, err), finish

    def every_call(self, *words, undo):
        """What to fail, in no order, of this command: (PROGRAM,CALL,N,ERRNO)."""
        result, finish = self.inject(None, *words)
        self.assertEqual(result.status, 0, str(result))
        undo()
        counted = [(line[1], line[2], int(line[3])) for line in finish() if line[0] == "calls"]
        every = [f"{program},{call},{number},{error}"
                 for error, calls in CALLS.items()
                 for program, call, times in counted if program in PROGRAMS and call in calls.split()
                 for number in range(1, times + 1)]
        # The standard output's and libseccomp's own writes are not ours to repeat.
        every = [fail for fail in every if not re.fullmatch(f"lxsh,write,[0-9]+,{errno.EINTR}", fail)]
        # Nor are libxml2's reads of the schemas, with which an import is checked; a file's are never interrupted.
        if words[0] == "import-lxc":
            every = [fail for fail in every if not re.fullmatch(f"lxsh,read,[0-9]+,{errno.EINTR}", fail)]
        choice = random.Random(SEED)
        return every if LONG else choice.sample(every, max(40, int(len(every) * PART)))

    def judge(self, fail, result):
        self.assertIn(result.status, (0, 1), f"{fail}\n{result}")
        name = errno.errorcode[int(fail.rsplit(",", 1)[1])]
        outcome = "went on" if result.status == 0 else "failed with words"
        if result.status == 1:
            self.assertRegex(result.err, "(?m)^error: ....", f"{fail}\n{result}")
            self.assertNotRegex(result.err, "without a word", f"{fail}\n{result}")
        if name == "EINTR":  # is no fault at all
            self.assertEqual(result.status, 0, f"{fail}\n{result}")
        self.counts[f"{result.words[0]}, {name}, {outcome}"] += 1

    def end(self, fail):
        """The call may be one of the destroy, which then says so and works when it is asked again."""
        result = self.lxsh("destroy", "one")
        if result.status:
            self.judge(fail, result)
            self.lxsh("destroy", "one")
        self.assertRegex(self.state("one"), "^shut off", f"{fail}\n{result}")

    @contextlib.contextmanager
    def failing(self, fail):
        """Tells at once what went wrong: a long run need not be waited for."""
        with self.subTest(fail):
            try:
                yield
            except AssertionError as error:
                print(f"{fail}: {error}"[:900], flush=True)
                raise

    @staticmethod
    def is_done(result):
        return result.status == 0 or "cannot write the output" in result.err


class Injection(InjectionCase):
    def test_definitions(self):
        """define over a definition, undefine: what is there is the old one or the new one, whole."""
        old, new = self.plain("one", memory=65536), self.plain("one", memory=131072)
        write(f"{self.folder}/new.xml", new)
        self.define(old)
        stored = self.ok("dumpxml", "one")
        failures = self.every_call("define", f"{self.folder}/new.xml", undo=lambda: None)
        changed = self.ok("dumpxml", "one")
        self.assertNotEqual(stored, changed)
        for fail in failures:
            with self.failing(fail):
                self.define(old)
                result, finish = self.inject(fail, "define", f"{self.folder}/new.xml")
                self.judge(fail, result)
                finish()
                whole = [changed] if self.is_done(result) else [stored]
                if "fsync" in fail:  # it is there, but may not be on the disk
                    whole = [stored, changed]
                self.assertIn(self.ok("dumpxml", "one"), whole, f"{fail}\n{result}")
                files = os.listdir(f"{self.root}/etc/lxvirt/lxc")
                self.assertEqual([name for name in files if name != "autostart"], ["one.xml"])
        failures = self.every_call("undefine", "one", undo=lambda: self.define(old))
        for fail in failures:
            with self.failing(fail):
                self.define(old)
                result, finish = self.inject(fail, "undefine", "one")
                self.judge(fail, result)
                finish()
                left = self.ok("-q", "list", "--all", "--name").split()
                if "fsync" not in fail:
                    self.assertEqual(left, [] if self.is_done(result) else ["one"], f"{fail}\n{result}")

    def came_about(self, fail, report):
        """How often a program waits differs from time to time, so one call in some hundreds is not made."""
        program, call, number, _ = fail.split(",")
        made = next((int(line[3]) for line in report if line[:3] == ["calls", program, call]), 0)
        if made >= int(number):
            self.assertIn(["failed", "1"], report, fail)
        else:
            self.counts["not made this time"] += 1
            self.assertLess(self.counts["not made this time"], 6, f"{fail} did not come about")

    def recover(self):
        """So that one failure is not reported as all that follow."""
        if self.look():
            self.lxsh("destroy", "one")
            self.remove_what_is_left()

    def test_start(self):
        self.bridge("br8")
        disk = self.empty_disk()
        self.define(self.plain("one", init="/bin/sleep", args=["1000"], features="<privnet/>", devices=(
            "<interface type='bridge'><source bridge='br8'/><ip address='10.9.9.2' prefix='24'/></interface>"
            f"<disk type='file' device='disk'><source file='{disk}'/><target dev='vda'/></disk>"
            "<filesystem type='ram'><source usage='1024'/><target dir='/tmp'/></filesystem>")))
        failures = self.every_call("start", "one", undo=lambda: self.ok("destroy", "one"))
        for fail in failures:
            with self.failing(fail):
                self.recover()
                result, finish = self.inject(fail, "start", "one")
                self.judge(fail, result)
                if self.is_done(result):
                    self.assertEqual(self.state("one"), "running (booted)", fail)
                    self.end(fail)
                else:
                    self.assertRegex(self.state("one"), "^shut off", fail)
                self.assertEqual(self.leftovers(), [], f"{fail}\n{result}")
                self.came_about(fail, finish())
                self.ok("start", "one")
                self.ok("destroy", "one")


class Changes(InjectionCase):
    """Each command that changes what is stored leaves all files as they were, or as they are after it."""

    def setUp(self):
        super().setUp()
        self.networks = ["lvn", "lvm"]
        self.any_uuid = False  # of a domain that gets a new one each time
        self.repository = f"{self.folder}/repository"

    def stored(self):
        """{path: content} of all that is on the disk below the root, but for logs and locks."""
        found = {}
        for top in ("etc", "var/lib"):
            for folder, folders, names in os.walk(f"{self.root}/{top}"):
                for name in names + [one for one in folders if os.path.islink(f"{folder}/{one}")]:
                    path = f"{folder}/{name}"
                    if not name.endswith(".lock"):
                        found[os.path.relpath(path, self.root)] = os.readlink(path) if os.path.islink(path) else \
                            re.sub("<uuid>.*</uuid>", "", read(path)) if self.any_uuid else read(path)
        return found

    def put_back(self, stored):
        """Makes the files those of an earlier moment, without the program under test."""
        for path in set(self.stored()) - set(stored):
            os.unlink(f"{self.root}/{path}")
        for path, content in stored.items():
            whole = f"{self.root}/{path}"
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            if os.path.islink(whole) or (path in self.links and os.path.exists(whole)):
                os.unlink(whole)
            if path in self.links:
                os.symlink(content, whole)
            else:
                write(whole, content, 0o600)

    def file(self, name, text):
        write(f"{self.folder}/{name}", text)
        return f"{self.folder}/{name}"

    def check(self, *words, whole=None):
        """Fails each call of the command in turn. `whole` says what may be there besides before and after."""
        before = self.stored()
        self.links = {path for path in before if os.path.islink(f"{self.root}/{path}")}
        failures = self.every_call(*words, undo=lambda: None)
        after = self.stored()
        self.assertNotEqual(before, after, f"{words} changes nothing")
        self.links |= {path for path in after if os.path.islink(f"{self.root}/{path}")}
        for fail in failures:
            with self.failing(fail):
                self.put_back(before)
                result, finish = self.inject(fail, *words)
                self.judge(fail, result)
                finish()
                now = self.stored()
                if whole:
                    whole(now, before, after)
                elif "fsync" in fail:  # it is there, but may not be on the disk
                    self.assertIn(now, (before, after), f"{fail}\n{result}")
                else:
                    self.assertEqual(now, after if self.is_done(result) else before, f"{fail}\n{result}")
                # Whatever was left, the command itself copes with it.
                if now != after:
                    self.ok(*words)
                    self.assertEqual(self.stored(), after, f"{fail}\n{result}")

    def test_domains(self):
        self.define(self.plain("one"))
        self.ok("autostart", "one")
        nic = self.file("nic.xml", "<interface type='bridge'><mac address='52:54:00:00:00:07'/>"
                                   "<source bridge='br8'/></interface>")
        self.check("domrename", "one", "two")
        self.check("autostart", "two", "--disable")
        self.check("autostart", "two")
        self.check("attach-device", "two", nic, "--config")
        slow = self.file("slow.xml", read(nic).replace("<source", "<link state='down'/><source"))
        self.check("update-device", "two", slow, "--config")
        self.check("detach-device", "two", nic, "--config")
        self.check("undefine", "two")

    def test_apply(self):
        """Of several files some may be applied; each of them is, or is not, and the next apply does the rest."""
        os.mkdir(self.repository)
        for name, memory in (("one", 65536), ("two", 65536)):
            write(f"{self.repository}/{name}.xml", self.plain(name, memory=memory))
        self.ok("apply", self.repository)
        os.unlink(f"{self.repository}/two.xml")
        write(f"{self.repository}/one.xml", self.plain("one", memory=131072))
        write(f"{self.repository}/three.xml", self.plain("three"))

        def whole(now, before, after):
            for path in set(now) | set(before) | set(after):
                if "/lxc/" in path:
                    self.assertIn(now.get(path), (before.get(path), after.get(path)), path)
        self.check("apply", self.repository, "--prune", whole=whole)

    def native(self, *names):
        """A folder of lxc-tools with containers, of which each starts with the host."""
        for name in names:
            folder = f"{self.folder}/lxc/{name}"
            os.makedirs(f"{folder}/rootfs")
            write(f"{folder}/config", f"lxc.uts.name = {name}\nlxc.rootfs.path = dir:{folder}/rootfs\n"
                  f"lxc.net.0.type = empty\nlxc.start.auto = 1\nlxc.cgroup.dir = {self.partition[1:]}\n")
        return f"{self.folder}/lxc"

    def test_import(self):
        """Of two containers each is imported, with its mark, or not."""
        folder = self.native("five", "six")
        self.any_uuid = True

        def whole(now, before, after):
            for name in ("five", "six"):
                there = [path for path in now if path.endswith(f"/{name}.xml")]
                self.assertIn(len(there), (0, 2), there)
        self.check("import-lxc", folder, whole=whole)

    def test_export(self):
        """Each file is whole or missing, and no temporary one stays."""
        self.define(self.plain("one"))
        self.define(self.plain("two"))
        folder = f"{self.folder}/exported"

        def undo():
            shutil.rmtree(folder, ignore_errors=True)
        self.ok("export", folder)
        right = {name: read(f"{folder}/domains/{name}") for name in ("one.xml", "two.xml")}
        undo()
        for fail in self.every_call("export", folder, undo=undo):
            with self.failing(fail):
                undo()
                result, finish = self.inject(fail, "export", folder)
                self.judge(fail, result)
                finish()
                there = os.listdir(f"{folder}/domains") if os.path.isdir(f"{folder}/domains") else []
                for name in there:
                    self.assertEqual(read(f"{folder}/domains/{name}"), right.get(name), f"{fail}\n{result}")
                if self.is_done(result):
                    self.assertEqual(sorted(there), sorted(right), f"{fail}\n{result}")
        undo()

    def fill(self, content):
        """Uses up the bytes of the disk, or with empty files its inodes; returns what undoes that."""
        names = []
        with contextlib.suppress(OSError):
            while True:
                names.append(f"{self.root}/etc/filler{len(names)}")
                with open(names[-1], "wb", buffering=0) as file:
                    while content and file.write(content) == len(content):
                        pass
        return lambda: [os.unlink(name) for name in names if os.path.exists(name)]

    def read_only(self):
        run("mount", "-o", "remount,ro", f"{self.root}/etc")
        return lambda: run("mount", "-o", "remount,rw", f"{self.root}/etc")

    def test_a_disk_that_is_full_or_read_only(self):
        """What a command cannot do it has not begun; what it says names the disk's state."""
        os.makedirs(f"{self.root}/etc", exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=60,mode=755", "none", f"{self.root}/etc")
        self.addCleanup(run, "umount", f"{self.root}/etc")
        self.before["mount"] = support.mounts()
        self.define(self.plain("one"))
        self.ok("autostart", "one")
        self.ok("net-define", self.file("lvn.xml", network("lvn", extra="<mac address='52:54:00:00:00:ab'/>")))
        nic = self.file("nic.xml", "<interface type='bridge'><source bridge='br8'/></interface>")
        commands = (
            ("define", self.file("two.xml", self.plain("two"))),
            ("define", self.file("one.xml", self.plain("one", memory=65536))),
            ("domrename", "one", "three"), ("attach-device", "one", nic, "--config"), ("undefine", "one"),
            ("autostart", "one", "--disable"), ("net-autostart", "lvn"), ("net-undefine", "lvn"),
            ("net-update", "lvn", "add", "ip-dhcp-host", "<host mac='52:54:00:00:00:08' ip='10.100.0.8'/>", "--config"),
            ("net-define", self.file("lvm.xml", network("lvm", subnet=101))),
            ("apply", self.file("four.xml", self.plain("four"))),
            ("import-lxc", self.native("five")), ("export", f"{self.root}/etc/exported"))
        before = self.stored()
        self.links = {path for path in before if os.path.islink(f"{self.root}/{path}")}
        for name, words, spoil in (("full", "No space left", lambda: self.fill(b"x" * 4096)),
                                   ("no inodes", "No space left", lambda: self.fill(b"")),
                                   ("read-only", "Read-only file system", self.read_only)):
            for command in commands:
                with self.subTest(f"{name}: {command[0]}"):
                    mend = spoil()
                    result = self.lxsh(*command)
                    mend()
                    if result.status == 0:
                        self.assertNotEqual(name, "read-only", str(result))
                        self.put_back(before)
                    else:
                        self.assertIn(words, result.err, str(result))
                    self.assertEqual(self.stored(), before, f"{name}\n{result}")

    def test_networks(self):
        path = self.file("lvn.xml", network("lvn", extra="<mac address='52:54:00:00:00:ab'/>"))
        self.check("net-define", path)
        self.check("net-autostart", "lvn")
        self.check("net-update", "lvn", "add", "ip-dhcp-host",
                   "<host mac='52:54:00:00:00:08' ip='10.100.0.8'/>", "--config")
        self.check("net-define", path)
        self.check("net-autostart", "lvn", "--disable")
        self.check("net-undefine", "lvn")


if __name__ == "__main__":
    support.main()
