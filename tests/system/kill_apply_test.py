"""lxsh killed at each step of an apply: each definition is the old or the new one, whole, what runs goes on, and the
next apply completes what this one began."""

import os
import shutil
import signal

import support
from devices import filesystem_xml
from kill import KillCase
from network_guest import network
from support import read, write


class Apply(KillCase):
    def setUp(self):
        super().setUp()
        self.networks.append("lva")
        self.repository = f"{self.folder}/repository"
        self.files = {"old": {}, "new": {}}

    def file(self, version, name, text):
        self.files[version][name] = text

    def container(self, version, name, **options):
        self.files[version][name] = read(self.one(name, **options))

    def checkout(self, version):
        shutil.rmtree(self.repository, ignore_errors=True)
        os.mkdir(self.repository)
        for name, text in self.files[version].items():
            write(f"{self.repository}/{name}.xml", text)

    def apply(self):
        return self.ok("apply", self.repository, "--prune")

    def assert_applied(self):
        """All is as the files say, and as the record says."""
        self.assertRegex(self.apply(), "0 defined, 0 updated, 0 undefined, [0-9]+ unchanged, 0 failed")

    def texts(self, version):
        """{name: definition} of domains, and of the network."""
        self.checkout(version)
        self.apply()
        return {**{name: self.definition(name) for name in ("changed", "added", "taken")},
                "lva": self.lxsh("net-dumpxml", "lva", "--inactive").out}

    def each(self, what, after, least):
        def attempt(step):
            self.checkout("old")
            self.apply()
            self.checkout("new")
            done, _ = self.killed("lxsh", step, "apply", self.repository, "--prune")
            # In the container's mounts there is no file to tell it.
            self.assertIn(done.status, (0, -signal.SIGKILL), str(done))
            after()
            return done.status != 0
        return self.each_step(what, "lxsh", attempt, least)

    def test_definitions(self):
        for version, memory, subnet in (("old", 65536, 110), ("new", 131072, 111)):
            self.container(version, "changed", memory=memory)
            self.file(version, "lva", network("lva", subnet=subnet, extra="<mac address='52:54:00:00:00:ab'/>"))
        self.container("old", "taken")
        self.container("new", "added")
        new, old = self.texts("new"), self.texts("old")

        def after():
            for name in ("changed", "added", "taken"):
                self.assertIn(self.definition(name), (old[name], new[name]))
            self.assertIn(self.ok("net-dumpxml", "lva", "--inactive"), (old["lva"], new["lva"]))
            self.assertEqual(self.texts("new"), new)
            self.assert_applied()
            self.assert_nothing_left()
        self.each("apply, definitions", after, 20)

    def test_what_runs(self):
        os.mkdir(f"{self.folder}/source")
        mac = "<mac address='52:54:00:00:00:ab'/>"
        motto = "<dns><txt name='motto' value='less'/></dns>"
        self.container("old", "changed")
        self.container("new", "changed", devices=filesystem_xml(f"{self.folder}/source", "/mnt"))
        self.file("old", "lva", network("lva", extra=mac))
        self.file("new", "lva", network("lva", extra=mac + motto))
        self.checkout("old")
        self.apply()
        self.ok("net-start", "lva")
        self.ok("start", "changed")
        init = self.status("changed")["init_pid"]

        def after():
            self.assertRegex(self.truth("changed"), "^running")
            self.apply()
            self.assert_applied()
            self.assertEqual(self.status("changed")["init_pid"], init)
            self.assertEqual(read(f"/proc/{init}/mountinfo").count(" /mnt "), 1)
            self.assertIn("motto", read(f"{self.root}/run/lxvirt/network/lva/dnsmasq.conf"))
            for name in ("changed", "lva"):
                self.assertEqual(self.ok("-q", "diff", name, "--live"), "")
            self.assertFalse(os.path.exists(f"{self.root}/run/lxvirt/lxc/changed/pending"))
        self.each("apply, what runs", after, 20)
        self.ok("destroy", "changed")
        self.ok("net-destroy", "lva")
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
