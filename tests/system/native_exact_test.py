"""What docs/reference/native-config.md calls exact, and what it keeps and acts upon: one container started by
lxc-start and one by us from the same lines, compared by effect (effects.py).
"""

import os
import shutil
import stat
import subprocess
import sys
import unittest

import effects
import support
from guest import GuestCase, busybox_rootfs
from support import read, run, write

NAME = f"lxvirtexact{os.getpid()}"


class Exact(GuestCase):
    @classmethod
    def setUpClass(cls):
        effects.show_network()

    def setUp(self):
        super().setUp()
        self.lxcpath = f"{self.folder}/lxc"
        self.rootfs = f"{self.lxcpath}/{NAME}/rootfs"
        os.makedirs(f"{self.lxcpath}/{NAME}")
        # Root of a container with an id map goes through here.
        for folder in (self.folder, self.lxcpath, f"{self.lxcpath}/{NAME}"):
            os.chmod(folder, 0o755)
        shutil.copytree(busybox_rootfs(), self.rootfs, symlinks=True)
        os.chmod(f"{self.rootfs}/tmp", 0o1777)
        self.config = f"{self.lxcpath}/{NAME}/config"

    def link(self, *words):
        run("ip", "link", "add", *words)
        self.before["link"] = support.links()
        self.addCleanup(subprocess.run, ["ip", "link", "delete", words[0]], capture_output=True)
        run("ip", "link", "set", words[0], "up")

    def text(self, lines):
        kept = [] if any(line.startswith("lxc.init.cmd") for line in lines) else ["lxc.init.cmd = /report-init"]
        has_network = any(line.startswith(("lxc.net", "lxc.namespace.share.net")) for line in lines)
        net = [] if has_network else ["lxc.net.0.type = empty"]
        # lxc mounts no /proc by itself.
        net.append("lxc.mount.auto = proc:mixed sys:ro")
        root = [] if any(line.startswith("lxc.rootfs.path") for line in lines) else \
            [f"lxc.rootfs.path = dir:{self.rootfs}"]
        return "\n".join([f"lxc.uts.name = {NAME}", *root, *kept, *net, *lines]) + "\n"

    def both(self, *lines, paths=(), files=(), groups=(), verdicts=("kept", "approximated")):
        """The accounts of both; the lines' verdicts may be `exact` and those given."""
        effects.add_init(self.rootfs, paths, files)

        def limits(folder):
            return {(mount, file): read(f"{mount}/{folder}/{file}") for mount, _ in support.hierarchies()
                    for file in groups if os.path.exists(f"{mount}/{folder}/{file}")}
        write(self.config, self.text(lines))
        there, limits_there = effects.under_lxc(self.lxcpath, NAME, lambda pid: limits(f"lxc.payload.{NAME}"))
        self.assertIsNotNone(there, limits_there)
        effects.forget(self.rootfs)
        here, limits_here = self.under_lxsh(lines, limits, verdicts)
        self.assertEqual(limits_here, limits_there)
        return there, here

    def under_lxsh(self, lines, limits, verdicts):
        xml = f"{self.folder}/converted.xml"
        write(self.config, self.text([*lines, f"lxc.cgroup.dir = {self.partition[1:]}"]))
        made = self.lxsh("domxml-from-native", "lxc-tools", self.config)
        self.assertEqual(made.status, 0, str(made))
        for verdict in ("not translated", "kept", "approximated"):
            if verdict not in verdicts:
                self.assertNotIn(f": {verdict}", made.err)
        write(xml, made.out)
        self.ok("define", "--validate", xml)
        self.ok("start", NAME)
        account = effects.account(int(self.status(NAME)["init_pid"]))
        self.assertIsNotNone(account)
        group = os.path.basename(self.group(NAME, "unified"))
        return account, limits(f"{self.partition}/{group}")

    def same(self, *lines, verdicts=("kept", "approximated"), **options):
        there, here = self.both(*lines, verdicts=verdicts, **options)
        self.assertEqual(effects.compare(effects.lines_of(self.config), there, here), [])
        return here

    def folders(self, *names):
        made = []
        for name in names:
            path = f"{self.folder}/{name}"
            os.makedirs(path)
            write(f"{path}/file", name)
            made.append(path)
        return made

    def test_init_and_its_words(self):
        run("cp", f"{self.rootfs}/bin/busybox", f"{self.rootfs}/bin/own")
        here = self.same("lxc.init.cmd = /report-init it's 'a b' \"c", "lxc.init.cwd = /mnt", verdicts=())
        self.assertEqual(here["identity"][1:], ["/mnt", "/report-init", "it's", "'a", "b'", '"c'])

    def test_init_ids_and_environment(self):
        here = self.same("lxc.init.uid = 1000", "lxc.init.gid = 100", "lxc.init.groups = 4,24",
                         "lxc.environment = COLOUR=green", "lxc.environment = EMPTY=", "lxc.environment = A=b c")
        self.assertIn("EMPTY=", here["environment"])
        self.assertIn("A=b c", here["environment"])

    def test_an_id_map_with_holes_and_a_single_id(self):
        run("chown", "-R", "-h", "100000:100000", self.rootfs)
        run("chmod", "u+s", f"{self.rootfs}/bin/busybox")
        here = self.same(*[f"lxc.idmap = {row}" for kind in "ug" for row in (
            f"{kind} 1000 1000 1", f"{kind} 0 100000 1000", f"{kind} 1001 101001 500")], verdicts=())
        self.assertIn(["1000", "1000", "1"], [line.split() for line in here["maps"]])

    def test_capabilities(self):
        self.same("lxc.cap.drop = sys_module sys_time", "lxc.cap.drop = mac_admin sys_rawio", verdicts=())

    def test_kept_capabilities(self):
        self.same("lxc.cap.keep = chown kill mknod sys_admin dac_override setuid setgid", verdicts=())

    def test_limits_settings_and_groups(self):
        here = self.same("lxc.prlimit.nofile = 512:1024", "lxc.prlimit.core = 0",
                         "lxc.no_new_privs = 1", "lxc.sysctl.net.ipv4.ip_forward = 1", "lxc.proc.oom_score_adj = 17",
                         "lxc.cgroup.memory.limit_in_bytes = 64M", "lxc.cgroup2.memory.max = 64M",
                         "lxc.cgroup.pids.max = 77", "lxc.cgroup2.pids.max = 77", "lxc.cgroup.cpu.shares = 256",
                         "lxc.cgroup2.cpu.weight = 25", "lxc.cgroup.cpuset.cpus = 0", "lxc.cgroup2.cpuset.cpus = 0",
                         files=("/proc/sys/net/ipv4/ip_forward", "/proc/1/oom_score_adj"),
                         groups=("memory.limit_in_bytes", "memory.max", "pids.max", "cpu.shares", "cpu.weight",
                                 "cpuset.cpus"))
        self.assertIn("/proc/1/oom_score_adj|17 ", here["files"])

    def test_limits_of_a_block_device(self):
        hierarchy = next((mount for mount, names in support.hierarchies() if "blkio" in names), None)
        if hierarchy is None:
            self.skipTest("this host has no blkio hierarchy")
        device = next((number for name in os.listdir("/sys/block")
                       if os.path.exists(f"/dev/{name}") and not name.startswith("loop")
                       for number in (read(f"/sys/block/{name}/dev").strip(),)), None)
        files = [f"blkio.throttle.{what}_device" for what in ("read_bps", "write_bps", "read_iops", "write_iops")]
        if device is None or not all(os.path.exists(f"{hierarchy}/{file}") for file in files):
            self.skipTest("this host has no block device whose use can be limited")
        lines = [f"lxc.cgroup.{file} = {device} {1048576 + number}" for number, file in enumerate(files)]
        self.same(*lines, groups=files)
        group = f"{hierarchy}{self.partition}/{os.path.basename(self.group(NAME, 'unified'))}"
        self.assertEqual([read(f"{group}/{file}").split() for file in files],
                         [[device, str(1048576 + number)] for number in range(4)])

    def test_devices(self):
        if not any("devices" in names for _, names in support.hierarchies()):
            self.skipTest("lxc 5 on a hybrid host reads the v1 rules")
        self.same("lxc.cgroup.devices.deny = a", *[f"lxc.cgroup.devices.allow = {rule}" for rule in (
            "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm",
            "c 5:1 rwm", "c 5:2 rwm", "c 10:229 rwm", "c 136:* rwm", "c 1:11 r", "c 10:200 rwm # a comment")])

    def test_a_node_that_is_bound_at_its_own_place(self):
        node = f"/dev/{NAME}"
        os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        self.addCleanup(os.unlink, node)
        os.chown(node, 5, 6)
        os.chmod(node, 0o640)
        here = self.same(f"lxc.mount.entry = {node} {node[1:]} none bind,create=file")
        self.assertIn(f"{node}|character special file|640|5|6|1:3", here["nodes"])

    def test_order_of_mounts(self):
        one, other = self.folders("one", "other")
        here = self.same("lxc.mount.entry = tmpfs srv tmpfs size=1m,create=dir",
                         f"lxc.mount.entry = {one} srv/one none bind,create=dir",
                         f"lxc.mount.entry = {other} srv none bind,create=dir",
                         f"lxc.mount.entry = {one} srv none rbind,ro",
                         files=("/srv/file", "/srv/one/file"))
        self.assertIn("/srv/file|one", here["files"])

    def test_binds_and_what_is_mounted_below(self):
        upper, lower = self.folders("upper", "lower")
        os.mkdir(f"{upper}/below")
        run("mount", "--bind", lower, f"{upper}/below")
        self.before["mount"] = support.mounts()
        self.addCleanup(run, "umount", f"{upper}/below")
        here = self.same(f"lxc.mount.entry = {upper} plain none bind,create=dir",
                         f"lxc.mount.entry = {upper} whole none rbind,create=dir",
                         f"lxc.mount.entry = {upper}/file etc/one none bind,ro,create=file",
                         f"lxc.mount.entry = {upper} closed none bind,ro,nosuid,nodev,noexec,nosymfollow,create=dir"
                         .replace("nosymfollow,", ""),
                         files=("/plain/below/file", "/whole/below/file", "/etc/one"))
        self.assertIn("/whole/below/file|lower", here["files"])
        self.assertNotIn("/plain/below/file|lower", here["files"])
        self.ok("destroy", NAME)

    def test_proc_is_the_containers_own_though_the_hosts_is_bound(self):
        here = self.same("lxc.mount.entry = /proc proc none bind,optional", files=("/proc/1/comm",))
        self.assertIn("/proc/1/comm|report-init ", here["files"])

    def test_optional_mounts_that_cannot_be_made(self):
        (one,) = self.folders("one")
        here = self.same(f"lxc.mount.entry = {one} absent/target none bind,optional",
                         "lxc.mount.entry = /absent srv none bind,optional,create=dir",
                         "lxc.mount.entry = nofs srv nosuchfs optional,create=dir",
                         "lxc.mount.entry = tmpfs srv tmpfs nonsense=1,optional,create=dir",
                         f"lxc.mount.entry = {one}/file mnt none bind,optional",
                         f"lxc.mount.entry = {one} made/here none bind,optional,create=dir",
                         files=("/made/here/file",), paths=("/absent", "/absent/target"))
        self.assertIn("/made/here/file|one", here["files"])
        self.assertFalse(os.path.exists(f"{self.rootfs}/absent"))

    def test_tmpfs_keeps_its_mode_and_flags(self):
        here = self.same("lxc.mount.entry = tmpfs tmp tmpfs size=1m", "lxc.mount.entry = tmpfs run tmpfs "
                         "size=2m,mode=755,nosuid,nodev", "lxc.mount.entry = tmpfs mnt tmpfs size=1m,noexec,mode=700",
                         paths=("/tmp", "/run", "/mnt"))
        self.assertEqual({line.split("|")[0]: line.split("|")[2] for line in here["nodes"] if not
                          line.startswith("/dev")}, {"/tmp": "1777", "/run": "755", "/mnt": "700"})

    def test_root_options_and_terminals(self):
        here = self.same("lxc.rootfs.options = ro,noatime", "lxc.tty.max = 0")
        self.assertEqual([line for line in here["nodes"] if line.startswith("/dev/tty1|")], [])

    def test_namespaces_of_another_process(self):
        """The container sees an address and a setting that only the other process's namespaces have."""
        script = "hostname of-another && ip link set lo up && ip addr add 10.77.0.1/24 dev lo && echo 4321 >/proc/sys/kernel/msgmax && " \
            "echo ready && exec sleep 1000"
        holder = subprocess.Popen(["unshare", "-n", "-i", "-u", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        with holder:
            try:
                self.assertEqual(holder.stdout.readline(), "ready\n")
                here = self.same(f"lxc.namespace.share.net = {holder.pid}", f"lxc.namespace.share.ipc = {holder.pid}",
                                 f"lxc.namespace.share.uts = {holder.pid}",
                                 files=("/proc/sys/kernel/msgmax",))
                self.ok("destroy", NAME)
            finally:
                holder.kill()
        self.assertTrue(any("10.77.0.1/24" in line for line in here["addresses"]), here["addresses"])
        self.assertEqual(here["identity"][0], "of-another")
        self.assertIn("/proc/sys/kernel/msgmax|4321 ", here["files"])

    def test_log_of_the_console(self):
        init = f"{self.rootfs}/say-init"
        write(init, "#!/bin/sh\necho said on the console >/dev/console\nexec /report-init\n", 0o755)
        log = f"{self.folder}/console.log"
        said = []

        def heard(_):
            said.append(support.wait_for(lambda: os.path.exists(log) and "said on the console" in read(log), 5))
            if os.path.exists(log):
                os.unlink(log)
        lines = ["lxc.init.cmd = /say-init", f"lxc.console.logfile = {log}"]
        effects.add_init(self.rootfs)
        write(self.config, self.text(lines))
        there, _ = effects.under_lxc(self.lxcpath, NAME, heard)
        self.assertIsNotNone(there)
        effects.forget(self.rootfs)
        self.under_lxsh(lines, heard, ("kept", "approximated"))
        self.assertEqual(said, [True, True])

    def test_layered_root(self):
        """Both read the lower layer's files and write into the upper one."""
        upper = f"{self.folder}/upper"
        os.makedirs(upper)
        write(f"{self.rootfs}/below", "lower")
        write(f"{upper}/above", "upper")
        here = self.same(f"lxc.rootfs.path = overlay:{self.rootfs}:{upper}", files=("/below", "/above"))
        self.assertIn("/below|lower", here["files"])
        self.assertIn("/above|upper", here["files"])
        self.ok("destroy", NAME)

    def test_root_in_an_image(self):
        effects.add_init(self.rootfs, files=("/inside",))
        write(f"{self.rootfs}/inside", "the image")
        image = f"{self.folder}/root.img"
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        run("mkfs.ext4", "-q", "-d", self.rootfs, image)
        here = self.same(f"lxc.rootfs.path = loop:{image}", files=("/inside",))
        self.assertIn("/inside|the image", here["files"])
        self.ok("destroy", NAME)

    def test_three_terminals(self):
        self.same("lxc.tty.max = 3")

    def test_links_and_addresses(self):
        self.link("brx", "type", "bridge")
        run("ip", "addr", "add", "10.0.3.1/24", "dev", "brx")
        self.link("lowx", "type", "bridge")
        here = self.same(
            "lxc.net.0.type = veth", "lxc.net.0.link = brx", "lxc.net.0.flags = up", "lxc.net.0.name = eth0",
            "lxc.net.0.hwaddr = 02:16:3e:0a:0b:0c", "lxc.net.0.mtu = 1400", "lxc.net.0.ipv4.address = 10.0.3.7/24",
            "lxc.net.0.ipv4.address = 172.20.0.130", "lxc.net.0.ipv4.gateway = auto",
            "lxc.net.0.ipv6.address = fd00:3::7/64",
            "lxc.net.1.type = macvlan", "lxc.net.1.link = lowx", "lxc.net.1.name = mac0",
            "lxc.net.1.macvlan.mode = bridge", "lxc.net.1.ipv4.address = 192.168.7.200", "lxc.net.1.flags = up",
            "lxc.net.2.type = veth", "lxc.net.2.name = down0", "lxc.net.2.hwaddr = 02:16:3e:x:x:x",
            "lxc.net.3.type = veth", "lxc.net.3.name = any0", "lxc.net.3.flags = up",
            "lxc.net.3.ipv4.address = 0.0.0.0/24")
        self.assertTrue(any("172.20.0.130/16" in line for line in here["addresses"]))

    def test_keys_of_lxc_7(self):
        """lxc 5 does not know them, so that only lxsh is asked."""
        hook = f"{self.folder}/hook"
        write(hook, f"#!/bin/sh\nenv >{self.folder}/hook.env\n", 0o755)
        effects.add_init(self.rootfs)
        (one,) = self.folders("one")
        here, _ = self.under_lxsh([
            "lxc.environment.runtime = FOR=init", "lxc.environment.hooks = OF=hooks", f"lxc.hook.pre-start = {hook}",
            "lxc.mount.entry = tmpfs srv/from tmpfs size=1m,create=dir",
            f"lxc.mount.entry = {one} srv/from/below none bind,create=dir",
            "lxc.mount.entry = srv/from srv/to none move,relative,nosymfollow,create=dir"],
            lambda folder: None, ("kept", "approximated"))
        self.assertIn("FOR=init", here["environment"])
        self.assertNotIn("OF=hooks", here["environment"])
        self.assertIn("OF=hooks\n", read(f"{self.folder}/hook.env"))
        self.assertNotIn("FOR=init\n", read(f"{self.folder}/hook.env"))
        mounts = effects.mounts_of(here["mounts"])
        self.assertNotIn("/srv/from", mounts)
        self.assertIn("nosymfollow", mounts["/srv/to"][1])
        self.assertIn("/srv/to/below", mounts)

    def test_a_moved_device(self):
        run("ip", "link", "add", "physx", "type", "veth", "peer", "name", "peerx")
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "peerx"], capture_output=True)
        self.before["link"] = support.links()
        there, here = self.both("lxc.net.0.type = phys", "lxc.net.0.link = physx", "lxc.net.0.name = lan0",
                                "lxc.net.0.flags = up", "lxc.net.0.hwaddr = 02:16:3e:01:02:03",
                                "lxc.net.0.mtu = 1400", "lxc.net.0.ipv4.address = 10.7.0.2/24")
        links = [effects.links_of(side["links"]) for side in (there, here)]
        self.assertEqual(links[0], links[1])
        self.assertEqual(links[1]["lan0"], ("1400", True, "02:16:3e:01:02:03"))

    def test_a_vlan(self):
        if subprocess.run(["ip", "link", "add", "probe7", "link", "lo", "type", "vlan", "id", "7"],
                          capture_output=True).returncode != 0:
            self.skipTest("this kernel has no VLANs")
        run("ip", "link", "delete", "probe7")
        self.link("brx", "type", "bridge")
        there, here = self.both("lxc.net.0.type = vlan", "lxc.net.0.link = brx", "lxc.net.0.vlan.id = 7",
                                "lxc.net.0.name = lan7", "lxc.net.0.flags = up",
                                "lxc.net.0.ipv4.address = 10.7.0.2/24", "lxc.net.0.mtu = 1300")
        links = [effects.links_of(side["links"]) for side in (there, here)]
        self.assertEqual(links[0]["lan7"][:2], links[1]["lan7"][:2])


if __name__ == "__main__":
    if not shutil.which("lxc-start"):
        print("lxc-start is not installed", file=sys.stderr)
        sys.exit(77)
    support.main()
