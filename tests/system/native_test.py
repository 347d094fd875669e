"""import-lxc on a folder of containers, and the way back to a configuration."""

import os
import socket
import unittest

import support
from guest import GuestCase
from support import write


class NativeCase(GuestCase):
    """With an lxcpath of the test's own."""

    def setUp(self):
        super().setUp()
        self.lxcpath = f"{self.folder}/lxc"
        os.mkdir(self.lxcpath)

    def config(self, name, text):
        """A container that is nothing but its configuration."""
        folder = f"{self.lxcpath}/{name}"
        os.mkdir(folder)
        write(f"{folder}/config", text)

    def contents(self):
        """Every file below the lxcpath with its time, to see that nothing of it is changed."""
        return sorted((path, name, os.lstat(os.path.join(path, name)).st_mtime_ns)
                      for path, folders, files in os.walk(self.lxcpath) for name in folders + files)

    def rows(self, *words, status=0):
        """The table's rows as words, and what stands below it, with the errors."""
        result = self.lxsh("import-lxc", self.lxcpath, *words)
        self.assertEqual(result.status, status, str(result))
        table, _, rest = result.out.partition("\n\n")
        return [line.split("   ") for line in table.splitlines()[2:]], rest + result.err


class Import(NativeCase):
    def row(self, rows, name):
        words = next([word.strip() for word in row if word.strip()] for row in rows
                     if row[0].strip() == name)
        return words[1:3]

    def test_every_container_is_defined_and_nothing_of_lxc_is_changed(self):
        root = f"{self.folder}/rootfs"
        os.mkdir(root)
        self.config("a", f"lxc.rootfs.path = dir:{root}\nlxc.start.auto = 1\nlxc.nonsense = 1\n")
        self.config("b", "lxc.utsname = other\nlxc.rootfs = /absent/rootfs\n")
        self.config("broken", "lxc.uts.name = broken\n")
        os.mkdir(f"{self.lxcpath}/nothing")
        before = self.contents()
        rows, rest = self.rows("--dry-run", status=1)
        self.assertEqual([self.row(rows, name) for name in ("a", "b", "broken")],
                         [["a", "good"], ["other", "good"], ["-", "failed"]])
        self.assertEqual(self.ok("-q", "list", "--all", "--name"), "")
        rows, rest = self.rows(status=1)
        self.assertEqual([self.row(rows, name) for name in ("a", "b", "broken")],
                         [["a", "defined"], ["other", "defined"], ["-", "failed"]])
        self.assertIn("a/config:3: lxc.nonsense: not translated: lxc knows no such key", rest)
        self.assertIn("b: its root file system '/absent/rootfs' is not there", rest)
        self.assertIn("error: Failed to import container 'broken'", rest)
        self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), ["a", "other"])
        self.assertEqual(self.ok("-q", "list", "--all", "--name", "--autostart").split(), ["a"])
        rows, rest = self.rows("--name", "b", "--name", "a")
        self.assertEqual([self.row(rows, name) for name in ("a", "b")],
                         [["a", "left alone"], ["other", "left alone"]])
        self.assertIn("a domain 'other' is defined already", rest)
        rows, rest = self.rows("--name", "zip", status=1)
        self.assertIn(f"there is no file '{self.lxcpath}/zip/config'", rest)
        self.assertEqual(self.contents(), before)

    def test_there_and_back(self):
        self.config("a", f"lxc.rootfs.path = dir:{self.folder}\nlxc.start.auto = 1\nlxc.tty.max = 2\n"
                         "lxc.net.0.type = empty\nlxc.cap.drop = sys_time\nlxc.log.level = 1\n")
        self.ok("import-lxc", os.path.relpath(self.lxcpath))
        first = self.lxsh("domxml-to-native", "lxc-tools", "a")
        self.assertEqual(first.status, 0, str(first))
        self.assertEqual(first.err, "a: <uuid>: not translated: it gets another one when it comes back\n")
        self.assertIn("lxc.start.auto = 1\n", first.out)
        xml = f"{self.folder}/a.xml"
        write(f"{self.folder}/config", first.out)
        write(xml, self.ok("domxml-from-native", "lxc-tools", f"{self.folder}/config"))
        again = self.lxsh("domxml-to-native", "lxc-tools", "--xml", xml)
        self.assertEqual(again.out.replace("lxc.start.auto = 1\n", ""),
                         first.out.replace("lxc.start.auto = 1\n", ""))
        self.assertIn("unsupported config type", self.fails("domxml-to-native", "qemu-argv", "a"))
        self.assertIn("failed to get domain 'b'", self.fails("domxml-to-native", "lxc-tools", "b"))

    def test_a_running_one_is_told(self):
        self.config("busy", f"lxc.rootfs.path = dir:{self.folder}\n")
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.bind(f"\0{self.lxcpath}/busy/command")
            _, rest = self.rows("--dry-run")
        self.assertIn("busy: runs under lxc: end it with lxc-stop", rest)

    def test_a_folder_that_is_not_there_is_an_error(self):
        self.assertIn("open '/absent': No such file", self.fails("import-lxc", "/absent"))
        self.assertIn("takes a --name of its own", self.fails("import-lxc", "--name", "a", "b"))
        self.assertIn("has a file 'config'", self.ok("import-lxc", self.lxcpath))
        self.config("a", "")
        self.assertIn("is a container itself", self.fails("import-lxc", f"{self.lxcpath}/a"))


if __name__ == "__main__":
    support.main()
