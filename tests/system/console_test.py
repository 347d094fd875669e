"""Consoles: bytes both ways unchanged, window size, several of them, and nobody reading."""

import hashlib
import os
import unittest

import support
from guest import GuestCase
from support import read, wait_for
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

    def test_it_ends_with_the_container(self):
        self.boot("one")
        with self.connect() as terminal:
            self.ok("destroy", "one")
            terminal.wait()


if __name__ == "__main__":
    support.main()
