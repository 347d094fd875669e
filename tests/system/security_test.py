"""What a container may not do: devices, capabilities, system calls, /proc and /sys, and its ids."""

import os
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import read, run

CAP_SYS_MODULE, CAP_MKNOD, CAP_SYS_TIME, CAP_SYS_ADMIN, CAP_NET_ADMIN = 16, 27, 25, 21, 12
IDMAP = ("<idmap><uid start='0' target='100000' count='65536'/>"
         "<gid start='0' target='100000' count='65536'/></idmap>")
PRIVNET = "<privnet/>"
ALLOW_AND_PRIVNET = "<capabilities policy='allow'/><privnet/>"


class Devices(GuestCase):
    def test_default_devices_work(self):
        self.boot("one")
        self.output("one", "echo x >/dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom |"
                           " wc -c; test -c /dev/full; test -c /dev/ptmx; test -h /dev/fd")

    def test_open_of_another_device_is_denied(self):
        self.boot("one", features="<capabilities policy='allow'/>")
        # /dev/kmsg and the loop control: mknod itself is allowed with the capability.
        for kind, numbers in (("c", "1 11"), ("c", "10 237"), ("b", "7 0")):
            self.output("one", f"rm -f /tmp/node; mknod /tmp/node {kind} {numbers}")
            status, text = self.inside("one", "head -c 1 /tmp/node; exec 5<>/tmp/node")
            self.assertNotEqual(status, 0)
            self.assertIn("Operation not permitted", text)
        self.output("one", "rm -f /tmp/node")

    def test_mknod_is_denied_by_default(self):
        self.boot("one")
        status, text = self.inside("one", "mknod /tmp/node c 1 11")
        self.assertNotEqual(status, 0, text)


class Capabilities(GuestCase):
    def bounding(self, name):
        for line in self.output(name, "cat /proc/1/status").splitlines():
            if line.startswith("CapBnd:"):
                return int(line.split()[1], 16)
        self.fail("no CapBnd")
        return 0

    def check(self, name, features, has=(), lacks=()):
        self.boot(name, features=features)
        kept = self.bounding(name)
        for number in has:
            self.assertTrue(kept >> number & 1, f"capability {number} is not in {kept:x}")
        for number in lacks:
            self.assertFalse(kept >> number & 1, f"capability {number} is in {kept:x}")

    def test_default(self):
        self.check("one", "", has=(CAP_SYS_ADMIN, CAP_NET_ADMIN),
                   lacks=(CAP_SYS_MODULE, CAP_MKNOD, CAP_SYS_TIME))

    def test_default_with_changes(self):
        self.check("one", "<capabilities policy='default'><mknod state='on'/>"
                   "<net_admin state='off'/></capabilities>",
                   has=(CAP_MKNOD,), lacks=(CAP_NET_ADMIN, CAP_SYS_TIME))

    def test_allow_but_one(self):
        self.check("one", "<capabilities policy='allow'><sys_time state='off'/></capabilities>",
                   has=(CAP_SYS_MODULE, CAP_MKNOD), lacks=(CAP_SYS_TIME,))

    def test_deny_but_one(self):
        self.boot("one", features="<capabilities policy='deny'><net_admin state='on'/>"
                                  "<dac_override state='on'/></capabilities>")
        self.assertEqual(self.bounding("one"), 1 << CAP_NET_ADMIN | 1 << 1)


class SystemCalls(GuestCase):
    def test_filter_is_on_and_denies(self):
        self.boot("one", features="<capabilities policy='allow'/>")
        status = self.output("one", "cat /proc/1/status")
        self.assertIn("Seccomp:\t2", status)
        code, text = self.inside("one", "swapoff /tmp")
        self.assertNotEqual(code, 0)
        self.assertIn("not permitted", text)


class ProcAndSys(GuestCase):
    def test_kernel_settings_are_read_only(self):
        self.boot("one")
        status, text = self.inside("one", "echo 1 >/proc/sys/kernel/panic")
        self.assertNotEqual(status, 0)
        self.assertIn("Read-only file system", text)
        self.assertNotEqual(self.inside("one", "echo b >/proc/sysrq-trigger")[0], 0)
        self.assertNotEqual(self.inside("one", "mkdir /sys/kernel/x")[0], 0)

    def test_own_network_settings_are_writable(self):
        self.boot("one", features=PRIVNET)
        self.output("one", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.assertEqual(self.output("one", "cat /proc/sys/net/ipv4/ip_forward"), "1")
        self.assertEqual(support.read("/proc/sys/net/ipv4/ip_forward").strip(), "0")
        switch = "/proc/sys/net/netfilter/nf_hooks_lwtunnel"  # of the whole host
        if os.path.exists(switch):
            before = read(switch)
            self.assertIn("Read-only file system", self.inside("one", f"echo 1 >{switch}")[1])
            self.assertEqual(read(switch), before)

    def test_settings_of_a_network_made_inside_are_writable(self):
        """A network namespace of its own has other folders below /proc/sys/net."""
        for name, extra in (("plain", ""), ("mapped", IDMAP)):
            with self.subTest(name):
                self.boot(name, features=ALLOW_AND_PRIVNET, extra=extra)
                self.assertEqual(self.output(name, "unshare -n sh -c '"
                                             "echo 1 >/proc/sys/net/ipv4/ip_forward; "
                                             "cat /proc/sys/net/ipv4/ip_forward'"), "1")
                self.assertEqual(self.output(name, "cat /proc/sys/net/ipv4/ip_forward"), "0")
                # bwrap --ro-bind / / --unshare-all: each mount that can be written is made read-only
                # by its path, as seen from the new network namespace.
                self.output(name, "unshare -n -m sh -c 'set -e; while read -r _ _ _ _ at flags _; do "
                            "case $at,$flags in /proc*,rw*) mount -o remount,bind,ro,nosuid,nodev,noexec"
                            " none $at;; esac; done </proc/self/mountinfo'")

    def test_readers_of_the_kernels_log_wait(self):
        self.boot("one")
        self.assertEqual(self.output("one", "stat -c %F /proc/kmsg"), "fifo")
        status, _ = self.inside("one", "timeout 1 cat /proc/kmsg")
        self.assertNotEqual(status, 0)  # ended by timeout, not by the end of the file
        pid = self.output("one", "cat /proc/kmsg >/dev/null & sleep 0.3; cat /proc/$!/stat; kill $!")
        fields = pid.rsplit(")", 1)[1].split()
        self.assertEqual(fields[0], "S")
        # Each container has its own; what one writes, no other reads.
        self.boot("two")
        self.output("one", "echo secret >/proc/kmsg")
        self.assertNotIn("secret", self.inside("two", "timeout 1 cat /proc/kmsg")[1])
        self.boot("mapped", extra=IDMAP)
        self.assertIn("ermission denied", self.inside("mapped", "cat /proc/kmsg")[1])

    def test_secrets_are_masked(self):
        self.boot("one")
        for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list"):
            self.assertEqual(self.output("one", f"head -c 16 {path} 2>/dev/null | wc -c"), "0")
        self.assertEqual(self.output("one", "ls /sys/firmware 2>/dev/null | wc -l"), "0")

    def test_nothing_of_the_callers_is_inherited(self):
        os.environ["SECRET_OF_THE_CALLER"] = "1"
        self.addCleanup(os.environ.pop, "SECRET_OF_THE_CALLER")
        self.boot("one")
        self.assertNotIn("SECRET", self.output("one", "cat /proc/1/environ"))
        fds = self.output("one", "ls /proc/1/fd").split()
        self.assertEqual(sorted(fds), ["0", "1", "10", "2", "3"])  # 3 and 10: fifo and script
        self.assertEqual(self.output("one", "grep -c lxvirt-system /proc/self/mountinfo"), "1")


class IdMap(GuestCase):
    def rootfs(self):
        path = f"{self.folder}/rootfs"
        run("cp", "-a", busybox_rootfs(), path)
        return path

    def test_root_inside_is_another_outside(self):
        rootfs = self.rootfs()
        self.boot("one", rootfs=rootfs, extra=IDMAP, features=PRIVNET)
        init = self.status("one")["init_pid"]
        self.assertEqual(os.stat(f"/proc/{init}").st_uid, 100000)
        self.assertEqual(self.output("one", "id -u"), "0")

    def test_unshifted_root_is_shifted_by_its_mount(self):
        rootfs = self.rootfs()
        self.boot("one", rootfs=rootfs, extra=IDMAP, features=PRIVNET)
        self.assertEqual(self.output("one", "stat -c %u:%g /bin/busybox"), "0:0")
        self.output("one", "echo x >/root/made; chown 1000:1000 /root/made; echo y >/root/other")
        self.assertEqual(os.stat(f"{rootfs}/root/made").st_uid, 1000)
        self.assertEqual(os.stat(f"{rootfs}/root/other").st_uid, 0)

    def test_shifted_root_is_taken_as_it_is(self):
        rootfs = self.rootfs()
        run("chown", "-R", "-h", "100000:100000", rootfs)
        self.boot("one", rootfs=rootfs, extra=IDMAP, features=PRIVNET)
        self.assertEqual(self.output("one", "stat -c %u /bin/busybox"), "0")
        self.output("one", "echo x >/root/made")
        self.assertEqual(os.stat(f"{rootfs}/root/made").st_uid, 100000)

    def test_devices_console_and_groups_are_its_own(self):
        self.boot("one", rootfs=self.rootfs(), extra=IDMAP, features=PRIVNET)
        self.output("one", "echo x >/dev/null; echo hello >/dev/console; test -O /dev/console")
        self.output("one", "mount -t tmpfs none /mnt && umount /mnt")
        # It may undo what its own root did, and gains nothing: the files are the host's root's.
        self.assertNotEqual(self.inside("one", "mount -o remount,rw,bind /proc/sys;"
                                               " echo 1 >/proc/sys/kernel/panic")[0], 0)
        self.output("one", "mkdir /sys/fs/cgroup/unified/x 2>/dev/null ||"
                           " mkdir /sys/fs/cgroup/x")


if __name__ == "__main__":
    support.main()
