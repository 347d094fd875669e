"""What may happen to a network, and what is left of it then."""

import os
import re
import signal
import socket
import subprocess
import time
import unittest

import support
from network_guest import NetworkCase, network, nic
from support import read, run, write


class Processes(NetworkCase):
    def test_dnsmasq_killed_ten_times(self):
        self.net("lvd")
        address = self.boot_on("one", "lvd")
        for _ in range(10):
            before = self.net_status("lvd")["dnsmasq"]
            os.kill(int(before), signal.SIGKILL)
            self.assertTrue(support.wait_for(
                lambda: self.net_status("lvd").get("dnsmasq", before) != before))
        self.assertEqual(self.net_status("lvd")["dnsmasq_restarts"], "10")
        self.assertEqual(self.lease("one", 2), address)
        events = self.journal("network-supervision")
        self.assertEqual(events.count(("lvd", "Ended", "Dnsmasq")), 10)
        self.assertEqual(events.count(("lvd", "Started", "Dnsmasq")), 10)

    def kill_supervisor(self, name):
        status = self.net_status(name)
        os.kill(int(status["supervisor"]), signal.SIGKILL)
        support.wait_for(lambda: support.is_zombie(int(status["supervisor"])))
        support.reap()
        return status

    def test_supervisor_killed_and_put_back(self):
        self.net("lvs")
        address = self.boot_on("one", "lvs")
        old = self.kill_supervisor("lvs")
        self.assertEqual(self.lease("one", 2), address, "it works without its supervisor")
        self.assertTrue(self.reaches("one", "10.100.0.1"))
        self.boot("two", nic("lvs"))
        new = self.net_status("lvs")
        self.assertNotEqual(new["supervisor"], old["supervisor"])
        self.assertTrue(support.is_zombie(int(old["dnsmasq"])), "the orphaned dnsmasq is ended")
        self.assertEqual(self.lease("one", 2), address)
        self.lease("two", 2)

    def test_supervisor_killed_and_network_stopped(self):
        self.net("lvs")
        self.kill_supervisor("lvs")
        self.ok("net-destroy", "lvs")

    def test_files_that_somebody_has_removed(self):
        """The network is known as active without them, keeps its supervisor, and the next change has them made anew."""
        files = [f"{self.root}/run/lxvirt/{file}" for file in ("lock/network/lvs.alive", "network/lvs/control.sock")]
        self.net("lvs")
        supervisor = self.net_status("lvs")["supervisor"]
        for removed in (files[:1], files[1:], files):
            with self.subTest(removed=removed):
                for file in removed:
                    os.unlink(file)
                self.assertEqual(self.ok("net-list", "--name").split(), ["lvs"])
                self.assertNotIn("without rules", self.ok("net-list"))
                self.boot_on("one", "lvs")
                self.ok("destroy", "one")
                self.assertEqual(self.net_status("lvs")["supervisor"], supervisor)
                self.assertEqual([os.path.exists(file) for file in files], [True, True])
        for file in files:
            os.unlink(file)
        begin = time.monotonic()
        self.ok("net-destroy", "lvs")
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_stopped_supervisor_is_ended_by_force(self):
        self.net("lvs")
        os.kill(int(self.net_status("lvs")["supervisor"]), signal.SIGSTOP)
        self.ok("net-destroy", "lvs")

    def test_driver_killed_at_any_moment_of_a_start(self):
        self.net_define("lvk", network("lvk"))
        for step in range(8):
            driver = self.background("net-start", "lvk")
            time.sleep(step * 0.004)
            driver.kill()
            driver.communicate()
            # Whatever there is, the next command copes with it.
            self.lxsh("net-start", "lvk")
            self.assertEqual(self.names_of_bridges(), ["lvk"])
            self.ok("net-destroy", "lvk")
            self.assertEqual(self.names_of_bridges(), [])

    def names_of_bridges(self):
        return re.findall(r"^\d+: (\S+?):", run("ip", "link", "show", "type", "bridge"), re.M)


DNSMASQ = "xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'"


def with_option(xml, value):
    return (xml.replace("<network>", f"<network {DNSMASQ}>")
            .replace("</network>", f"<dnsmasq:options><dnsmasq:option value='{value}'/></dnsmasq:options></network>"))


class TakenOver(NetworkCase):
    """dnsmasq, which reads what containers send, taken over by tests/support/takeover.cc."""

    def facts(self, name):
        pid = self.net_status(name)["dnsmasq"]
        return int(pid), dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines())

    def test_it_reaches_little(self):
        os.chmod(self.folder, 0o777)  # else dnsmasq does not even see it
        self.net("lvq")
        pid, status = self.facts("lvq")
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        # CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_NET_RAW.
        self.assertEqual(int(status["CapPrm"], 16) & ~(1 << 10 | 1 << 12 | 1 << 13), 0)
        write(f"{self.folder}/file", "of the host\n", 0o666)
        program = os.environ.get("LXVIRT_TAKEOVER", "build/tests/system/takeover")
        done = subprocess.run([program, str(pid), self.net_status("lvq")["supervisor"], self.folder],
                              capture_output=True, text=True, check=False)
        if done.returncode == 77:
            self.skipTest("takeover.cc knows this machine's registers not")
        self.assertEqual(done.returncode, 0, done.stderr)
        results = dict(line.split() for line in done.stdout.splitlines())
        # Files are read as their modes allow it, and DNS over TCP makes children.
        own = {"read_a_file", "open_by_the_older_call", "list_proc", "internet_socket", "netlink_socket",
               "unix_socket", "fork", "clone", "make_memory_executable", "get_pid"}
        self.assertEqual({name for name, how in results.items() if how == "ok"} - own, set(), results)
        refused = {"trace", "read_memory", "pidfd", "mount", "enter_a_namespace", "unshare", "io_uring",
                   "execute_by_descriptor", "load_a_program_into_the_kernel", "clone_into_a_namespace", "become_root"}
        self.assertEqual({results[name] for name in refused}, {"EPERM"}, results)
        self.assertEqual({results[name] for name in ("write_a_file", "unlink", "execute")}, {"EACCES"}, results)
        self.assertEqual((results["packet_socket"], results["firewall_socket"]), ("EAFNOSUPPORT", "EPROTONOSUPPORT"))
        self.assertEqual(read(f"{self.folder}/file"), "of the host\n")
        self.boot_on("one", "lvq")

    def test_a_script_of_the_options_is_run(self):
        """Such an option leaves dnsmasq without bounds, as lxvirt-network(5) says."""
        os.chmod(self.folder, 0o755)
        write(f"{self.folder}/script", f"#!/bin/sh\necho \"$1\" >>{self.folder}/said\n", 0o755)
        self.net_define("lvq", with_option(network("lvq"), f"dhcp-script={self.folder}/script"))
        self.ok("net-start", "lvq")
        self.assertEqual(self.facts("lvq")[1]["NoNewPrivs"], "0")
        self.boot_on("one", "lvq")
        self.assertTrue(support.wait_for(lambda: os.path.exists(f"{self.folder}/said"), 5))
        self.assertIn("add", read(f"{self.folder}/said"))


class Refusals(NetworkCase):
    def refused(self, name, *texts, **options):
        self.net_define(name, network(name, **options))
        error = self.fails("net-start", name)
        for text in texts:
            self.assertIn(text, error)
        self.assertEqual(run("ip", "-o", "addr", "show", "dev", "lo").count("10.100"), 0)
        self.assertNotIn(name, support.links())

    def test_bridge_name_taken(self):
        run("ip", "link", "add", "lvt", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "lvt")
        self.before["link"] = support.links()
        self.net_define("lvt", network("lvt"))
        error = self.fails("net-start", "lvt")
        self.assertIn("error creating bridge interface lvt", error)
        self.assertIn("File exists", error)
        self.assertIn("lvt", support.links())

    def test_subnet_overlap(self):
        run("ip", "addr", "add", "10.100.0.77/16", "dev", "lo")
        self.addCleanup(run, "ip", "addr", "del", "10.100.0.77/16", "dev", "lo")
        run("ip", "link", "add", "busy0", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "busy0")
        run("ip", "addr", "add", "10.100.0.9/16", "dev", "busy0")
        self.before["link"] = support.links()
        self.net_define("lvo", network("lvo"))
        self.assertIn("Network is already in use by interface busy0", self.fails("net-start", "lvo"))

    def test_bad_option_in_dnsmasqs_own_words(self):
        self.net_define("lvw", with_option(network("lvw"), "no-such-option=1"))
        self.assertRegex(self.fails("net-start", "lvw"), r"bad option at line \d+ of .*dnsmasq.conf")

    def test_port_of_dns_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", 53))
            self.refused("lvy", "dnsmasq:", "Address already in use")

    def test_in_use_is_refused_and_forced(self):
        self.net("lvu")
        address = self.boot_on("one", "lvu")
        self.assertIn("in use by one", self.fails("net-destroy", "lvu"))
        self.ok("net-destroy", "lvu", "--force")
        self.assertFalse(self.reaches("one", "10.100.0.1"))
        self.ok("net-start", "lvu")
        self.assertTrue(support.wait_for(lambda: self.reaches("one", "10.100.0.1"), 3),
                        "what still runs is attached again")
        self.assertEqual(self.lease("one", 2), address)
        self.assertIn("in use by one", self.fails("net-destroy", "lvu"))


class Surroundings(NetworkCase):
    def test_two_networks_started_at_once(self):
        self.net_define("lv1", network("lv1", subnet=101))
        self.net_define("lv2", network("lv2", subnet=102))
        self.net_define("lv3", network("lv3", subnet=102))
        started = [self.background("net-start", name) for name in ("lv1", "lv2", "lv3")]
        done = {p.args[-1]: (p.communicate(), p.returncode)[1] for p in started}
        self.assertEqual(done["lv1"], 0)
        self.assertEqual(sorted([done["lv2"], done["lv3"]]), [0, 1], "one of the same subnet")

    def test_a_hundred_containers_on_one_bridge(self):
        self.net("lvc")
        names = [f"c{number}" for number in range(100)]
        for name in names:
            self.define(self.plain(name, init="/bin/sleep", args=("1000",), console=False,
                                   memory=32768, devices=nic("lvc")))
        script = "\n".join(f"start {name}" for name in names)
        subprocess.run(self.command(), input=script, text=True, capture_output=True, timeout=120)
        self.assertEqual(len(self.active()), 100)
        # A moment after the carrier, and not the spanning tree's four seconds.
        support.wait_for(lambda: run("bridge", "link").count("master lvc state forwarding") == 100, 1)
        self.assertEqual(run("bridge", "link").count("master lvc state forwarding"), 100)
        ports = os.listdir(f"{self.root}/run/lxvirt/network/lvc/ports")
        self.assertEqual(len(ports), 100)
        subprocess.run(self.command(), input=script.replace("start", "destroy"), text=True,
                       capture_output=True, timeout=120)
        self.assertEqual(os.listdir(f"{self.root}/run/lxvirt/network/lvc/ports"), [])

    def test_lease_file_cut_short(self):
        self.net("lvh")
        self.boot_on("one", "lvh")
        path = f"{self.root}/run/lxvirt/network/lvh/leases"
        whole = read(path)
        write(path, whole + whole[:len(whole) // 2])
        result = self.lxsh("net-dhcp-leases", "lvh")
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("one", result.out)
        self.assertIn("leases:2", result.err)

    def test_hooks(self):
        folder = f"{self.root}/etc/lxvirt/hooks"
        os.makedirs(folder)
        write(f"{folder}/network", "#!/bin/sh\n(echo \"$@\"; cat) >>"
              f"{self.folder}/hooks.out\n", 0o755)
        self.net("lvj")
        self.boot("one", nic("lvj"))
        self.ok("destroy", "one")
        self.ok("net-destroy", "lvj")
        said = read(f"{self.folder}/hooks.out")
        self.assertEqual(re.findall(r"^lvj .*", said, re.M),
                         ["lvj start begin -", "lvj started begin -", "lvj port-created begin -",
                          "lvj port-deleted begin -", "lvj stopped end -"])
        self.assertIn("<hookData>\n  <network>\n    <name>lvj</name>", said)
        self.assertIn("  <networkport>\n", said)


if __name__ == "__main__":
    support.main()
