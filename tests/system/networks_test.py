"""Networks of real parts: bridges, dnsmasq, nftables, and containers on them."""

import os
import re
import unittest

import support
from network_guest import NetworkCase, network, nic, sysctl
from support import read, run, write


class Modes(NetworkCase):
    def test_nat_gives_addresses_names_and_a_way_out(self):
        self.outside()
        self.net("lvn")
        one = self.boot_on("one", "lvn")
        two = self.boot_on("two", "lvn")
        self.assertTrue(one.startswith("10.100.0.") and two.startswith("10.100.0.") and one != two)
        self.assertEqual(self.names("one", "10.100.0.1", "two"), [two])
        self.assertTrue(self.reaches("one", two))
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        self.assertIn(one, self.ok("domifaddr", "one"))
        self.assertEqual(self.ok("domhostname", "one").strip(), "one")

    def test_each_container_is_known_by_its_domains_name(self):
        """Whatever its DHCP client sends, and if it sends none."""
        self.net("lvn", dhcp="<host mac='52:54:00:aa:bb:04' ip='10.100.0.44'/>")
        self.boot("silent", nic("lvn"))
        self.boot("one", nic("lvn", mac="52:54:00:aa:bb:01"))
        self.boot("two", nic("lvn"))
        self.boot("four", nic("lvn", mac="52:54:00:aa:bb:04"))
        self.boot("fixed", nic("lvn", "<ip address='10.100.0.55' family='ipv4' prefix='24'/>"))
        silent = self.lease("silent", sent="")
        # One image: both send the same name, which is the name of a third.
        one, two = (self.lease(name, sent="silent") for name in ("one", "two"))
        four = self.lease("four", sent="silent")
        self.assertEqual(four, "10.100.0.44")
        self.assertEqual(len({silent, one, two}), 3)
        for name, address in (("silent", silent), ("one", one), ("two", two), ("four", four),
                              ("fixed", "10.100.0.55")):
            self.assertEqual(self.names("two", "10.100.0.1", name), [address], name)
        self.ok("destroy", "fixed")
        self.assertTrue(support.wait_for(lambda: self.inside(
            "two", "busybox nslookup -type=a fixed 10.100.0.1")[0] != 0, 5, 0.1))
        # An interface may become that of a domain with another name.
        self.ok("destroy", "one")
        self.ok("undefine", "one")
        self.boot("uno", nic("lvn", mac="52:54:00:aa:bb:01"))
        self.assertEqual(self.lease("uno", sent="two"), one)
        self.assertEqual(self.names("two", "10.100.0.1", "uno"), [one])
        self.assertEqual(self.names("two", "10.100.0.1", "two"), [two])

    def test_the_first_request_is_answered(self):
        """A bridge with spanning tree forwards nothing for seconds unless it is told otherwise."""
        self.net("lvn")
        self.assertIn("stp='on'", self.ok("net-dumpxml", "lvn"))
        self.boot("one", nic("lvn"))
        self.assertTrue(self.lease("one", tries=1).startswith("10.100.0."))

    def test_isolated_reaches_only_itself(self):
        self.outside()
        run(*self.world, "ip", "route", "add", "10.100.0.0/24", "via", "203.0.113.1")
        self.net("lvi", forward="")
        self.boot_on("one", "lvi")
        two = self.boot_on("two", "lvi")
        self.assertTrue(self.reaches("one", two))
        self.output("one", "ip route replace default via 10.100.0.1")
        sysctl("ipv4/ip_forward", 1)
        self.addCleanup(sysctl, "ipv4/ip_forward", 0)
        self.forwarding[0] = "1\n"
        self.assertEqual(self.seen_as("one"), "")

    def test_routed_works_both_ways(self):
        self.outside()
        run(*self.world, "ip", "route", "add", "10.100.0.0/24", "via", "203.0.113.1")
        self.net("lvr", forward="<forward mode='route'/>")
        one = self.boot_on("one", "lvr")
        self.assertEqual(self.seen_as("one"), one)
        run(*self.world, "busybox", "ping", "-c", "1", "-W", "2", one)

    def test_ipv6_with_router_advertisements(self):
        self.outside()
        run(*self.world, "ip", "route", "add", "fd77::/64", "via", "2001:db8::1")
        self.net("lv6", forward="<forward mode='route'/>",
                 ip6="<ip family='ipv6' address='fd77::1' prefix='64'/>")
        self.boot("one", nic("lv6"))
        # Once the kernel knows that nobody else has it.
        support.wait_for(lambda: re.search("fd77::.* global (?!tentative)",
                                           self.output("one", "ip -6 addr show eth0")), 10, 0.2)
        address = re.search(r"inet6 (fd77::\S+)/64", self.output("one", "ip -6 addr show eth0"))
        self.assertTrue(address, self.net_log("lv6"))
        self.assertEqual(self.seen_as("one", "2001:db8::2", 5), address.group(1))

    def test_fixed_address_and_names_of_the_network(self):
        self.net("lvf", dhcp="<host mac='52:54:00:aa:bb:01' name='fixed' ip='10.100.0.33'/>",
                 extra="<domain name='example.test' localOnly='yes'/>"
                       "<dns><host ip='10.100.0.9'><hostname>printer</hostname></host></dns>")
        self.assertEqual(self.boot_on("one", "lvf", mac="52:54:00:aa:bb:01"), "10.100.0.33")
        self.assertEqual(self.names("one", "10.100.0.1", "printer"), ["10.100.0.9"])
        self.assertEqual(self.names("one", "10.100.0.1", "fixed.example.test"), ["10.100.0.33"])

    def test_macvlan_on_a_device(self):
        run("ip", "link", "add", "lower0", "type", "veth", "peer", "name", "lower1")
        self.addCleanup(run, "ip", "link", "delete", "lower0")
        for link in ("lower0", "lower1"):
            run("ip", "link", "set", link, "up")
        self.before["link"] = support.links()
        self.net_define("lvm", "<network><name>lvm</name><forward mode='bridge'>"
                               "<interface dev='lower0'/></forward></network>")
        self.ok("net-start", "lvm")
        for name, address in (("one", "10.5.0.1"), ("two", "10.5.0.2")):
            self.boot(name, nic("lvm"))
            self.output(name, f"ip addr add {address}/24 dev eth0")
        self.assertTrue(self.reaches("one", "10.5.0.2"))
        self.assertIn("dev='lower0'", self.ok("dumpxml", "one"))

    def test_existing_bridge(self):
        run("ip", "link", "add", "mine0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "mine0")
        run("ip", "link", "set", "mine0", "up")
        self.before["link"] = support.links()
        self.net_define("lvb", "<network><name>lvb</name><forward mode='bridge'/>"
                               "<bridge name='mine0'/></network>")
        self.ok("net-start", "lvb")
        self.boot("one", nic("lvb"))
        self.assertIn("master mine0", run("ip", "link", "show", "type", "veth"))
        self.ok("destroy", "one")
        self.ok("net-destroy", "lvb")
        self.assertIn("mine0", support.links())

    def test_forwarding_goes_with_the_last_network_that_needs_it(self):
        self.net("lva", subnet=100)
        self.net("lvb", subnet=101)
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), "1\n")
        self.ok("net-destroy", "lva")
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), "1\n")
        self.ok("net-destroy", "lvb")
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), self.forwarding[0])


class Forwarding(NetworkCase):
    IP6 = "<ip family='ipv6' address='fd77::1' prefix='64'/>"

    def test_what_another_program_sets_meanwhile_stays(self):
        self.net("lva")
        sysctl("ipv4/ip_forward", 1)
        self.addCleanup(sysctl, "ipv4/ip_forward", 0)
        self.forwarding[0] = "1\n"
        self.ok("net-destroy", "lva")
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), "1\n")

    def test_a_second_network_is_no_other_program(self):
        self.net("lva", subnet=100)
        sysctl("ipv4/ip_forward", 0)  # somebody switches it off, the second network on again
        self.net("lvb", subnet=101)
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), "1\n")
        self.ok("net-destroy", "lva")
        self.ok("net-destroy", "lvb")
        self.assertEqual(read("/proc/sys/net/ipv4/ip_forward"), "0\n")

    def test_a_route_by_advertisement_is_not_lost(self):
        run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1")
        self.addCleanup(run, "ip", "link", "delete", "up0")
        self.before["link"] = support.links()
        for link in ("up0", "up1"):
            run("ip", "link", "set", link, "up")
        run("ip", "-6", "route", "add", "default", "via", "fe80::1", "dev", "up0", "proto", "ra")
        self.net_define("lv6", network("lv6", forward="<forward mode='route'/>", ip6=self.IP6))
        error = self.fails("net-start", "lv6")
        self.assertIn("Interfaces to look at: up0", error)
        self.assertIn("accept_ra", error)
        self.assertEqual(read("/proc/sys/net/ipv6/conf/all/forwarding"), "0\n")
        self.assertIn("default via fe80::1", run("ip", "-6", "route"))
        sysctl("ipv6/conf/up0/accept_ra", 2)
        self.ok("net-start", "lv6")
        self.assertIn("default via fe80::1", run("ip", "-6", "route"))
        self.ok("net-destroy", "lv6")


class Names(NetworkCase):
    def test_a_domain_called_as_a_networks_bridge(self):
        """An alias says of what kind its owner is."""
        self.net("lvn")
        self.bridge("brx")
        self.boot("network:lvn", "<interface type='bridge'><source bridge='brx'/></interface>")
        aliases = re.findall(r"alias (\S+)", run("ip", "link"))
        self.assertEqual(len(aliases), len(set(aliases)), aliases)
        self.assertEqual(len([alias for alias in aliases if alias.endswith(":network:lvn")]), 2, aliases)
        self.assertEqual(len([alias for alias in aliases if alias.endswith(":domain:network:lvn")]), 1, aliases)
        # The network's owner is not taken for a container that uses it.
        self.ok("net-destroy", "lvn")

    def test_a_network_of_a_newer_version_is_alone_with_its_problem(self):
        for name, change in (("lva", ("version='1'", "version='99999999999999'")),
                             ("lvb", ("state='running'", "state='resting'"))):
            self.net("lvg" + name, subnet=110)
            self.net(name, subnet=111)
            path = f"{self.root}/run/lxvirt/network/{name}/live.xml"
            whole = read(path)
            support.write(path, whole.replace(*change), 0o600)
            listed = self.lxsh("net-list", "--all")
            self.assertEqual(listed.status, 0, str(listed))
            self.assertRegex(listed.out, f"lvg{name} +active")
            self.assertRegex(listed.out, f"{name} +")
            self.assertIn("live.xml:1:", listed.err)
            self.assertIn("live.xml:1:", self.fails("net-destroy", name))
            self.assertIn(name, support.links(), "the network is not torn down")
            support.write(path, whole, 0o600)
            self.ok("net-destroy", name)
            self.ok("net-destroy", "lvg" + name)

    def test_a_flood_of_requests_does_not_fill_the_log(self):
        self.net("lvl")
        self.boot("one", nic("lvl"))
        # An address of another network is an error that dnsmasq logs each time, quiet or not.
        path = f"{self.root}/var/log/lxvirt/network/lvl.log"
        with open(path, "a", encoding="utf-8") as log:
            for _ in range(60):
                log.write(("x" * 99 + "\n") * 1000)
                log.flush()
                support.time.sleep(0.01)
        self.assertTrue(support.wait_for(lambda: support.os.stat(path).st_size < 1 << 20, 3))
        self.assertIn("earlier lines were removed", read(path))
        before = support.os.stat(path).st_size
        self.lease("one", 2)
        self.assertNotIn("DHCPDISCOVER", read(path)[before:])


class Interfaces(NetworkCase):
    def test_isolated_ports_do_not_reach_each_other(self):
        self.net("lvp")
        self.boot_on("one", "lvp", extra="<port isolated='yes'/>")
        two = self.boot_on("two", "lvp", extra="<port isolated='yes'/>")
        three = self.boot_on("three", "lvp")
        self.assertFalse(self.reaches("one", two))
        self.assertTrue(self.reaches("one", three))

    def test_portgroup_with_bandwidth(self):
        self.net("lvg", extra="<portgroup name='slow'><bandwidth><inbound average='100' peak='200' "
                              "burst='64'/></bandwidth></portgroup>")
        self.boot("one", nic("lvg").replace("network='lvg'", "network='lvg' portgroup='slow'"))
        target = re.search(r"<target dev='([^']+)'/>", self.ok("dumpxml", "one")).group(1)
        self.assertIn("rate 800Kbit ceil 1600Kbit", run("tc", "class", "show", "dev", target))
        self.define(self.xml("two", devices=nic("lvg").replace("'lvg'", "'lvg' portgroup='none'")))
        self.assertIn("no portgroup 'none'", self.fails("start", "two"))

    def test_outbound_bandwidth_names_what_the_kernel_lacks(self):
        self.net("lvo")
        self.define(self.xml("one", devices=nic(
            "lvo", "<bandwidth><outbound average='100'/></bandwidth>")))
        result = self.lxsh("start", "one")
        if result.status == 0:
            self.skipTest("this kernel can police")
        self.assertIn("CONFIG_NET_ACT_POLICE", result.err)

    def test_a_filter_that_cannot_be_applied_is_refused_with_its_line(self):
        self.net("lvx")
        text = self.xml("one", devices=nic("lvx", "<filterref filter='mine'/>"))
        path = os.path.join(self.folder, "one.xml")
        write(path, text)
        line = 1 + text.split("<filterref")[0].count("\n")
        for command in ("define", "create", "validate", "apply"):
            result = self.lxsh(command, path)
            self.assertNotEqual(result.status, 0, result)
            self.assertIn("<filterref filter='mine'>: lxvirt has no such filter", result.out + result.err, str(result))
            self.assertIn(f"one.xml:{line}: ", result.out + result.err)
        # A definition that an earlier build stored is shown, and a start refuses it.
        self.define(self.xml("one", devices=nic("lvx", "<filterref filter='no-mac-spoofing'/>")))
        stored = f"{self.root}/etc/lxvirt/lxc/one.xml"
        write(stored, read(stored).replace("no-mac-spoofing", "mine"))
        self.assertIn("<filterref filter='mine'/>", self.ok("dumpxml", "one"))
        line = 1 + read(stored).split("<filterref")[0].count("\n")
        self.assertIn(f"one.xml:{line}: <filterref filter='mine'>", self.fails("start", "one"))

    def test_inactive_and_absent_networks_are_named(self):
        self.net_define("lvz", network("lvz"))
        self.define(self.xml("one", devices=nic("lvz")))
        self.assertIn("network 'lvz' is not active; 'net-start lvz' starts it",
                      self.fails("start", "one"))
        self.define(self.xml("two", devices=nic("nosuch")))
        self.assertIn("no network with matching name 'nosuch'", self.fails("start", "two"))

    def test_port_goes_with_the_container_whatever_ends_it(self):
        self.net("lvq")
        ports = f"{self.root}/run/lxvirt/network/lvq/ports"
        self.boot("one", nic("lvq"))
        self.assertEqual(len(support.os.listdir(ports)), 1)
        self.ok("destroy", "one")
        self.assertEqual(support.os.listdir(ports), [])
        self.start("one")
        support.os.kill(self.helper("one"), support.signal.SIGKILL)
        support.wait_for(lambda: not self.active())
        self.ok("net-destroy", "lvq")
        self.ok("destroy", "one")

    def test_link_state_of_a_running_container(self):
        self.net("lvl")
        self.boot_on("one", "lvl")
        target = re.search(r"<target dev='([^']+)'/>", self.ok("dumpxml", "one")).group(1)
        routes = self.output("one", "ip route")
        self.assertIn("default", routes)
        self.ok("domif-setlink", "one", target, "down")
        self.assertEqual(self.ok("domif-getlink", "one", target).strip(), f"{target} down")
        self.assertFalse(self.reaches("one", "10.100.0.1"))
        self.assertIn("default", self.output("one", "ip route"))
        self.ok("domif-setlink", "one", target, "up")
        self.assertTrue(support.wait_for(lambda: self.reaches("one", "10.100.0.1"), 3))
        self.assertRegex(self.ok("domifstat", "one", target), f"{target} rx_bytes [1-9]")


if __name__ == "__main__":
    support.main()
