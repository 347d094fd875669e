"""The net-* commands as a user meets them: what they print, the network that comes with lxvirt, and every
file of examples/networks."""

import glob
import os
import re

import support
from network_guest import NetworkCase
from support import run, write

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                        "examples", "networks")
LIST = " Name   State      Autostart   Persistent\n"
LEASES = (" Expiry Time   MAC address   Protocol   IP address   Hostname   Client ID or DUID\n"
          "-----------------------------------------------------------------------------------\n\n")


class Commands(NetworkCase):
    def file(self, name, text):
        path = f"{self.folder}/{name}.xml"
        write(path, text)
        return path

    def says(self, expected, *words):
        self.assertEqual(self.ok(*words), expected)

    def test_the_walkthrough(self):
        path = self.file("lxc_net", "<network><name>lxc</name><forward/><bridge name='br0'/>"
                         "<mac address='52:54:00:94:aa:73'/>"
                         "<uuid>356442ea-2c46-4475-a67b-b6f606b71402</uuid>"
                         "<ip address='192.168.0.1' netmask='255.255.255.0'><dhcp>"
                         "<range start='192.168.0.2' end='192.168.0.254'/></dhcp></ip></network>")
        self.says(f"Network lxc defined from {path}\n\n", "net-define", path)
        self.addCleanup(self.lxsh, "net-destroy", "lxc", "--force")
        self.says(LIST + "-------------------------------------------\n"
                  " lxc    inactive   no          yes\n\n", "net-list", "--all")
        self.says("Network lxc started\n\n", "net-start", "lxc")
        self.says("Network lxc marked as autostarted\n\n", "net-autostart", "lxc")
        self.says(" Name   State    Autostart   Persistent\n"
                  "-----------------------------------------\n"
                  " lxc    active   yes         yes\n\n", "net-list")
        self.says("Name:           lxc\nUUID:           356442ea-2c46-4475-a67b-b6f606b71402\n"
                  "Active:         yes\nPersistent:     yes\nAutostart:      yes\n"
                  "Bridge:         br0\n\n", "net-info", "lxc")
        definition = """<network>
  <name>lxc</name>
  <uuid>356442ea-2c46-4475-a67b-b6f606b71402</uuid>
  <forward mode='nat'/>
  <bridge name='br0' stp='on' delay='0'/>
  <mac address='52:54:00:94:aa:73'/>
  <ip address='192.168.0.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.0.2' end='192.168.0.254'/>
    </dhcp>
  </ip>
</network>

"""
        self.says(definition, "net-dumpxml", "--inactive", "lxc")
        self.says(definition.replace("<forward mode='nat'/>", """<forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>"""), "net-dumpxml", "lxc")
        self.says(LEASES, "net-dhcp-leases", "lxc")
        self.says(" UUID\n-------\n\n", "net-port-list", "lxc")
        self.says("Network lxc destroyed\n\n", "net-destroy", "lxc")
        self.says("Network lxc unmarked as autostarted\n\n", "net-autostart", "--disable", "lxc")
        self.says("Network lxc has been undefined\n\n", "net-undefine", "lxc")
        self.says("\n", "net-list", "--all", "--name")

    def fails(self, expected, *words):
        result = self.lxsh(*words)
        self.assertEqual((result.status, result.err), (1, expected), result)

    def test_errors_are_libvirts(self):
        path = self.file("n1", "<network><name>n1</name><bridge name='n1br0'/></network>")
        self.fails("error: failed to get network 'nosuch'\n"
                   "error: Network not found: no network with matching name 'nosuch'\n",
                   "net-info", "nosuch")
        self.fails("error: Failed to open file 'nosuch.xml': No such file or directory\n",
                   "net-define", "nosuch.xml")
        self.ok("net-create", path)
        self.addCleanup(self.lxsh, "net-destroy", "n1")
        self.fails("error: failed to mark network n1 as autostarted\nerror: Requested operation is "
                   "not valid: cannot set autostart for transient network\n", "net-autostart", "n1")
        self.fails("error: Failed to start network n1\n"
                   "error: Requested operation is not valid: network is already active\n",
                   "net-start", "n1")
        self.fails("error: unrecognized section name 'bogus'\n",
                   "net-update", "n1", "add", "bogus", "<x/>")
        self.fails("error: Failed to update network n1\n"
                   "error: Operation not supported: can't update 'ip' section of network 'n1'\n",
                   "net-update", "n1", "add", "ip", "<ip/>")
        self.says("Updated network n1 live state\n",
                  "net-update", "n1", "add", "dns-txt", "<txt name='a' value='b'/>")
        self.assertIn("<txt name='a' value='b'/>", self.ok("net-dumpxml", "n1"))
        self.says("Network n1 destroyed\n\n", "net-destroy", "n1")
        self.fails("error: failed to get network 'n1'\n"
                   "error: Network not found: no network with matching name 'n1'\n",
                   "net-destroy", "n1")

    def test_default_takes_a_free_subnet(self):
        self.ok("net-default")
        self.addCleanup(self.lxsh, "net-undefine", "default")
        text = self.ok("net-dumpxml", "default")
        self.assertIn("<ip address='192.168.122.1' netmask='255.255.255.0'>", text)
        self.assertIn("<range start='192.168.122.2' end='192.168.122.254'/>", text)
        self.assertIn("<bridge name='virbr0' stp='on' delay='0'/>", text)
        self.assertRegex(self.ok("net-list", "--all"), r"default +inactive +yes +yes")
        self.assertEqual(self.lxsh("net-default").status, 1)
        self.ok("net-default", "--missing")
        self.ok("net-undefine", "default")
        run("ip", "link", "add", "virbr0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "del", "virbr0")
        run("ip", "addr", "add", "192.168.122.1/24", "dev", "virbr0")
        run("ip", "link", "set", "virbr0", "up")
        self.before["link"] = support.links()
        self.ok("net-default")
        text = self.ok("net-dumpxml", "default")
        self.assertIn("<range start='192.168.123.2' end='192.168.123.254'/>", text)
        self.assertIn("<bridge name='virbr1'", text)
        self.ok("net-start", "default")
        self.ok("net-destroy", "default")
        self.ok("net-undefine", "default")

    def test_every_example_starts(self):
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0far")
        self.addCleanup(run, "ip", "link", "del", "eth0")
        self.before["link"] = support.links()
        paths = sorted(glob.glob(f"{EXAMPLES}/*.xml"))
        self.assertGreaterEqual(len(paths), 6)
        for path in paths:
            name = re.search("<name>(.*)</name>", support.read(path)).group(1)
            self.ok("net-define", "--validate", path)
            self.ok("net-start", name)
            self.assertRegex(self.ok("net-list"), f"{name} +active")
            self.ok("net-destroy", name)
            self.ok("net-undefine", name)


if __name__ == "__main__":
    support.main()
