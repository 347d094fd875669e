"""Programs that change the same things at the same time: commands against each other, and any commands in any
order."""

import fcntl
import os
import random
import re
import struct
import subprocess
import threading
import time

import support
from devices import filesystem_xml
from kill import LONG, StateCase
from network_guest import network, nic
from support import write
from terminal import Terminal

ROUNDS = 100 if LONG else 20
SECONDS = int(os.environ.get("LXVIRT_SECONDS", "60" if LONG else "10"))
PROGRAMS = 8
# What a command may not say, whoever else is at it.
WRONG = r"internal error|cannot acquire state change lock|No such file|resource busy|File exists|not whole"


class Against(StateCase):
    """Two commands at once, over and over."""

    def both(self, first, second, **options):
        """What the two commands did."""
        programs = [self.background(*words, **options) for words in (first, second)]
        done = []
        for program, words in zip(programs, (first, second)):
            out, err = program.communicate(timeout=60)
            self.assertIn(program.returncode, (0, 1), f"{words}: {err}")
            self.assertNotRegex(err, WRONG)
            done.append((program.returncode, out, err))
        return done

    def test_who_is_waited_for_is_said_on_a_terminal(self):
        self.ok("define", self.one())
        lock = f"{self.root}/run/lxvirt/lock/one.op"
        with open(lock, "r+", encoding="utf-8") as file:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            file.truncate()
            file.write(f"{os.getpid()} a test\n")
            file.flush()
            with Terminal(self.command("destroy", "one")) as terminal:
                terminal.expect(f"waiting for 'one', which is held by {os.getpid()} a test", 5)
                file.close()
                terminal.expect("is not running")
            with open(lock, "r+", encoding="utf-8") as again:
                fcntl.fcntl(again, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
                quiet = self.background("destroy", "one")
                time.sleep(1.3)
            self.assertEqual(quiet.communicate(timeout=20)[1].count("waiting"), 0)

    def test_start_against_undefine(self):
        path = self.one()
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.ok("define", path)
                started, undefined = self.both(["start", "one"], ["undefine", "one"])
                self.assertEqual(undefined[0], 0, undefined)
                state = self.truth("one")
                self.assertRegex(state, "^running" if started[0] == 0 else "gone")
                if state != "gone":
                    self.ok("destroy", "one")
                self.assertEqual(self.truth("one"), "gone")
                self.assert_nothing_left()

    def test_destroy_against_start(self):
        self.ok("define", self.one())
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                if turn % 2:
                    self.ok("start", "one")
                destroyed, started = self.both(["destroy", "one"], ["start", "one"])
                self.assertIn(0, (destroyed[0], started[0]))
                state = self.truth("one")
                self.assertRegex(state, "^(running|shut off)")
                if started[0] != 0:
                    self.assertRegex(started[2], "already active")
                self.lxsh("destroy", "one")
                self.assert_nothing_left()

    def test_edit_against_define(self):
        path = self.one(extra="<description>before</description>")
        self.ok("define", path)
        before = self.definition("one")
        other = self.one(extra="<description>other</description>")
        os.rename(other, f"{self.folder}/other.xml")
        self.one(extra="<description>before</description>")
        edited, defined = (before.replace("before", word) for word in ("after", "other"))
        seen = set()
        for turn in range(ROUNDS):
            with self.subTest(turn=turn):
                self.ok("define", path)
                done = self.both(["edit", "one"], ["define", f"{self.folder}/other.xml"],
                                 env={**os.environ, "EDITOR": "sed -i s/before/after/"})
                self.assertEqual(done[1][0], 0, done)
                if done[0][0] != 0:
                    self.assertIn("was changed by another user", done[0][2])
                self.assertIn(self.definition("one"), (edited, defined))
                seen.add(self.definition("one"))
                self.assert_nothing_left()


class AtRandom(StateCase):
    """Programs doing random commands on the same domains and networks; then all say what the kernel says,
    and everything goes."""

    NAMES = [f"d{number}" for number in range(20)]

    def setUp(self):
        super().setUp()
        self.files = {}
        for number, name in enumerate(self.NAMES):
            devices = nic(f"lvr{number % 2}") if number % 4 == 0 else ""
            self.files[name] = self.one(name, devices=devices, memory=32768)
            self.ok("define", self.files[name])
        for number in range(2):
            name = f"lvr{number}"
            write(f"{self.folder}/{name}.xml", network(name, subnet=110 + number))
            self.networks.append(name)
            self.ok("net-define", f"{self.folder}/{name}.xml")
            self.ok("net-start", name)
        os.mkdir(f"{self.folder}/source")
        write(f"{self.folder}/mount.xml", filesystem_xml(f"{self.folder}/source", "/mnt"))
        write(f"{self.folder}/nic.xml", nic("lvr0", mac="52:54:00:0a:0b:0c"))
        self.problems = []
        self.done = {}

    def choose(self, dice):
        name, net = dice.choice(self.NAMES), f"lvr{dice.randrange(2)}"
        device = dice.choice((f"{self.folder}/mount.xml", f"{self.folder}/nic.xml"))
        return dice.choice((
            ["define", self.files[name]], ["undefine", name], ["create", self.files[name]],
            ["start", name], ["start", name], ["start", name], ["destroy", name], ["shutdown", name],
            ["suspend", name], ["resume", name], ["autostart", name], ["autostart", name, "--disable"],
            ["attach-device", name, device, "--live"], ["detach-device", name, device, "--live"],
            ["attach-device", name, device, "--config"], ["detach-device", name, device, "--config"],
            ["list", "--all"], ["dumpxml", name], ["domstate", name, "--reason"], ["dominfo", name],
            ["net-start", net], ["net-destroy", net], ["net-define", f"{self.folder}/{net}.xml"],
            ["net-list", "--all"], ["net-dumpxml", net], ["net-info", net]))

    def program(self, seed, end):
        dice = random.Random(seed)
        while time.monotonic() < end:
            words = self.choose(dice)
            try:
                result = self.lxsh(*words, timeout=60)
            except subprocess.TimeoutExpired:
                self.problems.append(f"{words}: no end after 60 s")
                continue
            key = words[0], result.status
            self.done[key] = self.done.get(key, 0) + 1
            if result.status not in (0, 1) or re.search(WRONG, result.err):
                self.problems.append(str(result))

    def test_eight_programs_on_twenty_domains(self):
        seed = int(os.environ.get("LXVIRT_SEED") or random.randrange(1 << 30))
        print(f"LXVIRT_SEED={seed}")
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=self.program, args=(f"{seed}-{number}", end))
                   for number in range(PROGRAMS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"concurrency: {sum(self.done.values())} commands, "
              f"{sum(n for (_, status), n in self.done.items() if status == 0)} of them succeeded")
        self.assertEqual(self.problems, [])
        for name in self.NAMES:
            self.truth(name)
        self.assertEqual(sorted(self.active()), sorted(self.alive_by_kernel()))
        for name in self.active():
            self.lxsh("destroy", name)
        for name in self.networks:
            self.lxsh("net-destroy", name)
        for name in self.NAMES:
            self.lxsh("undefine", name)
        # Links to nothing go with the next definition.
        self.ok("define", self.files["d0"])
        self.ok("undefine", "d0")
        self.assertEqual(os.listdir(f"{self.root}/etc/lxvirt/lxc/autostart"), [])
        self.assert_nothing_left()

    def alive_by_kernel(self):
        """Names of the containers whose groups have processes."""
        found = set()
        for folder in self.groups():
            match = re.search(r"/lxc-\d+-(d\d+)\.libvirt-lxc$", folder)
            # Where nothing is set there is one group.
            inner = f"{folder}/init" if os.path.isdir(f"{folder}/init") else folder
            if match and support.read(f"{inner}/cgroup.procs").strip():
                found.add(match.group(1))
        return found


if __name__ == "__main__":
    support.main()
