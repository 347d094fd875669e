"""docs/tutorial.md, typed into a terminal line by line, as its reader would.

A block marked `sh` is typed into one shell; each command in it must succeed. A block marked `inside` is typed on
the container's console, which the command before it has opened. Each line of a block marked `text` must occur in
what the block before it printed; numbers and the width of blanks are not compared.
"""

import os
import re
import shutil
import tempfile

import support
from network_guest import NetworkCase
from support import run, write
from terminal import ESCAPE, Terminal

DOCUMENT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                        "docs", "tutorial.md")
PROMPT = "tutorial> "


def blocks(text):
    """(kind, lines) of each fenced block, in the document's order."""
    found = re.findall(r"^```(.*)\n((?:.*\n)*?)^```$", text, re.MULTILINE)
    return [(kind, body.splitlines()) for kind, body in found]


def commands(lines):
    """The lines joined to whole commands: a here-document belongs to the command that it follows."""
    made, end = [], None
    for line in lines:
        if end is not None:
            made[-1].append(line)
            end = None if line == end else end
            continue
        made.append([line])
        here = re.search(r"<<'?(\w+)'?", line)
        end = here.group(1) if here else None
    return made


def masked(text):
    """Words only: numbers of any kind are '#'."""
    text = re.sub(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "#", text)
    return " ".join(re.sub(r"\d+", "#", text).split())


def patient(line):
    """The line with the times that its reader waits, longer where everything is slow."""
    return re.sub(r"(sleep|--wait) (\d+)",
                  lambda match: f"{match.group(1)} {int(int(match.group(2)) * support.SLOWNESS)}", line)


class Tutorial(NetworkCase):
    def setUp(self):
        # The reader's /srv, which only this program's mount namespace has.
        # A folder and no tmpfs, which cannot be id-mapped before Linux 6.3.
        own = tempfile.mkdtemp(prefix="lxvirt-tutorial-")
        self.addCleanup(shutil.rmtree, own)
        run("mount", "--bind", own, "/srv")
        self.addCleanup(run, "umount", "/srv")
        super().setUp()
        self.networks.append("default")  # for the case that the tutorial does not come to its end
        programs = f"{self.folder}/bin"
        os.mkdir(programs)
        write(f"{programs}/lxsh", f"#!/bin/sh\nexec {os.path.abspath(support.LXSH)} \"$@\"\n", 0o755)
        self.shell = ["/usr/bin/env", f"PATH={programs}:{os.environ['PATH']}", f"LIBVIRT_DEFAULT_URI={self.uri}",
                      f"PS1=[$?]{PROMPT}", "PS2=", "TERM=dumb", "/bin/bash", "--norc", "--noediting", "-i"]

    def type_command(self, terminal, lines):
        """Types a command of one or more lines; what it printed, its own lines included."""
        for line in lines:
            terminal.send(patient(line) + "\n")
        if "lxsh console" in lines[0]:
            terminal.expect("Connected to domain")
            return ""
        printed = terminal.expect(f"]{PROMPT}", seconds=60)
        printed, _, status = printed.rpartition("[")
        self.assertEqual(status, "0", f"{lines} failed:\n{printed}")
        return printed

    def type_inside(self, terminal, lines):
        """Logs in on the console that the last command opened, types the lines, and leaves it."""
        terminal.send("\r")
        terminal.expect("login: ")
        terminal.send("root\r")
        printed = terminal.expect("# ")
        for line in lines:
            terminal.send(line + "\r")
            printed += terminal.expect("login: " if line == "exit" else "# ")
        terminal.send(ESCAPE)
        terminal.expect(f"[0]{PROMPT}")
        return printed

    def test_every_line(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            found = blocks(file.read())
        self.assertGreater(len([kind for kind, _ in found if kind == "sh"]), 10)
        printed = ""
        with Terminal(self.shell, columns=200) as terminal:
            terminal.expect(PROMPT)
            for kind, lines in found:
                if kind == "sh":
                    printed = "".join(self.type_command(terminal, command) for command in commands(lines))
                elif kind == "inside":
                    printed = self.type_inside(terminal, lines)
                else:
                    self.assertEqual(kind, "text", f"a block of a kind that no test knows: {lines}")
                    seen = [masked(line) for line in printed.splitlines()]
                    for line in lines:
                        self.assertIn(masked(line), seen)
            terminal.send("exit\n")
            terminal.wait()
        self.assertEqual(self.ok("list", "--all", "--name").split(), [])
        self.assertEqual(os.listdir("/srv/lxvirt"), [])


if __name__ == "__main__":
    support.main()
