"""Control groups: limits in their files, the OOM killer's work reported, the container's own subtree."""

import os
import resource
import unittest

import support
from guest import GuestCase
from support import read, wait_for


class Limits(GuestCase):
    def test_values_stand_in_the_groups(self):
        self.boot("one", memory=65536, extra=(
            "<memtune><hard_limit unit='KiB'>65536</hard_limit>"
            "<soft_limit unit='KiB'>32768</soft_limit></memtune>"
            "<cputune><shares>512</shares><period>50000</period><quota>20000</quota></cputune>"))
        self.assertEqual(self.limit("memory", "one", "memory.limit_in_bytes", "memory.max"),
                         str(65536 * 1024))
        self.assertEqual(self.limit("memory", "one", "memory.soft_limit_in_bytes", "memory.high"),
                         str(32768 * 1024))
        self.assertIn(self.limit("cpu", "one", "cpu.shares", "cpu.weight"), ("512", "50"))
        self.assertIn(self.limit("cpu", "one", "cpu.cfs_quota_us", "cpu.max"),
                      ("20000", "20000 50000"))

    def test_cpuset(self):
        xml = self.xml("one").replace("<vcpu>", "<vcpu cpuset='0'>")
        self.define(xml)
        self.start("one")
        self.assertEqual(self.limit("cpuset", "one", "cpuset.cpus", "cpuset.cpus"), "0")
        self.assertIn("Cpus_allowed_list:\t0\n",
                      self.inside("one", "cat /proc/self/status")[1])

    def test_block_devices(self):
        device = support.run("losetup", "--find", "--show", self.empty_disk()).strip()
        try:
            number = os.stat(device).st_rdev
            limited = f"{os.major(number)}:{os.minor(number)} 1048576"
            self.boot("one", extra=f"<blkiotune><device><path>{device}</path>"
                                   "<read_bytes_sec>1048576</read_bytes_sec></device></blkiotune>")
            controller = "blkio" if self.group("one", "blkio") else "io"
            value = self.limit(controller, "one", "blkio.throttle.read_bps_device", "io.max")
            self.assertIn(value.split(" wbps")[0], (limited, limited.replace(" ", " rbps=")))
            self.ok("destroy", "one")
        finally:
            support.run("losetup", "--detach", device)
        self.define(self.xml("two", extra="<blkiotune><device><path>/dev/no-such</path><weight>500</weight>"
                                          "</device></blkiotune>"))
        self.assertIn("/dev/no-such", self.fails("start", "two"))

    def test_nothing_is_inherited_from_the_caller(self):
        """The same limits, priority, personality and policy from any shell or unit."""
        def lower():
            for name in ("CPU", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "NOFILE", "NPROC", "RSS", "SIGPENDING", "STACK"):
                kind = getattr(resource, f"RLIMIT_{name}")
                resource.setrlimit(kind, (min(900000000 if name != "NOFILE" else 100,
                                              resource.getrlimit(kind)[1]) if name != "CPU" else 40,
                                          resource.getrlimit(kind)[1]))
            support.libc.syscall(251, 1, 0, 3 << 13)  # ioprio_set: idle
            support.libc.personality(0x0040000)  # ADDR_NO_RANDOMIZE
        facts = "cat /proc/self/limits; ionice; cat /proc/self/personality"
        self.boot("one")
        usual = self.output("one", facts)
        for line in ("Max cpu time +unlimited +unlimited", "Max file size +unlimited", "Max stack size +8388608 ",
                     "Max core file size +0 ", "Max resident set +unlimited", "Max open files +1024 ",
                     "Max locked memory +8388608 ", "Max msgqueue size +819200 ", "Max nice priority +0 ",
                     "Max realtime priority +0 ", "Max realtime timeout +unlimited"):
            self.assertRegex(usual, line)
        self.ok("destroy", "one")
        os.unlink(self.share("one") + "/ready")
        self.ok("start", "one", preexec_fn=lower)
        self.wait_agent("one")
        self.assertEqual(self.output("one", facts), usual)

    def test_callers_hard_limit_is_raised_or_named(self):
        """Without CAP_SYS_RESOURCE it cannot be raised; the container must not depend on it in silence."""
        self.define(self.xml("one"))
        result = self.lxsh("start", "one", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)))
        if result.status == 0:
            self.wait_agent("one")
            self.assertRegex(self.output("one", "cat /proc/self/limits"), "Max cpu time +unlimited +unlimited")
        else:
            self.assertIn("the caller's resource limit cpu is 30, and this host withholds CAP_SYS_RESOURCE", result.err)

    def test_definitions_limits_come_on_top(self):
        limits = "".join(f"<lx:prlimit name='{name}' soft='{soft}' hard='{hard}'/>"
                         for name, soft, hard in (("nofile", 300, 400), ("core", 5, 6), ("memlock", 4096, 8192)))
        for idmap in ("", "<idmap><uid start='0' target='100000' count='65536'/>"
                          "<gid start='0' target='100000' count='65536'/></idmap>"):
            self.boot("one", extra=f"{idmap}<lx:container xmlns:lx='urn:lxvirt:domain:1'>{limits}"
                                   "</lx:container>")
            text = self.output("one", "cat /proc/self/limits")
            for line in ("Max open files +300 +400 ", "Max core file size +5 +6 ", "Max locked memory +4096 +8192 "):
                self.assertRegex(text, line)
            self.ok("destroy", "one")

    def test_helper_is_not_in_the_containers_groups(self):
        self.boot("one")
        self.assertNotIn("libvirt-lxc", read(f"/proc/{self.helper('one')}/cgroup"))
        self.assertIn("lxvirt.helpers", read(f"/proc/{self.helper('one')}/cgroup"))

    def test_out_of_memory_is_the_reason_and_the_helper_lives(self):
        self.boot("one", memory=16384)
        helper = self.helper("one")
        # A child is killed; the container goes on.
        status, _ = self.inside("one", "dd if=/dev/zero of=/dev/null bs=100M count=1")
        self.assertNotEqual(status, 0)
        self.assertEqual(self.helper("one"), helper)
        self.assertEqual(self.state("one"), "running (booted)")

    def test_out_of_memory_of_the_init_is_reported(self):
        self.define(self.plain("one", memory=16384, init="/bin/dd",
                               args=("if=/dev/zero", "of=/dev/null", "bs=100M", "count=1")))
        self.ok("start", "one")
        wait_for(lambda: self.state("one").startswith("shut off"))
        self.assertRegex(self.state("one"), r"^shut off \(crashed: out of memory")
        self.assert_nothing_left()


class Subtree(GuestCase):
    def test_container_sees_only_its_own(self):
        self.boot("one")
        for line in self.output("one", "cat /proc/self/cgroup").splitlines():
            self.assertEqual(line.split(":", 2)[2], "/", line)
        self.assertNotIn("lxvirt", self.output("one", "find /sys/fs/cgroup -type d"))

    def test_container_makes_groups_below_its_own_only(self):
        self.boot("one")
        self.output("one", "for d in /sys/fs/cgroup $(ls -d /sys/fs/cgroup/*/ | head -30); do"
                           " [ -w $d/cgroup.procs ] && mkdir $d/inside; done; true")
        made = [path for path in self.groups("one") if path.endswith("/inside")]
        self.assertTrue(made, "the container could make no group of its own")
        limited = self.trees_with_an_inner_group("one")
        for folder, kind in support.hierarchies():
            for path in made:
                if path.startswith(folder + "/"):
                    self.assertRegex(path, "libvirt-lxc/init/inside$" if kind in limited
                                     else "libvirt-lxc/inside$")
        self.assertTrue([path for path in made if path.endswith("/init/inside")])
        self.ok("destroy", "one")
        self.assert_nothing_left()

    def test_container_is_shown_its_root_as_the_whole(self):
        self.boot("one")
        mounts = [line.split() for line in self.output("one", "cat /proc/self/mountinfo").splitlines()
                  if " - cgroup" in line]
        self.assertEqual(len(mounts), len(support.hierarchies()))
        for mount in mounts:
            self.assertEqual(mount[3], "/", mount)
            self.assertEqual(mount[5], "rw,nosuid,nodev,noexec,relatime", mount)
            self.assertEqual(mount[6], "-", f"a mount on {mount[4]} would reach the host")

    def trees_with_an_inner_group(self, name):
        return {kind for folder, kind in support.hierarchies() for path in self.groups(name)
                if path.startswith(folder + "/") and path.endswith("/init")}

    def test_a_hierarchy_in_which_nothing_is_set_has_one_group(self):
        self.boot("one")
        found = self.trees_with_an_inner_group("one")
        for _, kind in support.hierarchies():
            if kind in ("unified", "memory", "cpu", "cpuset", "blkio"):
                self.assertIn(kind, found)
            elif kind in ("pids", "cpuacct", "perf_event") or "name=" in kind:
                self.assertNotIn(kind, found)
        v1 = any(kind == "pids" for _, kind in support.hierarchies())
        self.boot("two", extra="<lx:container xmlns:lx='urn:lxvirt:domain:1'>"
                               f"<lx:cgroup version='{1 if v1 else 2}' name='pids.max' value='100'/>"
                               "</lx:container>")
        self.assertIn("pids" if v1 else "unified", self.trees_with_an_inner_group("two"))
        self.ok("destroy", "one")
        self.ok("destroy", "two")
        self.assert_nothing_left()

    def test_container_cannot_lift_its_limit(self):
        self.boot("one", memory=32768)
        self.inside("one", "for f in $(find /sys/fs/cgroup -name memory.max -o -name"
                           " memory.limit_in_bytes); do echo 900000000 > $f; done")
        self.assertEqual(self.limit("memory", "one", "memory.limit_in_bytes", "memory.max"),
                         str(32768 * 1024))


if __name__ == "__main__":
    support.main()
