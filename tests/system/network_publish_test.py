"""Ports of the host that lead to containers: by connections from outside, from the host and from neighbours."""

import os
import signal
import socket
import subprocess
import unittest

import support
from network_guest import NetworkCase, network, nic
from support import run

IP6 = "<ip family='ipv6' address='fd77::1' prefix='64'/>"
NAT6 = "<forward mode='nat'><nat ipv6='yes'/></forward>"


SERVER = """
import socket, sys
port, kind = int(sys.argv[1]), sys.argv[2]
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if kind else socket.SOCK_STREAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("::", port))
if not kind:
    server.listen()
while True:
    if kind:
        _, peer = server.recvfrom(100)
        server.sendto(peer[0].removeprefix("::ffff:").encode(), peer)
    else:
        one, peer = server.accept()
        one.sendall((peer[0].removeprefix("::ffff:") + "\\n").encode())
        one.close()
"""


def published(*elements):
    inner = "".join(f"<lx:publish {words}/>" for words in elements)
    return f"<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:interface index='0'>{inner}</lx:interface></lx:container>"


class Publish(NetworkCase):
    def setUp(self):
        super().setUp()
        self.servers = []

    def tearDown(self):
        # A process in the container's network would keep its links.
        for server in self.servers:
            server.kill()
            server.wait()
        super().tearDown()

    def serve(self, name, port=80, kind=""):
        """A server in the container's network, which answers with the address that it hears from."""
        init = int(self.status(name)["init_pid"])
        server = subprocess.Popen(["nsenter", "-t", str(init), "-n", "python3", "-c", SERVER, str(port), kind])
        self.processes.add(server.pid)
        self.servers.append(server)
        listing = ["nsenter", "-t", str(init), "-n", "ss", "-nlH", "-u" if kind else "-t"]
        support.wait_for(lambda: f":{port} " in run(*listing), 5)

    def ask(self, address, port, enter=()):
        """What is answered there; "" where nothing is."""
        script = (f"import socket; s = socket.create_connection(('{address}', {port}), 2); s.settimeout(2); "
                  "print(s.recv(100).decode())")
        done = subprocess.run([*enter, "python3", "-c", script], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    def start_published(self, *elements, serve=True, **options):
        self.outside()
        self.net("lvp", **options)
        self.boot("web", nic("lvp"), extra=published(*elements))
        self.lease("web")
        if serve:
            self.serve("web")

    def test_from_everywhere(self):
        self.start_published("host='8080' container='80'")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")
        self.assertEqual(self.ask("203.0.113.1", 8080), "203.0.113.1")
        self.assertEqual(self.ask("10.100.0.1", 8080), "10.100.0.1")
        near = self.boot_on("near", "lvp")
        for address in ("203.0.113.1", "10.100.0.1"):
            answer = self.output("near", f"busybox timeout 2 nc {address} 8080 </dev/null")
            # With br_netfilter the frames stay in the bridge, and keep their address.
            self.assertIn(answer, ("10.100.0.1", near))
        # A loopback address is not published, and is refused at once.
        self.assertEqual(self.ask("127.0.0.1", 8080), "")
        # Only that port leads there.
        self.assertEqual(self.ask("203.0.113.1", 80, self.world), "")
        self.ok("destroy", "web")
        support.wait_for(lambda: self.is_free(8080), 2)
        self.assertTrue(self.is_free(8080))
        self.assertNotIn("dnat", run("nft", "list", "table", "inet", "lxvirt_lvp"))

    def is_free(self, port, kind=socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as one:
            try:
                one.bind(("0.0.0.0", port))
                return True
            except OSError:
                return False

    def test_one_address_and_udp(self):
        self.start_published("proto='udp' host='5300' container='53' address='203.0.113.1'", "host='80'", serve=False)
        self.serve("web", 53, "udp")
        script = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); "
                  "s.sendto(b'hello\\n', ('203.0.113.1', 5300)); print(s.recv(100).decode())")
        self.assertEqual(run(*self.world, "python3", "-c", script), "203.0.113.2\n")
        self.assertNotIn("ip daddr 203.0.113.1 tcp", run("nft", "list", "table", "inet", "lxvirt_lvp"))
        self.serve("web")
        self.assertEqual(self.ask("203.0.113.1", 80, self.world), "203.0.113.2")
        self.assertIn("<lx:publish proto='tcp' host='80' container='80'/>", self.ok("dumpxml", "web"))

    def test_of_both_families(self):
        self.outside()
        self.net("lvp", forward=NAT6, ip6=IP6)
        self.boot("web", nic("lvp", "<ip address='10.100.0.5' prefix='24'/>"
                             "<ip family='ipv6' address='fd77::5' prefix='64'/>"
                             "<route address='0.0.0.0' prefix='0' gateway='10.100.0.1'/>"
                             "<route family='ipv6' address='::' prefix='0' gateway='fd77::1'/>"),
                  extra=published("host='8080' container='80'"))
        self.serve("web")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")
        support.wait_for(lambda: self.ask("2001:db8::1", 8080, self.world) != "", 5)
        self.assertEqual(self.ask("2001:db8::1", 8080, self.world), "2001:db8::2")

    def test_a_port_that_is_taken(self):
        self.net("lvp")
        self.net("lvq", subnet=101)
        with socket.create_server(("127.0.0.1", 8080)):
            self.define(self.xml("web", nic("lvp"), extra=published("host='8080' container='80'")))
            self.assertIn("tcp port 8080 of the host cannot be published: another program has it", self.fails("start", "web"))
        self.assertEqual(os.listdir(f"{self.root}/run/lxvirt/network/lvp/ports"), [])
        self.start("web")
        self.assertFalse(self.is_free(8080))
        # Another container, on the same network and on another.
        for name, source in (("two", "lvp"), ("three", "lvq")):
            self.define(self.xml(name, nic(source), extra=published("host='8080'", "proto='udp' host='9999'")))
            self.assertIn("tcp port 8080 of the host cannot be published", self.fails("start", name))
            self.assertTrue(self.is_free(9999, socket.SOCK_DGRAM))
        # A restart at once gets the port again.
        self.ok("destroy web; start web")
        self.ok("destroy", "web")
        self.ok("start", "three")
        self.assertIn("the host has no address 192.0.2.77", self.wants("four", "host='1' address='192.0.2.77'"))

    def wants(self, name, words, source="lvp", extra=""):
        self.define(self.xml(name, nic(source, extra), extra=published(words)))
        return self.fails("start", name)

    def test_what_cannot_be_published(self):
        self.net("lvp", forward="")
        self.assertIn("needs a network with <forward mode='nat'/>", self.wants("one", "host='80'"))
        self.net_define("lvq", network("lvq", subnet=101).replace("<dhcp>", "<!--").replace("</dhcp>", "-->"))
        self.ok("net-start", "lvq")
        self.assertIn("no IPv4 address of the container is known", self.wants("two", "host='80'", "lvq"))
        for words, error in (("host='0'", "a port from 1 to 65535"), ("host='70000'", "70000"),
                             ("host='1' proto='icmp'", "tcp or udp"), ("", "host"),
                             ("host='1' address='127.0.0.1'", "at which others reach the host"),
                             ("host='1'/><lx:publish host='1' address='192.0.2.1'", "is published twice")):
            path = f"{self.folder}/wrong.xml"
            support.write(path, self.xml("three", nic("lvp"), extra=published(words)))
            self.assertIn(error, self.fails("define", path))
        path = f"{self.folder}/wrong.xml"
        support.write(path, self.xml("three", extra=published("host='1'")))
        self.assertIn("needs an interface of type 'network'", self.fails("define", path))

    def test_kills(self):
        self.start_published("host='8080' container='80'")
        os.kill(int(self.net_status("lvp")["supervisor"]), signal.SIGKILL)
        # Without its supervisor the network forwards nothing; the next command brings all back.
        support.wait_for(lambda: self.ask("203.0.113.1", 8080, self.world) == "", 5)
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "")
        self.boot_on("near", "lvp")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")
        os.kill(self.helper("web"), signal.SIGKILL)
        support.wait_for(lambda: self.is_free(8080), 3)
        self.assertTrue(self.is_free(8080))
        self.assertNotIn("dnat", run("nft", "list", "table", "inet", "lxvirt_lvp"))
        self.ok("undefine", "web")

    def test_a_network_that_is_started_again(self):
        self.start_published("host='8080' container='80'")
        self.ok("net-destroy", "lvp", "--force")
        self.assertTrue(self.is_free(8080))
        self.ok("net-start", "lvp")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")

    def test_a_reboot_from_inside_keeps_it(self):
        self.start_published("host='8080' container='80'")
        self.servers.pop().kill()
        self.ok("reboot", "web")
        self.wait_agent("web")
        self.lease("web")
        self.serve("web")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")

    def test_a_routed_network(self):
        self.start_published("host='8080' container='80'", forward="<forward mode='route'/>")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")

    def live(self, name):
        return self.ok("dumpxml", name)

    def stored(self, name):
        return self.ok("dumpxml", name, "--inactive")

    def published(self, name, *options):
        return self.ok("-q", "publish", name, *options).split()

    def test_a_port_while_it_runs(self):
        self.outside()
        self.net("lvp")
        self.boot("web", nic("lvp"))
        self.lease("web")
        self.serve("web")
        mac = self.live("web").split("mac address='")[1][:17]
        self.assertEqual(self.ok("publish", "web", "8080", "--container", "80").strip(), "tcp port 8080 published")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")
        self.assertEqual(self.published("web"), ["tcp", "*", "8080", "80", mac])
        self.assertEqual(self.published("web", "--config"), [])
        self.assertIn("publishes tcp port 8080 already: it leads to port 80", self.fails("publish", "web", "8080"))
        # Beside it, and for the next start, too.
        self.ok("publish", "web", "8081", "--container", "80", "--address", "203.0.113.1", "--persistent")
        self.assertEqual(self.ask("203.0.113.1", 8081, self.world), "203.0.113.2")
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "203.0.113.2")
        self.assertEqual(self.published("web", "--config")[:4], ["tcp", "203.0.113.1", "8081", "80"])
        self.ok("publish", "web", "8080", "--remove")
        self.assertTrue(self.is_free(8080))
        self.assertEqual(self.ask("203.0.113.1", 8080, self.world), "")
        self.assertIn("does not publish tcp port 8081", self.fails("publish", "web", "8081", "--remove"))
        self.ok("publish", "web", "8081", "--remove", "--address", "203.0.113.1", "--live", "--config")
        self.assertEqual(self.ask("203.0.113.1", 8081, self.world), "")
        self.assertEqual(self.published("web", "--config"), [])
        self.assertNotIn("lx:publish", self.live("web") + self.stored("web"))

    def test_a_port_while_it_runs_that_cannot_be_had(self):
        self.net("lvp")
        self.net("lvq", subnet=101)
        self.boot("web", nic("lvp") + nic("lvq", "<target dev='vq'/>"))
        before = self.live("web"), self.stored("web")
        with socket.create_server(("127.0.0.1", 8080)):
            error = self.fails("publish", "web", "8080", "--interface", "vq", "--live", "--config")
            self.assertIn("Failed to publish port 8080\nerror: operation failed: tcp port 8080 of the host cannot be published", error)
        self.assertIn("several interfaces on networks", self.fails("publish", "web", "8080"))
        self.assertIn("no interface 'vx'", self.fails("publish", "web", "8080", "--interface", "vx"))
        self.assertIn("'0' is no port: right would be one from 1 to 65535", self.fails("publish", "web", "0"))
        self.assertIn("at which others reach the host",
                      self.fails("publish", "web", "1", "--address", "127.0.0.1", "--interface", "vq"))
        self.assertIn("right would be tcp or udp", self.fails("publish", "web", "1", "--proto", "icmp"))
        self.assertIn("--remove needs the port", self.fails("publish", "web", "--remove"))
        self.ok("net-destroy", "lvq", "--force")
        self.assertIn("network 'lvq' is not active", self.fails("publish", "web", "8080", "--interface", "vq"))
        self.assertEqual((self.live("web"), self.stored("web")), before)
        self.ok("destroy", "web")
        self.ok("publish", "web", "8080", "--interface", self.stored("web").split("mac address='")[1][:17])
        self.assertIn("<lx:publish proto='tcp' host='8080' container='8080'/>", self.stored("web"))

    @unittest.skipUnless(os.environ.get("LXVIRT_TEST_POINTS"), "this build has no test points (-Dtest_points=true)")
    def test_killed_at_each_step(self):
        """After each kill the next command brings port, live XML and definition to what was before or what was asked."""
        self.outside()
        self.net("lvp")
        self.boot("web", nic("lvp"))
        self.lease("web")
        self.serve("web")

        def state():
            self.ok("desc", "web", "--live", "x")
            self.assertFalse(os.path.exists(f"{self.root}/run/lxvirt/lxc/web/pending"))
            return (self.ask("203.0.113.1", 8080, self.world) == "203.0.113.2", not self.is_free(8080),
                    "lx:publish" in self.live("web"), "lx:publish" in self.stored("web"))

        add = ("publish", "web", "8080", "--container", "80", "--live", "--config")
        for words, undo, before in ((add, (*add, "--remove"), (False,) * 4), ((*add, "--remove"), add, (True,) * 4)):
            outcomes = set()
            for step in range(1, 40):
                environment = {**os.environ, "LXVIRT_KILL_AT": str(step)}
                done = subprocess.run(self.command(*words), env=environment, capture_output=True, text=True, check=False)
                self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
                after = state()
                self.assertEqual(len(set(after)), 1, f"{words} killed at step {step}: {after}")
                outcomes.add(after)
                if after != before:
                    self.ok(*undo)
                if done.returncode == 0:
                    break
            self.assertGreater(step, 4)
            self.assertEqual(outcomes, {(False,) * 4, (True,) * 4})
            if before == (False,) * 4:
                self.ok(*words)


if __name__ == "__main__":
    support.main()
