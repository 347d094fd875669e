"""Kernels without some of the newer system calls, and filters around lxvirt that forbid them: lxvirt falls back,
or says what is missing before anything is made.
"""

import errno
import glob
import os
import re
import shutil
import subprocess
import sys

import examples_test
import support
from devices import disk_xml, filesystem_xml
from network_guest import NetworkCase, network, nic
from support import Result, write

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
INJECT = os.environ.get("LXVIRT_INJECT", "build/tests/inject/inject")
LONG = bool(os.environ.get("LXVIRT_LONG"))

# Without one of these no container is started.
NEEDED = ("clone3", "openat2", "mount_setattr", "fsopen", "move_mount", "open_tree", "close_range", "pidfd_send_signal")


class AbsentCase(NetworkCase):
    def without(self, call, *words, **options):
        done = subprocess.run([INJECT, "--absent", call, *self.command(*words)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30 * support.SLOWNESS, check=False, **options)
        return Result(words, done.returncode, done.stdout, done.stderr)

    def assert_refused(self, call, result):
        self.assertEqual(result.status, 1, str(result))
        self.assertIn(f"the system call {call} is missing", result.err)
        self.assertEqual(self.active(), [])
        self.assert_nothing_left()


class Starts(AbsentCase, examples_test.ExampleCase):
    """Every start there is, without each of the calls: refused with its name, and nothing is left."""

    def definitions(self):
        """What the examples have, and a device of each kind."""
        self.bridge("br8")
        texts = []
        for path in sorted(glob.glob(f"{examples_test.EXAMPLES}/*.xml")):
            texts.append(self.prepared(path).replace("network='default'", "network='lvn'"))
            for bridge in set(re.findall("<source bridge='(.*)'/>", texts[-1])) - set(support.links()):
                self.bridge(bridge)
        os.mkdir(f"{self.folder}/source")
        ids = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
        for number, options in enumerate((
                {"console": False}, {"extra": ids}, {"features": "<privnet/><capabilities policy='allow'/>"},
                {"devices": disk_xml(self.empty_disk(), kind="file")},
                {"devices": filesystem_xml(f"{self.folder}/source", "/mnt", more="<readonly/>")},
                {"devices": filesystem_xml(1024, "/tmp", kind="ram")},
                {"devices": "<interface type='bridge'><source bridge='br8'/></interface>"},
                {"devices": nic("lvn")},
                {"devices": "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"})):
            texts.append(self.plain(f"plain{number}", init="/bin/sleep", args=["1000"], **options))
        return texts

    def test_of_domains(self):
        self.net("lvn")
        self.before["link"] = support.links()
        self.processes |= set(self.strangers())
        names = []
        for text in self.definitions():
            self.define(text)
            names.append(re.search("<name>(.*)</name>", text).group(1))
        for turn, call in enumerate(NEEDED):
            for name in names if LONG else names[turn % 3::3]:
                with self.subTest(call=call, domain=name):
                    self.assert_refused(call, self.without(call, "start", name))
                    self.assertRegex(self.state(name), "^shut off")
        for name in names:
            self.ok("start", name)
            self.ok("destroy", name)

    def test_of_networks(self):
        """Each works, or is refused in the same way."""
        self.net_define("lvn", network("lvn"))
        for call in NEEDED:
            with self.subTest(call=call):
                result = self.without(call, "net-start", "lvn")
                if result.status:
                    self.assertIn(f"the system call {call} is missing", result.err)
                else:
                    self.ok("net-destroy", "lvn")
                support.wait_for(lambda: not self.network_leftovers(), 2)
                folder = f"{self.root}/run/lxvirt/network/lvn"
                self.assertIn(self.network_leftovers(), ([], [folder]))  # its leases
                self.assert_nothing_left()


class Guards(AbsentCase):
    """A kernel that guards no port: the call of bpf(2) that loads the guard fails, and those for devices do not."""

    def starts(self, name):
        """The status and the errors of a start with each of the first calls failing; it is destroyed at once."""
        both = '"$@" start "$0"; status=$?; "$@" destroy "$0" >/dev/null 2>&1; exit $status'
        for number in range(1, 6):
            done = subprocess.run([INJECT, "--calls", "bpf", "--fail", f"lxc_helper,bpf,{number},{errno.ENOSYS}",
                                   "sh", "-c", both, name, *self.command()], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=30 * support.SLOWNESS, check=False)
            yield done.returncode, done.stderr

    def test_of_guards(self):
        self.bridge("br8")
        devices = "<interface type='bridge'><mac address='52:54:00:00:00:05'/><source bridge='br8'/>{}</interface>"
        for name, extra in (("one", ""), ("two", "<filterref filter='no-mac-spoofing'/>")):
            self.define(self.plain(name, init="/bin/sleep", args=["1000"], devices=devices.format(extra)))
        words = "guard a bridge port: this kernel has no CONFIG_BPF_SYSCALL"
        for _, err in self.starts("one"):
            self.assertNotIn(words, err)
        self.assertIn(f"interface 52:54:00:00:00:05: not guarded: unsupported configuration: {words}",
                      support.read(f"{self.root}/var/log/lxvirt/lxc/one.log"))
        refused = [status for status, err in self.starts("two") if words in err]
        self.assertEqual(refused, [1])


class Definitions(AbsentCase):
    """What needs no start works as it always does."""

    def commands(self, call):
        """All that they printed, and what was stored in between."""
        told = []
        environment = {**os.environ, "EDITOR": "sed -i s/before/after/"}
        for words in (["validate", f"{self.folder}/one.xml"], ["define", f"{self.folder}/one.xml"], ["list", "--all"],
                      ["edit", "one"], ["dumpxml", "one"], ["dominfo", "one"], ["domstate", "one", "--reason"],
                      ["autostart", "one"], ["desc", "one", "--config", "other"], ["domrename", "one", "two"], ["plan", "two"],
                      ["attach-device", "two", f"{self.folder}/nic.xml", "--config"],
                      ["detach-device", "two", f"{self.folder}/nic.xml", "--config"],
                      ["domxml-to-native", "lxc-tools", "--domain", "two"],
                      ["domxml-from-native", "lxc-tools", f"{self.folder}/native"],
                      ["net-define", f"{self.folder}/net.xml"], ["net-list", "--all"], ["net-dumpxml", "lvn"],
                      ["net-autostart", "lvn"], ["net-info", "lvn"], ["net-undefine", "lvn"],
                      ["apply", f"{self.folder}/repository", "--prune"], ["apply", f"{self.folder}/repository", "--prune"],
                      ["diff", "applied"], ["export", f"{self.folder}/exported"],
                      ["undefine", "two"], ["list", "--all"], ["dumpxml", "two"]):
            done = (self.without(call, *words, env=environment) if call else
                    self.lxsh(*words, env=environment))
            # What has none gets another each time.
            told.append(re.sub("<uuid>[-0-9a-f]+</uuid>", "<uuid/>", str(done)))
        self.ok("undefine", "applied")
        shutil.rmtree(f"{self.folder}/exported")
        return told

    def test_commands_that_start_nothing(self):
        one = self.plain("one", extra="<description>before</description>", devices="<interface type='bridge'>"
                         "<mac address='52:54:00:11:11:21'/><source bridge='br8'/></interface>")
        write(f"{self.folder}/one.xml", one)
        write(f"{self.folder}/nic.xml", nic("lvn", mac="52:54:00:11:11:22"))
        write(f"{self.folder}/native", "lxc.uts.name = native\nlxc.rootfs.path = dir:/srv\nlxc.net.0.type = empty\n")
        write(f"{self.folder}/net.xml", network("lvn", extra="<mac address='52:54:00:00:00:aa'/>"))
        os.mkdir(f"{self.folder}/repository")
        write(f"{self.folder}/repository/applied.xml", self.plain("applied"))
        usual = self.commands(None)
        self.assertEqual([text for text in usual[:-1] if ": exit 0\n" not in text], [])
        for call in NEEDED:
            with self.subTest(call=call):
                self.assertEqual(self.commands(call), usual)
        self.assert_nothing_left()


# Of what tests a program that closes its descriptors.
WITH_CLOSE_RANGE = "Spawn.*:HooksTest.*"
# Tests of the system suite that start nothing.
START_NOTHING = {
    "native_test": [],
    "power_cut_test": [],
    "apply_test": ["test_brings", "test_networks_without", "test_one_that_fails", "test_an_unreadable", "test_prune",
                   "test_export", "test_diff", "test_two_at_once", "test_a_kill_at_each", "test_read_only"],
}
# They need a listener of their own, and a filter has but one; or packages and minutes of their own.
NOT_AGAIN = ("absent", "injection", "power_cut", "upgrade", "install")


class Suites(AbsentCase):
    """Test programs under the same conditions, with all their commands and containers."""

    def run_again(self, program, *tests, without):
        report = subprocess.run([INJECT, *without, sys.executable, f"{HERE}/{program}.py", *tests],
                                capture_output=True, text=True, timeout=900 * support.SLOWNESS, check=False)
        self.assertEqual(report.returncode, 0, report.stderr[-3000:] + report.stdout[-3000:])
        self.assertRegex(report.stderr + report.stdout, r"Ran [1-9][0-9]* test")

    def test_without_cgroup_kill_processes_are_killed_one_by_one(self):
        programs = {"crashes_test": ["KilledHelper"], "life_test": ["Pausing"]}
        if LONG:
            names = sorted(os.path.basename(path)[:-3] for path in glob.glob(f"{HERE}/*_test.py"))
            programs = {name: [] for name in names if name.removesuffix("_test") not in NOT_AGAIN}
        for program, tests in programs.items():
            with self.subTest(program=program):
                self.run_again(program, *tests, without=["--absent-file", "cgroup.kill"])

    def test_what_starts_nothing(self):
        for call in NEEDED if LONG else ():
            for program, tests in START_NOTHING.items():
                with self.subTest(call=call, program=program):
                    self.run_again(program, *tests, without=["--absent", call])

    def test_units_and_goldens(self):
        units = os.path.join(os.path.dirname(os.path.dirname(INJECT)), "unit")
        programs = sorted(path for path in glob.glob(f"{units}/*/unit_*") if os.access(path, os.X_OK) and
                          os.path.isfile(path))
        environment = {**os.environ, "LXVIRT_SCHEMAS": f"{SOURCE}/schemas", "LXVIRT_TESTS": f"{SOURCE}/tests",
                       "LXVIRT_EXAMPLES": f"{SOURCE}/examples"}
        if LONG:
            self.assertEqual(len(programs), 6)
        for call in NEEDED if LONG else ():
            unable = f"--gtest_filter=-{WITH_CLOSE_RANGE}" if call == "close_range" else "--gtest_filter=*"
            for program in programs:
                with self.subTest(call=call, program=program):
                    done = subprocess.run([INJECT, "--absent", call, program, unable], env=environment, text=True,
                                          capture_output=True, timeout=120 * support.SLOWNESS, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-1000:])


if __name__ == "__main__":
    support.main()
