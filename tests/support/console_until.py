#!/usr/bin/env python3
"""Runs a console command on a terminal of its own, shows what it prints until a text appears, leaves with
^] and ends as the command ends. For scripts that cannot sit in front of a console.

usage: console_until.py TEXT SECONDS COMMAND [ARGUMENT]...

Exits with 124 where the text did not appear in time, with 125 where the console ended before.
"""

import os
import pty
import select
import sys
import time

ESCAPE = b"\x1d"  # ^]


def read_some(fd):
    """The next bytes, or none at the end of the terminal (EIO once the other side is closed)."""
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""


def follow(fd, wanted, deadline):
    """Copies to standard output; True once `wanted` was seen."""
    seen = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return False
        data = read_some(fd)
        if not data:
            return None
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        seen = (seen + data)[-8192:]
        if wanted in seen:
            return True


def main():
    wanted, seconds, command = sys.argv[1].encode(), float(sys.argv[2]), sys.argv[3:]
    child, fd = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    found = follow(fd, wanted, time.monotonic() + seconds)
    if found is not None:
        os.write(fd, ESCAPE)
        # What comes after the escape is taken too, so that the command is never stuck in a write.
        follow(fd, b"\0never\0", time.monotonic() + 5)
    os.close(fd)
    print()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if found is None:
        sys.exit(125)
    sys.exit(status if found else 124)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
