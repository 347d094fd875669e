"""The elements of <lx:container> that close a container or open it, looked at from inside."""

import ctypes
import errno
import os
import socket
import subprocess
import unittest

import support
from guest import busybox_rootfs
from probe import IDMAP, PRIVNET, ProbeCase, container
from support import run, write

PR_SCHED_CORE = 62
CLONE_NEWUSER = 0x10000000


def write_map(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class Paths(ProbeCase):
    def test_no_new_privs(self):
        self.boot("one", extra=container("<lx:no_new_privs/>"))
        self.assertIn("NoNewPrivs:\t1", self.output("one", "cat /proc/1/status"))

    def test_masks_come_on_top(self):
        self.boot("one", extra=container(
            "<lx:mask path='/proc/cpuinfo'/><lx:mask path='/etc'/><lx:mask path='/proc/kmsg' state='off'/>"
            "<lx:mask path='/not/there'/>"))
        self.assertEqual(self.output("one", "wc -c </proc/cpuinfo"), "0")
        self.assertEqual(self.output("one", "ls -A /etc"), "")
        self.assertNotEqual(self.inside("one", "touch /etc/x")[0], 0)
        self.assertEqual(self.output("one", "stat -c %F /proc/kmsg"), "regular empty file")
        self.assertEqual(self.output("one", "head -c 9 /proc/timer_list"), "")

    def test_mask_covers_what_the_domain_mounts(self):
        data = f"{self.folder}/data"
        os.mkdir(data)
        write(f"{data}/secret", "x")
        self.boot("one", devices=f"<filesystem type='mount'><source dir='{data}'/><target dir='/mnt'/>"
                                 "</filesystem>", extra=container("<lx:mask path='/mnt/secret'/>"))
        self.assertEqual(self.output("one", "cat /mnt/secret"), "")

    def test_readonly_paths(self):
        self.boot("one", extra=container("<lx:readonly path='/usr'/>"))
        self.assertIn("Read-only", self.inside("one", "touch /usr/x")[1])
        self.output("one", "touch /mnt/x && rm /mnt/x")
        self.assertIn("Read-only", self.inside("one", "echo 1 >/proc/sys/kernel/panic")[1])

    def test_readonly_can_be_lifted(self):
        self.boot("one", features=PRIVNET, extra=IDMAP + container(
            "<lx:readonly path='/proc/sys' state='off'/>"))
        self.output("one", "echo 1 >/proc/sys/net/ipv4/ip_forward")  # of its own network
        self.assertIn("denied", self.inside("one", "echo 1 >/proc/sys/kernel/panic")[1])


class Dev(ProbeCase):
    def test_content(self):
        self.boot("one", extra=container(
            "<lx:dev size='8192'><lx:node path='/dev/full' state='off'/>"
            "<lx:node path='/dev/net/tun' mode='0666'/><lx:node path='/dev/zero' mode='0600'/>"
            "<lx:link path='/dev/log' target='/run/log'/></lx:dev>"))
        self.output("one", "! test -e /dev/full && test -c /dev/net/tun")
        self.assertEqual(self.output("one", "stat -c %a /dev/zero /dev/net/tun").split(), ["600", "666"])
        self.assertEqual(self.output("one", "readlink /dev/log"), "/run/log")
        self.output("one", "exec 3<>/dev/net/tun")
        self.inside("one", "head -c 20000 /dev/urandom >/dev/big")
        self.assertLess(int(self.output("one", "wc -c </dev/big")), 20000)

    def test_node_that_is_left_out_is_denied_too(self):
        self.boot("one", features="<capabilities policy='allow'/>", extra=container(
            "<lx:dev><lx:node path='/dev/full' state='off'/></lx:dev>"))
        self.assertIn("not permitted", self.inside(
            "one", "mknod /tmp/full c 1 7; head -c 1 /tmp/full; rm /tmp/full")[1])

    def test_nodes_are_rooted_in_the_id_map(self):
        self.boot("one", features=PRIVNET, extra=IDMAP + container(
            "<lx:dev><lx:node path='/dev/net/tun'/></lx:dev>"))
        self.assertEqual(self.output("one", "stat -c '%u:%g %a' /dev/net/tun"), "0:0 660")
        self.output("one", "exec 3<>/dev/net/tun")

    def test_node_that_the_host_has_not_is_named(self):
        self.define(self.plain("one", extra=container(
            "<lx:dev><lx:node path='/dev/nosuch'/></lx:dev>")))
        self.assertIn("/dev/nosuch", self.fails("start", "one"))
        self.assert_nothing_left()


class Notices(ProbeCase):
    def define_notices(self, **options):
        path = f"{self.folder}/said.xml"
        write(path, self.plain("said", **options))
        return self.lxsh("define", path).err

    def test_shared_network_is_said_at_define(self):
        """Defect 11 of libvirt's driver: no interface and no <privnet/> is the host's network, unsaid."""
        self.assertIn("shares the host's network", self.define_notices())
        self.assertNotIn("shares", self.define_notices(features=PRIVNET))

    def test_trusted_root_is_said_at_define(self):
        self.assertIn("root inside is trusted", self.define_notices())
        self.assertEqual(self.define_notices(features=PRIVNET, extra=IDMAP), "")
        host = IDMAP.replace("target='100000'", "target='0'")
        self.assertIn("has the host's root in its <idmap>", self.define_notices(features=PRIVNET, extra=host))


class Calls(ProbeCase):
    def test_what_is_closed_by_default_and_opened_by_an_element(self):
        self.boot("closed", extra=IDMAP, features=PRIVNET)
        attempts = ("io-uring", "vsock", "vsock-32", "inet", "inet-32")
        results, _ = self.attempt("closed", *attempts)
        self.assertEqual(results["io-uring"], "ENOSYS")
        self.assertEqual(results["vsock"], "EAFNOSUPPORT")
        # A rule about the family of a socket must not close sockets of 32-bit programs.
        self.assertEqual(results["inet"], "ok")
        self.assertIn(results["inet-32"], ("ok", "ENOSYS"))
        self.boot("open", features=PRIVNET, extra=IDMAP + container("<lx:calls vsock='allow' io_uring='allow'/>"))
        results, _ = self.attempt("open", *attempts)
        self.assertIn(results["io-uring"], ("EFAULT", "EPERM"))  # EPERM: kernel.io_uring_disabled
        self.assertEqual(results["vsock"], self.hosts_vsock())

    def hosts_vsock(self):
        try:
            socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
            return "ok"
        except OSError as error:
            return errno.errorcode[error.errno]


class DeviceRules(ProbeCase):
    """One ordered list: the last rule that matches decides."""

    def boot_with(self, name, rules, policy="default"):
        self.boot(name, features=f"{PRIVNET}<capabilities policy='{policy}'/>",
                  extra=container(f"<lx:device_rules>{rules}</lx:device_rules>"))

    def opens(self, name, device):
        return self.inside(name, f"head -c 1 {device} >/share/byte")[0] == 0

    def makes(self, name, major, minor):
        return self.inside(name, f"mknod /tmp/node c {major} {minor} && rm /tmp/node")[0] == 0

    def test_a_denial_of_a_usual_device(self):
        self.boot_with("one", "<lx:deny device='c 1:9'/>")
        self.assertFalse(self.opens("one", "/dev/urandom"))
        self.assertTrue(self.opens("one", "/dev/zero"))

    def test_a_later_rule_opens_again(self):
        self.boot_with("one", "<lx:deny device='c *:9'/><lx:deny device='c 1:5' access='r'/>"
                              "<lx:allow device='c 1:9' access='r'/>")
        self.assertTrue(self.opens("one", "/dev/urandom"))
        self.assertNotEqual(self.inside("one", "echo x >/dev/urandom")[0], 0)
        self.assertFalse(self.opens("one", "/dev/zero"))
        self.output("one", "echo x >/dev/zero")  # writing is not denied

    def test_a_list_that_begins_with_the_denial_of_all(self):
        self.boot_with("one", "<lx:deny device='a'/><lx:allow device='c 1:3'/>", "allow")
        self.assertEqual(self.inside("one", "cat /dev/null")[0], 0)
        self.assertFalse(self.opens("one", "/dev/zero"))
        self.assertTrue(self.makes("one", 1, 3))
        self.assertFalse(self.makes("one", 1, 5))

    def test_everything_may_be_allowed(self):
        self.boot_with("one", "<lx:allow device='a'/>", "allow")
        self.assertTrue(self.opens("one", "/dev/urandom"))
        self.output("one", "mknod /tmp/kmsg c 1 11 && exec 3</tmp/kmsg && rm /tmp/kmsg")

    def test_devices_of_the_definition_work_whatever_the_list_says(self):
        disk = self.empty_disk()
        self.boot("one", devices=f"<disk type='file'><source file='{disk}'/><target dev='vda'/></disk>",
                  extra=container("<lx:device_rules><lx:deny device='a'/><lx:allow device='c 1:3'/>"
                                  "</lx:device_rules>"))
        self.assertTrue(self.opens("one", "/dev/vda"))
        second = f"{self.folder}/second.img"
        os.truncate(os.open(second, os.O_CREAT | os.O_RDWR), 1 << 20)
        self.ok("attach-disk", "one", second, "vdb")
        self.assertTrue(self.opens("one", "/dev/vdb"))
        self.assertFalse(self.opens("one", "/dev/zero"))
        self.ok("detach-disk", "one", "vdb")

    def test_lxcs_denials_are_kept_and_hold(self):
        config = f"{self.folder}/config"
        write(config, f"lxc.uts.name = native\nlxc.rootfs.path = {busybox_rootfs()}\nlxc.init.cmd = /agent\n"
                      "lxc.cgroup.devices.deny = c 1:9 rwm\nlxc.cgroup2.devices.deny = c 1:9 rwm\n"
                      f"lxc.mount.entry = {self.make_share('native')} share none bind 0 0\n")
        self.define(self.ok("domxml-from-native", "lxc-tools", config))
        self.start("native")
        self.assertFalse(self.opens("native", "/dev/urandom"))
        self.assertTrue(self.opens("native", "/dev/zero"))


class Partition(ProbeCase):
    def test_does_not_lead_out_of_the_hierarchies(self):
        for partition in ("/../../x", "/machine/../x", "/.", "/a/.."):
            path = f"{self.folder}/definition.xml"
            write(path, self.xml("one", partition=partition))
            with self.subTest(partition):
                self.assertIn(f"Resource partition '{partition}' has a part '.' or '..'", self.fails("define", path))


class Cores(ProbeCase):
    def test_core_scheduling(self):
        self.define(self.xml("one", extra=container("<lx:core_scheduling/>")))
        cookie = ctypes.c_ulonglong()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SCHED_CORE, 0, 0, 0, ctypes.byref(cookie)) != 0:
            error = self.fails("start", "one")
            self.assertRegex(error, "<lx:core_scheduling>: (this kernel has none|no core of this machine)")
            self.assert_nothing_left()
            return
        self.start("one")
        init = int(self.status("one")["init_pid"])
        self.assertEqual(libc.prctl(PR_SCHED_CORE, 0, init, 0, ctypes.byref(cookie)), 0)
        self.assertNotEqual(cookie.value, 0)


def mapped(target):
    return f"<lx:filesystem target='{target}' idmap='container'/>"


class IdMaps(ProbeCase):
    """Defect 14 of libvirt's driver: an id map needs no network of its own, the root and mounts that ask for it
    are shifted with what is mounted below, and rows that overlap are found at define."""

    def source(self, name, owner=0):
        path = f"{self.folder}/{name}"
        os.makedirs(f"{path}/below")
        write(f"{path}/file", name)
        for one in (path, f"{path}/below", f"{path}/file"):
            os.chown(one, owner, owner)
        return path

    def mount(self, source, target):
        return f"<filesystem type='mount'><source dir='{source}'/><target dir='{target}'/></filesystem>"

    def test_mounts_below_are_shifted_too(self):
        data = self.source("data")
        # A bind, and no tmpfs, which cannot be id-mapped before Linux 6.3.
        other = self.source("other")
        run("mount", "--bind", other, f"{data}/below")
        self.addCleanup(run, "umount", "-l", f"{data}/below")
        self.before["mount"] = support.mounts()
        write(f"{data}/below/deep", "deep")
        os.chown(f"{data}/below/deep", 1000, 1000)
        for name, features in (("alone", ""), ("network", PRIVNET)):
            with self.subTest(name):
                self.boot(name, features=features, extra=IDMAP + container(mapped("/data")),
                          devices=self.mount(data, "/data"))
                self.assertEqual(self.output(name, "stat -c %u /data /data/file /data/below/deep").split(),
                                 ["0", "0", "1000"])
                self.output(name, "echo x >/data/below/made")
                self.assertEqual(os.stat(f"{data}/below/made").st_uid, 0)
                os.unlink(f"{data}/below/made")

    def test_several_ranges(self):
        rows = "".join(f"<{kind} start='0' target='100000' count='1000'/>"
                       f"<{kind} start='1000' target='1000' count='1'/>"
                       f"<{kind} start='1001' target='201001' count='1000'/>" for kind in ("uid", "gid"))
        rootfs, data = f"{self.folder}/rootfs", self.source("data", 1001)
        run("cp", "-a", busybox_rootfs(), rootfs)
        with self.subTest("with an interface of its own"):
            self.boot("one", rootfs=rootfs, features=PRIVNET,
                      extra=f"<idmap>{rows}</idmap>" + container(mapped("/data")), devices=self.mount(data, "/data"))
            self.assertEqual(self.output("one", "stat -c %u /bin/busybox /data/file").split(), ["0", "1001"])
            self.output("one", "for id in 0 999 1000 1001 2000; do echo x >/mnt/$id;"
                               " chown $id:$id /mnt/$id || exit 1; done; ! chown 2001 /mnt/0 2>/dev/null")
            for number in (0, 999, 1000, 1001, 2000):
                self.assertEqual(os.stat(f"{rootfs}/mnt/{number}").st_uid, number)
            self.assertEqual(self.output("one", "cat /proc/1/uid_map").split(),
                             "0 100000 1000 1000 1000 1 1001 201001 1000".split())

    def test_own_ids_are_kept_where_asked(self):
        kept, shifted = self.source("kept"), self.source("shifted")
        self.boot("one", extra=IDMAP + container("<lx:filesystem target='/kept' idmap='none'/>" + mapped("/shifted")),
                  devices=self.mount(kept, "/kept") + self.mount(shifted, "/shifted"))
        self.assertEqual(self.output("one", "stat -c %u /kept/file /shifted/file").split(), ["65534", "0"])
        self.assertNotEqual(self.inside("one", "echo x >/kept/file")[0], 0)
        self.ok("destroy", "one")
        self.boot("two", extra=IDMAP + container(
            f"<lx:mount source='{kept}' target='/mnt' options='bind,idmap=none'/>"))
        self.assertEqual(self.output("two", "stat -c %u /mnt/file"), "65534")

    def test_ids_that_look_shifted_can_be_shifted(self):
        data = self.source("data", 100000)
        self.boot("one", extra=IDMAP, devices=self.mount(data, "/data"))
        self.assertEqual(self.output("one", "stat -c %u /data/file"), "0")
        self.ok("destroy", "one")
        self.boot("two", extra=IDMAP + container(mapped("/data")),
                  devices=self.mount(data, "/data"))
        self.assertEqual(self.output("two", "stat -c %u /data/file"), "65534")

    def test_file_system_that_cannot_be_shifted_is_named(self):
        self.define(self.plain("one", extra=IDMAP + container(mapped("/hostproc")),
                               devices=self.mount("/proc", "/hostproc")))
        self.assertRegex(self.fails("start", "one"), "'/proc'.* idmap='none'")
        self.assert_nothing_left()

    def test_ranges_are_refused_at_define(self):
        for rows, words in (
                ("<uid start='1' target='100000' count='9'/>", "You must map the root user"),
                ("<uid start='0' target='100000' count='9'/><uid start='8' target='300000' count='9'/>",
                 "overlap inside the container"),
                ("<uid start='0' target='100000' count='9'/><uid start='9' target='100008' count='9'/>",
                 "overlap on the host")):
            path = f"{self.folder}/wrong.xml"
            write(path, self.plain("one", extra=f"<idmap>{rows}<gid start='0' target='1' count='9'/></idmap>"))
            error = self.fails("define", path)
            self.assertRegex(error, words)
            self.assertRegex(error, r"wrong\.xml:\d+")

    def test_ids_that_are_not_ours_are_refused_at_define(self):
        path = f"{self.folder}/wide.xml"
        write(path, self.plain("one", extra=IDMAP))
        held, release = os.pipe()  # until the maps are written

        def enter():
            support.check(support.libc.unshare(CLONE_NEWUSER), "make a user namespace")
            os.write(started, b"x")
            os.read(held, 1)

        ready, started = os.pipe()
        mapper = os.fork()
        if mapper == 0:
            os.read(ready, 1)
            parent = next(pid for pid in support.children(os.getppid()) if pid != os.getpid()
                          and pid not in self.processes)
            for kind in ("uid", "gid"):
                write_map(f"/proc/{parent}/{kind}_map", "0 0 50000")
            os.write(release, b"x")
            os._exit(0)
        done = subprocess.run(self.command("define", path), capture_output=True, text=True, check=False,
                              preexec_fn=enter, pass_fds=(held, started))
        os.waitpid(mapper, 0)
        for fd in (held, release, ready, started):
            os.close(fd)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"needs id 100000, which this host cannot give .*wide\.xml:\d+: here"
                                      " are 0 to 49999")
        self.ok("define", path)

    def test_init_that_is_in_no_range_is_refused_at_define(self):
        path = f"{self.folder}/user.xml"
        write(path, self.plain("one", extra=IDMAP, os_extra="<inituser>70000</inituser>"))
        self.assertRegex(self.fails("define", path), r"<inituser> 70000 is not in <idmap> \(.*user\.xml:\d+")
        write(path, self.plain("one", extra=IDMAP + container("<lx:init groups='70000'/>")))
        self.assertRegex(self.fails("define", path), r"group 70000 of <lx:init> is not in <idmap>")


if __name__ == "__main__":
    support.main()
