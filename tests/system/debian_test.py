"""Debian with systemd: boots to its login prompt, reboots from inside, shuts down, with an id map, too."""

import os

import support
from debian import DebianCase
from support import run, wait_for
from terminal import Terminal


class Debian(DebianCase):
    def test_boots_logs_in_reboots_from_inside_and_shuts_down(self):
        self.start_debian()
        helper = self.helper("deb")
        with Terminal(self.command("console", "deb")) as terminal:
            terminal.expect("login: ", 60)
            terminal.send("root\r")
            terminal.expect("root@", 20)
            terminal.send("systemd-run -q --wait true && echo ran-$?\r")
            terminal.expect("ran-0", 30)
            terminal.send("systemctl reboot\r")
            terminal.wait(30)  # the connection ends with this boot
        wait_for(lambda: self.boots() == "2", 30, 0.1)
        with Terminal(self.command("console", "deb")) as terminal:
            terminal.expect("login: ", 60)
            self.assertEqual(terminal.leave(), 0)
        self.assertEqual(self.helper("deb"), helper)
        self.assertIn("is off after", self.ok("shutdown", "deb", "--wait", "30"))
        self.assertEqual(self.state("deb"), "shut off (shutdown)")
        self.assert_nothing_left()

    def assert_runs(self):
        """systemd has started everything, and nothing of it failed."""
        self.await_prompt()
        enter = ("lxc-enter-namespace", "deb", "--noseclabel", "--", "/bin/systemctl")
        result = self.lxsh(*enter, "is-system-running", "--wait")
        failed = self.lxsh(*enter, "list-units", "--failed", "--no-legend", "--plain")
        self.assertEqual(result.out.strip(), "running", f"{result}\n{failed.out}")

    def test_runs_with_all_capabilities(self):
        self.start_debian(features="<privnet/><capabilities policy='allow'/>")
        self.assert_runs()

    def test_reboots_on_command(self):
        self.start_debian()
        self.await_prompt()
        helper = self.helper("deb")
        self.ok("reboot", "deb")
        self.await_prompt(2)
        self.assertEqual(self.helper("deb"), helper)
        self.assertEqual(self.state("deb"), "running (booted)")

    def test_boots_with_an_id_map(self):
        # Of its own, since an overlay cannot be id-mapped, nor a tmpfs before Linux 6.3; its owners are those of
        # the host.
        on_disk = run("stat", "--file-system", "--format=%T", self.folder).strip() in ("ext2/ext3", "xfs", "btrfs")
        root = f"{self.folder}/unshifted" if on_disk else f"{self.layer}/upper/unshifted"
        run("cp", "-a", self.cache, root)
        rows = "".join(f"<{kind} start='0' target='500000' count='65536'/>" for kind in ("uid", "gid"))
        self.define(self.plain("deb", rootfs=root, init="/sbin/init", features="<privnet/>",
                               extra=f"<idmap>{rows}</idmap>"))
        self.ok("start", "deb")
        self.assert_runs()
        self.assertEqual(os.stat(f"/proc/{self.status('deb')['init_pid']}").st_uid, 500000)
        self.assertIn("is off after", self.ok("shutdown", "deb", "--wait", "30"))
        self.assertEqual(self.state("deb"), "shut off (shutdown)")
        self.assertEqual(os.stat(f"{root}/etc/machine-id").st_uid, 0)
        self.assert_nothing_left()

    def test_writes_no_group_of_the_hosts(self):
        before = [sorted(os.listdir(mount)) for mount, _ in support.hierarchies()]
        self.start_debian()
        self.assert_runs()
        wanted = self.partition.strip("/")
        for (mount, _), old in zip(support.hierarchies(), before):
            new = [name for name in sorted(os.listdir(mount)) if name not in old]
            self.assertFalse([name for name in new if "slice" in name or "scope" in name],
                             f"{mount}: {new}, only {wanted} was expected")
        self.assertTrue([path for path in self.groups("deb") if path.endswith("/system.slice")])


if __name__ == "__main__":
    support.main()
