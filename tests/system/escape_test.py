"""What a container's root can see and do, tried from inside: the table of SECURITY.md, a test for each row
and a container for each column. What is trusted there is not tried here, since it would work.
"""

import errno
import os
import unittest

import support
from guest import busybox_rootfs
from probe import IDMAP, ProbeCase, container, with_policy
from support import read, run, wait_for

DENIED = {"EPERM", "EACCES"}
CLOSED = [("default", True), ("allow", True), ("deny", True), ("deny", False)]
EVERYWHERE = CLOSED + [("default", False), ("allow", False)]
WHERE = {"everywhere": EVERYWHERE, "closed": CLOSED, "unmapped": CLOSED[-1:]}


class Table(ProbeCase):
    """One container for each column, in which all is tried once; the tests look at what came of it."""

    columns = {}
    rows = {  # attempts by where they are made
        "everywhere": (
            "open-disk open-loop-control open-kmsg open-mem allow-devices write-sysctl"
            " write-core-pattern sysrq write-sys write-uevent-helper writable-proc writable-sys"
            " mount-cgroup release-agent init-module finit-module kexec reboot swapon set-clock"
            " adjust-clock kernel-log read-kmsg foreign-process raw-host-network add-key"
            " open-by-handle bpf perf userfaultfd ioperm chroot-out take-console take-console-32"
            " virtual-terminal add-entropy freeze shut-down vsock vsock-32 io-uring").split(),
        # With an id map, a kernel since 6.7 gives the container a binfmt_misc of its own.
        "unmapped": ["mount-binfmt"],
        "closed": ("mount-disk mount-devtmpfs mount-configfs mount-pstore remount-sysctl remount-sysrq mount-debugfs mount-tracefs mount-securityfs read-kcore"
                   " read-timers read-kmsg-below").split()}

    def column(self, policy, idmap):
        """The results of the container with this policy, with or without an id map."""
        key = (policy, idmap)
        if key not in self.columns:
            name = f"{policy}{'-mapped' if idmap else ''}"
            run("ip", "link", "add", "hostlink0", "type", "bridge")
            try:
                self.boot(name, features=with_policy(policy), extra=IDMAP if idmap else "")
                disk = os.stat("/dev/vda").st_rdev if os.path.exists("/dev/vda") else os.makedev(7, 0)
                attempts = [one for kind in self.rows if key in WHERE[kind] for one in self.rows[kind]]
                self.columns[key] = self.attempt(
                    name, *attempts, environment=f"PROBE_DISK={os.major(disk)}:{os.minor(disk)}")
                self.ok("destroy", name)
            finally:
                run("ip", "link", "delete", "hostlink0")
        return self.columns[key]

    def refused(self, errors, *attempts):
        """Everywhere, or where nobody inside is trusted, these attempts fail by one of the errors."""
        for policy, idmap in EVERYWHERE:
            results, other = self.column(policy, idmap)
            for attempt in attempts:
                if attempt not in results:
                    continue  # trusted
                with self.subTest(attempt, policy=policy, idmap=idmap):
                    self.assertIn(results[attempt], errors, "\n".join(other))

    def test_host_devices(self):
        self.refused(DENIED, "open-disk", "open-loop-control", "open-kmsg", "open-mem", "mount-disk",
                     "allow-devices")

    def test_kernel_settings(self):
        self.refused(DENIED | {"EROFS"}, "write-sysctl", "write-core-pattern", "remount-sysctl")

    def test_sysrq(self):
        self.refused(DENIED | {"EROFS", "ENOENT"}, "sysrq", "remount-sysrq")

    def test_kernel_files(self):
        self.refused(DENIED | {"EROFS", "ENOENT"}, "write-sys", "write-uevent-helper")
        self.refused({"ENOENT"}, "writable-proc", "writable-sys")

    def test_mounts_of_the_host(self):
        self.refused(DENIED | {"ENODEV"}, "mount-debugfs", "mount-tracefs", "mount-securityfs", "mount-devtmpfs",
                     "mount-configfs", "mount-pstore", "mount-binfmt")

    def test_groups(self):
        self.refused(DENIED, "mount-cgroup", "release-agent")

    def test_modules_and_kernels(self):
        self.refused({"EPERM"}, "init-module", "finit-module", "kexec")

    def test_reboot_of_the_host(self):
        self.refused({"EPERM", "EINVAL"}, "reboot")  # EINVAL: what a pid namespace says of it

    def test_clock(self):
        self.refused({"EPERM"}, "set-clock", "adjust-clock")

    def test_kernel_log(self):
        self.refused({"EPERM"}, "kernel-log")
        self.refused(DENIED | {"EAGAIN"}, "read-kmsg")  # EAGAIN: the mask, which has nothing to read
        self.refused(DENIED | {"EAGAIN"}, "read-kmsg-below")

    def test_kernel_memory(self):
        self.refused(DENIED | {"ENOENT", "ENODATA"}, "read-kcore", "read-timers")

    def test_supervisor(self):
        self.refused({"ESRCH"}, "foreign-process")

    def test_network_of_the_host(self):
        self.refused({"EPERM", "ENODEV"}, "raw-host-network")

    def test_keys(self):
        self.refused({"EPERM"}, "add-key")

    def test_calls_of_the_whole_machine(self):
        self.refused({"EPERM"}, "swapon", "open-by-handle", "bpf", "perf", "userfaultfd", "ioperm")

    def test_requests_of_the_machine(self):
        self.refused({"EPERM"}, "take-console", "virtual-terminal", "add-entropy", "freeze", "shut-down")
        self.refused({"EPERM", "ENOSYS"}, "take-console-32")

    def test_closed_calls(self):
        self.refused({"ENOSYS"}, "io-uring")
        self.refused({"EAFNOSUPPORT"}, "vsock")
        self.refused({"EAFNOSUPPORT", "ENOSYS"}, "vsock-32")

    def test_root_of_the_host(self):
        self.refused({"ENOENT", "EPERM"}, "chroot-out")


class Groups(ProbeCase):
    """Defect 12 of libvirt's driver: the host's whole tree, mounted read-write in every container."""

    def test_no_group_but_its_own_is_in_sight(self):
        for name, idmap in (("plain", ""), ("mapped", IDMAP)):
            with self.subTest(name):
                self.boot(name, features=with_policy("default"), extra=idmap)
                for line in self.output(name, "cat /proc/1/cgroup").splitlines():
                    self.assertTrue(line.endswith(":/"), line)
                self.assertEqual(
                    self.output(name, "find /sys/fs/cgroup/ -name '*lxvirt*' -o -name '*libvirt*'"), "")


class SharedNetwork(ProbeCase):
    def test_sys_of_the_host_is_not_written(self):
        """With an id map and the host's network /sys is the host's own."""
        self.boot("one", extra=IDMAP)
        self.output("one", "mount -o remount,bind,rw /sys || true")
        results, other = self.attempt("one", "writable-sys", "write-sys", "write-uevent-helper")
        self.assertEqual(results["writable-sys"], "ENOENT", other)
        self.assertIn(results["write-sys"], DENIED | {"EROFS"})


class Init(ProbeCase):
    """What the container's first program begins with."""

    def run_init(self, name="one", **options):
        """Starts the probe as the init; what it noted."""
        self.define(self.xml(name, init="/share/probe", args=("init", "/share"), **options))
        self.ok("start", name)
        self.wait_agent(name)
        return lambda file: read(f"{self.share(name)}/{file}")

    def test_descriptors(self):
        for console in (True, False):
            with self.subTest(console=console):
                note = self.run_init(console=console)
                fds = dict(line.split(" ", 1) for line in note("fds").splitlines())
                self.assertEqual(sorted(fds), ["0", "1", "2"])
                self.assertEqual(set(fds.values()), {"/dev/pts/0" if console else "/dev/null"})
                init = self.status("one")["init_pid"]
                self.assertEqual(sorted(os.listdir(f"/proc/{init}/fd")), ["0", "1", "2"])
                self.ok("destroy", "one")
                os.unlink(f"{self.share('one')}/ready")

    def test_folder_is_none_of_the_hosts(self):
        """CVE-2024-21626: no descriptor is left that leads out of the root."""
        self.assertEqual(self.run_init()("cwd"), "/")
        self.ok("destroy", "one")
        for number in range(3, 24):
            self.define(self.plain("two", os_extra=f"<initdir>/proc/self/fd/{number}</initdir>"))
            self.assertRegex(self.fails("start", "two"), "change to the init's folder")
        self.assert_nothing_left()

    def test_capabilities_are_not_inheritable(self):
        """CVE-2022-24769, CVE-2022-29162"""
        self.boot("one", features=with_policy("allow"))
        status = self.output("one", "cat /proc/1/status")
        for name in ("CapInh", "CapAmb"):
            self.assertRegex(status, f"{name}:\\t0{{16}}\n")

    def test_keyring_is_its_own(self):
        """Neither the supervisor's nor that of the run before, unless it is asked for."""
        for session in ("yes", "no"):
            with self.subTest(session):
                supervisors = f"{self.folder}/keyring"
                note = self.run_init(on_crash="restart", extra=container(
                    f"<lx:keyring calls='allow' session='{session}'/><lx:hooks>"
                    f"<lx:hook type='start-host' command='{self.share('one')}/probe keyring {supervisors}'/>"
                    "</lx:hooks>"))
                first = note("keyring")
                self.assertGreater(int(first), 0)
                self.assertEqual(first == read(supervisors), session == "no")
                os.unlink(f"{self.share('one')}/ready")
                os.kill(int(self.status("one")["init_pid"]), 9)
                self.wait_agent("one")
                self.assertNotEqual(note("keyring"), first)
                self.ok("destroy", "one")
                os.unlink(f"{self.share('one')}/ready")


class HelpersProgram(ProbeCase):
    """CVE-2019-5736: whoever gets hold of the supervisor's program cannot write to it."""

    def test_program_is_on_a_readonly_mount(self):
        self.boot("one")
        exe = os.open(f"/proc/{self.helper('one')}/exe", os.O_PATH)
        self.addCleanup(os.close, exe)
        self.assertTrue(os.statvfs(f"/proc/self/fd/{exe}").f_flag & os.ST_RDONLY)
        self.ok("destroy", "one")

        def error_of_open():
            with self.assertRaises(OSError) as caught:
                os.open(f"/proc/self/fd/{exe}", os.O_WRONLY)
            return errno.errorcode[caught.exception.errno]

        # Once nothing executes it any more: ETXTBSY is no protection.
        wait_for(lambda: error_of_open() != "ETXTBSY")
        self.assertEqual(error_of_open(), "EROFS")

    def test_init_that_executes_the_helper(self):
        rootfs = f"{self.folder}/rootfs"
        run("cp", "-a", busybox_rootfs(), rootfs)
        support.write(f"{rootfs}/again", "#!/proc/self/exe\n", 0o755)
        self.define(self.plain("one", rootfs=rootfs, init="/again"))
        self.lxsh("start", "one")
        self.wait_state("one", "shut off (crashed: exit status 2)")
        self.boot("two")  # by a program that is as it was


if __name__ == "__main__":
    support.main()
