"""The walkthrough's steps 1 to 3 and 7, word for word, on a busybox root file system."""

import re
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import run
from terminal import Terminal

NAME = "libvirt_container1"
UUID = "6a46bd23-f0df-461b-85e7-19fd36be90df"

DEFINITION = """<domain type='lxc'>
  <name>libvirt_container1</name>
  <uuid>6a46bd23-f0df-461b-85e7-19fd36be90df</uuid>
  <memory unit='KiB'>524288</memory>
  <vcpu>1</vcpu>
  <resource><partition>{partition}</partition></resource>
  <os><type>exe</type><init>/sbin/init</init></os>
  <features><capabilities policy='allow'/></features>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='{rootfs}'/>
      <target dir='/'/>
    </filesystem>
    <interface type='bridge'>
      <mac address='00:17:4e:9f:36:f8'/>
      <source bridge='lxcbr0'/>
      <link state='up'/>
    </interface>
    <console type='pty'/>
  </devices>
</domain>
"""

EMPTY = " Id   Name   State\n--------------------\n\n"
OFF = """ Id   Name                 State
-------------------------------------
 -    libvirt_container1   shut off

"""
RUNNING = """Id Name State
Id libvirt_container1 running
"""
INFO = """Id:             ID
Name:           libvirt_container1
UUID:           6a46bd23-f0df-461b-85e7-19fd36be90df
OS Type:        exe
State:          running
CPU(s):         1
CPU time:       TIME
Max memory:     524288 KiB
Used memory:    USED
Persistent:     yes
Autostart:      disable
Managed save:   no
Security model: none
Security DOI:   0

"""


class Walkthrough(GuestCase):
    def masked(self, text, number):
        """Columns are as wide as the id, which differs from run to run: words only."""
        lines = [" ".join(line.split()) for line in text.splitlines()]
        lines = [line for line in lines if line and set(line) != {"-"}]
        return "".join(re.sub(rf"^{number}\b", "Id", line) + "\n" for line in lines)

    def test_steps_1_to_3_and_7(self):
        path = f"{self.folder}/libvirt_container1.xml"
        support.write(path, DEFINITION.format(partition=self.partition, rootfs=busybox_rootfs()))
        # 1
        self.assertEqual(self.ok("uri"), f"{self.uri}\n\n")
        self.assertEqual(self.ok("list", "--all"), EMPTY)
        # 2 and 3
        self.assertEqual(self.ok("define", path), f"Domain '{NAME}' defined from {path}\n\n")
        self.assertEqual(self.ok("list", "--all"), OFF)
        self.assertRegex(self.fails("start", NAME),
                         f"error: Failed to start domain '{NAME}'\n"
                         r"error: Unable to add bridge lxcbr0 port of interface [0-9a-f:]{17}: No such device; "
                         r"the host has no bridge of that name: .*\n")
        self.assert_nothing_left()
        run("ip", "link", "add", "lxcbr0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "lxcbr0")
        self.before["link"] = support.links()
        run("ip", "link", "set", "lxcbr0", "up")
        self.assertEqual(self.ok("start", NAME), f"Domain '{NAME}' started\n\n")
        number = self.ok("domid", NAME).strip()
        for words in (["list", "--all"], ["list"]):
            self.assertEqual(self.masked(self.ok(*words), number), RUNNING)
        info = self.ok("dominfo", NAME).replace(number, "ID")
        info = re.sub(r"(?<=CPU time:       )[0-9.]+s", "TIME", info)
        info = re.sub(r"(?<=Used memory:    )\d+ KiB", "USED", info)
        self.assertEqual(info, INFO)
        self.assertEqual(self.ok("domstate", NAME, "--reason"), "running (booted)\n\n")
        self.assertEqual(self.ok("domuuid", NAME), f"{UUID}\n\n")
        self.assertEqual(self.ok("domname", UUID), f"{NAME}\n\n")
        self.assertEqual(self.ok("domname", number), f"{NAME}\n\n")
        self.check_bridge_port()
        self.check_console()
        # 7
        self.assertEqual(self.ok("destroy", NAME), f"Domain '{NAME}' destroyed\n\n")
        self.assertEqual(self.ok("list", "--all"), OFF)
        self.assert_nothing_left()
        self.assertEqual(self.ok("undefine", NAME), f"Domain '{NAME}' has been undefined\n\n")
        self.assertEqual(self.ok("list", "--all"), EMPTY)

    def check_bridge_port(self):
        live = self.ok("dumpxml", NAME)
        target = re.search(r"<target dev='(vnet\d+)'/>", live)
        self.assertIsNotNone(target, live)
        self.assertIn("<guest dev='eth0'/>", live)
        self.assertIn("master lxcbr0", run("ip", "-o", "link", "show", target.group(1)))

    def check_console(self):
        with Terminal(self.command("console", NAME)) as terminal:
            terminal.expect("Connected to domain")
            terminal.send("\r")
            terminal.expect("login:")
            self.assertEqual(terminal.leave(), 0)


if __name__ == "__main__":
    support.main()
