"""The blocks of README.md that are marked `sh`, typed in order into one shell on a machine where nothing is defined.

The reader has what the text says that he has: a container `web` of lxc-tools, and the network `default`, which the
Debian package defines.
"""

import os
import shutil
import tempfile
import unittest

import support
import tutorial_test
from support import run, write
from terminal import ESCAPE, Terminal
from tutorial_test import PROMPT, blocks, commands

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@unittest.skipUnless(shutil.which("git"), "README.md keeps definitions in git, which is not here")
class Readme(tutorial_test.Tutorial):
    test_every_line = None

    def setUp(self):
        lxc = tempfile.mkdtemp(prefix="lxvirt-readme-")
        self.addCleanup(shutil.rmtree, lxc)
        os.mkdir(f"{lxc}/web")
        run("bash", "-c", f". {SOURCE}/tests/support/rootfs.sh && make_busybox_rootfs {lxc}/web/rootfs")
        write(f"{lxc}/web/config", "lxc.uts.name = web\nlxc.rootfs.path = dir:/var/lib/lxc/web/rootfs\n"
                                   "lxc.net.0.type = empty\n")
        os.makedirs("/var/lib/lxc", exist_ok=True)
        run("mount", "--bind", lxc, "/var/lib/lxc")
        self.addCleanup(run, "umount", "/var/lib/lxc")
        super().setUp()
        write(f"{self.folder}/bin/sudo", "#!/bin/sh\nexec \"$@\"\n", 0o755)
        # What the reader writes into the folder of the sources goes to one of the test's.
        self.sources = f"{self.folder}/sources"
        os.mkdir(self.sources)
        for name in ("examples", "tests"):
            os.symlink(f"{SOURCE}/{name}", f"{self.sources}/{name}")
        self.networks += ["offices"]
        self.ok("net-default")

    def type_line(self, terminal, lines):
        if "--console" not in lines[0]:
            return self.type_command(terminal, lines)
        terminal.send(lines[0] + "\n")
        terminal.expect("Connected to domain")
        terminal.send(ESCAPE)
        return terminal.expect(f"[0]{PROMPT}")

    def test_every_block(self):
        with open(f"{SOURCE}/README.md", encoding="utf-8") as file:
            found = [lines for kind, lines in blocks(file.read()) if kind == "sh"]
        self.assertGreaterEqual(len(found), 5)
        with Terminal(self.shell, columns=200) as terminal:
            terminal.expect(PROMPT)
            self.type_command(terminal, [f"cd {self.sources}"])
            for lines in found:
                for command in commands(lines):
                    self.type_line(terminal, command)
            terminal.send("exit\n")
            terminal.wait()
        self.assertEqual(self.ok("net-list", "--name").split(), ["default", "offices"])
        for name in ("busybox", "web"):
            self.ok("destroy", name)
            self.ok("undefine", name)
        shutil.rmtree(f"{self.sources}/defs")


if __name__ == "__main__":
    support.main()
