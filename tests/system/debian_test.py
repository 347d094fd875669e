"""Debian with systemd: boots to its login prompt, reboots from inside, shuts down. Works on a copy-on-write
layer over the cached root file system, which stays as it is."""

import os
import subprocess
import unittest

import support
from guest import SUPPORT, GuestCase
from support import read, run, wait_for
from terminal import Terminal

CACHE = os.path.join(os.environ.get("LXVIRT_CACHE", "/var/cache/lxvirt"), "debian-bookworm")


def make_cache():
    """Why there is none, or nothing."""
    script = f'. "{SUPPORT}/rootfs.sh"; make_debian_rootfs "{CACHE}" /tmp/lxvirt-mmdebstrap.log'
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True)
    if done.returncode != 0:
        return f"no Debian root file system in {CACHE}, and mmdebstrap could not make one"
    return None


class Debian(GuestCase):
    @classmethod
    def setUpClass(cls):
        if not os.access(f"{CACHE}/sbin/init", os.X_OK):
            why = make_cache()
            if why:
                raise unittest.SkipTest(why)

    def setUp(self):
        super().setUp()
        self.layer = f"{self.folder}/debian"
        for name in ("upper", "work", "root"):
            os.makedirs(f"{self.layer}/{name}")
        # A tmpfs: an overlay's upper layer may not be on an overlay itself.
        run("mount", "-t", "tmpfs", "none", f"{self.layer}/upper")
        os.makedirs(f"{self.layer}/upper/files")
        os.makedirs(f"{self.layer}/upper/work")
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={CACHE},upperdir={self.layer}/upper/files,workdir={self.layer}/upper/work",
            f"{self.layer}/root")
        self.before["mount"] = support.mounts()
        # Root without a password, in this layer.
        shadow = f"{self.layer}/root/etc/shadow"
        lines = read(shadow).splitlines()
        lines = ["root::19000:0:99999:7:::" if line.startswith("root:") else line for line in lines]
        support.write(shadow, "\n".join(lines) + "\n", 0o640)

    def tearDown(self):
        try:
            super().tearDown()
        finally:
            for name in ("root", "upper"):
                subprocess.run(["umount", "-l", f"{self.layer}/{name}"], check=False)
            support.shutil.rmtree(self.folder, ignore_errors=True)

    def start_debian(self, **options):
        options.setdefault("features", "<privnet/>")
        self.define(self.plain("deb", rootfs=f"{self.layer}/root", init="/sbin/init", **options))
        self.ok("start", "deb")

    def prompts(self):
        return read(f"{self.root}/var/log/lxvirt/lxc/deb.console.log").count("login: ")

    def await_prompt(self, number=1):
        wait_for(lambda: self.prompts() >= number, 60, 0.1)
        self.assertGreaterEqual(self.prompts(), number, "no login prompt")

    def boots(self):
        try:
            facts = self.status("deb")
        except FileNotFoundError:
            return None
        return facts["boots"] if facts["state"] == "running" else None

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
        run("cp", "-a", CACHE, root)
        rows = "".join(f"<{kind} start='0' target='500000' count='65536'/>" for kind in ("uid", "gid"))
        self.define(self.plain("deb", rootfs=root, init="/sbin/init", features="<privnet/>",
                               extra=f"<idmap>{rows}</idmap>"))
        self.ok("start", "deb")
        self.await_prompt()
        self.assertEqual(os.stat(f"/proc/{self.status('deb')['init_pid']}").st_uid, 500000)
        self.assertIn("is off after", self.ok("shutdown", "deb", "--wait", "30"))
        self.assertEqual(self.state("deb"), "shut off (shutdown)")
        self.assertEqual(os.stat(f"{root}/etc/machine-id").st_uid, 0)
        self.assert_nothing_left()

    def test_writes_no_group_of_the_hosts(self):
        before = [sorted(os.listdir(mount)) for mount, _ in support.hierarchies()]
        self.start_debian()
        self.await_prompt()
        wanted = self.partition.strip("/")
        for (mount, _), old in zip(support.hierarchies(), before):
            new = [name for name in sorted(os.listdir(mount)) if name not in old]
            self.assertFalse([name for name in new if "slice" in name or "scope" in name],
                             f"{mount}: {new}, only {wanted} was expected")
        self.assertTrue([path for path in self.groups("deb") if path.endswith("/system.slice")])


if __name__ == "__main__":
    support.main()
