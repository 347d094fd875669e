"""Programs killed at any instant, and many at once: nothing is lost, nothing stays, and the next command
copes."""

import fcntl
import os
import random
import re
import signal
import socket
import struct
import time
import unittest

import support
from guest import GuestCase
from support import read, wait_for


class AtTheEnd(GuestCase):
    """Commands that come at the moment at which a container ends."""

    def setUp(self):
        super().setUp()
        self.define(self.plain("one", init="/bin/sleep", args=("1000",)))
        self.ok("start", "one")

    def held(self):
        """The operation lock in this process's hands, so that the helper cannot finish."""
        file = open(f"{self.root}/run/lxvirt/lock/one.op", "r+", encoding="utf-8")
        fcntl.fcntl(file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        return file

    def kill_init(self):
        init = int(self.status("one")["init_pid"])
        os.kill(init, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: support.is_zombie(init), 2))

    def test_reason_of_an_end_stays_whoever_comes_then(self):
        for command in ("destroy", "shutdown"):
            lock = self.held()
            asked = self.background(command, "one")
            support.time.sleep(0.2)
            self.kill_init()
            self.assertIn(self.state("one"), ("in shutdown (user)", "shut off (crashed: killed by signal 9 (KILL))"))
            lock.close()
            err = asked.communicate(timeout=20)[1]
            self.assertIn("domain is not running", err)
            self.wait_state("one", "shut off (crashed: killed by signal 9 (KILL))")
            self.assertNotIn("Destroyed", read(f"{self.root}/run/lxvirt/events"))
            self.ok("start", "one")
        self.ok("destroy", "one")
        self.assertEqual(self.state("one"), "shut off (destroyed)")

    def test_init_that_was_faster_than_destroy_keeps_its_reason(self):
        helper, init = self.helper("one"), int(self.status("one")["init_pid"])
        os.kill(helper, signal.SIGSTOP)
        os.kill(init, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: support.is_zombie(init), 2))
        asked = self.background("destroy", "one")
        support.time.sleep(0.3)
        os.kill(helper, signal.SIGCONT)
        self.assertIn("domain is not running", asked.communicate(timeout=20)[1])
        self.assertEqual(self.state("one"), "shut off (crashed: killed by signal 9 (KILL))")

    def test_start_waits_for_an_end(self):
        for _ in range(10):
            children = read(f"/proc/{self.helper('one')}/task/{self.helper('one')}/children").split()
            guard = next(child for child in children if read(f"/proc/{child}/comm") == "lxc_guard\n")
            os.kill(int(guard), signal.SIGKILL)
            self.ok("start", "one")
            self.ok("destroy", "one")
            self.assertEqual(self.state("one"), "shut off (destroyed)")
            self.ok("start", "one")

    def test_create_waits_for_an_end(self):
        path = f"{self.folder}/definition.xml"
        helper, init = self.helper("one"), int(self.status("one")["init_pid"])
        os.kill(helper, signal.SIGSTOP)
        os.kill(init, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: support.is_zombie(init), 2))
        created = self.background("create", path)
        support.time.sleep(0.3)
        os.kill(helper, signal.SIGCONT)
        out, err = created.communicate(timeout=20)
        self.assertEqual(created.returncode, 0, out + err)

    def agree_that_it_runs(self):
        self.assertEqual(self.state("one", reason=False), "running")
        self.assertEqual(self.active(), ["one"])
        self.assertIn("already active", self.fails("start", "one"))

    def destroy_soon(self):
        begin = support.time.monotonic()
        self.ok("destroy", "one")
        self.assertLess(support.time.monotonic() - begin, 5)
        self.assertEqual(self.active(), [])
        self.assertEqual(self.state("one"), "shut off (destroyed)")
        self.assert_nothing_left()
        self.ok("start", "one")

    FILES = ("lxc/one/live.xml", "lock/one.alive", "lxc/one/control.sock")

    def remove(self, files):
        for file in files:
            os.unlink(f"{self.root}/run/lxvirt/{file}")

    def test_state_is_known_without_some_of_its_files(self):
        for files in (*((file,) for file in self.FILES), self.FILES[:2], self.FILES[1:], self.FILES):
            with self.subTest(files=files):
                self.remove(files)
                self.agree_that_it_runs()
                self.destroy_soon()

    def test_the_next_change_has_the_files_made_anew(self):
        for files in ((self.FILES[1],), (self.FILES[2],), self.FILES[1:]):
            with self.subTest(files=files):
                helper = self.helper("one")
                self.remove(files)
                self.ok("suspend", "one")
                for file in files:
                    self.assertTrue(os.path.exists(f"{self.root}/run/lxvirt/{file}"))
                self.ok("resume", "one")
                self.assertEqual(self.helper("one"), helper)
                self.agree_that_it_runs()
        self.destroy_soon()

    def test_without_live_xml_each_command_says_so(self):
        self.remove(self.FILES[:1])
        for words in (("suspend", "one"), ("desc", "one", "--live", "x"), ("domifaddr", "one"),
                      ("attach-interface", "one", "bridge", "br0", "--live")):
            self.assertIn("live.xml', is gone", self.fails(*words), words)
        self.destroy_soon()


class KilledHelper(GuestCase):
    def kill_helper(self, name):
        init = int(self.status(name)["init_pid"])
        os.kill(self.helper(name), signal.SIGKILL)
        self.assertTrue(wait_for(lambda: support.is_zombie(init), 2), "init outlived its helper")

    def test_container_goes_along_and_the_next_start_works(self):
        self.boot("one")
        self.kill_helper("one")
        self.assertIn("shut off (crashed", self.state("one"))
        self.assertIn("shut off", self.ok("list", "--all"))
        self.assertIn("not running", self.fails("shutdown", "one"))
        self.start("one")
        self.assertEqual(self.output("one", "echo alive"), "alive")
        self.ok("destroy", "one")
        self.assert_nothing_left()

    def test_its_end_is_in_the_journal_once_cleaned(self):
        self.boot("one")
        self.kill_helper("one")
        self.start("one")
        text = read(f"{self.root}/run/lxvirt/events")
        self.assertEqual(len(re.findall(r"\tStopped\tCrashed", text)), 1, text)

    def test_destroy_cleans_up(self):
        self.boot("one")
        self.kill_helper("one")
        self.lxsh("destroy", "one")
        self.assert_nothing_left()
        self.assertIn("shut off (crashed", self.state("one"))

    def test_undefine_cleans_up(self):
        self.boot("one")
        self.kill_helper("one")
        self.ok("undefine", "one")
        self.assert_nothing_left()
        self.assertEqual(self.ok("-q", "list", "--all", "--name").split(), [])

    def test_processes_that_left_the_session_go_along(self):
        self.boot("one")
        self.output("one", "for i in 1 2 3; do setsid sleep 100 & done")
        self.kill_helper("one")
        left = lambda: [pid for pid in self.strangers() if "sleep" in support.describe(pid)]
        self.assertEqual(wait_for(lambda: not left(), 2), True, left())
        self.lxsh("destroy", "one")


class InterruptedStart(GuestCase):
    ROUNDS = 40

    def interrupt(self, number):
        """Starts, and interrupts it at one of ROUNDS instants within 40 ms."""
        delays = random.Random(1)
        for attempt in range(self.ROUNDS):
            start = self.background("start", "one")
            time.sleep(delays.uniform(0, 0.04))
            start.send_signal(number)
            start.communicate(timeout=10)
            with self.subTest(attempt=attempt):
                self.settle(attempt)

    def settle(self, attempt):
        self.assertIn("one", self.ok("list", "--all"))
        if attempt % 2 == 0:
            result = self.lxsh("start", "one")
            self.assertTrue(result.status == 0 or "already active" in result.err, str(result))
            self.assertEqual(self.state("one"), "running (booted)")
        self.lxsh("destroy", "one")
        self.assert_nothing_left()

    def test_killed(self):
        self.define(self.xml("one"))
        self.interrupt(signal.SIGKILL)

    def test_interrupted_by_the_user(self):
        self.define(self.xml("one"))
        self.interrupt(signal.SIGINT)

    def test_interrupted_with_a_network_and_a_loop_device(self):
        self.bridge("br8")
        disk = self.empty_disk()
        self.define(self.xml("one", devices=(
            "<interface type='bridge'><source bridge='br8'/></interface>"
            f"<disk type='file' device='disk'><source file='{disk}'/>"
            "<target dev='vda'/></disk>")))
        self.ROUNDS = 20
        self.interrupt(signal.SIGKILL)

    def test_killed_in_a_destroy(self):
        self.define(self.xml("one"))
        delays = random.Random(2)
        for _ in range(15):
            self.ok("start", "one")
            destroy = self.background("destroy", "one")
            time.sleep(delays.uniform(0, 0.02))
            destroy.kill()
            destroy.communicate(timeout=10)
            self.lxsh("destroy", "one")
            self.assertTrue(self.state("one").startswith("shut off"), self.state("one"))
            self.assert_nothing_left()


class Stopped(GuestCase):
    def test_a_stopped_helper_is_destroyed_by_force(self):
        self.boot("one")
        os.kill(self.helper("one"), signal.SIGSTOP)
        self.ok("destroy", "one")
        self.assertRegex(self.state("one"), "^shut off")
        self.assertIn("does not answer", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))
        self.assert_nothing_left()


@unittest.skipUnless(os.environ.get("LXVIRT_TEST_POINTS"), "this build has no test points")
class Ending(GuestCase):
    def test_without_its_files_it_is_off_though_the_lock_is_held(self):
        points = os.path.join(self.folder, "points")
        self.define(self.xml("one"))
        self.ok("start", "one", env={**os.environ, "LXVIRT_STOP_AT": "lxc_helper:folder-removed",
                                     "LXVIRT_POINTS": points})
        helper = self.helper("one")
        destroy = self.background("destroy", "one")
        try:
            wait_for(lambda: os.path.exists(points))
            self.assertEqual(self.state("one"), "shut off (destroyed)")
        finally:
            os.kill(helper, signal.SIGCONT)
            _, errors = destroy.communicate(timeout=60)
        self.assertEqual(destroy.returncode, 0, errors)
        self.assertEqual(self.state("one"), "shut off (destroyed)")
        self.assert_nothing_left()


class OtherVersions(GuestCase):
    def ask(self, path, version):
        """What a supervisor answers to a request of that protocol version and a shape it does not know."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            client.connect(path)
            client.send(struct.pack(">I", version) + b"what a later version has to say")
            return client.recv(4096)

    def test_a_request_of_an_unknown_version_is_refused_with_words(self):
        self.boot("one")
        for _ in range(2):
            answer = self.ask(f"{self.root}/run/lxvirt/lxc/one/control.sock", 77)
            self.assertIn(b"speaks protocol version 1, not 77", answer)
        self.assertEqual(self.state("one"), "running (booted)")
        self.ok("suspend", "one")
        self.ok("resume", "one")


class AtOnce(GuestCase):
    def finish(self, programs):
        results = []
        for program in programs:
            out, err = program.communicate(timeout=60)
            results.append((program.returncode, out, err))
        return results

    def test_twenty_starts_of_one_domain_start_it_once(self):
        self.define(self.xml("one"))
        results = self.finish([self.background("start", "one") for _ in range(20)])
        won = [out for status, out, _ in results if status == 0]
        self.assertEqual(won, ["Domain 'one' started\n\n"], results)
        for status, _, err in results:
            if status != 0:
                self.assertRegex(err, "already active|held by|lock")
        self.assertEqual(len({folder.rsplit("/", 1)[1] for folder in self.groups("one")
                              if not folder.endswith("/init")}), 1)
        self.assertEqual(read(f"{self.root}/run/lxvirt/events").count("\tStarted\t"), 1)

    def test_ten_starts_of_ten_domains(self):
        names = [f"c{number}" for number in range(10)]
        for name in names:
            self.define(self.xml(name, memory=65536))
        results = self.finish([self.background("start", name) for name in names])
        self.assertEqual([status for status, _, _ in results], [0] * 10, results)
        self.assertEqual(sorted(self.active()), names)
        for name in names:
            self.wait_agent(name)
        results = self.finish([self.background("destroy", name) for name in names])
        self.assertEqual([status for status, _, _ in results], [0] * 10, results)
        self.assert_nothing_left()

    def test_starts_and_destroys_of_one_domain_mixed(self):
        self.define(self.xml("one"))
        for _ in range(3):
            self.finish([self.background(random.choice(("start", "destroy", "domstate")), *words)
                         for words in [["one"]] * 6])
            self.lxsh("destroy", "one")
            self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
