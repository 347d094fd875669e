"""Devices for the tests of hot-plug: loop devices with ext4 on them, and containers to plug them into."""

import os
import stat
import subprocess

import support
from guest import GuestCase
from support import read, run, write


def disk_xml(source, target="vdb", kind="block", more=""):
    """The walkthrough's new_disk.xml."""
    attribute = "dev" if kind == "block" else "file"
    return (f"<disk type='{kind}' device='disk'>\n  <driver name='lxc' cache='none'/>\n"
            f"  <source {attribute}='{source}'/>\n  <target dev='{target}' bus='virtio'/>\n{more}</disk>\n")


def filesystem_xml(source, target, kind="mount", more=""):
    name = {"mount": "dir", "bind": "dir", "block": "dev", "file": "file"}.get(kind)
    source = f"<source {name}='{source}'/>" if name else f"<source usage='{source}' units='KiB'/>"
    return f"<filesystem type='{kind}'>{source}<target dir='{target}'/>{more}</filesystem>"


def bridge_xml(bridge, mac="52:54:00:11:11:22", more=""):
    return (f"<interface type='bridge'><mac address='{mac}'/><source bridge='{bridge}'/>{more}"
            "</interface>")


class DeviceCase(GuestCase):
    """Whatever a test makes on the host goes after the search for leftovers."""

    def setUp(self):
        super().setUp()
        self.loops_made = []

    def tearDown(self):
        for name in self.active():
            self.lxsh("destroy", name)
        for device in self.loops_made:
            run("losetup", "--detach", device)
        self.doCleanups()
        self.before["mount"] = [line for line in self.before["mount"] if self.folder not in line]
        super().tearDown()

    def image(self, name="disk.img", content="test\n", megabytes=4):
        """An ext4 image with a file `test` in it."""
        path = f"{self.folder}/{name}"
        tree = f"{path}.tree"
        os.mkdir(tree)
        write(f"{tree}/test", content)
        with open(path, "wb") as image:
            image.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-d", tree, path)
        return path

    def loop_device(self, name="disk.img", **options):
        device = run("losetup", "--find", "--show", self.image(name, **options)).strip()
        self.loops_made.append(device)
        return device

    def file(self, xml, name="device.xml"):
        path = f"{self.folder}/{name}"
        write(path, xml)
        return path

    def attach(self, name, xml, *flags):
        return self.ok("attach-device", name, self.file(xml), *flags)

    def detach(self, name, xml, *flags):
        return self.ok("detach-device", name, self.file(xml), *flags)

    def update(self, name, xml, *flags):
        return self.ok("update-device", name, self.file(xml), *flags)

    def no_attach(self, name, xml, *flags):
        return self.fails("attach-device", name, self.file(xml), *flags)

    def no_detach(self, name, xml, *flags):
        return self.fails("detach-device", name, self.file(xml), *flags)

    def no_update(self, name, xml, *flags):
        return self.fails("update-device", name, self.file(xml), *flags)

    def number(self, device):
        return os.stat(device).st_rdev

    def loops(self):
        return sorted(name for name, file in support.loop_devices().items()
                      if file.startswith(self.folder))

    def live(self, name):
        return self.ok("dumpxml", name)

    def stored(self, name):
        return self.ok("dumpxml", name, "--inactive")

    def open_number(self, name, kind, number):
        """(status, output) of opening a device number inside, through a node that the test makes."""
        path = f"/proc/{self.status(name)['init_pid']}/root/dev/probe"
        os.mknod(path, 0o600 | (stat.S_IFBLK if kind == "b" else stat.S_IFCHR), number)
        try:
            return self.inside(name, "head -c 1 /dev/probe >/dev/null")
        finally:
            os.unlink(path)

    def assert_refused(self, name, kind, number):
        status, text = self.open_number(name, kind, number)
        self.assertNotEqual(status, 0)
        self.assertIn("Operation not permitted", text)

    def kernel_state(self, name):
        """Everything of the kernel that devices of a container change, comparable."""
        init = self.status(name)["init_pid"]
        tree = []
        for folder, _, files in os.walk(f"/proc/{init}/root/dev"):
            if not folder.endswith("/pts"):
                tree += [f"{folder}/{file}" for file in files]
        mounts = [line.split(" - ")[0].split(" ", 3)[3] for line in
                  read(f"/proc/{init}/mountinfo").splitlines()]
        links = [line.split(":")[0].strip() for line in
                 read(f"/proc/{init}/net/dev").splitlines()[2:]]
        rules = [read(f"{folder}/devices.list") for folder in self.groups(name)
                 if os.path.exists(f"{folder}/devices.list")]
        return {"dev": sorted(tree), "mounts": sorted(mounts), "links": sorted(links),
                "host links": support.links(), "loops": self.loops(), "rules": rules,
                "consoles": [key for key in self.status(name) if key.startswith("console")]}
