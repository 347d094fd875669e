"""Paths that try to lead out of a container: links and '..' in its root file system and in folders that it
shares, some of which change while it starts.
"""

import os
import subprocess
import sys
import unittest

import support
from devices import DeviceCase, disk_xml
from guest import busybox_rootfs
from probe import ProbeCase, container
from support import read, run, write

STARTS = 60 if os.environ.get("LXVIRT_LONG") else 12

# Swaps a folder and a link of the same name until it is killed (renameat2(2), RENAME_EXCHANGE).
SWAPPER = """
import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (path.encode() for path in sys.argv[1:])
print("ready", flush=True)
while True:
    libc.renameat2(-100, a, -100, b, 2)
"""


def filesystem(source, target):
    return f"<filesystem type='mount'><source dir='{source}'/><target dir='{target}'/></filesystem>"


class PathCase(ProbeCase):
    def make(self, name, *folders):
        path = f"{self.folder}/{name}"
        os.mkdir(path)
        for folder in folders:
            os.makedirs(f"{path}/{folder}")
        return path

    def rootfs(self):
        path = f"{self.folder}/rootfs"
        run("cp", "-a", busybox_rootfs(), path)
        return path

    def mounted(self, name):
        lines = self.output(name, "cat /proc/self/mountinfo").splitlines()
        return [line.split()[4] for line in lines]


class Links(PathCase):
    def test_target_that_leads_out_stays_inside(self):
        rootfs, outside, data = self.rootfs(), self.make("outside"), self.make("data")
        os.makedirs(rootfs + outside)  # the place of the same name inside
        os.symlink(outside, f"{rootfs}/absolute")
        os.symlink("../../../../../../../.." + outside, f"{rootfs}/upwards")
        self.boot("one", rootfs=rootfs,
                  devices=filesystem(data, "/absolute/made") + filesystem(data, "/upwards/made"))
        self.assertEqual(os.listdir(outside), [])
        self.assertEqual(self.mounted("one").count(f"{outside}/made"), 2)

    def test_kernel_file_systems_go_through_no_link(self):
        """CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: a /proc that is a link takes protection away."""
        for folder in ("proc", "sys", "dev"):
            with self.subTest(folder):
                rootfs = self.rootfs()
                os.rmdir(f"{rootfs}/{folder}")
                os.mkdir(f"{rootfs}/elsewhere")
                os.symlink("/elsewhere", f"{rootfs}/{folder}")
                self.define(self.plain("one", rootfs=rootfs))
                self.assertIn(f"'/{folder}' inside the container, where no link may be",
                              self.fails("start", "one"))
                self.assertEqual(os.listdir(f"{rootfs}/elsewhere"), [])
                self.assert_nothing_left()
                run("rm", "-r", rootfs)

    def test_device_for_a_mask_is_the_helpers_own(self):
        """CVE-2025-31133: /dev/null of a folder that others change is not what hides files."""
        dev = self.make("dev", "pts", "shm")
        for name in ("null", "console", "tty1", "ptmx"):
            os.symlink("/proc/sys/kernel/core_pattern", f"{dev}/{name}")
        before = read("/proc/sys/kernel/core_pattern")
        self.boot("one", devices=filesystem(dev, "/dev"))
        self.assertEqual(self.output("one", "stat -c %t:%T /proc/timer_list"), "1:3")
        self.assertEqual(self.output("one", "stat -c %F /proc/kmsg"), "fifo")
        self.assertNotEqual(self.inside("one", "echo x >/proc/sys/kernel/core_pattern")[0], 0)
        self.assertEqual(read("/proc/sys/kernel/core_pattern"), before)

    def test_console_is_the_helpers_own(self):
        """CVE-2025-52565: a /dev/pts that others change is not where the console comes from."""
        dev = self.make("dev", "pts")
        os.symlink("/proc/sys/kernel/core_pattern", f"{dev}/pts/0")
        for name in ("console", "null"):
            write(f"{dev}/{name}", "")
        self.boot("one", devices=filesystem(dev, "/dev"))
        init = self.status("one")["init_pid"]
        self.assertEqual(os.major(os.stat(f"/proc/{init}/fd/2").st_rdev), 136)
        self.assertNotIn("/proc/sys/kernel/core_pattern", self.mounted("one"))

    def test_settings_and_labels_are_written_to_a_proc_of_its_own(self):
        """CVE-2025-52881, CVE-2019-16884: what a volume shows on /proc is not what is written to."""
        proc = self.make("proc", "sys/net/ipv4", "sys/kernel", "self/attr", "1/attr")
        for path in ("sys/net/ipv4/ip_forward", "self/attr/exec", "1/oom_score_adj"):
            write(f"{proc}/{path}", "untouched")
        os.symlink("/proc/sysrq-trigger", f"{proc}/sys/kernel/hostname")
        self.boot("one", devices=filesystem(proc, "/proc"), features="<privnet/>", extra=container(
            "<lx:sysctl name='net.ipv4.ip_forward' value='1'/>"
            "<lx:proc name='oom_score_adj' value='7'/>"))
        init = self.status("one")["init_pid"]
        for path in ("sys/net/ipv4/ip_forward", "self/attr/exec", "1/oom_score_adj"):
            self.assertEqual(read(f"{proc}/{path}"), "untouched")
        self.assertEqual(run("nsenter", "-t", init, "-n", "cat", "/proc/sys/net/ipv4/ip_forward"), "1\n")
        self.assertEqual(read(f"/proc/{init}/oom_score_adj"), "7\n")

    def test_setting_names_one_file(self):
        """CVE-2022-0811: '+' and newlines in a setting are no further settings."""
        before = read("/proc/sys/kernel/core_pattern")
        for value in ("1+kernel.core_pattern=x", "1&#10;kernel.core_pattern=x"):
            self.define(self.plain("one", extra=container(
                f"<lx:sysctl name='kernel.shm_rmid_forced' value='{value}'/>")))
            self.lxsh("start", "one")
            self.assertEqual(read("/proc/sys/kernel/core_pattern"), before)
            self.lxsh("destroy", "one")
        self.define(self.plain("one", extra=container(
            "<lx:sysctl name='kernel.core_pattern' value='x'/>")))
        self.assertIn("a setting of the whole host", self.fails("start", "one"))

    def test_second_proc_does_not_cover_the_protected_one(self):
        self.boot("one", extra=container(
            "<lx:mount source='proc' target='/proc' type='proc' options='nodev'/>"))
        self.assertEqual(self.mounted("one").count("/proc"), 1)
        self.assertIn("every container has it", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))

    def test_passwd_that_is_a_pipe_holds_nothing_up(self):
        rootfs = self.rootfs()
        os.unlink(f"{rootfs}/etc/passwd")
        os.mkfifo(f"{rootfs}/etc/passwd")
        self.define(self.plain("one", rootfs=rootfs, os_extra="<inituser>nobody</inituser>"))
        self.assertIn("/etc/passwd", self.lxsh("start", "one", timeout=20).err)
        self.assert_nothing_left()


class Races(PathCase):
    """CVE-2021-30465, CVE-2024-45310: a folder that becomes a link between two looks at it."""

    def swap(self, one, other):
        swapper = subprocess.Popen([sys.executable, "-c", SWAPPER, one, other],
                                   stdout=subprocess.PIPE, text=True)
        self.assertEqual(swapper.stdout.readline(), "ready\n")
        self.processes.add(swapper.pid)

        def stop():
            swapper.kill()
            swapper.wait()
            swapper.stdout.close()

        self.addCleanup(stop)

    def start_often(self, extra=""):
        """Starts with a mount whose target changes meanwhile; where it landed each time."""
        volume, outside = self.make("volume", "folder"), self.make("outside", "stays")
        data = self.make("data")
        os.symlink("/../../../../../.." + outside, f"{volume}/link")
        self.swap(f"{volume}/folder", f"{volume}/link")
        devices = filesystem(volume, "/vol") + filesystem(data, "/vol/folder/made")
        self.define(self.xml("one", devices=devices, extra=extra))
        places = set()
        for _ in range(STARTS):
            result = self.lxsh("start", "one")
            if result.status == 0:
                self.wait_agent("one")
                places.update(place for place in self.mounted("one") if place.endswith("/made"))
                self.ok("destroy", "one")
                os.unlink(f"{self.share('one')}/ready")
            else:
                self.assertIn("/vol/folder", result.err)
            self.assertEqual(os.listdir(outside), ["stays"])
        return places, outside

    def test_swapped_target(self):
        places, outside = self.start_often()
        for place in places:
            self.assertIn(place, ("/vol/folder/made", "/vol/link/made", f"{outside}/made"))

    def test_swapped_target_below_the_stage_of_hooks(self):
        """Where the host's root is still there when the mounts are made."""
        self.start_often(container(
            "<lx:hooks><lx:hook type='mount' command='/bin/true'/></lx:hooks>"))


class FromOutside(PathCase, DeviceCase):
    """CVE-2013-6456: what commands do to a container that runs, over links that its root has made."""

    def test_attached_disk_replaces_nothing(self):
        self.boot("one", features="<privnet/>")
        victim = f"{self.share('one')}/victim"
        write(victim, "stays")
        disk = disk_xml(self.image(), kind="file")
        self.output("one", "ln -s /share/victim /dev/vdb")
        self.assertIn("vdb already exists", self.no_attach("one", disk))
        self.output("one", "rm /dev/vdb")
        self.attach("one", disk)
        self.output("one", "rm /dev/vdb; ln -s /share/victim /dev/vdb")
        self.lxsh("detach-device", "one", self.file(disk))
        self.assertEqual(read(victim), "stays")

    def test_shutdown_writes_to_no_pipe_of_the_hosts(self):
        self.boot("one", features="<privnet/>")
        pipe = f"{self.folder}/pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for path in ("/run/initctl", "/dev/initctl"):
            self.output("one", f"ln -s ../../../../../../..{pipe} {path}")
        self.assertIn("initctl", self.fails("shutdown", "one", "--mode", "initctl"))
        self.assertRaises(BlockingIOError, os.read, reader, 1)


if __name__ == "__main__":
    support.main()
