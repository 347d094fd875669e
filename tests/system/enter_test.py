"""lxc-enter-namespace: a program beside the init, with what the init has and nothing of the caller's."""

import hashlib
import os
import signal
import subprocess

import support
from debian import DebianCase
from enter import SPACES, EnterCase
from guest import busybox_rootfs
from probe import IDMAP, PRIVNET, container
from support import read, write

RIGHTS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Groups",
          "Uid", "Gid")


class Results(EnterCase):
    """Part of defect 13 of libvirt's driver: the exit status is lost, PATH is not looked at."""

    def test_exit_status_is_the_programs(self):
        self.boot("one")
        for status in (0, 1, 7, 255):
            self.assertEqual(self.enter("one", "sh", "-c", f"exit {status}").status, status)
        killed = self.enter("one", "sh", "-c", "kill -9 $$")
        self.assertEqual(killed.status, 128 + signal.SIGKILL)
        self.assertEqual(killed.err, "error: 'sh' in domain 'one' was killed by signal 9 (KILL)\n")
        self.assertEqual(self.enter("one", "sh", "-c", "kill -INT $$").status, 128 + signal.SIGINT)

    def test_program_that_cannot_be_executed(self):
        self.boot("one")
        self.script("one", "echo '#!/not/there' >/tmp/orphan; echo x >/tmp/text; echo x >/tmp/bad;"
                           " chmod +x /tmp/orphan /tmp/bad")
        for program, status, why in (
                ("nosuch", 127, "not found in PATH '/bin:/sbin'"),
                ("", 127, "not found in PATH '/bin:/sbin'"),
                ("/tmp/nosuch", 127, "No such file or directory"),
                ("/tmp/orphan", 127, "the interpreter that it names is not there"),
                ("/tmp/text", 126, "Permission denied"),
                ("/tmp/bad", 126, "Exec format error"),
                ("/tmp", 126, "Permission denied")):
            with self.subTest(program):
                result = self.enter("one", program)
                self.assertEqual(result.status, status, str(result))
                self.assertEqual(result.err, f"error: cannot execute '{program}' in domain 'one': {why}\n")
        self.script("one", "rm /tmp/orphan /tmp/text /tmp/bad")

    def test_streams_are_passed_as_they_are(self):
        self.boot("one")
        data = os.urandom(1 << 20)
        done = subprocess.run(self.command(*self.words("one", "cat")), input=data, capture_output=True, check=True,
                              timeout=20)
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())
        # As Ansible's connection of libvirt does it.
        result = self.enter("one", "/bin/sh", "-c", "wc -c; echo wrong >&2; exit 3", stdin=None, input="12345")
        self.assertEqual((result.status, result.out.strip(), result.err), (3, "5", "wrong\n"))
        self.assertEqual(self.lxsh("lxc-enter-namespace", "one", "--noseclabel", "/bin/sh", "-c", "echo $0 $1 --",
                                   "a  b", "--noseclabel").status, 1)  # as virsh: it is given already
        plain = self.ok("lxc-enter-namespace", "one", "--noseclabel", "--", "/bin/sh", "-c", "printf '%s,' \"$@\"",
                        "sh", "a  b", "--noseclabel", ";", "--", "")
        self.assertEqual(plain, "a  b,--noseclabel,;,--,,\n")

    def test_refusals(self):
        self.define(self.xml("one"))
        self.assertEqual(self.fails("lxc-enter-namespace", "one", "--", "true"),
                         "error: Requested operation is not valid: domain is not running\n")
        self.assertEqual(self.fails("lxc-enter-namespace", "one"),
                         "error: command 'lxc-enter-namespace' requires <cmd> option\n")
        self.assertEqual(self.fails("lxc-enter-namespace", "two", "true"), "error: failed to get domain 'two'\n")
        self.start("one")
        self.assertIn("read only access prevents virDomainLxcOpenNamespace",
                      self.fails("-r", "lxc-enter-namespace", "one", "true"))
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        self.assertIn("descriptor 0 is a folder of the host", self.fails(*self.words("one", "true"), stdin=folder))

    def test_in_the_shell(self):
        self.define(self.xml("off"))
        self.boot("one")
        text = subprocess.run(self.command(), input="lxc-enter-namespace one -- sh -c 'echo \"a  b\"; exit 3'\n"
                              "lxc-enter-namespace one -- echo again\n", capture_output=True, text=True,
                              check=False, timeout=20).stdout
        self.assertIn("\na  b\n", text)
        self.assertIn("\nlxc-enter-namespace one -- echo again\n", text.replace("lxsh # ", "\n"))
        self.assertEqual(self.ok("complete", "--", "lxc-enter-namespace", "").split()[:1], ["one"])


class Rights(EnterCase):
    """Part of defect 13 of libvirt's driver: capabilities are ignored, root is nobody with an id map."""

    def lines(self, text):
        return [line for line in text.splitlines() if line.split(":")[0] in RIGHTS]

    def check(self, name, **options):
        self.boot(name, **options)
        self.assertEqual(self.lines(self.entered(name, "cat", "/proc/self/status")),
                         self.lines(self.entered(name, "cat", "/proc/1/status")))
        files = ("limits", "uid_map", "gid_map", "cgroup", "oom_score_adj", "personality", "setgroups", "timens_offsets")
        own, init = (self.script(name, "".join(f"cat /proc/{pid}/{file} 2>/dev/null; " for file in files) + "true")
                     for pid in ("self", "1"))
        self.assertEqual(own, init)
        spaces = " ".join(f"/proc/self/ns/{space} /proc/1/ns/{space}" for space in SPACES)
        found = self.script(name, f"for space in {spaces}; do readlink $space; done").split()
        self.assertEqual(found[::2], found[1::2])
        signals = self.entered(name, "cat", "/proc/self/status")
        for kind in ("SigBlk", "SigIgn", "SigCgt"):
            self.assertIn(f"{kind}:\t0000000000000000", signals)

    def test_as_the_init(self):
        self.check("one")
        self.assertEqual(self.script("one", "umask; pwd; id -u; id -G").split(), ["0022", "/", "0", "0"])

    def test_as_the_init_with_an_id_map(self):
        rootfs = f"{self.folder}/rootfs"
        support.run("cp", "-a", busybox_rootfs(), rootfs)
        self.check("one", rootfs=rootfs, features=PRIVNET, extra=IDMAP)
        self.assertEqual(self.script("one", "id -u; id -G; echo x >/root/made; stat -c %u:%g /root/made").split(),
                         ["0", "0", "0:0"])
        self.assertEqual(os.stat(f"{rootfs}/root/made").st_uid, 0)  # through its id-mapped mount

    def test_as_the_init_that_has_less(self):
        profile = f"{self.folder}/profile"
        write(profile, "2\ndenylist\nmkdir errno 38\n")
        self.check("one", features=f"{PRIVNET}<capabilities policy='deny'><chown state='on'/></capabilities>",
                   os_extra="<initdir>/tmp</initdir>", extra=container(
                       "<lx:no_new_privs/><lx:prlimit name='nofile' soft='99' hard='99'/>"
                       f"<lx:proc name='oom_score_adj' value='321'/><lx:seccomp profile='{profile}'/>"
                       "<lx:time monotonic='1h'/>"))
        self.assertEqual(self.script("one", "pwd; ulimit -n; cat /proc/self/oom_score_adj").split(),
                         ["/tmp", "99", "321"])
        self.assertIn("Function not implemented", self.enter("one", "mkdir", "/tmp/x").err)

    def test_root_whoever_the_init_is(self):
        self.define(self.plain("one", init="/bin/sleep", args=("1000",), os_extra="<inituser>+1000</inituser>"))
        self.ok("start", "one")
        self.assertEqual(self.script("one", "id -u; stat -c %u /proc/1").split(), ["0", "1000"])

    def test_environment(self):
        environment = {**os.environ, "SECRET": "1", "TERM": "vt220", "FROM_CALLER": "2", "LD_PRELOAD": ""}
        self.define(self.xml("one", os_extra="<initenv name='PATH'>/usr/bin:/bin</initenv>"
                                             "<initenv name='OWN'>x y</initenv>", extra=container(
                             "<lx:environment name='FROM_CALLER'/>")))
        self.start("one")
        lines = self.entered("one", "cat", "/proc/self/environ", env=environment).strip("\0").split("\0")
        found = dict(line.split("=", 1) for line in lines)
        self.assertEqual(len(lines), len(found), "a variable twice")
        for name, value in (("PATH", "/usr/bin:/bin"), ("OWN", "x y"), ("TERM", "vt220"), ("HOME", "/"),
                            ("container", "lxc-libvirt"), ("LIBVIRT_LXC_NAME", "one")):
            self.assertEqual(found.get(name), value, name)
        self.assertEqual(set(found) - {"PATH", "OWN", "TERM", "HOME", "container", "container_uuid",
                                       "LIBVIRT_LXC_NAME", "LIBVIRT_LXC_UUID"}, set())

    def test_descriptors(self):
        self.boot("one")
        extra = os.open("/etc", os.O_RDONLY)
        self.addCleanup(os.close, extra)
        self.assertEqual(self.entered("one", "ls", "/proc/self/fd", pass_fds=(extra,)).split(),
                         ["0", "1", "2", "3"])  # 3: the folder that ls reads
        # What the caller has closed is no file of ours.
        closed = subprocess.run(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", *self.command(
            *self.words("one", "ls", "-l", "/proc/self/fd"))], capture_output=True, text=True, check=False,
            timeout=20)
        self.assertEqual(closed.stdout.count("-> /dev/null"), 2, closed.stdout)


class Groups(EnterCase):
    def test_it_is_in_the_inits_groups(self):
        self.boot("one")
        lxsh, enter, program = self.sleeper("one")
        init = self.status("one")["init_pid"]
        self.assertEqual(read(f"/proc/{program}/cgroup"), read(f"/proc/{init}/cgroup"))
        self.assertEqual(read(f"/proc/{enter}/cgroup"), read("/proc/self/cgroup"))
        self.assertIn(str(program), self.processes_of("one"))
        lxsh.terminate()
        self.assertEqual(self.end(lxsh)[0], 128 + signal.SIGTERM)

    def test_memory_is_the_containers(self):
        self.boot("one", memory=32768)
        result = self.enter("one", "sh", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo ${#x}")
        self.assertNotEqual(result.out.strip(), "60000000", str(result))
        self.assertEqual(self.state("one", reason=False), "running")


class Systemd(DebianCase, EnterCase):
    def test_beside_systemd(self):
        """It has moved itself below its root group, which on v2 then takes no process."""
        self.start_debian()
        self.await_prompt()
        init = self.status("deb")["init_pid"]
        own = self.script("deb", "cat /proc/self/cgroup; systemctl show -p Version --value; grep -c init /proc/1/comm"
                                 " || cat /proc/1/comm", stdin=subprocess.DEVNULL)
        self.assertIn("systemd", own)
        lxsh, _, program = self.sleeper("deb")
        unified = [line for line in read(f"/proc/{init}/cgroup").splitlines() if line.startswith("0::")]
        self.assertEqual([line for line in read(f"/proc/{program}/cgroup").splitlines()
                          if line.startswith("0::")], unified)
        self.ok("destroy", "deb")
        self.assertEqual(self.end(lxsh)[0], 128 + signal.SIGKILL)


if __name__ == "__main__":
    support.main()
