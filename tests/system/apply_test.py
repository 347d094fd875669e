"""Definitions in version control: export, diff and apply, with containers and networks that run."""

import glob
import os
import signal
import subprocess
import time

import support
from network_guest import NetworkCase, network, nic
from support import read, write

UNCHANGED = "0 defined, 0 updated, {} unchanged, 0 failed\n\n"


class Apply(NetworkCase):
    def setUp(self):
        super().setUp()
        self.repo = f"{self.folder}/repo"
        os.makedirs(f"{self.repo}/net")

    def tearDown(self):
        for name in self.active():
            self.lxsh("destroy", name)
        for name in self.lxsh("-q", "net-list", "--name", "--all").out.split():
            self.lxsh("net-destroy", name, "--force")
            self.lxsh("net-undefine", name)
        super().tearDown()

    def file(self, name, text):
        path = f"{self.repo}/{name}.xml"
        write(path, text)
        return path

    def apply(self, *options):
        """Its output; it must succeed."""
        return self.ok("apply", self.repo, *options)

    def defined(self):
        return sorted(self.ok("-q", "list", "--all", "--name").split())

    def small(self, name, uuid=None, memory=65536, rest=""):
        """A definition with nothing that it could leave out."""
        uuid = f"<uuid>{uuid}</uuid>" if uuid else ""
        return (f"<domain type='lxc'><name>{name}</name>{uuid}<memory>{memory}</memory>"
                f"<os><type>exe</type><init>/bin/true</init></os>{rest}</domain>")

    # --- without anything that runs

    def test_brings_what_is_new_and_changed_and_nothing_else(self):
        self.file("a", self.small("a"))
        self.file("net/lan", "<network><name>lan</name><ip address='10.77.0.1' prefix='24'/>"
                  "</network>")
        told = self.apply("--dry-run")
        self.assertIn("+  <name>a</name>", told)
        self.assertIn("2 defined, 0 updated, 0 unchanged, 0 failed (nothing was changed)", told)
        self.assertEqual(self.defined(), [])
        told = self.apply()
        self.assertLess(told.index("Network 'lan' defined from"), told.index("Domain 'a' defined"))
        before = {path: os.stat(path).st_mtime_ns
                  for path in glob.glob(f"{self.root}/etc/lxvirt/**/*", recursive=True)}
        # uuid, hardware address and bridge were made up, and stay.
        self.assertEqual(self.apply(), UNCHANGED.format(2))
        self.assertEqual({path: os.stat(path).st_mtime_ns for path in before}, before)
        self.file("a", self.small("a", memory=131072))
        told = self.apply()
        self.assertIn("-  <memory unit='KiB'>65536</memory>\n", told)
        self.assertIn("+  <memory unit='KiB'>131072</memory>\n", told)
        self.assertNotIn("-  <uuid>", told)
        self.assertIn("0 defined, 1 updated, 1 unchanged, 0 failed", told)

    def test_networks_without_a_bridge_get_one_each(self):
        for number in range(3):
            self.file(f"n{number}", f"<network><name>n{number}</name>"
                      f"<ip address='10.{number}.0.1' prefix='24'/></network>")
        for told in (self.apply("--dry-run"), self.apply()):
            bridges = [line.split("'")[1] for line in told.splitlines() if "<bridge name" in line]
            self.assertEqual(bridges, ["virbr0", "virbr1", "virbr2"])
        self.assertEqual(self.apply(), UNCHANGED.format(3))

    def test_one_that_fails_does_not_stop_the_others(self):
        write(f"{self.folder}/theirs.xml",
              self.small("theirs", "11111111-2222-4333-8444-555555555555"))
        self.ok("define", f"{self.folder}/theirs.xml")
        good = self.file("good", self.small("good"))
        self.file("malformed", "<domain type='lxc'>\n<name>")
        self.file("wrong", self.small("wrong", rest="\n<on_crash>explode</on_crash>"))
        self.file("twice", self.small("same"))
        self.file("again", self.small("same"))
        self.file("theirs", self.small("theirs", "99999999-2222-4333-8444-555555555555"))
        self.file("disk", "<disk type='block'><source dev='/x'/><target dev='vda'/></disk>")
        self.file("foreign", "<html/>")
        os.mkfifo(f"{self.repo}/pipe.xml")
        os.symlink("round.xml", f"{self.repo}/round.xml")
        os.symlink("..", f"{self.repo}/net/up")
        result = self.lxsh("apply", self.repo, f"{self.folder}/nowhere")
        self.assertEqual(result.status, 1)
        self.assertIn(f"Domain 'good' defined from {good}\n", result.out)
        self.assertIn("1 defined, 0 updated, 0 unchanged, 9 failed\n", result.out)
        for words in ("malformed.xml:2: ", "wrong.xml:2: ",
                      "twice.xml: domain 'same' has the name of",
                      "again.xml: domain 'same' has the name of", "pipe.xml' is a FIFO",
                      "foreign.xml: <html> is neither", "nowhere': No such file",
                      "round.xml': Too many levels of symbolic links",
                      "domain 'theirs' already exists with uuid 11111111"):
            self.assertIn(words, result.err)
        self.assertIn("warning: " + f"{self.repo}/disk.xml: a <disk> is neither", result.err)
        self.assertEqual(self.defined(), ["good", "theirs"])

    def test_an_unreadable_file_is_named(self):
        path = self.file("a", self.small("a"))
        self.file("b", self.small("b"))
        os.chmod(path, 0)
        drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
        done = subprocess.run([*drop, *self.command("apply", self.repo)], capture_output=True,
                              text=True, timeout=30, check=False)
        if "Permission denied" not in done.stderr:
            self.skipTest(f"cannot give up reading everything: {done.stderr}")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"open '{path}': Permission denied", done.stderr)
        self.assertEqual(self.defined(), ["b"])

    def test_prune_takes_only_what_apply_brought_from_there(self):
        other = f"{self.folder}/other"
        os.mkdir(other)
        write(f"{self.folder}/hand.xml", self.small("hand"))
        self.ok("define", f"{self.folder}/hand.xml")
        write(f"{other}/o.xml", self.small("o"))
        self.ok("apply", other)
        for name in ("a", "b", "hand"):
            self.file(name, self.small(name))
        self.apply()
        self.assertEqual(self.apply("--prune"), "0 defined, 0 updated, 0 undefined, 3 unchanged, "
                         "0 failed\n\n")
        os.unlink(f"{self.repo}/hand.xml")
        os.unlink(f"{self.repo}/b.xml")
        # Which domain this is about cannot be known: nothing goes.
        self.file("broken", "<domain")
        result = self.lxsh("apply", self.repo, "--prune")
        self.assertEqual(result.status, 1)
        self.assertIn("domain 'b', brought from", result.err)
        self.assertEqual(self.defined(), ["a", "b", "hand", "o"])
        os.unlink(f"{self.repo}/broken.xml")
        # One that is refused for its name is still apply's.
        self.file("b1", self.small("b"))
        self.file("b2", self.small("b"))
        self.assertIn("neither is applied", self.fails("apply", self.repo, "--prune"))
        os.unlink(f"{self.repo}/b1.xml")
        os.unlink(f"{self.repo}/b2.xml")
        self.assertIn("Domain 'b' would be undefined", self.apply("--prune", "--dry-run"))
        told = self.apply("--prune")
        self.assertIn("+++ /dev/null\n", told)
        self.assertIn("Domain 'b' undefined", told)
        self.assertEqual(self.defined(), ["a", "hand", "o"])
        # What was brought from elsewhere is none of this folder's, but it is not forgotten.
        os.rename(f"{other}/o.xml", f"{other}/o")
        result = self.lxsh("apply", self.repo, "--prune")
        self.assertIn(f"domain 'o', brought from {other}/o.xml, is kept: the file is gone",
                      result.err)
        self.assertEqual(self.defined(), ["a", "hand", "o"])
        # A domain of that name that somebody else defines later is theirs.
        os.unlink(f"{self.repo}/a.xml")
        self.ok("undefine", "a")
        write(f"{self.folder}/mine.xml", self.small("a"))
        self.ok("define", f"{self.folder}/mine.xml")
        self.apply("--prune")
        self.assertEqual(self.defined(), ["a", "hand", "o"])

    def test_export_is_stable_and_is_what_apply_takes(self):
        self.file("a", self.small("a"))
        self.file("net/lan", "<network><name>lan</name><ip address='10.77.0.1' prefix='24'/>"
                  "</network>")
        self.apply()
        out = f"{self.folder}/out"
        self.ok("export", out)
        files = [f"{out}/domains/a.xml", f"{out}/networks/lan.xml"]
        self.assertEqual(sorted(glob.glob(f"{out}/*/*")), files)
        first = [(read(path), os.stat(path).st_mtime_ns) for path in files]
        self.assertEqual(read(files[0]), self.ok("-q", "dumpxml", "a").rstrip("\n") + "\n")
        self.assertIn("0 written, 2 unchanged", self.ok("export", out))
        self.ok("define", files[0])
        self.ok("net-define", files[1])
        self.assertEqual(self.ok("apply", out), UNCHANGED.format(2))
        self.ok("undefine", "a")
        self.ok("define", files[0])
        write(f"{out}/domains/gone.xml", "mine")
        result = self.lxsh("export", out)
        self.assertIn("0 written, 2 unchanged", result.out)
        self.assertIn(f"warning: {out}/domains/gone.xml has no definition", result.err)
        self.assertEqual([(read(path), os.stat(path).st_mtime_ns) for path in files], first)
        self.assertEqual(read(f"{out}/domains/gone.xml"), "mine")

    def test_diff_fails_where_there_is_a_difference(self):
        path = self.file("a", self.small("a"))
        self.apply()
        self.assertEqual(self.ok("-q", "diff", "a", path), "")
        self.assertEqual(self.ok("-q", "diff", "a"), "")
        self.file("a", self.small("a", memory=131072))
        for words in (("a",), ("a", path)):
            result = self.lxsh("diff", *words)
            self.assertEqual(result.status, 1)
            self.assertIn(f"--- {self.root}/etc/lxvirt/lxc/a.xml\n+++ {path}\n@@ -", result.out)
            self.assertEqual(result.err, "")
        self.assertIn("domain 'a' does not run", self.fails("diff", "a", "--live"))
        self.assertIn("no domain and no network with matching name 'b'", self.fails("diff", "b"))
        other = self.file("b", self.small("b"))
        self.assertIn(f"{other} is of domain 'b', not of domain 'a'",
                      self.fails("diff", "a", other))

    def test_two_at_once_and_a_kill_in_the_middle(self):
        names = [f"d{number:03}" for number in range(60)]
        for name in names:
            self.file(name, self.small(name))
        both = [self.background("apply", self.repo) for _ in range(2)]
        counts = sorted(process.communicate(timeout=60)[0].splitlines()[-2] for process in both)
        self.assertEqual(counts, ["0 defined, 0 updated, 60 unchanged, 0 failed",
                                  "60 defined, 0 updated, 0 unchanged, 0 failed"])
        for round_ in range(1, 6):
            for name in names:
                self.file(name, self.small(name, memory=65536 + 1024 * round_))
            process = self.background("apply", self.repo, start_new_session=True)
            time.sleep(0.02 * round_)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            # Each is the old or the new one, and the next apply completes them.
            self.apply()
            self.assertEqual(self.apply(), UNCHANGED.format(60))
            self.assertEqual(self.defined(), names)
        self.assertEqual(glob.glob(f"{self.root}/etc/lxvirt/lxc/.*"), [])

    @support.unittest.skipUnless(os.environ.get("LXVIRT_TEST_POINTS"), "needs -Dtest_points=true")
    def test_a_kill_at_each_step_is_completed_by_the_next(self):
        for point in ("apply-recorded", "apply-network-stored", "apply-prepared", "apply-stored",
                      "apply-pruned"):
            with self.subTest(point):
                self.file("a", self.small("a"))
                self.file("b", self.small("b"))
                self.file("net/n", "<network><name>n</name><ip address='10.7.0.1' prefix='24'/>"
                          "</network>")
                if point == "apply-pruned":
                    self.apply()
                    for name in ("a", "b", "net/n"):
                        os.unlink(f"{self.repo}/{name}.xml")
                killed = self.lxsh("apply", self.repo, "--prune",
                                   env={**os.environ, "LXVIRT_KILL_AT": point})
                self.assertEqual(killed.status, -signal.SIGKILL, str(killed))
                self.apply("--prune")
                self.assertEqual(self.apply("--prune").splitlines()[0].split(", ", 3)[:3],
                                 ["0 defined", "0 updated", "0 undefined"])
                self.assertEqual(self.defined(), [] if point == "apply-pruned" else ["a", "b"])
                for name in ("a", "b", "net/n"):
                    if os.path.exists(f"{self.repo}/{name}.xml"):
                        os.unlink(f"{self.repo}/{name}.xml")
                self.apply("--prune")
                self.assertEqual(self.defined(), [])

    def test_read_only_may_only_look(self):
        self.file("a", self.small("a"))
        self.assertIn("read only access prevents apply", self.fails("-r", "apply", self.repo))
        self.assertIn("1 defined", self.ok("-r", "apply", self.repo, "--dry-run"))
        self.assertEqual(self.defined(), [])

    # --- with what runs

    def test_what_runs_is_changed_at_once_or_told(self):
        os.mkdir(f"{self.folder}/data")
        write(f"{self.folder}/data/word", "here")
        mount = (f"<filesystem type='mount'><source dir='{self.folder}/data'/>"
                 "<target dir='/mnt'/></filesystem>")
        path = self.file("c", self.xml("c", features="<privnet/>"))
        self.apply()
        self.start("c")
        self.assertEqual(self.ok("-q", "diff", "c", "--live"), "")
        self.file("c", self.xml("c", devices=mount, features="<privnet/>", memory=300000,
                                extra="<title>T</title>"))
        told = self.apply()
        self.assertIn("  live: filesystem on '/mnt' attached\n", told)
        self.assertIn("  live: title, description and metadata changed\n", told)
        self.assertIn("  at next start: memory, currentMemory\n", told)
        self.assertEqual(self.output("c", "cat /mnt/word"), "here")
        self.assertEqual(self.apply(), UNCHANGED.format(1))
        result = self.lxsh("diff", "c", "--live")
        self.assertEqual(result.status, 1)
        self.assertIn("-  <memory unit='KiB'>300000</memory>", result.out)
        self.assertNotIn("filesystem", result.out)
        # What is busy stays, and the reason is told; what somebody else attached is left alone.
        self.ok("attach-mount", "c", f"{self.folder}/data", "/srv")
        self.output("c", "(cd /mnt; sleep 1000 >/dev/null 2>&1 & echo $! >/share/pid)")
        self.file("c", self.xml("c", features="<privnet/>", memory=300000))
        told = self.apply()
        self.assertIn("  at next start: filesystem on '/mnt': ", told)
        self.assertEqual(self.output("c", "cat /srv/word"), "here")
        self.output("c", "kill $(cat /share/pid)")
        # What was taken away by hand needs not be taken away again.
        self.file("c", self.xml("c", devices=mount, features="<privnet/>", memory=300000))
        self.apply()
        self.ok("detach-mount", "c", "/mnt")
        self.file("c", self.xml("c", features="<privnet/>", memory=300000))
        self.assertNotIn("/mnt'", self.apply().replace("<target dir='/mnt'/>", ""))
        os.unlink(path)
        self.assertIn("  it runs on until it is stopped\n", self.apply("--prune"))
        self.assertEqual(self.state("c", reason=False), "running")

    def test_start_and_wait(self):
        dhcp = "udhcpc -i eth0 -s /share/dhcp -q >/dev/null 2>&1"
        self.file("net/lan", network("lan", subnet=90))
        self.file("c", self.xml("c", devices=nic("lan")))
        share = self.share("c")
        support.write(f"{share}/dhcp", "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
                      "ip addr add $ip/$mask dev $interface\n", 0o755)
        self.assertIn("Domain 'c' would be started", self.apply("--start", "--dry-run"))
        started = self.background("apply", self.repo, "--start", "--wait")
        self.wait_agent("c")
        self.output("c", f"ip link set eth0 up; {dhcp}", seconds=30)
        out, err = started.communicate(timeout=40)
        self.assertEqual(started.returncode, 0, out + err)
        self.assertLess(out.index("Network 'lan' started"), out.index("Domain 'c' started"))
        self.assertIn("2 defined, 0 updated, 2 started, 0 unchanged, 0 failed", out)
        self.assertEqual(self.ok("-q", "diff", "c", "--live"), "")
        self.assertIn("0 started, 2 unchanged", self.apply("--start", "--wait"))
        # An interface without an address in the file is the one that it became.
        mac = self.output("c", "cat /sys/class/net/eth0/address")
        self.file("c", self.xml("c", devices=nic("lan", extra="<mtu size='1400'/>")))
        self.assertIn(f"  live: interface {mac} (lan) changed\n", self.apply())
        self.assertEqual(self.output("c", "cat /sys/class/net/eth0/mtu"), "1400")
        self.assertEqual(self.ok("-q", "diff", "c", "--live"), "")
        self.output("c", "ip addr flush dev eth0")
        err = self.fails("apply", self.repo, "--wait", "--timeout", "0")
        self.assertIn("has got no address from network 'lan' in 0 seconds", err)

    def test_a_network_that_runs_follows(self):
        self.file("lan", network("lan", subnet=90))
        self.apply("--start")
        self.assertEqual(self.ok("-q", "diff", "lan", "--live"), "")
        words = "<dns><txt name='motto' value='less'/></dns>"
        self.file("lan", network("lan", subnet=90, extra=words))
        told = self.apply()
        self.assertIn("  live: dns\n", told)
        config = read(f"{self.root}/run/lxvirt/network/lan/dnsmasq.conf")
        self.assertIn("motto", config)
        self.assertEqual(self.ok("-q", "diff", "lan", "--live"), "")
        self.file("lan", network("lan", subnet=91, extra="<mtu size='1400'/>"))
        told = self.apply()
        self.assertIn("  live: dns\n", told)
        self.assertIn("  at next start: mtu, ip\n", told)
        self.assertEqual(self.apply(), UNCHANGED.format(1))


if __name__ == "__main__":
    support.main()
