"""Every file of examples/ is defined as it is, but for its host paths, and runs."""

import glob
import os
import re
import shutil

import support
from guest import GuestCase, busybox_rootfs
from network_guest import network
from support import run, write

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                        "examples")


class ExampleCase(GuestCase):
    def setUp(self):
        super().setUp()
        # A copy: examples write into their root.
        self.rootfs = f"{self.folder}/busybox"
        shutil.copytree(busybox_rootfs(), self.rootfs, symlinks=True)
        os.makedirs(f"{self.folder}/share")
        write(f"{self.folder}/share/file", "test\n")
        image = f"{self.folder}/data.img"
        run("truncate", "-s", "16M", image)
        run("mkfs.ext4", "-q", "-F", image)

    def prepared(self, path):
        """The example with the host's paths of this test and its partition."""
        text = support.read(path)
        for there, here in (("/srv/lxvirt/debian", self.rootfs), ("/srv/lxvirt/busybox", self.rootfs),
                            ("/srv/lxvirt/share", f"{self.folder}/share"),
                            ("/srv/lxvirt/data.img", f"{self.folder}/data.img")):
            text = text.replace(f"'{there}'", f"'{here}'")
        self.assertNotIn("'/srv/", text, "a path that this test does not know")
        partition = f"<resource><partition>{self.partition}</partition></resource>\n  <os>"
        return text.replace("<os>", partition, 1)


class Examples(ExampleCase):
    def start(self, name):
        path = f"{EXAMPLES}/{name}.xml"
        text = self.prepared(path)
        domain = re.search("<name>(.*)</name>", text).group(1)
        for bridge in re.findall("<source bridge='(.*)'/>", text):
            run("ip", "link", "add", bridge, "type", "bridge")
            self.addCleanup(run, "ip", "link", "del", bridge)
        self.before["link"] = support.links()
        copy = f"{self.folder}/{name}.xml"
        write(copy, text)
        self.ok("define", "--validate", copy)
        self.ok("start", domain)
        self.assertEqual(self.state(domain), "running (booted)")
        return domain

    def stop(self, domain):
        self.ok("destroy", domain)
        self.ok("undefine", domain)

    def test_every_file_has_a_test_here(self):
        names = {os.path.basename(path)[:-4] for path in glob.glob(f"{EXAMPLES}/*.xml")}
        self.assertEqual(names, {"libvirt_container1", "busybox", "application", "limits", "mounts",
                                 "idmap", "published"})

    def test_libvirt_container1(self):
        self.stop(self.start("libvirt_container1"))

    def test_busybox(self):
        self.stop(self.start("busybox"))

    def test_application(self):
        domain = self.start("application")
        init = self.status(domain)["init_pid"]
        self.assertIn("sleep", support.read(f"/proc/{init}/cmdline"))
        self.stop(domain)

    def test_limits(self):
        domain = self.start("limits")
        limit = self.limit("cpuset", domain, "cpuset.cpus", "cpuset.cpus")
        self.assertEqual(limit, "0")
        self.stop(domain)

    def test_mounts(self):
        domain = self.start("mounts")
        init = self.status(domain)["init_pid"]
        self.assertEqual(support.read(f"/proc/{init}/root/mnt/share/file"), "test\n")
        seen = support.read(f"/proc/{init}/mounts")
        for target in ("/mnt/share", "/tmp", "/mnt/etc", "/mnt/data"):
            self.assertIn(f" {target} ", seen)
        self.stop(domain)

    def test_published(self):
        path = f"{self.folder}/network.xml"
        write(path, network("lvx").replace("<name>lvx<", "<name>default<"))
        self.ok("net-define", path)
        self.ok("net-start", "default")
        try:
            domain = self.start("published")
            self.assertIn("tcp dport 8080 dnat ip to", run("nft", "list", "ruleset"))
            self.assertRegex(self.ok("publish", domain), r"tcp +\* +8080 +80 ")
            self.stop(domain)
        finally:
            self.ok("net-destroy", "default", "--force")
            self.ok("net-undefine", "default")

    def test_idmap(self):
        domain = self.start("idmap")
        init = self.status(domain)["init_pid"]
        self.assertIn("0     100000      65536", support.read(f"/proc/{init}/uid_map"))
        self.assertEqual(os.stat(f"/proc/{init}").st_uid, 100000)
        self.stop(domain)


if __name__ == "__main__":
    support.main()
