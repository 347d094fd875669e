#!/usr/bin/env python3
"""Measures networks; run by tests/bench/run in namespaces of its own.

net-start stands beside a floor: the time that the same dnsmasq takes until it listens, plus the kernel's
work for the same bridge and rules by ip and nft, one after the other. A NIC is the difference between the
starts of one container on a network and of two without. Medians of whole commands, from spawn to end.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import compare

NETWORK = """<network><name>{name}</name><uuid>00000000-0000-4000-8000-{number:012}</uuid>
<forward/><bridge name='{name}'/>
<ip address='10.{number}.0.1' prefix='16'><dhcp><range start='10.{number}.1.0' end='10.{number}.9.0'/>
</dhcp></ip></network>
"""
NIC = "    <interface type='network'><source network='bnet'/></interface>\n"


def milliseconds(*command, **options):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return (time.monotonic() - start) * 1000


class Bench:
    def __init__(self, lxsh, folder):
        self.folder = folder
        self.command = [lxsh, "-q", "-c", f"lxc:///embed?root={folder}/root"]
        os.mkdir(f"{folder}/root")
        os.chmod(folder, 0o755)

    def lxsh(self, *words):
        return milliseconds(*self.command, *words, stderr=subprocess.DEVNULL)

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        pathlib.Path(path).write_text(text, encoding="utf-8")
        return path

    def define_network(self, name, number):
        self.lxsh("net-define", self.write(f"{name}.xml", NETWORK.format(name=name, number=number)))

    # --- the floor

    def prepare_floor(self):
        """The configuration and the rules that lxvirt itself makes."""
        self.lxsh("net-start", "bnet")
        run = f"{self.folder}/root/run/lxvirt/network/bnet"
        config = pathlib.Path(f"{run}/dnsmasq.conf").read_text(encoding="utf-8")
        for file in ("leases", "hosts", "addn-hosts"):
            self.write(file, "")
        self.write("dnsmasq.conf", config.replace(run, self.folder))
        self.write("rules", subprocess.run(["nft", "list", "table", "inet", "lxvirt_bnet"],
                                           check=True, capture_output=True, text=True).stdout)
        self.write("links", "link add bnet type bridge stp_state 1\n"
                            "addr add 10.77.0.1/16 dev bnet\nlink set bnet up\n")
        self.lxsh("net-destroy", "bnet")

    def floor(self):
        kernel = milliseconds("ip", "-batch", f"{self.folder}/links")
        kernel += milliseconds("nft", "-f", f"{self.folder}/rules")
        log = pathlib.Path(f"{self.folder}/log")
        start = time.monotonic()
        with open(log, "w", encoding="utf-8") as errors:
            dnsmasq = subprocess.Popen(
                ["/usr/sbin/dnsmasq", f"--conf-file={self.folder}/dnsmasq.conf",
                 "--keep-in-foreground", "--log-facility=-"], stderr=errors)
            while "started, version" not in log.read_text(encoding="utf-8"):
                time.sleep(0.0002)
        own = (time.monotonic() - start) * 1000
        dnsmasq.kill()
        dnsmasq.wait()
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["ip", "link", "delete", "bnet"], check=True)
        return kernel + own

    def net_start(self):
        taken = self.lxsh("net-start", "bnet")
        self.lxsh("net-destroy", "bnet")
        return taken

    def container_start(self, name):
        taken = self.lxsh("start", name)
        self.lxsh("destroy", name)
        return taken


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as folder:
        # /run is a tmpfs on a real machine.
        subprocess.run(["mount", "-t", "tmpfs", "bench", folder], check=True)
        bench = Bench(lxsh, folder)
        bench.define_network("bnet", 77)
        bench.prepare_floor()
        floor, start = [], []
        for _ in range(rounds):
            floor.append(bench.floor())
            start.append(bench.net_start())

        rootfs = compare.make_rootfs(pathlib.Path(folder))
        own = compare.DOMAIN.replace("  <devices>", "  <features><privnet/></features>\n  <devices>")
        containers = {"plain": (compare.DOMAIN, ""), "empty": (own, ""), "wired": (compare.DOMAIN, NIC)}
        for number, (name, (text, interface)) in enumerate(containers.items()):
            bench.lxsh("define", bench.write(f"{name}.xml", text.format(
                name=name, number=number, init=compare.INIT, rootfs=rootfs, interface=interface)))
        bench.lxsh("net-start", "bnet")
        starts = {name: [] for name in containers}
        for _ in range(rounds):
            for name, times in starts.items():
                times.append(bench.container_start(name))

        end = int(time.time()) + 3600
        leases = "".join(f"{end} 52:54:00:00:{i // 256:02x}:{i % 256:02x} 10.77.1.{i % 250} h{i} *\n"
                         for i in range(500))
        pathlib.Path(f"{folder}/root/run/lxvirt/network/bnet/leases").write_text(leases,
                                                                                 encoding="utf-8")
        listed = [bench.lxsh("net-dhcp-leases", "bnet") for _ in range(rounds)]
        bench.lxsh("net-destroy", "bnet")
        subprocess.run(["umount", "-l", folder], check=True)

    median = statistics.median
    print("| networks | ms |\n|---|---|")
    print(f"| floor of net-start: dnsmasq's own start and the kernel's work | {median(floor):.1f} |")
    print(f"| net-start | {median(start):.1f} ({median(start) / median(floor):.2f} x) |")
    plain, empty, wired = (median(starts[name]) for name in ("plain", "empty", "wired"))
    print(f"| a NIC on a network, beside a container with the host's network | {wired - plain:.1f} |")
    print(f"| the same beside one with an empty network of its own | {wired - empty:.1f} |")
    print(f"| net-dhcp-leases with 500 leases | {median(listed):.1f} |")


if __name__ == "__main__":
    main()
