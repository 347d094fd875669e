"""Scopes: each container of the machine's own root has one, delegated, under machine.slice, and machined knows it."""

import os
import signal
import subprocess
import unittest

import machine
from guest import busybox_rootfs
from machine import IS_HYBRID, SLICE, UNIFIED, MachineCase, group_of, read, run, wait_for, write

DEBIAN = "/var/cache/lxvirt/debian-bookworm"
DAEMONS = ("dbus.socket", "dbus.service")
PTRACE_ATTACH, PTRACE_DETACH = 16, 17


class Scope(MachineCase):
    def test_has_one_with_its_supervisor_and_its_groups(self):
        self.boot("web-1")
        scope = self.scope_of("web-1")
        self.assertTrue(os.path.isdir(scope), self.log("web-1"))
        self.assertEqual(group_of(self.helper("web-1")), f"{scope}/lxvirt.helpers")
        self.assertEqual(group_of(self.status("web-1")["init_pid"]), f"{self.outer_of('web-1')}/init")
        unit = os.path.basename(scope)
        facts = run("systemctl", "show", unit, *(f"-p{name}" for name in ("Delegate", "Slice", "Description",
                                                                           "TasksMax", "Before")))
        self.assertIn("lxvirt-shutdown.service", facts)
        facts = "\n".join(line for line in facts.splitlines() if not line.startswith("Before="))
        self.assertEqual(sorted(facts.splitlines()), ["Delegate=yes", "Description=Container web-1",
                                                      "Slice=machine.slice", "TasksMax=infinity"])
        self.assertIn(f"{unit}/lxc-", read("/run/lxvirt/lxc/web-1/live.xml"))
        self.ok("suspend", "web-1")
        self.assertEqual(read(f"{self.outer_of('web-1')}/cgroup.freeze").strip(), "1")
        self.ok("resume", "web-1")
        self.ok("destroy", "web-1")
        self.assertEqual(self.state("web-1"), "shut off (destroyed)")

    def test_partition_is_a_slice(self):
        self.boot("web", partition="/machine/a/b-c")
        wanted = f"{SLICE}/machine-a.slice/machine-a-b\\x2dc.slice"
        self.assertTrue(os.path.isdir(self.scope_of("web", wanted)), self.log("web"))

    def test_machined_knows_it_and_ends_it(self):
        self.boot("web")
        name = f"lxc-{self.helper('web')}-web"
        self.assertEqual(self.machines(), [name])
        shown = run("machinectl", "show", name)
        self.assertIn(f"Leader={self.status('web')['init_pid']}\n", shown)
        self.assertIn("Service=libvirt-lxc\n", shown)
        self.assertIn("Id=" + self.ok("domuuid", "web").strip().replace("-", ""), shown)
        run("machinectl", "terminate", name)
        self.assertTrue(wait_for(lambda: self.state("web") == "shut off (destroyed)", 3), self.state("web"))
        self.assertTrue(wait_for(lambda: not self.machines(), 3))

    @unittest.skipIf(IS_HYBRID, "the controllers are on v1: limits_test has the files")
    def test_limits_hold_over_a_reload_of_systemd(self):
        self.boot("web", memory=65536, extra="<cputune><shares>512</shares></cputune>")
        outer = self.outer_of("web")
        files = {"memory.max": str(65536 * 1024), "cpu.weight": "50"}
        self.assertEqual({name: read(f"{outer}/{name}").strip() for name in files}, files)
        run("systemctl", "daemon-reload")
        run("systemctl", "daemon-reexec")
        self.assertEqual({name: read(f"{outer}/{name}").strip() for name in files}, files)
        self.assertIn("running", self.state("web"))

    def test_reboot_from_inside_keeps_scope_and_machine(self):
        root = f"{self.folder}/rootfs"
        machine.support.shutil.copytree(busybox_rootfs(), root, symlinks=True)
        write(f"{root}/init", "#!/bin/sh\nif [ ! -e /once ]; then touch /once; reboot -f; fi\nexec sleep 100000\n", 0o755)
        self.boot("web", init="/init", args=(), rootfs=root)
        helper = self.helper("web")
        self.assertTrue(wait_for(lambda: self.status("web")["boots"] == "2" and
                                 self.status("web")["state"] == "running", 10))
        self.assertEqual(self.helper("web"), helper)
        init = self.status("web")["init_pid"]
        self.assertEqual(group_of(init), f"{self.outer_of('web')}/init")
        name = f"lxc-{helper}-web"
        self.assertTrue(wait_for(lambda: f"Leader={init}\n" in run("machinectl", "show", name), 5))

    def test_an_embed_root_has_one_where_it_asks_and_no_machine(self):
        root = f"{self.folder}/root"
        os.makedirs(f"{root}/etc/lxvirt")
        uri = ("-c", f"lxc:///embed?root={root}")
        self.ok(*uri, "define", self.written("web"))
        self.ok(*uri, "start", "web")
        self.assertEqual(self.scopes(), [])
        self.ok(*uri, "destroy", "web")
        write(f"{root}/etc/lxvirt/lxvirt.conf", "systemd = yes\n")
        self.ok(*uri, "start", "web")
        self.assertEqual(len(self.scopes()), 1)
        self.assertEqual(self.machines(), [])
        self.ok(*uri, "destroy", "web")

    def test_kills_leave_nothing(self):
        self.boot("web")
        os.kill(self.helper("web"), signal.SIGKILL)
        self.assertTrue(wait_for(lambda: not self.scopes() and not self.machines(), 5), self.scopes())
        self.assertIn("shut off (crashed", self.state("web"))
        self.ok("start", "web")
        self.assertEqual(len(self.scopes()), 1)
        self.ok("destroy", "web")
        # lxsh at each of its steps: the helper undoes the start, or it was committed.
        for moment in range(0, 1200, 100):
            start = subprocess.Popen([machine.support.LXSH, "start", "web"], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            try:
                start.wait(moment / 1000)
            except subprocess.TimeoutExpired:
                start.kill()
                start.wait()
            self.lxsh("destroy", "web")
            self.assertTrue(wait_for(lambda: not self.scopes(), 5), f"after {moment} ms: {self.scopes()}")

    def test_one_made_around_a_dead_helper_goes(self):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # and now it is a zombie
        try:
            run("/usr/local/libexec/lxvirt/lxc_scope", "start", "machine-dead.scope", "machine.slice", str(pid), "dead")
            self.assertTrue(wait_for(lambda: not self.scopes(), 2), self.scopes())
        finally:
            os.waitpid(pid, 0)

    def test_shutdown_of_the_scope_is_a_destroy(self):
        self.boot("web")
        run("systemctl", "stop", os.path.basename(self.scope_of("web")))
        self.assertEqual(self.state("web"), "shut off (destroyed)")

    def test_is_out_of_the_callers_session(self):
        run("systemd-run", "--quiet", "--scope", "--unit=caller", machine.support.LXSH, "define",
            self.written("web"))
        run("systemd-run", "--quiet", "--scope", "--unit=caller", machine.support.LXSH, "start", "web")
        self.assertTrue(group_of(self.helper("web")).startswith(self.scope_of("web")))
        self.ok("net-define", self.written_network())
        run("systemd-run", "--quiet", "--scope", "--unit=caller", machine.support.LXSH, "net-start", "lan")
        lxnetd = run("pgrep", "-x", "lxnetd").split()
        self.assertEqual(len(lxnetd), 1)
        self.assertNotIn("caller", group_of(lxnetd[0]))
        self.assertFalse(os.path.exists(f"{UNIFIED}/system.slice/caller.scope"))
        self.ok("net-destroy", "lan")
        self.ok("net-undefine", "lan")


class Units(MachineCase):
    """What the host's boot and its shutdown start."""

    def test_autostart_starts_and_shutdown_stops(self):
        self.define("early", init="/bin/sh", args=("-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"))
        self.ok("autostart", "early")
        path = self.written_network()
        self.ok("net-define", path)
        self.ok("net-autostart", "lan")
        run("systemctl", "start", "lxvirt-shutdown.service", "lxvirt-autostart.service")
        self.assertEqual(self.state("early"), "running (booted)")
        self.assertTrue(group_of(self.helper("early")).startswith(self.scope_of("early")))
        self.assertIn("lan", self.ok("-q", "net-list", "--name"))
        # In one transaction, as when the host goes down: the unit's turn comes first, which is no destroy.
        stopped = "machine.slice lxvirt-shutdown.service"
        write("/run/systemd/system/down.target", f"[Unit]\nConflicts={stopped}\nAfter={stopped}\n")
        run("systemctl", "daemon-reload")
        run("systemctl", "start", "down.target")
        self.assertEqual(self.state("early"), "shut off (shutdown: exit status 0)")
        run("systemctl", "stop", "lxvirt-autostart.service")
        self.ok("net-destroy", "lan")
        self.ok("net-undefine", "lan")


class DebianMachine(MachineCase):
    """A systemd in the scope of another."""

    def test_boots_to_its_login_and_powers_off_by_machinectl(self):
        root, upper = f"{self.folder}/root", f"{self.folder}/upper"
        for folder in (root, upper):
            os.mkdir(folder)
        run("mount", "-t", "tmpfs", "none", upper)
        for folder in ("files", "work"):
            os.mkdir(f"{upper}/{folder}")
        run("mount", "-t", "overlay", "overlay", root, "-o",
            f"lowerdir={DEBIAN},upperdir={upper}/files,workdir={upper}/work")
        try:
            self.boot("deb", init="/sbin/init", args=(), rootfs=root, features="<privnet/>")
            console = "/var/log/lxvirt/lxc/deb.console.log"
            self.assertTrue(wait_for(lambda: "login: " in read(console), 60, 0.2), read(console)[-2000:])
            self.assertTrue(os.path.isdir(f"{self.outer_of('deb')}/init/system.slice"))
            # machined gives up soon on a slow host, and is asked again.
            asked = []

            def powers_off():
                asked.append(subprocess.run(["machinectl", "poweroff", f"lxc-{self.helper('deb')}-deb"],
                                            capture_output=True, text=True, check=False))
                return asked[-1].returncode == 0
            self.assertTrue(wait_for(powers_off, 10, 1), asked[-1].stderr)
            self.assertTrue(wait_for(lambda: self.state("deb") == "shut off (shutdown)", 30, 0.2), self.state("deb"))
        finally:
            self.lxsh("destroy", "deb")
            for folder in (root, upper):
                subprocess.run(["umount", "-l", folder], check=False)


class WithoutBus(MachineCase):
    """No answer is no reason not to start."""

    def test_hung_or_absent_machined_is_a_line_of_the_log(self):
        run("systemctl", "mask", "--runtime", "--now", "systemd-machined.service")
        try:
            self.boot("web")
        finally:
            run("systemctl", "unmask", "--runtime", "systemd-machined.service")
        self.assertTrue(os.path.isdir(self.scope_of("web")))
        self.assertIn("not registered with systemd-machined", self.log("web"))

    def test_without_the_bus_we_make_the_groups(self):
        run("systemctl", "stop", *DAEMONS)
        try:
            self.boot("web")
            self.assertEqual(group_of(self.helper("web")), f"{UNIFIED}/machine/lxvirt.helpers")
            self.assertIn("no scope of systemd for it: connect to the system bus", self.log("web"))
            self.ok("destroy", "web")
        finally:
            run("systemctl", "start", "dbus.socket")

    def test_a_bus_that_hangs_is_not_waited_for_without_end(self):
        daemon = int(run("systemctl", "show", "-p", "MainPID", "--value", "dbus.service"))
        os.kill(daemon, signal.SIGSTOP)
        try:
            self.boot("web")
        finally:
            os.kill(daemon, signal.SIGCONT)
        self.assertEqual(group_of(self.helper("web")), f"{UNIFIED}/machine/lxvirt.helpers")
        self.assertIn("no scope of systemd for it: no answer within", self.log("web"))

    def test_a_systemd_that_hangs_makes_no_scope_later(self):
        libc = machine.support.libc
        machine.support.check(libc.ptrace(PTRACE_ATTACH, 1, 0, 0), "attach to systemd")
        try:
            wait_for(lambda: read("/proc/1/stat").split()[2] == "t", 1)
            self.boot("web")
        finally:
            machine.support.check(libc.ptrace(PTRACE_DETACH, 1, 0, 0), "let systemd go on")
        run("systemctl", "daemon-reload")  # behind what it has yet to read
        self.assertEqual(self.scopes(), [])
        self.assertEqual(group_of(self.helper("web")), f"{UNIFIED}/machine/lxvirt.helpers")
        self.assertIn("no scope of systemd for it: no answer within", self.log("web"))

    def test_built_without_systemd(self):
        program = "/usr/local/libexec/lxvirt/lxc_scope"
        os.rename(program, f"{program}.away")
        try:
            self.boot("web")
        finally:
            os.rename(f"{program}.away", program)
        self.assertEqual(group_of(self.helper("web")), f"{UNIFIED}/machine/lxvirt.helpers")
        self.assertIn("no scope of systemd for it: this lxvirt was built without systemd", self.log("web"))

    def test_the_setting_says_no(self):
        write("/etc/lxvirt/lxvirt.conf", "systemd = no\n")
        try:
            self.boot("web")
            self.assertEqual(group_of(self.helper("web")), f"{UNIFIED}/machine/lxvirt.helpers")
            self.ok("destroy", "web")
        finally:
            os.unlink("/etc/lxvirt/lxvirt.conf")


if __name__ == "__main__":
    machine.main()
