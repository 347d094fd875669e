"""Firewalls of other programs beside a network's rules: what they drop is told with the remedy, which then works."""

import re
import subprocess

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


class Foreign(NetworkCase):
    tables = ()

    def tearDown(self):
        for table in self.tables:
            run("nft", "delete", "table", *table.split())
        super().tearDown()

    def firewall(self, rules):
        self.tables = re.findall(r"table (\S+ \S+) {", rules)
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)

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


if __name__ == "__main__":
    support.main()
