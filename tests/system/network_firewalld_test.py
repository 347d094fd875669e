"""firewalld itself beside networks: their bridges get into its zone, again after its reload and its restart, and out
of it with the network. It is unpacked from Debian's packages, not installed, and runs on a bus of the test's own."""

import os
import shutil
import signal
import subprocess
import unittest

import support
from debian import CACHE
from guest import SUPPORT
from network_guest import NetworkCase, network
from support import run, write

UNPACKED = f"{CACHE}/firewalld"
SOURCE = os.path.dirname(os.path.dirname(SUPPORT))
PYTHON = "/usr/bin/python3"  # Debian's, which has the modules of its packages
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{UNPACKED}/usr/lib/python3/dist-packages"}


class Firewalld(NetworkCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(f"{UNPACKED}/usr/sbin/firewalld"):
            script = (f'. "{SUPPORT}/packages.sh"; '
                      f'unpack_packages "{UNPACKED}" firewalld python3-firewall python3-nftables')
            if subprocess.run(support.with_network("bash", "-c", script), check=False,
                              capture_output=True).returncode != 0:
                raise unittest.SkipTest(f"no firewalld in {UNPACKED}, and it could not be had")
        if subprocess.run([PYTHON, "-c", "import dbus, gi"], check=False, capture_output=True).returncode != 0:
            raise unittest.SkipTest("python3-dbus or python3-gi is missing")
        run("mount", "-t", "tmpfs", "none", "/run")
        os.makedirs("/run/dbus")
        write("/run/bus.conf", BUS)

    def setUp(self):
        super().setUp()
        shutil.rmtree("/run/firewalld", ignore_errors=True)
        shutil.copytree(f"{UNPACKED}/usr/lib/firewalld", "/run/firewalld/default")
        os.makedirs("/run/firewalld/system")
        self.bring("zones/lxvirt.xml", "lxvirt-zone.xml")
        self.bring("policies/lxvirt-containers.xml", "lxvirt-policy.xml")
        self.outside()
        self.begin("dbus-daemon", "--nofork", "--config-file=/run/bus.conf")
        support.wait_for(lambda: os.path.exists("/run/dbus/system_bus_socket"), 5)
        self.addCleanup(lambda: os.unlink("/run/dbus/system_bus_socket"))
        self.start_firewalld()

    def tearDown(self):
        for name in self.active():
            self.lxsh("destroy", name)
        for name in self.networks:
            self.lxsh("net-destroy", name, "--force")
        self.firewalld.terminate()
        self.firewalld.wait()
        super().tearDown()

    def bring(self, name, source):
        shutil.copy(f"{SOURCE}/netd/zone/{source}", f"/run/firewalld/default/{name}")

    def begin(self, *command):
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.add(process.pid)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def start_firewalld(self):
        self.firewalld = self.begin(PYTHON, f"{UNPACKED}/usr/sbin/firewalld", "--nofork", "--nopid",
                                    "--default-config=/run/firewalld/default", "--log-file=/run/firewalld/log",
                                    "--system-config=/run/firewalld/system")
        support.wait_for(lambda: self.client("--state").returncode == 0, 20, 0.2)

    def client(self, *words):
        return subprocess.run([PYTHON, f"{UNPACKED}/usr/bin/firewall-cmd", *words], env=ENVIRONMENT, check=False,
                              capture_output=True, text=True)

    def zone(self, bridge="lvo"):
        return self.client(f"--get-zone-of-interface={bridge}").stdout.strip()

    def becomes(self, zone, bridge="lvo"):
        support.wait_for(lambda: self.zone(bridge) == zone, 10, 0.1)
        self.assertEqual(self.zone(bridge), zone)

    def net_starts(self, xml, *told):
        self.net_define("lvo", xml)
        result = self.lxsh("net-start", "lvo")
        self.assertEqual(result.status, 0, str(result))
        self.assertEqual(result.err.count("warning"), len(told), result.err)
        for words in told:
            self.assertIn(words, result.err)

    def with_zone(self, zone, **options):
        return network("lvo", **options).replace("<bridge name='lvo'/>", f"<bridge name='lvo' zone='{zone}'/>")

    def passes(self):
        self.boot_on("one", "lvo")
        self.assertEqual(self.seen_as("one"), "203.0.113.1")
        # The host's own services are not the containers'.
        server = self.begin("python3", "-c", "import socket; s = socket.create_server(('10.100.0.1', 7001)); s.accept()")
        support.wait_for(lambda: ":7001" in run("ss", "-tlnH"), 5)
        self.assertNotEqual(self.inside("one", "busybox timeout 1 nc 10.100.0.1 7001 </dev/null")[0], 0)
        server.kill()
        self.ok("destroy", "one")

    def test_a_bridge_is_in_the_zone_of_lxvirt(self):
        self.net_starts(network("lvo"))
        self.assertEqual(self.zone(), "lxvirt")
        self.passes()
        self.assertNotIn("Firewall:", self.ok("net-info", "lvo"))
        self.client("--reload")
        self.becomes("lxvirt")
        self.firewalld.terminate()
        self.firewalld.wait()
        self.start_firewalld()
        self.becomes("lxvirt")
        self.passes()
        self.ok("net-destroy", "lvo")
        self.assertNotEqual(self.zone(), "lxvirt")

    def test_a_routed_network_is_reached_from_outside(self):
        self.net_starts(network("lvo", forward="<forward mode='route'/>"))
        address = self.boot_on("one", "lvo")
        run(*self.world, "ip", "route", "add", "10.100.0.0/24", "via", "203.0.113.1")
        self.output("one", "busybox httpd -p 7002 -h /share")
        run(*self.world, "python3", "-c", f"import socket; socket.create_connection(('{address}', 7002), 3)")

    def test_firewalld_comes_after_the_network(self):
        self.firewalld.terminate()
        self.firewalld.wait()
        self.net_starts(network("lvo"))
        self.start_firewalld()
        self.becomes("lxvirt")
        os.kill(int(self.net_status("lvo")["supervisor"]), signal.SIGKILL)
        self.ok("net-destroy", "lvo")
        self.assertNotEqual(self.zone(), "lxvirt")

    def test_the_choice_of_the_administrator_stays(self):
        self.client("--zone=trusted", "--add-interface=lvo")
        self.net_starts(network("lvo"))
        self.assertEqual(self.zone(), "trusted")
        self.ok("net-destroy", "lvo")
        self.assertEqual(self.zone(), "trusted")

    def test_the_zone_of_a_definition(self):
        self.net_starts(self.with_zone("trusted"))
        self.assertEqual(self.zone(), "trusted")
        self.ok("net-destroy", "lvo")
        self.assertNotEqual(self.zone(), "trusted")
        self.ok("net-undefine", "lvo")
        self.net_define("lvo", self.with_zone("moon"))
        result = self.lxsh("net-start", "lvo")
        self.assertEqual(result.status, 1)
        self.assertIn("cannot add bridge lvo to zone 'moon' of firewalld: firewalld has no zone 'moon'", result.err)
        self.firewalld.terminate()
        self.firewalld.wait()
        result = self.lxsh("net-start", "lvo")
        self.assertEqual(result.status, 1)
        self.assertIn("org.fedoraproject.FirewallD1", result.err)

    def test_what_cannot_be_put_into_a_zone_is_told(self):
        os.unlink("/run/firewalld/default/policies/lxvirt-containers.xml")
        os.unlink("/run/firewalld/default/zones/lxvirt.xml")
        self.client("--reload")
        self.net_starts(network("lvo"), "inet firewalld filter_INPUT", "inet firewalld filter_FORWARD")
        self.assertIn("firewalld has no zone 'lxvirt'", self.net_log("lvo"))
        self.bring("zones/lxvirt.xml", "lxvirt-zone.xml")
        self.bring("policies/lxvirt-containers.xml", "lxvirt-policy.xml")
        self.client("--reload")
        self.becomes("lxvirt")
        self.assertNotIn("Firewall:", self.ok("net-info", "lvo"))

    def test_a_setting_leaves_firewalld_alone(self):
        os.makedirs(f"{self.root}/etc/lxvirt", exist_ok=True)
        write(f"{self.root}/etc/lxvirt/lxvirt.conf", "firewall_foreign = warn\n")
        self.net_starts(network("lvo"), "inet firewalld filter_INPUT", "inet firewalld filter_FORWARD")
        self.assertNotEqual(self.zone(), "lxvirt")


if __name__ == "__main__":
    support.main()
