"""Debian root file systems by mmdebstrap, cached; a test works on a copy-on-write layer over one, which stays as
it is."""

import os
import subprocess
import unittest

import support
from guest import SUPPORT, GuestCase
from support import read, run, wait_for

CACHE = os.environ.get("LXVIRT_CACHE", "/var/cache/lxvirt")


class DebianCase(GuestCase):
    suite = "bookworm"

    @classmethod
    def setUpClass(cls):
        cls.cache = f"{CACHE}/debian-{cls.suite}"
        if not os.access(f"{cls.cache}/sbin/init", os.X_OK):
            script = f'. "{SUPPORT}/rootfs.sh"; make_debian_rootfs "{cls.cache}" /tmp/lxvirt-mmdebstrap.log {cls.suite}'
            if subprocess.run(support.with_network("bash", "-c", script), check=False,
                              capture_output=True).returncode != 0:
                raise unittest.SkipTest(f"no root file system in {cls.cache}, and mmdebstrap could not make one")

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
            f"lowerdir={self.cache},upperdir={self.layer}/upper/files,workdir={self.layer}/upper/work",
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
        try:
            return read(f"{self.root}/var/log/lxvirt/lxc/deb.console.log").count("login: ")
        except FileNotFoundError:  # it is not made yet
            return 0

    def await_prompt(self, number=1):
        wait_for(lambda: self.prompts() >= number, 60, 0.1)
        self.assertGreaterEqual(self.prompts(), number, "no login prompt")

    def boots(self):
        try:
            facts = self.status("deb")
        except FileNotFoundError:
            return None
        return facts["boots"] if facts["state"] == "running" else None
