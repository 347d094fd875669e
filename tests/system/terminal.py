"""A command on a terminal of its own, for consoles."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from support import SLOWNESS

ESCAPE = "\x1d"  # ^]


class Terminal:
    def __init__(self, command, rows=24, columns=80):
        self.seen = b""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execv(command[0], command)
            finally:
                os._exit(127)
        self.resize(rows, columns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        os.close(self.fd)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """What comes within this time; nothing at the end."""
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the other side is closed
            data = b""
        self.seen += data
        return data

    def expect(self, text, seconds=15):
        """Waits for a text, and forgets what came up to its end; returns that."""
        wanted = text.encode()
        end = time.monotonic() + seconds * SLOWNESS
        while wanted not in self.seen:
            if time.monotonic() > end or (not self.read(end - time.monotonic()) and self.ended()):
                raise AssertionError(f"no {text!r} on the terminal but {self.seen[-2000:]!r}")
        before, _, self.seen = self.seen.partition(wanted)
        return before.decode(errors="replace")

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.fd, data):]

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, seconds=10):
        """The exit status; what the command still writes is taken."""
        end = time.monotonic() + seconds * SLOWNESS
        while not self.ended():
            if time.monotonic() > end:
                raise AssertionError(f"still running; the terminal shows {self.seen[-2000:]!r}")
            if not self.read(0.02):
                time.sleep(0.005)
        while self.read(0):  # what it wrote between the last look and its end
            pass
        return self.status

    def leave(self):
        self.send(ESCAPE)
        return self.wait()
