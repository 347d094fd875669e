"""A container that lxc-create made, under lxc-start and under lxsh: what its init is given must be the
same, but for what is listed here with its reason. And the walkthrough's step 6.

lxc-start needs the groups, a /sys of this network namespace and a /run to write to; all of it is in mount
namespaces of the test's own.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import support
from effects import lxc_groups, show_network
from guest import GuestCase
from support import read, run, wait_for, write
from terminal import Terminal

BRIDGE = "lxcbr0"
NAME = f"lxvirtbox{os.getpid()}"

# What lxc mounts and lxsh does not, and the other way round.
ONLY_LXC = {
    "/dev/ptmx": "a node here",
    "/proc/sys/kernel/random/boot_id": "the host's here",
    "/dev/.lxc": "lxc's own",
}
ONLY_HERE = {
    "/proc/sys/net/netfilter/nf_hooks_lwtunnel": "read-only: it is the host's",
    "/proc/acpi": "hidden", "/proc/keys": "hidden", "/proc/timer_list": "hidden", "/proc/kmsg": "hidden",
    "/proc/bus": "read-only", "/proc/fs": "read-only", "/proc/irq": "read-only",
    "/proc/sysrq-trigger": "read-only", "/proc/asound": "read-only", "/proc/scsi": "hidden",
    "/proc/kcore": "hidden", "/proc/latency_stats": "hidden", "/proc/timer_stats": "hidden",
    "/proc/sched_debug": "hidden", "/proc/mtrr": "read-only",
    "/sys/firmware": "hidden",
    "/sys/fs/cgroup": "lxc mounts none where a cgroup namespace is had",
}

MORE = f"""
lxc.net.0.name = eth0
lxc.net.0.hwaddr = 00:16:3e:0a:0b:0c
lxc.net.0.mtu = 1400
lxc.net.0.ipv4.address = 10.0.3.7/24
lxc.net.0.ipv4.gateway = auto
lxc.net.0.ipv6.address = fd00:3::7/64
lxc.net.1.type = veth
lxc.net.1.name = lan1
lxc.prlimit.nofile = 512:1024
lxc.prlimit.core = 0
lxc.init.groups = 4,24
lxc.environment = COLOUR=green
lxc.sysctl.net.ipv4.ip_forward = 1
lxc.proc.oom_score_adj = 17
lxc.cgroup.memory.limit_in_bytes = 64M
lxc.cgroup2.memory.max = 64M
lxc.cgroup.pids.max = 77
lxc.cgroup2.pids.max = 77
"""


def mounts_of(pid):
    """Target: (type, how); the last one where several lie on each other."""
    found = {}
    for line in read(f"/proc/{pid}/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        words = before.split()
        found[words[4]] = (after.split()[0], words[5].split(",")[0])
    return found


def links_of(pid):
    """(Name, hardware address, MTU, whether it is up) of each link; addresses; routes."""
    inside = ["nsenter", "-t", str(pid), "-n", "ip", "-json"]
    # The second one's address is by chance.
    links = sorted((link["ifname"], link["address"] if link["ifname"] != "lan1" else "", link["mtu"],
                    "UP" in link["flags"]) for link in json.loads(run(*inside, "link")))
    addresses = sorted((link["ifname"], info["local"], info["prefixlen"])
                       for link in json.loads(run(*inside, "addr")) for info in link["addr_info"]
                       if info["scope"] != "link")
    routes = sorted((route["dst"], route.get("gateway"), route["dev"])
                    for family in ("-4", "-6") for route in json.loads(run(*inside, family, "route"))
                    if not route["dst"].startswith("fe80"))
    return links, addresses, routes


class Beside(GuestCase):
    @classmethod
    def setUpClass(cls):
        show_network()

    def setUp(self):
        super().setUp()
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "addr", "add", "10.0.3.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        self.addCleanup(run, "ip", "link", "delete", BRIDGE)
        self.before["link"] = support.links()
        self.lxcpath = f"{self.folder}/lxc"
        os.mkdir(self.lxcpath)
        run("lxc-create", "-P", self.lxcpath, "-n", NAME, "-t", "busybox")
        self.config = f"{self.lxcpath}/{NAME}/config"
        # Without a DHCP client, which would take the addresses away.
        rc = f"{self.lxcpath}/{NAME}/rootfs/etc/init.d/rcS"
        write(rc, read(rc).replace("/bin/udhcpc\n", ""), 0o755)

    def lxc(self, command, *words):
        return run(f"lxc-{command}", "-P", self.lxcpath, "-n", NAME, *words)

    def view(self, pid, limits):
        """What the process was given; once it has begun its work, for it writes its own command line anew."""
        wait_for(lambda: read(f"/proc/{pid}/task/{pid}/children").strip(), 5)
        status = dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines()
                      if ":\t" in line)
        found = {key: status[key] for key in ("Uid", "Gid", "Groups", "NoNewPrivs", "CapInh", "CapPrm",
                                              "CapEff", "CapBnd", "CapAmb")}
        found["limits"] = read(f"/proc/{pid}/limits")
        found["command"] = read(f"/proc/{pid}/cmdline")
        found["oom"] = read(f"/proc/{pid}/oom_score_adj")
        found["colour"] = re.findall("COLOUR=[^\0]*", read(f"/proc/{pid}/environ"))
        found["host name"] = run("nsenter", "-t", str(pid), "-u", "hostname")
        found["forward"] = run("nsenter", "-t", str(pid), "-n", "cat", "/proc/sys/net/ipv4/ip_forward")
        found["links"], found["addresses"], found["routes"] = links_of(pid)
        found["mounts"] = mounts_of(pid)
        found["dev"] = sorted(os.listdir(f"/proc/{pid}/root/dev"))
        found["groups"] = limits
        return found

    def limits(self, folder):
        """Of the container's groups; `folder` is below a hierarchy's mount."""
        found = {}
        for mount, _ in support.hierarchies():
            for file in ("memory.limit_in_bytes", "memory.max", "pids.max"):
                path = f"{mount}/{folder}/{file}"
                if os.path.exists(path):
                    found[file] = read(path)
        return found

    def under_lxc(self):
        before = set(lxc_groups(NAME))
        try:
            self.lxc("start", "-d", "-o", f"{self.folder}/lxc.log")
            pid = int(self.lxc("info", "-p", "-H"))
            wait_for(lambda: read(f"/proc/{pid}/comm") == "init\n")
            return self.view(pid, self.limits(f"lxc.payload.{NAME}"))
        finally:
            subprocess.run(["lxc-stop", "-P", self.lxcpath, "-n", NAME, "-k"], check=False,
                           capture_output=True)
            wait_for(lambda: not self.strangers(), 5)
            for path in set(lxc_groups(NAME)) - before:
                os.rmdir(path)

    def under_lxsh(self):
        self.ok("start", NAME)
        group = os.path.basename(self.group(NAME, "unified"))
        return self.view(int(self.status(NAME)["init_pid"]), self.limits(f"{self.partition}/{group}"))

    def test_an_init_is_given_the_same_by_lxc_start_and_by_lxsh(self):
        text = read(self.config).replace("lxc.apparmor.profile = generated", "")
        write(self.config, text + MORE + f"lxc.cgroup.dir = {self.partition[1:]}\n")
        self.ok("import-lxc", self.lxcpath)
        write(self.config, text + MORE)
        there = self.under_lxc()
        # And what domxml-to-native makes of the domain means the same to lxc.
        back = self.ok("domxml-to-native", "lxc-tools", NAME)
        self.assertIn("lxc.cgroup.dir = ", back)
        write(self.config, re.sub("lxc.cgroup.dir = .*", "", back))  # its own place, as before
        self.assertEqual(self.under_lxc(), there)
        here = self.under_lxsh()
        mounts = there.pop("mounts"), here.pop("mounts")
        # lxc puts its boot id into /dev, and a proc and a sys for containers inside.
        there["dev"] = [name for name in there["dev"] if not name.startswith(".lxc")]
        self.assertEqual(here, there)
        self.assertIn("77\n", here["groups"].values())
        self.assertIn(("eth0", "10.0.3.7", 24), here["addresses"])
        self.compare_mounts(*mounts)

    def compare_mounts(self, there, here):
        def left(paths, others, known):
            return [path for path in paths if path not in others
                    and not any(path == name or path.startswith(name + "/") for name in known)]
        self.assertEqual(left(there, here, ONLY_LXC), [])
        self.assertEqual(left(here, there, ONLY_HERE), [])
        for path in set(there) & set(here):
            self.assertEqual(here[path], there[path], path)

    def test_step_6_of_the_walkthrough(self):
        xml = f"{self.folder}/converted.xml"
        write(xml, self.ok("domxml-from-native", "lxc-tools", self.config))
        self.assertIn(f"Domain '{NAME}' defined from", self.ok("define", "--validate", xml))
        self.ok("start", NAME)
        with Terminal(self.command("console", NAME)) as terminal:
            terminal.expect("Connected to domain")
            terminal.send("\r")
            terminal.expect(f"{NAME} login:")
            self.assertEqual(terminal.leave(), 0)
        self.ok("shutdown", NAME)
        self.wait_state(NAME, "shut off (shutdown)")


if __name__ == "__main__":
    for program in ("lxc-create", "lxc-start"):
        if not shutil.which(program):
            print(f"{program} is not installed", file=sys.stderr)
            sys.exit(77)
    support.main()
