"""Consoles: bytes both ways unchanged, window size, several of them, and nobody reading."""

import hashlib
import os
import subprocess
import unittest

import support
from guest import GuestCase
from support import read, wait_for, write
from terminal import Terminal

TWO = "<console type='pty'/><console type='pty'><target type='lxc' port='1'/></console>"


class Consoles(GuestCase):
    def connect(self, *words, **options):
        terminal = Terminal(self.command("console", "one", *words), **options)
        terminal.expect("Escape character is ^]")
        terminal.expect("\n")
        return terminal

    def test_what_came_before_is_shown_and_again_after_a_reconnect(self):
        self.boot("one")
        self.output("one", "echo first >/dev/console")
        with self.connect() as terminal:
            terminal.expect("first")
            self.assertEqual(terminal.leave(), 0)
        self.output("one", "echo second >/dev/console")
        with self.connect() as terminal:
            terminal.expect("second")
            self.output("one", "echo third >/dev/console")
            terminal.expect("third")
            self.assertEqual(terminal.leave(), 0)

    def test_input_arrives(self):
        self.boot("one")
        with self.connect() as terminal:
            terminal.send("hello there\r")
            terminal.expect("hello there")
            self.assertEqual(self.output("one", "head -n 1 </dev/console"), "hello there")
            terminal.leave()

    def test_window_size_is_passed_on(self):
        self.boot("one")
        with self.connect(rows=33, columns=101) as terminal:
            size = lambda: self.output("one", "stty size </dev/console")
            self.assertTrue(wait_for(lambda: size() == "33 101", 3), size())
            terminal.resize(44, 120)
            self.assertTrue(wait_for(lambda: size() == "44 120", 3), size())
            terminal.leave()

    def test_a_megabyte_of_any_bytes_out(self):
        self.boot("one")
        data = os.urandom(1 << 20)
        with open(f"{self.share('one')}/data", "wb") as file:
            file.write(data)
        self.output("one", "stty raw -echo </dev/console")
        with self.connect() as terminal:
            terminal.seen = b""
            self.inside_later("cat /share/data >/dev/console; echo END >/dev/console")
            got = bytearray()
            while not got.endswith(b"END\n"):
                more = terminal.read(10)
                self.assertTrue(more, f"only {len(got)} bytes came")
                got += more
            got = bytes(got[:-4])
            self.assertEqual(len(got), len(data))
            self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(data).digest())
            terminal.leave()

    def test_a_megabyte_of_any_bytes_in(self):
        self.boot("one")
        # Every byte but the escape character of the command.
        data = os.urandom(1 << 20).replace(b"\x1d", b"\x1e")
        self.output("one", "stty raw -echo </dev/console")
        with self.connect() as terminal:
            self.inside_later(f"head -c {len(data)} </dev/console >/share/got; touch /share/done")
            terminal.send(data)
            done = wait_for(lambda: os.path.exists(f"{self.share('one')}/done"), 30)
            self.assertTrue(done, "the input did not arrive")
            terminal.leave()
        with open(f"{self.share('one')}/got", "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(data).digest())

    def inside_later(self, script):
        """Runs it without waiting for its end."""
        self.output("one", f"({script}) >/dev/null 2>&1 &")

    def test_nobody_reading_does_not_block_and_the_log_is_bounded(self):
        self.boot("one")
        self.output("one", "dd if=/dev/zero bs=1M count=10 2>/dev/null | tr '\\0' x >/dev/console")
        log = f"{self.root}/var/log/lxvirt/lxc/one.console.log"
        # The console's last bytes may still be on their way into the log.
        self.output("one", "sleep 0.5")
        wait_for(lambda: os.path.exists(f"{log}.0") and os.path.exists(log), 5)
        sizes = [os.path.getsize(log), os.path.getsize(f"{log}.0")]
        self.assertLessEqual(max(sizes), 2 << 20)
        self.assertEqual(set(read(f"{log}.0")), {"x"})

    def test_a_client_that_stops_reading_does_not_block_for_long(self):
        self.boot("one")
        with self.connect():
            self.output("one", "dd if=/dev/zero bs=1M count=5 2>/dev/null | tr '\\0' x"
                               " >/dev/console", seconds=20)

    def test_second_client_is_refused_and_force_takes_over(self):
        self.boot("one")
        with self.connect() as first:
            self.assertIn("Active console session exists", self.refusal())
            with self.connect("--force") as second:
                self.assertEqual(first.wait(), 0)
                self.output("one", "echo taken over >/dev/console")
                second.expect("taken over")
                second.leave()

    def refusal(self):
        with Terminal(self.command("console", "one")) as terminal:
            terminal.wait()
            return terminal.seen.decode()

    def test_two_consoles(self):
        self.define(self.xml("one", devices=TWO, console=False))
        self.start("one")
        self.assertIn("container_ttys=pts/1", self.output("one", "tr '\\0' '\\n' </proc/1/environ"))
        with self.connect() as first, self.connect("--devname", "console1") as second:
            self.output("one", "echo to the second >/dev/tty2; echo to the first >/dev/tty1")
            second.expect("to the second")
            first.expect("to the first")
            first.leave()
            second.leave()

    def created(self, script, *words, command="create"):
        """(what the terminal shows after the headline, exit status) of a life from its first to its last moment."""
        path = f"{self.folder}/app.xml"
        write(path, self.plain("app", init="/bin/sh", args=("-c", script)))
        if command == "start":
            self.ok("define", path)
        with Terminal(self.command(command, "app" if command == "start" else path, "--console", *words)) as terminal:
            terminal.expect("Escape character is ^]")
            terminal.expect("\n")
            status = terminal.wait(20)
            return terminal.seen.decode().strip(), status

    def test_program_that_ends_at_once_is_shown_whole_with_its_status(self):
        for turn in range(8):
            shown, status = self.created(f"echo hello; exit {turn}")
            self.assertEqual((shown.strip(), status), ("hello", turn))
            self.assertEqual(self.active(), [])
        self.assertEqual(self.created("exec /no/such"), ("/bin/sh: exec: line 0: /no/such: not found", 127))
        self.assertEqual(self.created("echo x; busybox poweroff -f; sleep 9"), ("x", 0))

    def test_start_does_the_same(self):
        for words in ((), ("--autodestroy",)):
            shown, status = self.created("echo hello; exit 3", *words, command="start")
            self.assertEqual((shown.strip(), status), ("hello", 3))
            self.assertEqual(self.state("app"), "shut off (crashed: exit status 3)")

    def test_all_output_of_a_short_life_arrives(self):
        shown, status = self.created("stty raw; seq 1 60000; exit 5")
        self.assertEqual(status, 5)
        self.assertEqual(shown.split(), [str(i) for i in range(1, 60001)])

    def test_without_a_terminal(self):
        """As cron and ssh without -t run it: all output and the status arrive, and the input goes in."""
        def piped(script, given=None, *words):
            path = f"{self.folder}/app.xml"
            write(path, self.plain("app", init="/bin/sh", args=("-c", script)))
            source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
            done = subprocess.run(self.command("-q", "create", path, "--console", *words), text=True, capture_output=True,
                                  timeout=30, check=False, **source)
            self.assertNotIn("error", done.stderr)
            self.assertEqual(self.active(), [])
            return done.stdout.split(), done.returncode

        self.assertEqual(piped("echo hello; exit 3"), (["hello"], 3))
        self.assertEqual(piped("seq 1 30000; exit 5"), ([str(i) for i in range(1, 30001)], 5))
        self.assertEqual(piped("stty -echo; echo ready; cat; echo end; exit 4"), (["ready", "end"], 4))
        # The console may echo what arrives before stty runs.
        shown, status = piped("stty -echo; read word; echo got $word; exit 6", "word\n")
        self.assertEqual((shown[-2:], status), (["got", "word"], 6))

    def test_slow_reader_gets_the_last_output(self):
        path = f"{self.folder}/app.xml"
        write(path, self.plain("app", init="/bin/sh", args=("-c", "stty raw; seq 1 20000; echo END; exit 6")))
        with Terminal(self.command("create", path, "--console")) as terminal:
            wait_for(lambda: self.lxsh("domstate", "app").status != 0, 1)
            support.time.sleep(1)  # nobody reads
            terminal.expect("END\n")
            self.assertEqual(terminal.wait(20), 6)

    def test_signal_that_killed_the_init_is_the_status(self):
        path = f"{self.folder}/app.xml"
        write(path, self.plain("app", init="/bin/sleep", args=("1000",)))
        with Terminal(self.command("create", path, "--console")) as terminal:
            terminal.expect("Escape character is ^]")
            os.kill(int(self.status("app")["init_pid"]), 9)
            self.assertEqual(terminal.wait(), 128 + 9)

    def test_console_that_was_left_or_taken_over_says_nothing_of_the_init(self):
        self.define(self.xml("one"))
        with Terminal(self.command("start", "one", "--console")) as terminal:
            terminal.expect("Escape character is ^]")
            self.wait_agent("one")
            self.assertEqual(terminal.leave(), 0)
        self.ok("destroy", "one")
        os.unlink(f"{self.share('one')}/ready")
        with Terminal(self.command("start", "one", "--console"), rows=33, columns=101) as terminal:
            terminal.expect("Escape character is ^]")
            self.wait_agent("one")
            size = lambda: self.output("one", "stty size </dev/console")
            self.assertTrue(wait_for(lambda: size() == "33 101", 3), size())
            terminal.send("typed\r")
            self.assertEqual(self.output("one", "head -n 1 </dev/console"), "typed")
            with self.connect("--force") as second:
                self.assertEqual(terminal.wait(), 0)
                self.output("one", "echo taken over >/dev/console")
                second.expect("taken over")
                second.leave()

    def test_console_of_a_start_ends_with_a_reboot_and_a_killed_supervisor(self):
        self.define(self.xml("one"))
        with Terminal(self.command("start", "one", "--console")) as terminal:
            terminal.expect("Escape character is ^]")
            self.wait_agent("one")
            self.ok("reboot", "one")
            self.assertEqual(terminal.wait(), 0)
        self.assertTrue(wait_for(lambda: self.status("one").get("boots") == "2", 5))
        self.ok("destroy", "one")
        os.unlink(f"{self.share('one')}/ready")
        with Terminal(self.command("start", "one", "--console")) as terminal:
            terminal.expect("Escape character is ^]")
            self.wait_agent("one")
            os.kill(self.helper("one"), 9)
            terminal.expect("supervisor was killed")
            self.assertEqual(terminal.wait(), 1)
        self.ok("destroy", "one")

    def test_it_ends_with_the_container(self):
        self.boot("one")
        with self.connect() as terminal:
            self.ok("destroy", "one")
            terminal.wait()


if __name__ == "__main__":
    support.main()
