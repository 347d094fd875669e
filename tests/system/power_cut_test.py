"""No definition is lost or half there when the power goes: a file system of its own is copied, as it is on its
disk, before each system call of a command that changes definitions. Each copy is mounted, which replays its
journal, and read.
"""

import os
import shutil
import subprocess

import support
from guest import GuestCase, domain
from support import read, run, write

INJECT = os.environ.get("LXVIRT_INJECT", "build/tests/inject/inject")
CALLS = "openat,write,fsync,rename,renameat2,unlink,symlink,mkdir,ftruncate,pwrite64,exit_group"


class PowerCut(GuestCase):
    def setUp(self):
        super().setUp()
        # The journal is what ext4 brings back after a power cut.
        self.image = f"{self.folder}/disk.img"
        with open(self.image, "wb") as image:
            image.truncate(12 << 20)
        run("mkfs.ext4", "-q", "-J", "size=4", self.image)
        os.makedirs(f"{self.root}/etc")
        run("mount", "-o", "loop,commit=1000", self.image, f"{self.root}/etc")
        self.addCleanup(subprocess.run, ["umount", f"{self.root}/etc"], check=False)
        self.copies = f"{self.folder}/copies"
        os.mkdir(self.copies)
        write(f"{self.folder}/copy", f"#!/bin/sh\nn=$(ls {self.copies} | wc -l)\n"
              f"exec cp --sparse=always {self.image} {self.copies}/$n-$1-$2-$3\n", 0o755)
        self.look_at = f"{self.folder}/copy-of-etc"
        os.mkdir(self.look_at)

    def tearDown(self):
        run("umount", f"{self.root}/etc")
        super().tearDown()

    def cut_at_each_call(self, *words):
        """Names and contents of the definitions after a power cut before each call, and one after the command."""
        shutil.rmtree(self.copies)
        os.mkdir(self.copies)
        run("sync", "-f", f"{self.root}/etc")
        done = subprocess.run([INJECT, "--report", "2", "--calls", CALLS, "--before", f"{self.folder}/copy",
                               *self.command(*words)], capture_output=True, text=True,
                              timeout=60 * support.SLOWNESS, check=False)
        self.assertIn("exit 0", done.stderr, done.stderr)
        states = []
        names = sorted(os.listdir(self.copies), key=lambda name: int(name.split("-")[0]))
        for name in names:
            run("mount", "-o", "loop", f"{self.copies}/{name}", self.look_at)
            folder = f"{self.look_at}/lxvirt/lxc"
            try:
                files = [file for file in sorted(os.listdir(folder)) if file.endswith(".xml") and file[0] != "."]
                states.append((name, {file[:-4]: read(f"{folder}/{file}") for file in files}))
            finally:
                run("umount", self.look_at)
        self.assertGreater(len(states), 5, names)
        return states

    def check(self, states, before, after):
        """Each state is one of the two, and once the new one is there it stays; the last is after the command."""
        seen = False
        for name, state in states:
            self.assertIn(state, (before, after), f"power cut before {name}")
            self.assertFalse(seen and state == before, f"{name}: what was there is gone again")
            seen = state == after
        self.assertEqual(states[-1][1], after, "the command came back before it was on the disk")

    def stored(self):
        folder = f"{self.root}/etc/lxvirt/lxc"
        return {name[:-4]: read(f"{folder}/{name}") for name in sorted(os.listdir(folder)) if name.endswith(".xml")}

    def change(self, *words):
        before = self.stored()
        states = self.cut_at_each_call(*words)
        self.check(states, before, self.stored())

    def test_define_and_undefine(self):
        self.define(domain("other", partition=self.partition))
        path = f"{self.folder}/one.xml"
        write(path, domain("one", partition=self.partition, memory=65536))
        self.change("define", path)
        write(path, domain("one", partition=self.partition, memory=131072))
        self.change("define", path)
        self.change("undefine", "one")

    def test_edit(self):
        self.define(domain("one", partition=self.partition))
        os.environ["EDITOR"] = "sed -i s/262144/65536/"
        self.addCleanup(os.environ.pop, "EDITOR")
        self.change("edit", "one")
        self.assertIn("65536", self.stored()["one"])


if __name__ == "__main__":
    support.main()
