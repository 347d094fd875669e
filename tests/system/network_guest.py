"""What the tests of networks stand on: networks of a root of its own, another network namespace as the
world outside, and a search for what a network may leave behind."""

import os
import re
import subprocess
import uuid

import support
from guest import GuestCase
from support import read, run, write

DHCP_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev $interface scope global
ip addr add $ip/$mask dev $interface
[ -n "$router" ] && ip route replace default via $router
echo "$ip" >/tmp/lease
"""

# Answers each connection with the address it comes from.
ECHO = """
import socket
server = socket.create_server(('{address}', 7000), family={family}, reuse_port=True)
while True:
    connection, peer = server.accept()
    connection.sendall((peer[0] + chr(10)).encode())
    connection.close()
"""


def network(name, forward="<forward/>", subnet=100, bridge=None, extra="", dhcp="", ip6=""):
    """A network 10.SUBNET.0.0/24 with the bridge BRIDGE (NAME)."""
    return f"""<network>
  <name>{name}</name>
  <uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, name)}</uuid>
  {forward}
  <bridge name='{bridge or name}'/>
  {extra}
  <ip address='10.{subnet}.0.1' prefix='24'>
    <dhcp><range start='10.{subnet}.0.100' end='10.{subnet}.0.250'/>{dhcp}</dhcp>
  </ip>
  {ip6}
</network>
"""


def nic(source, extra="", mac=None):
    mac = f"<mac address='{mac}'/>" if mac else ""
    return (f"<interface type='network'>{mac}<source network='{source}'/>{extra}"
            "<link state='up'/></interface>")


def sysctl(path, value):
    with open(f"/proc/sys/net/{path}", "w", encoding="ascii") as file:
        file.write(str(value))


class NetworkCase(GuestCase):
    def setUp(self):
        super().setUp()
        self.networks = []
        # A new network namespace takes these from the machine's.
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            sysctl(path, 0)
        self.forwarding = [read(f"/proc/sys/net/{path}") for path in
                           ("ipv4/ip_forward", "ipv6/conf/all/forwarding")]

    def tearDown(self):
        for name in self.active():
            self.lxsh("destroy", name)
        for name in self.networks:
            self.lxsh("net-destroy", name, "--force")
            self.lxsh("net-undefine", name)
        support.wait_for(lambda: not self.network_leftovers(), 2)
        left = self.network_leftovers()
        super().tearDown()
        self.assertEqual(left, [], "left behind")

    def network_groups(self):
        return [f"{mount}/machine/{entry}" for mount, _ in support.hierarchies() if os.path.isdir(f"{mount}/machine")
                for entry in os.listdir(f"{mount}/machine") if self.root_id() in entry]

    def remove_what_is_left(self):
        super().remove_what_is_left()
        for path in self.network_groups():
            for folder in (path, os.path.dirname(path)):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # another network's is beside it

    def network_leftovers(self):
        left = re.findall(r"table inet \S+", run("nft", "list", "tables"))
        left += [f"control group {path}" for path in self.network_groups()]
        running = f"{self.root}/run/lxvirt/network"
        if os.path.isdir(running):
            left += [f"{running}/{entry}" for entry in os.listdir(running)]
        namespace = f"/run/lxvirt/forwarding/{os.stat('/proc/self/ns/net').st_ino}"
        if os.path.exists(namespace):
            left.append(namespace)
        now = [read(f"/proc/sys/net/{path}") for path in
               ("ipv4/ip_forward", "ipv6/conf/all/forwarding")]
        return left + ([f"forwarding {now}"] if now != self.forwarding else [])

    def root_id(self):
        """The name of this root in names that are not below it."""
        digest = 0xcbf29ce484222325
        for byte in os.path.realpath(self.root).encode():
            digest = (digest ^ byte) * 0x100000001b3 & 0xffffffffffffffff
        return f"{digest:016x}"[:12]

    # --- networks

    def net_define(self, name, xml):
        path = os.path.join(self.folder, f"{name}-net.xml")
        write(path, xml)
        self.networks.append(name)
        self.ok("net-define", path)

    def net(self, name, **options):
        """A network that runs."""
        self.net_define(name, network(name, **options))
        self.ok("net-start", name)

    def net_status(self, name):
        text = read(f"{self.root}/run/lxvirt/network/{name}/status")
        return dict(line.split("=", 1) for line in text.splitlines())

    def net_log(self, name):
        return read(f"{self.root}/var/log/lxvirt/network/{name}.log")

    def journal(self, kind):
        """(name, event, detail) of each entry of a kind."""
        found = []
        for line in read(f"{self.root}/run/lxvirt/events").splitlines():
            fields = line.split("\t")
            if fields[2] == kind:
                found.append((fields[3], fields[5], fields[6]))
        return found

    # --- containers

    def boot_on(self, name, source, lease=True, mac=None, extra="", **options):
        """A container with one interface on a network; its address."""
        self.boot(name, nic(source, extra, mac), **options)
        return self.lease(name) if lease else None

    def lease(self, name, tries=1, sent=None):
        """Asks for an address; `sent` is the name that the client sends, by default the domain's."""
        option = "" if sent == "" else f"-x hostname:{sent or name}"
        write(f"{self.share(name)}/dhcp", DHCP_SCRIPT, 0o755)
        self.output(name, "mkdir -p /tmp; busybox udhcpc -i eth0 -n -q -f -T 1 "
                          f"-t {tries} {option} -s /share/dhcp")
        return self.output(name, "ip -4 -o addr show eth0 | tr -s ' ' | cut -d' ' -f4 | cut -d/ -f1")

    def reaches(self, name, address, seconds=1):
        return self.inside(name, f"ping -c 1 -W {seconds} {address}")[0] == 0

    def names(self, name, server, wanted):
        """What the DNS server says that a name means."""
        text = self.output(name, f"busybox nslookup -type=a {wanted} {server}")
        return re.findall(r"Address(?: 1)?: ([0-9a-f.:]+)", text.split("Name:")[-1])

    # --- the world outside: a namespace behind a link, 203.0.113.2 and 2001:db8::2

    def outside(self):
        holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.processes.add(holder.pid)
        support.wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") !=
                         os.readlink("/proc/self/ns/net"))
        run("ip", "link", "add", "world0", "type", "veth", "peer", "name", "world1", "netns",
            str(holder.pid))
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "world0"], capture_output=True,
                        check=False)
        self.before["link"] = support.links()
        self.world = ["nsenter", "-t", str(holder.pid), "-n"]
        for command, link, host in (([], "world0", 1), (self.world, "world1", 2)):
            run(*command, "ip", "addr", "add", f"203.0.113.{host}/24", "dev", link)
            run(*command, "ip", "addr", "add", f"2001:db8::{host}/64", "dev", link, "nodad")
            run(*command, "ip", "link", "set", link, "up")
        for family, address in (("socket.AF_INET", "203.0.113.2"),
                                ("socket.AF_INET6", "2001:db8::2")):
            server = subprocess.Popen([*self.world, "python3", "-c",
                                       ECHO.format(address=address, family=family)])
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            self.processes.add(server.pid)
        support.wait_for(lambda: run(*self.world, "ss", "-tlnH").count(":7000") == 2)

    def seen_as(self, name, address="203.0.113.2", seconds=2):
        """The address that the server outside sees; empty where it is not reached."""
        status, text = self.inside(name, f"busybox timeout {seconds} nc {address} 7000 </dev/null")
        return text.strip() if status == 0 else ""
