"""What may not leave a network, whatever a container forges and whoever dies: a bridge never forwards without
its rules."""

import os
import re
import signal
import socket
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
                if re.match(r"20[0-4]:", line)]


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


class Honest(FenceCase):
    """What has to pass, also on a host that checks the ways back."""

    def check(self, forward, rp_filter):
        self.world_with_routes()
        for link in ("all", "default", "world0"):
            sysctl(f"ipv4/conf/{link}/rp_filter", rp_filter)
        self.net("lvh", forward=forward, ip6=IP6)
        self.net("lvo", forward=ROUTE, subnet=101)
        for name, source in (("one", "lvh"), ("two", "lvo")):
            self.boot_on(name, source, lease=False)
        one, two = self.lease("one", 5), self.lease("two", 5)
        self.assertEqual(self.seen_as("one"), "203.0.113.1" if forward == NAT else one)
        self.assertEqual(self.seen_as("two"), two)
        self.assertTrue(self.reaches("one", "203.0.113.2"))
        self.assertTrue(self.reaches("one", two), "from one network into a routed one")
        self.assertEqual(self.reaches("two", one), forward == ROUTE)

    def tearDown(self):
        for link in ("all", "default"):
            sysctl(f"ipv4/conf/{link}/rp_filter", 0)
        super().tearDown()

    def test_nat(self):
        self.check(NAT, 0)

    def test_nat_with_a_loose_filter(self):
        self.check(NAT, 2)

    def test_nat_with_a_strict_filter(self):
        self.check(NAT, 1)

    def test_routed(self):
        self.check(ROUTE, 0)

    def test_routed_with_a_strict_filter(self):
        self.check(ROUTE, 1)


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

    def test_two_isolated_ports(self):
        self.check(port_extra="<port isolated='yes'/>")

    def test_a_network_of_isolated_ports(self):
        self.check(network_extra="<port isolated='yes'/>")


OWN = "52:54:00:00:00:05"


def guarded(words):
    """The element that guards a domain's first interface."""
    if not words:
        return ""
    return ("<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:interface index='0'>"
            f"<lx:guard {words}/></lx:interface></lx:container>")


class Guards(FenceCase):
    """What a container must not send to its neighbours."""

    def frames(self):
        """BPDU, router advertisement, DHCP answer, each marked; an honest frame last."""
        mac, every = self.own_mac("one"), "ff:ff:ff:ff:ff:ff"
        return {
            "bpdu": attacker.mac_bytes("01:80:c2:00:00:00") + attacker.mac_bytes(mac) + b"\0\x26" +
                    b"\x42\x42\x03" + bytes(35) + attacker.MARK,
            "ra": attacker.ethernet(mac, "33:33:00:00:00:01", 0x86dd, attacker.icmpv6(
                "fe80::7", "ff02::1", 134, bytes(12) + attacker.MARK)),
            "dhcp": attacker.ethernet(mac, every, 0x0800, attacker.udp(
                "10.100.0.66", "255.255.255.255", 67, 68, attacker.MARK)),
            "honest": attacker.ethernet(mac, every, 0x0800, attacker.udp(
                "10.100.0.66", "255.255.255.255", 1000, 1000, attacker.MARK)),
        }

    def passes(self, name):
        """Whether the neighbour hears that frame."""
        before = self.ear.heard(0.1)
        attacker.send(self.init("one"), "eth0", self.frames()[name], times=3)
        return self.ear.heard() > before

    def start_two(self, **options):
        self.net("lvg", **options)
        self.boot("one", nic("lvg"))
        self.boot("two", nic("lvg"))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.ear = self.hear(self.init("two"))
        self.assertTrue(self.passes("honest"))

    def test_where_the_host_is_router_and_server(self):
        self.start_two()
        for name in ("ra", "dhcp"):
            self.assertFalse(self.passes(name), name)
        # A receiver takes off tags of VLAN 0, however many there are.
        for tags in (b"\x81\0\0\0", b"\x81\0\0\0" * 2, b"\x81\0\0\0" * 3, b"\x88\xa8\0\0\x81\0\0\0"):
            hidden = {name: frame[:12] + tags + frame[12:] for name, frame in self.frames().items() if name != "honest"}
            self.assertEqual(self.heard_of(hidden), set(), tags)
        self.assertTrue(self.lease("one", 2).startswith("10.100.0."))
        root = read_stp("lvg")
        attacker.send(self.init("one"), "eth0", *[self.bpdu()] * 3)
        support.time.sleep(0.2)
        self.assertEqual(read_stp("lvg"), root, "a container became the root bridge")

    def bpdu(self):
        """A configuration BPDU of a bridge with the best priority."""
        mac = attacker.mac_bytes(self.own_mac("one"))
        body = bytes(5) + b"\0\0" + mac + bytes(4) + b"\0\0" + mac + b"\x80\x01" + bytes(2) + \
            b"\x14\0\x02\0\x0f\0"
        return attacker.mac_bytes("01:80:c2:00:00:00") + mac + b"\0\x26" + b"\x42\x42\x03" + body + bytes(8)

    def spoof(self, address="10.100.0.66", address6="fd77::66", mac=None):
        """Frames of a container with these addresses, each marked."""
        mac, every = mac or self.own_mac("one"), "ff:ff:ff:ff:ff:ff"
        advertisement = attacker.ethernet(mac, "33:33:00:00:00:01", 0x86dd, attacker.icmpv6(
            address6, "ff02::1", 136, bytes(4) + socket.inet_pton(socket.AF_INET6, address6) + attacker.MARK))
        return {
            "mac": attacker.ethernet("52:54:00:66:66:66", every, 0x0800, attacker.udp(
                address, "255.255.255.255", 1000, 1000, attacker.MARK)),
            "ipv4": attacker.ethernet(mac, every, 0x0800, attacker.udp(
                address, "255.255.255.255", 1000, 1000, attacker.MARK)),
            "ipv6": attacker.ethernet(mac, "33:33:00:00:00:01", 0x86dd, attacker.echo6(address6, "ff02::1")),
            "arp": attacker.ethernet(mac, every, 0x0806, attacker.arp(2, mac, address, every, address) +
                                     attacker.MARK),
            "nd": advertisement,
        }

    def heard_of(self, frames, link="eth0"):
        """The names of the frames that the neighbour hears."""
        heard = set()
        for name, frame in frames.items():
            before = self.ear.heard(0.1)
            attacker.send(self.init("one"), link, frame, times=3)
            if self.ear.heard() > before:
                heard.add(name)
        return heard

    def start_guarded(self, guard="", extra="", dhcp="", ip6=IP6):
        """Two containers; the first has a fixed address and the guards."""
        self.net("lvg", dhcp=dhcp, ip6=ip6)
        self.boot("one", nic("lvg", extra, mac=OWN), extra=guarded(guard))
        self.boot("two", nic("lvg"))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.ear = self.hear(self.init("two"))

    def check_guarded(self, dropped, **options):
        """Frames of others are dropped as told, the container's own pass."""
        self.start_guarded(**options)
        self.assertEqual(self.heard_of(self.spoof()), set(self.spoof()) - dropped)
        honest = self.spoof("10.100.0.5", "fd77::5")
        del honest["mac"]
        self.assertEqual(self.heard_of(honest), set(honest))

    ADDRESSES = "<ip address='10.100.0.5' prefix='24'/><ip family='ipv6' address='fd77::5' prefix='64'/>"

    def test_spoofing_without_guards(self):
        self.check_guarded(set(), extra=self.ADDRESSES)

    def test_mac(self):
        self.check_guarded({"mac"}, guard="mac='yes'", extra=self.ADDRESSES)

    def test_ip(self):
        # The frame with another's hardware address has another's IP address, too.
        self.check_guarded({"mac", "ipv4", "ipv6", "nd"}, guard="ip='yes'", extra=self.ADDRESSES)

    def test_arp(self):
        self.check_guarded({"arp", "nd"}, guard="arp='yes'", extra=self.ADDRESSES)

    def test_clean_traffic(self):
        self.check_guarded({"mac", "ipv4", "ipv6", "arp", "nd"},
                           extra=self.ADDRESSES + "<filterref filter='clean-traffic'/>")
        self.assertIn("<filterref filter='clean-traffic'/>", self.ok("dumpxml", "one"))
        self.assertTrue(self.reaches("one", "10.100.0.1"))

    def test_a_network_and_its_portgroup_ask(self):
        self.net_define("lvg", """<network xmlns:lx='urn:lxvirt:network:1'><name>lvg</name><bridge name='lvg'/>
            <ip address='10.100.0.1' netmask='255.255.255.0'/><portgroup name='strict'/>
            <lx:network><lx:guard mac='yes'/>
            <lx:portgroup name='strict'><lx:guard ip='yes' arp='yes'/></lx:portgroup></lx:network></network>""")
        self.ok("net-start", "lvg")
        self.assertIn("<lx:portgroup name='strict'>", self.ok("net-dumpxml", "lvg"))
        self.boot("two", nic("lvg"))
        self.ear = self.hear(self.init("two"))
        for group, guard, passing in (("", "", {"ipv4", "ipv6", "arp", "nd"}), ("strict", "", set()),
                                      ("strict", "mac='no' ip='no'", {"mac", "ipv4", "ipv6"})):
            self.boot("one", nic("lvg", self.ADDRESSES, mac=OWN).replace(
                "network='lvg'", f"network='lvg' portgroup='{group}'" if group else "network='lvg'"),
                extra=guarded(guard))
            support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
            self.assertEqual(self.heard_of(self.spoof()), passing, (group, guard))
            self.ok("destroy", "one")

    def test_static_host(self):
        """The address comes by DHCP from the network's static host, the IPv6 address from the router's prefix."""
        self.start_guarded(guard="mac='yes' ip='yes' arp='yes'", dhcp=f"<host mac='{OWN}' ip='10.100.0.7'/>")
        self.assertEqual(self.heard_of(self.spoof()), set())
        self.assertEqual(self.lease("one", 5), "10.100.0.7")
        self.assertTrue(self.reaches("one", "10.100.0.1"))
        self.assertEqual(self.heard_of(self.spoof("10.100.0.7", "fd77::5054:ff:fe00:5")) - {"mac"},
                         {"ipv4", "ipv6", "arp", "nd"})

    ALL = "mac='yes' ip='yes' arp='yes'"

    def test_an_address_of_the_pool(self):
        """The address is reserved with the port, so the guards know it before the container asks for it."""
        self.start_guarded(guard=self.ALL)
        self.assertEqual(self.heard_of(self.spoof()), set())
        address = self.lease("one", 5)
        self.assertRegex(address, r"^10\.100\.0\.(1\d\d|2[0-4]\d|250)$")
        self.assertTrue(self.reaches("one", "10.100.0.1"))
        self.assertEqual(self.heard_of(self.spoof(address)) - {"mac"}, {"ipv4", "arp"})
        self.assertNotEqual(self.lease("two", 5), address)
        # It stays after the container's end, and the network's.
        self.ok("destroy", "one")
        self.ok("start", "one")
        self.assertEqual(self.lease("one", 5), address)
        self.ok("net-destroy", "lvg", "--force")
        self.ok("net-start", "lvg")
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.assertEqual(self.lease("one", 5), address)
        self.assertTrue(self.reaches("one", "10.100.0.1"))

    def test_an_address_of_the_pool_that_it_has_already(self):
        """The guards come when it has a lease, and dnsmasq knows its name."""
        self.start_guarded()
        address = self.lease("one", 5)
        self.ok("destroy", "one")
        self.boot("one", nic("lvg", "<filterref filter='clean-traffic'/>", mac=OWN))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.assertEqual(self.heard_of(self.spoof()), set())
        self.assertEqual(self.heard_of(self.spoof(address)) - {"mac"}, {"ipv4", "arp"})
        self.assertEqual(self.lease("one", 5), address)
        self.assertTrue(self.reaches("one", "10.100.0.1"))

    def test_a_pool_that_is_used_up(self):
        self.net_define("lvg", network("lvg").replace("end='10.100.0.250'", "end='10.100.0.100'"))
        self.ok("net-start", "lvg")
        self.boot("one", nic("lvg", mac=OWN), extra=guarded(self.ALL))
        self.define(self.xml("two", devices=nic("lvg"), extra=guarded(self.ALL)))
        self.assertIn("has no address left to reserve", self.fails("start", "two"))
        # Nobody has a lease of it, so it is free again.
        self.ok("destroy", "one")
        self.ok("start", "two")
        self.assertEqual(self.lease("two", 5), "10.100.0.100")
        self.assertIn("has no address left to reserve", self.fails("start", "one"))

    def test_refused_where_no_address_is_known(self):
        self.net_define("lvg", re.sub(r"<dhcp>.*</dhcp>", "", network("lvg")))
        self.ok("net-start", "lvg")
        for guard, extra in (("ip='yes'", ""), ("arp='yes'", ""), ("", "<filterref filter='clean-traffic'/>")):
            self.define(self.xml("one", devices=nic("lvg", extra, mac=OWN), extra=guarded(guard)))
            self.assertIn("or a network with <dhcp>", self.fails("start", "one"))

    def test_guards_that_are_switched_off(self):
        self.start_two()
        self.ok("destroy", "one")
        self.boot("one", nic("lvg"), extra=guarded("ra='no' dhcp='no'"))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        for name in ("honest", "ra", "dhcp"):
            self.assertTrue(self.passes(name), name)

    def test_guards_that_are_asked_for(self):
        """On a network without addresses of the host, which has none by default."""
        self.net_define("lvg", "<network ipv6='yes'><name>lvg</name><bridge name='lvg'/></network>")
        self.ok("net-start", "lvg")
        self.boot("one", nic("lvg"), extra=guarded("ra='yes' dhcp='yes'"))
        self.boot("two", nic("lvg"))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.ear = self.hear(self.init("two"))
        self.assertTrue(self.passes("honest"))
        for name in ("ra", "dhcp"):
            self.assertFalse(self.passes(name), name)

    def test_attached_interface(self):
        """An interface that comes while the container runs is guarded as one of the start."""
        self.start_guarded()
        xml = nic("lvg", self.ADDRESSES + "<filterref filter='clean-traffic'/><guest dev='eth1'/>", "52:54:00:00:00:06")
        path = os.path.join(self.folder, "nic.xml")
        support.write(path, xml)
        self.ok("attach-device", "one", path)
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 3, 5)
        mac = "52:54:00:00:00:06"
        self.assertEqual(self.heard_of(self.spoof(mac=mac), "eth1"), set())
        honest = self.spoof("10.100.0.5", "fd77::5", mac)
        del honest["mac"]
        self.assertEqual(self.heard_of(honest, "eth1"), set(honest))
        support.write(path, nic("lvg", "<filterref filter='mine'/>"))
        self.assertIn("<filterref filter='mine'>: lxvirt has no such filter", self.fails("attach-device", "one", path))

    def test_where_a_container_may_serve_the_others(self):
        """A network without addresses of the host."""
        self.net_define("lvg", "<network ipv6='yes'><name>lvg</name><bridge name='lvg'/></network>")
        self.ok("net-start", "lvg")
        for name in ("one", "two"):
            self.boot(name, nic("lvg"))
        support.wait_for(lambda: run("bridge", "link").count("master lvg state forwarding") == 2, 5)
        self.ear = self.hear(self.init("two"))
        for name in ("honest", "ra", "dhcp"):
            self.assertTrue(self.passes(name), name)


def read_stp(bridge):
    """The root that the bridge believes in."""
    return re.search(r"designated_root (\S+)", run("ip", "-d", "link", "show", "dev", bridge)).group(1)


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
        self.assertEqual(len(before), 7, before)
        end = time.monotonic() + (20 if LONG else 2)
        rounds = 0
        while time.monotonic() < end:
            for family, priority in [("-4", number) for number in range(200, 205)] + [("-6", 204)]:
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
            # There is none for a moment while lxnetd holds back after several restorations.
            subprocess.run(["ip", "rule", "del", "priority", "204"], capture_output=True, check=False)
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
        self.assertEqual(len(self.routing_rules()), 10)
        self.ok("net-destroy", "lvr")
        self.assertEqual(self.routing_rules(), [])
        self.net_define("lvr", network("lvr"))
        self.ok("net-start", "lvr")
        self.kill_supervisor("lvr")
        self.ok("net-destroy", "lvr")
        self.assertEqual(self.routing_rules(), [])


if __name__ == "__main__":
    support.main()
