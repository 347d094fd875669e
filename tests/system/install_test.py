"""What `meson install` puts into its place: every file is known here, the programs run from there, and uninstall
takes all of it away again."""

import os
import shutil
import subprocess
import unittest

import support
from guest import GuestCase
from support import read, run, write

BUILD = os.path.dirname(os.path.dirname(os.path.abspath(support.LXSH)))
LOG = f"{BUILD}/meson-logs/install-log.txt"

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Every document for readers, under the path that it has in the source.
DOCUMENTS = [name for name in os.listdir(SOURCE) if name.endswith(".md")] + [
    os.path.relpath(os.path.join(path, name), SOURCE)
    for path, _, names in os.walk(f"{SOURCE}/docs") for name in names if name.endswith(".md")]

FILES = {
    "bin": ["lxsh"],
    "libexec/lxvirt": ["lxc_agent", "lxc_helper", "lxnetd"],
    "share/bash-completion/completions": ["lxsh"],
    "share/lxvirt/networks": ["default.xml"],
    "share/lxvirt/schemas": ["container.rng", "device.rng", "domain.rng", "network.rng"],
    "share/man/man1": ["lxsh.1"],
    "share/doc/lxvirt": DOCUMENTS,
    "share/man/man5": ["lxvirt-domain.5", "lxvirt-network.5", "lxvirt.conf.5"],
    "share/man/man8": ["lxc_helper.8", "lxnetd.8"],
    "lib/systemd/system": ["lxvirt-autostart.service", "lxvirt-shutdown.service"],
    "lib/systemd/networkd.conf.d": ["lxvirt.conf"],
}
WITH_LIBSYSTEMD = ["libexec/lxvirt/lxc_scope", "libexec/lxvirt/lxc_zone", "lib/firewalld/zones/lxvirt.xml",
                   "lib/firewalld/policies/lxvirt-containers.xml"]


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


@unittest.skipUnless(os.path.exists(f"{BUILD}/build.ninja") and shutil.which("meson"), "no build tree to install from")
class Install(GuestCase):
    def setUp(self):
        super().setUp()
        self.stage = f"{self.folder}/stage"
        # What uninstall goes by; the developer may have an install of his own.
        if os.path.exists(LOG):
            self.addCleanup(write, LOG, read(LOG))
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", self.stage)
        lxsh = next(path for path in files_below(self.stage) if path.endswith("/bin/lxsh"))
        self.prefix = "/" + lxsh.removesuffix("/bin/lxsh")

    def test_all_files_are_known_and_go_again(self):
        wanted = sorted(f"{folder}/{name}" for folder, names in FILES.items() for name in names)
        found = files_below(self.stage + self.prefix)
        if os.path.exists(f"{BUILD}/driver/lxc_scope"):
            wanted = sorted(wanted + WITH_LIBSYSTEMD)
        self.assertEqual(found, wanted)
        for name in found:
            mode = os.stat(f"{self.stage}{self.prefix}/{name}").st_mode & 0o777
            program = name.startswith(("bin/", "libexec/"))
            self.assertEqual(oct(mode), oct(0o755 if program else 0o644), name)
        unit = read(f"{self.stage}{self.prefix}/lib/systemd/system/lxvirt-autostart.service")
        self.assertIn(f"ExecStart={self.prefix}/bin/lxsh -q start-autostarted\n", unit)
        run("ninja", "-C", BUILD, "uninstall")
        self.assertEqual(files_below(self.stage), [])
        self.assertFalse(os.path.exists(self.stage + self.prefix), "folders are left")

    def test_runs_from_its_place(self):
        if self.prefix in ("", "/usr") or not os.path.isdir(self.prefix):
            self.skipTest(f"the prefix {self.prefix} cannot be laid over the machine's")
        run("mount", "--bind", self.stage + self.prefix, self.prefix)
        built = support.LXSH
        try:
            support.LXSH = f"{self.prefix}/bin/lxsh"
            self.boot("one")
            self.assertEqual(self.output("one", "echo inside"), "inside")
            # The helper calls the agent of its own folder.
            self.assertIn(b"lxc_helper", open(f"/proc/{self.helper('one')}/cmdline", "rb").read())
            self.ok("reboot", "one")
            self.wait_agent("one")
            self.assertTrue(support.wait_for(lambda: self.status("one").get("boots") == "2"))
            self.ok("destroy", "one")
            self.ok("net-default")
            units = os.path.join(self.prefix, "lib/systemd/system")
            if shutil.which("systemd-analyze"):
                checked = subprocess.run(["systemd-analyze", "verify", f"{units}/lxvirt-autostart.service",
                                          f"{units}/lxvirt-shutdown.service"], capture_output=True, text=True, check=False)
                self.assertNotIn("lxvirt", checked.stderr)
        finally:
            self.lxsh("destroy", "one")
            support.LXSH = built
            run("umount", self.prefix)


if __name__ == "__main__":
    support.main()
