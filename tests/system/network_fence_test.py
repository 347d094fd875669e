"""What may not leave a network, whatever a container forges and whoever dies: a bridge never forwards without
its rules."""

import os
import re
import signal
import subprocess
import time
import unittest

import attacker
import support
from network_guest import NetworkCase, network, nic, sysctl
from support import run, wait_for

LONG = bool(os.environ.get("LXVIRT_LONG"))
ISOLATED = ""
NAT = "<forward/>"
ROUTE = "<forward mode='route'/>"
IP6 = "<ip family='ipv6' address='fd77::1' prefix='64'/>"


class FenceCase(NetworkCase):
    def setUp(self):
        super().setUp()
        self.ears = []

    def tearDown(self):
        for ear in self.ears:  # each keeps its network namespace
            ear.end()
        super().tearDown()

    def hear(self, pid):
        self.ears.append(attacker.Ear(self, pid))
        return self.ears[-1]

    def init(self, name):
        return self.status(name)["init_pid"]

    def holder(self):
        """The pid of a process in the world outside."""
        return self.world[2]

    def mac_of(self, link):
        return run("ip", "-br", "link", "show", "dev", link).split()[2]

    def own_mac(self, name):
        return run("nsenter", "-t", self.init(name), "-n", "ip", "-br", "link", "show", "dev", "eth0").split()[2]

    def send(self, name, bridge, *packets, **options):
        """Sends IP packets of a container to the host, in frames with its own address."""
        mac = self.own_mac(name)
        frames = [attacker.ethernet(mac, self.mac_of(bridge), 0x86dd if packet[0] >> 4 == 6 else 0x0800, packet)
                  for packet in packets]
        attacker.send(self.init(name), "eth0", *frames, **options)

    def world_with_routes(self):
        """The world outside, which has a route back, and to which the host sends all it does not know."""
        self.outside()
        run(*self.world, "ip", "route", "add", "default", "via", "203.0.113.1")
        run(*self.world, "ip", "-6", "route", "add", "default", "via", "2001:db8::1")
        run("ip", "route", "add", "default", "via", "203.0.113.2")
        run("ip", "-6", "route", "add", "default", "via", "2001:db8::2")

    def let_the_host_route(self):
        """As a host that is a router for other reasons."""
        for number, path in enumerate(("ipv4/ip_forward", "ipv6/conf/all/forwarding")):
            sysctl(path, 1)
            self.addCleanup(sysctl, path, 0)
            self.forwarding[number] = "1\n"

    def kill_supervisor(self, name):
        pid = int(self.net_status(name)["supervisor"])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: support.is_zombie(pid))
        support.reap()

    def routing_rules(self):
        return [line for family in ("-4", "-6") for line in run("ip", family, "rule").splitlines()
                if re.match(r"20[0-2]:", line)]


class Sources(FenceCase):
    def check_forged(self, forward):
        self.world_with_routes()
        self.let_the_host_route()
        self.net("lvf", forward=forward, ip6=IP6)
        self.boot_on("one", "lvf")
        ear = self.hear(self.holder())
        self.send("one", "lvf", attacker.echo("198.51.100.7", "10.100.0.1"),
                  attacker.echo("198.51.100.7", "203.0.113.1"),
                  attacker.echo6("2001:db8:5::7", "fd77::1"), attacker.echo6("2001:db8:5::7", "2001:db8::1"), times=5)
        self.assertEqual(ear.heard(), 0, "the host's answers to forged sources leave")
        # What the network does not forward was rejected, and the reject carries the packet's first bytes.
        self.send("one", "lvf", attacker.echo("198.51.100.7", "203.0.113.2"),
                  attacker.echo6("2001:db8:5::7", "2001:db8::2"), times=5)
        self.assertEqual(ear.heard(), 0, "a reject of a forged source leaves")
        self.assertTrue(self.reaches("one", "10.100.0.1"))

    def test_forged_in_an_isolated_network(self):
        self.check_forged(ISOLATED)

    def test_forged_in_a_nat_network(self):
        self.check_forged(NAT)

    def test_forged_in_a_routed_network(self):
        self.check_forged(ROUTE)

    def test_forged_address_of_another_network(self):
        self.let_the_host_route()
        self.net("lva", forward=ISOLATED, subnet=100)
        self.net("lvb", forward=NAT, subnet=101)
        self.boot_on("one", "lva")
        two = self.boot_on("two", "lvb")
        ear = self.hear(self.init("two"))
        self.send("one", "lva", attacker.echo(two, "10.100.0.1"), attacker.echo(two, "10.101.0.1"),
                  attacker.echo("10.101.0.77", two), times=5)
        self.assertEqual(ear.heard(), 0)

    def test_only_what_comes_from_the_bridge_is_translated(self):
        """A host beside the uplink that forges an address of the network is no client of ours."""
        self.world_with_routes()
        self.net("lvn", forward=NAT)
        self.assertIn('iifname "lvn" ip saddr 10.100.0.0/24', run("nft", "list", "chain", "inet", "lxvirt_lvn",
                                                                  "postrouting"))


class IsolatedPorts(FenceCase):
    def check(self, network_extra="", port_extra=""):
        """Frames to the gateway, for the address of another isolated port."""
        self.net("lvp", extra=network_extra)
        one = self.boot_on("one", "lvp", extra=port_extra)
        two = self.boot_on("two", "lvp", extra=port_extra)
        ear = self.hear(self.init("two"))
        self.send("one", "lvp", attacker.echo(one, two), times=5)
        self.assertEqual(ear.heard(), 0, "an isolated port reaches another over the gateway")
        self.assertFalse(self.reaches("one", two))
        self.assertTrue(self.reaches("one", "10.100.0.1"))

    def test_a_network_of_isolated_ports(self):
        self.check(network_extra="<port isolated='yes'/>")


class Lost(FenceCase):
    """Rules that are gone, or the processes that would make them again."""

    def prepare(self, forward):
        self.world_with_routes()
        self.let_the_host_route()
        self.net("lvx", forward=forward, ip6=IP6)
        self.boot_on("one", "lvx")
        enter = ["nsenter", "-t", self.init("one"), "-n"]
        run(*enter, "ip", "route", "replace", "default", "via", "10.100.0.1")
        run(*enter, "ip", "-6", "addr", "add", "fd77::5/64", "dev", "eth0", "nodad")
        run(*enter, "ip", "-6", "route", "replace", "default", "via", "fd77::1")
        self.ear = self.hear(self.holder())
        self.lease_address = self.output("one", "cat /tmp/lease")

    def ping_the_world(self):
        self.send("one", "lvx", attacker.echo(self.lease_address, "203.0.113.2"),
                  attacker.echo6("fd77::5", "2001:db8::2"), times=3)

    def check_killed_and_flushed(self, forward):
        self.prepare(forward)
        before = self.ear.heard()
        self.kill_supervisor("lvx")
        run("nft", "flush", "ruleset")
        self.ping_the_world()
        self.assertEqual(self.ear.heard(), before, "a bridge forwards without its rules")
        self.send_from_the_world()
        self.assertTrue(self.reaches("one", "10.100.0.1"), "the host is still there")
        self.assertRegex(self.ok("net-list"), r"lvx +active \(without rules\)")
        self.assertRegex(self.ok("net-info", "lvx"), r"Rules: +without rules")
        # Reading repairs nothing; what changes anything does.
        self.assertNotIn("lxvirt_lvx", run("nft", "list", "tables"))
        self.ok("net-update", "lvx", "add", "ip-dhcp-host", "<host mac='52:54:00:00:00:99' ip='10.100.0.9'/>")
        self.assertRegex(self.ok("net-list"), r"lvx +active +")
        self.assertIn("lxvirt_lvx", run("nft", "list", "tables"))

    def send_from_the_world(self):
        ear = self.hear(self.init("one"))
        mac = run(*self.world, "ip", "-br", "link", "show", "dev", "world1").split()[2]
        packet = attacker.echo("203.0.113.2", self.lease_address)
        attacker.send(self.holder(), "world1", attacker.ethernet(mac, self.mac_of("world0"), 0x0800, packet), times=3)
        self.assertEqual(ear.heard(), 0, "the world reaches a network without rules")

    def test_isolated_network(self):
        self.check_killed_and_flushed(ISOLATED)

    def test_nat_network(self):
        self.check_killed_and_flushed(NAT)

    def test_routed_network(self):
        self.check_killed_and_flushed(ROUTE)

    def test_the_table_is_lxnetds_own(self):
        self.net("lvr")
        before = run("nft", "list", "table", "inet", "lxvirt_lvr")
        run("nft", "flush", "ruleset")
        for words in (("flush", "table"), ("delete", "table")):
            self.assertNotEqual(subprocess.run(["nft", *words, "inet", "lxvirt_lvr"], capture_output=True,
                                               check=False).returncode, 0)
        self.assertEqual(run("nft", "list", "table", "inet", "lxvirt_lvr"), before)

    def test_routing_rules_come_back(self):
        self.net("lvr")
        before = self.routing_rules()
        self.assertEqual(len(before), 4, before)
        end = time.monotonic() + (20 if LONG else 2)
        rounds = 0
        while time.monotonic() < end:
            for family, priority in (("-4", 200), ("-4", 201), ("-4", 202), ("-6", 202)):
                subprocess.run(["ip", family, "rule", "del", "priority", str(priority)], capture_output=True,
                               check=False)
            rounds += 1
        self.assertTrue(wait_for(lambda: sorted(self.routing_rules()) == sorted(before), 5), self.routing_rules())
        self.assertIn(("lvr", "Restored", "Rules"), self.journal("network-supervision"))
        self.assertGreater(rounds, 5)
        self.assertRegex(self.ok("net-list"), r"lvr +active +")

    def test_several_networks_keep_their_rules(self):
        for number, name in enumerate(("lv1", "lv2", "lv3")):
            self.net(name, subnet=100 + number)
        before = sorted(self.routing_rules())
        for _ in range(30):
            run("nft", "flush", "ruleset")
            run("ip", "rule", "del", "priority", "202")
        self.assertTrue(wait_for(lambda: sorted(self.routing_rules()) == before, 5), self.routing_rules())
        tables = run("nft", "list", "tables")
        for name in ("lv1", "lv2", "lv3"):
            self.assertIn(f"lxvirt_{name}", tables)

    def test_the_end_of_a_network_lets_nothing_through(self):
        """dnsmasq hangs, so that the end takes seconds."""
        self.prepare(ISOLATED)
        before = self.ear.heard()
        os.kill(int(self.net_status("lvx")["dnsmasq"]), signal.SIGSTOP)
        packet = attacker.ethernet(self.own_mac("one"), self.mac_of("lvx"), 0x0800,
                                   attacker.echo(self.lease_address, "203.0.113.2"))
        sender = subprocess.Popen(attacker.inside(self.init("one"), "send", "eth0", "4000", "0.001", packet.hex()))
        self.processes.add(sender.pid)
        self.ok("net-destroy", "lvx", "--force")
        sender.wait()
        self.assertEqual(self.ear.heard(), before)
        self.assertEqual(self.routing_rules(), [])

    def test_nothing_of_the_rules_is_left(self):
        self.net("lvr", ip6=IP6)
        self.assertEqual(len(self.routing_rules()), 6)
        self.ok("net-destroy", "lvr")
        self.assertEqual(self.routing_rules(), [])
        self.net_define("lvr", network("lvr"))
        self.ok("net-start", "lvr")
        self.kill_supervisor("lvr")
        self.ok("net-destroy", "lvr")
        self.assertEqual(self.routing_rules(), [])


if __name__ == "__main__":
    support.main()
