"""Firewalls of other programs beside a network's rules: rules go into what iptables makes, and of others it is told
what they drop, with the remedy, which then works."""

import os
import re
import shutil
import signal
import subprocess
import unittest

import support
from network_guest import NetworkCase, network, nic
from support import run

# As iptables on nftables lays the chains out when Docker runs.
ROUTER = """
table ip filter {
    chain USER { return; }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        jump USER
        iifname "con0" accept
    }
}
"""
# A host that takes what it has asked for, and ssh, as ufw lays it out.
STRICT = """
table ip filter {
    chain before { iifname "lo" accept; ct state established,related accept; }
    chain INPUT {
        type filter hook input priority filter; policy drop;
        jump before
        tcp dport 22 accept
    }
}
"""
# An administrator's own, for both families at both hooks.
OWN = """
table inet mine {
    chain in { type filter hook input priority 0; policy drop; ct state established,related accept; }
    chain through { type filter hook forward priority 0; policy drop; }
    chain out { type filter hook output priority 0; policy drop; accept; }
}
table bridge mine {
    chain through { type filter hook forward priority 0; policy drop; accept; }
}
"""


# As Docker lays its chains out for its users.
DOCKER = """
table ip filter {
    chain DOCKER-USER { return; }
    chain DOCKER-FORWARD { iifname "docker0" accept; }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump DOCKER-USER
        counter jump DOCKER-FORWARD
    }
}
"""
# As ufw does, for both families. It drops DHCP before its policy does, so that it is not logged.
UFW = """
table ip filter {
    chain ufw-skip { drop; }
    chain ufw-before-input { iifname "lo" accept; ct state established,related accept; }
    chain ufw-after-input { udp dport 67 counter jump ufw-skip; }
    chain ufw-before-forward { ct state established,related accept; }
    chain INPUT { type filter hook input priority filter; policy drop; counter jump ufw-before-input; counter jump ufw-after-input; }
    chain FORWARD { type filter hook forward priority filter; policy drop; counter jump ufw-before-forward; }
}
table ip6 filter {
    chain ufw6-before-input { iifname "lo" accept; ct state established,related accept; }
    chain INPUT { type filter hook input priority filter; policy drop; counter jump ufw6-before-input; }
    chain FORWARD { type filter hook forward priority filter; policy drop; }
}
"""
# As ufw does where it is told to reject.
UFW_REJECT = """
table ip filter {
    chain ufw-user-forward { }
    chain ufw-reject-forward { counter reject with icmp port-unreachable; }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump ufw-user-forward
        counter jump ufw-reject-forward
    }
}
"""
# The policy accepts, and the last rule rejects: as the service iptables of others lays it out.
REJECTS = """
table ip filter {
    chain INPUT {
        type filter hook input priority filter; policy accept;
        ct state established,related counter accept
        counter reject with icmp type host-prohibited
    }
    chain FORWARD {
        type filter hook forward priority filter; policy accept;
        counter reject with icmp type host-prohibited
    }
}
"""


class Foreign(NetworkCase):
    tables = ()
    setting = "warn"

    def setUp(self):
        super().setUp()
        self.set(self.setting)

    def tearDown(self):
        for table in self.tables:
            run("nft", "delete", "table", *table.split())
        super().tearDown()

    def set(self, setting):
        os.makedirs(f"{self.root}/etc/lxvirt", exist_ok=True)
        support.write(f"{self.root}/etc/lxvirt/lxvirt.conf", f"firewall_foreign = {setting}\n")

    def firewall(self, rules):
        """Loads tables in the place of those of their names, in one transaction."""
        tables = set(re.findall(r"table (\S+ \S+) {", rules))
        self.tables = sorted({*self.tables, *tables})
        before = "".join(f"table {table}\ndelete table {table}\n" for table in tables)
        subprocess.run(["nft", "-f", "-"], input=before + rules, text=True, check=True)


class Warned(Foreign):

    def told_at_start(self, *chains, **options):
        """The network tells these chains, and no others; the commands that it names."""
        self.net_define("lvo", network("lvo", **options))
        result = self.lxsh("net-start", "lvo")
        self.assertEqual(result.status, 0, str(result))
        told = re.findall("network 'lvo': the chain '(.*?)'", result.err)
        self.assertEqual(sorted(told), sorted(chains), result.err)
        info = re.findall("^Firewall: +the chain '(.*?)'", self.ok("net-info", "lvo"), re.M)
        self.assertEqual(sorted(info), sorted(chains))
        return re.findall(r"nft insert rule [^;\n]*", result.err)

    def carry_out(self, remedies):
        for remedy in remedies:
            run("bash", "-c", remedy)
        self.assertNotIn("Firewall:", self.ok("net-info", "lvo"))

    def test_a_router_that_drops(self):
        self.outside()
        self.firewall(ROUTER)
        remedies = self.told_at_start("ip filter FORWARD")
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "")
        self.carry_out(remedies)
        self.assertEqual(self.seen_as("one"), "203.0.113.1")

    def test_a_host_that_drops(self):
        self.firewall(STRICT)
        remedies = self.told_at_start("ip filter INPUT")
        self.boot("one", nic("lvo"))
        with self.assertRaises(AssertionError):
            self.lease("one", 2)
        self.carry_out(remedies)
        self.assertTrue(self.lease("one", 3).startswith("10.100.0."))

    def test_chains_for_both_families(self):
        self.outside()
        self.firewall(OWN)
        self.carry_out(self.told_at_start("inet mine in", "inet mine through"))
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")

    def test_a_remedy_counts_for_its_chain_only(self):
        """Nor does a rule about a bridge whose name ends in that of this one."""
        self.firewall(OWN + "table ip filter {\nchain INPUT { type filter hook input priority 0; policy drop; "
                            "iifname xlvo accept; }\n}\n")
        remedies = self.told_at_start("inet mine in", "inet mine through", "ip filter INPUT")
        for remedy in remedies:
            if " mine in " in remedy:
                run("bash", "-c", remedy)
        self.assertEqual(re.findall("the chain '(.*?)'", self.ok("net-info", "lvo")),
                         ["inet mine through", "ip filter INPUT"])
        self.assertIn("inet mine through", self.net_log("lvo"))

    def test_what_a_network_does_not_offer_is_not_told(self):
        self.firewall(ROUTER + "table ip6 filter {\nchain INPUT { type filter hook input priority 0; policy drop; }\n}\n")
        self.told_at_start(forward="")
        self.assertNotIn("warning", self.lxsh("net-list").err)

    def test_without_other_firewalls(self):
        self.told_at_start()


class Accepted(Foreign):
    setting = "accept"

    def ours(self, bridge="lvo"):
        """The chains that have rules of the network's, with their number."""
        found = {}
        for family in ("ip", "ip6"):
            chain = ""
            listed = subprocess.run(["nft", "list", "table", family, "filter"], capture_output=True, text=True,
                                    check=False).stdout
            for line in listed.splitlines():
                if line.startswith("\tchain "):
                    chain = f"{family} {line.split()[1]}"
                if f'comment "lxvirt_{bridge}"' in line:
                    found[chain] = found.get(chain, 0) + 1
        return found

    def net_started(self, name="lvo", **options):
        self.net_define(name, network(name, **options))
        result = self.lxsh("net-start", name)
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(result.err, "")
        self.assertNotIn("Firewall:", self.ok("net-info", name))

    def becomes(self, chains):
        support.wait_for(lambda: self.ours() == chains, 3)
        self.assertEqual(self.ours(), chains)

    def test_docker(self):
        self.outside()
        self.firewall(DOCKER)
        self.net_started()
        self.assertEqual(self.ours(), {"ip FORWARD": 2})
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        self.ok("destroy", "one")
        self.ok("net-destroy", "lvo")
        self.assertEqual(self.ours(), {})

    def test_what_others_drop_stays_dropped(self):
        """An administrator's rule in Docker's chain, Docker's own, and one that is appended to those of the network."""
        self.outside()
        self.firewall(DOCKER)
        self.net_started()
        self.boot_on("one", "lvo")
        for chain in ("DOCKER-USER", "DOCKER-FORWARD", "FORWARD"):
            self.assertEqual(self.seen_as("one"), "203.0.113.1", chain)
            verb = "insert" if chain == "DOCKER-USER" else "add"
            run("nft", f"{verb} rule ip filter {chain} iifname lvo ip daddr 203.0.113.0/24 counter drop comment mine")
            support.wait_for(lambda: self.seen_as("one") == "", 3)
            self.assertEqual(self.seen_as("one"), "", chain)
            listed = run("nft", "-a", "list", "chain", "ip", "filter", chain)
            run("nft", "delete", "rule", "ip", "filter", chain, "handle", re.search('"mine" # handle ([0-9]+)', listed)[1])

    def test_a_chain_that_drops_all_of_another(self):
        self.outside()
        self.firewall(UFW_REJECT)
        self.net_started()
        self.net_started("lvp", subnet=101)
        self.assertEqual(self.ours(), {"ip ufw-reject-forward": 2})
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        run("nft", "add", "rule", "ip", "filter", "ufw-user-forward", "iifname", "lvo", "drop")
        self.assertEqual(self.seen_as("one"), "")
        # As the administrator's last word in Docker's chain does.
        self.firewall(DOCKER.replace("return;", "counter drop;"))
        self.becomes({"ip DOCKER-USER": 2})
        self.assertEqual(self.seen_as("one"), "203.0.113.1")

    def test_ufw(self):
        self.outside()
        self.firewall(UFW)
        self.net_started(ip6="<ip family='ipv6' address='fd00:100::1' prefix='64'/>")
        self.assertEqual(self.ours(), {"ip INPUT": 3, "ip FORWARD": 2, "ip6 INPUT": 4, "ip6 FORWARD": 2})
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        self.output("one", "ip -6 addr add fd00:100::9/64 dev eth0")
        support.wait_for(lambda: self.inside("one", "ping -6 -c 1 -W 1 fd00:100::1")[0] == 0, 5)
        self.assertEqual(self.inside("one", "ping -6 -c 1 -W 1 fd00:100::1")[0], 0)
        # What the network does not offer stays closed.
        self.assertNotEqual(self.inside("one", "busybox timeout 1 nc 10.100.0.1 22 </dev/null")[0], 0)

    def test_a_last_rule_that_rejects(self):
        self.outside()
        self.firewall(REJECTS)
        self.net_started()
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")

    def test_a_firewall_that_comes_later_is_loaded_anew_or_goes(self):
        self.outside()
        self.net_started()
        self.boot_on("one", "lvo")
        self.firewall(ROUTER)
        self.becomes({"ip FORWARD": 2})
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        self.firewall(DOCKER)
        self.becomes({"ip FORWARD": 2})
        run("nft", "flush", "chain", "ip", "filter", "FORWARD")
        self.becomes({"ip FORWARD": 2})
        run("nft", "chain ip filter FORWARD { policy accept; }")
        self.becomes({})
        run("nft", "chain ip filter FORWARD { policy drop; }")
        self.becomes({"ip FORWARD": 2})
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        run("nft", "delete", "table", "ip", "filter")
        self.tables = ()

    def test_killed_supervisors(self):
        self.firewall(UFW)
        self.net_started()
        self.net_started("lvp", subnet=101)
        for name in ("lvo", "lvp"):
            os.kill(int(self.net_status(name)["supervisor"]), signal.SIGKILL)
        self.assertEqual(self.ours(), {"ip INPUT": 3, "ip FORWARD": 2})
        # One is put back, and neither doubles its rules nor takes those of the other.
        self.boot_on("one", "lvo")
        self.assertEqual(self.ours(), {"ip INPUT": 3, "ip FORWARD": 2})
        self.ok("destroy", "one")
        self.ok("net-destroy", "lvo")
        self.assertEqual(self.ours(), {})
        self.assertEqual(self.ours("lvp"), {"ip INPUT": 3, "ip FORWARD": 2})
        self.ok("net-destroy", "lvp")
        self.assertEqual(self.ours("lvp"), {})

    def test_the_setting_of_a_running_network(self):
        self.firewall(UFW)
        self.net_started()
        for setting, chains in (("warn", {}), ("accept", {"ip INPUT": 3, "ip FORWARD": 2})):
            self.set(setting)
            self.ok("net-update", "lvo", "add", "ip-dhcp-host",
                    f"<host mac='52:54:00:00:00:0{len(chains)}' ip='10.100.0.{5 + len(chains)}'/>", "--live")
            self.assertEqual(self.ours(), chains)

    @unittest.skipUnless(shutil.which("iptables-nft"), "no iptables")
    def test_iptables_itself(self):
        """It reads what stands in its tables, and a reload of what it has saved keeps or brings back ours."""
        self.outside()
        self.tables = ("ip filter",)
        for rule in ("-P FORWARD DROP", "-N DOCKER-USER", "-A DOCKER-USER -j RETURN", "-I FORWARD -j DOCKER-USER",
                     "-P INPUT DROP", "-A INPUT -i lo -j ACCEPT"):
            run("iptables-nft", *rule.split())
        before = run("iptables-nft-save")
        self.net_started()
        wanted = {"ip FORWARD": 2, "ip INPUT": 3}
        self.assertEqual(self.ours(), wanted)
        listed = run("iptables-nft", "-S")
        self.assertRegex(listed, "-A INPUT -i lvo -p udp .*--dport 67 .*-j ACCEPT")
        self.assertRegex(listed, "-A FORWARD -i lvo .*-j ACCEPT")
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        for saved in (before, run("iptables-nft-save"), before):
            subprocess.run(["iptables-nft-restore"], input=saved, text=True, check=True)
            self.becomes(wanted)
        self.assertEqual(self.seen_as("one"), "203.0.113.1")

    def test_an_isolated_network_gets_no_way_through(self):
        self.firewall(UFW)
        self.net_started(forward="")
        self.assertEqual(self.ours(), {"ip INPUT": 3})

    def test_what_is_not_iptables_is_told(self):
        self.firewall(OWN + UFW)
        self.net_define("lvo", network("lvo"))
        result = self.lxsh("net-start", "lvo")
        self.assertEqual(re.findall("the chain '(.*?)'", result.err), ["inet mine in", "inet mine through"])


if __name__ == "__main__":
    support.main()
