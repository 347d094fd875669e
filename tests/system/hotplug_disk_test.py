"""Disks that come and go while the container runs; the walkthrough's step 4, word for word."""

import os
import unittest

import support
from devices import DeviceCase, disk_xml

ATTACHED = "Device attached successfully\n\n"
DETACHED = "Device detached successfully\n\n"


class Walkthrough(DeviceCase):
    def test_step_4(self):
        self.boot("one", features="<privnet/>")
        device = self.loop_device()
        number = self.number(device)
        path = self.file(disk_xml(device), "new_disk.xml")
        rules = self.device_list("one")
        self.assertEqual(self.ok("attach-device", "one", path), ATTACHED)
        self.assertEqual(self.output("one", "stat -c '%F %t %T %A %u %g' /dev/vdb"),
                         f"block special file 7 {os.minor(number):x} brwx------ 0 0")
        rule = "-" * (1 + 6 + 2 + 1 + len(device) + 2)
        self.assertEqual(self.ok("domblklist", "one"),
                         f" Target   Source\n{rule}\n vdb      {device}\n\n")
        self.output("one", "mount -t ext4 /dev/vdb /mnt")
        self.assertEqual(self.output("one", "cat /mnt/test"), "test")
        self.output("one", "umount /mnt")
        self.assertEqual(self.fails("attach-device", "one", path),
                         f"error: Failed to attach device from {path}\n"
                         "error: operation failed: target vdb already exists\n")
        self.assertEqual(self.ok("detach-device", "--live", "one", path), DETACHED)
        self.assertNotEqual(self.inside("one", "ls /dev/vdb")[0], 0)
        self.assertEqual(self.device_list("one"), rules)
        self.assertEqual(self.fails("detach-device", "--live", "one", path),
                         f"error: Failed to detach device from {path}\n"
                         "error: operation failed: disk vdb not found\n")


if __name__ == "__main__":
    support.main()
