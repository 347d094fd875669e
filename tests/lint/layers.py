#!/usr/bin/env python3
"""Holds the layers and rooms of docs/architecture.md: prints each breach as FILE:LINE: TEXT and fails.

  - an include that a room may not have
  - a source file in a folder that is no room
  - a room without a meson.build that opens with a comment
  - a third-party header outside the folder that wraps it
  - a source file of more than MAX_LINES lines
  - a file whose name repeats its folder's as a prefix

With --self-test it proves on made-up trees that each breach is found.
"""

import pathlib
import re
import sys
import tempfile

MAX_LINES = 600

BASE = ["base", "base/text", "base/file", "base/process", "base/netlink", "base/cgroup"]
# Calls over the system bus, for programs that link libsystemd.
BUS = ["base/bus"]
XML = ["xml", "xml/document", "xml/domain", "xml/device", "xml/network"]
# The driver's rooms, from the lowest: each may include those before it.
DRIVER = ["driver", "driver/store", "driver/host", "driver/supervisor", "driver/network", "driver/plan", "driver/systemd",
          "driver/device", "driver/life"]

# Each room, and what its files may include besides the room itself: rooms.
ROOMS = {
    # The folder base/ itself: errors, descriptors, roll-back, the event loop.
    "base": ["base/text"],
    "base/text": [],
    "base/file": ["base", "base/text"],
    "base/process": ["base", "base/text", "base/file"],
    "base/netlink": ["base", "base/text", "base/file"],
    "base/cgroup": ["base", "base/text", "base/file", "base/process"],
    "xml/document": BASE,
    "xml/domain": BASE + ["xml/document"],
    "xml/device": BASE + ["xml/document", "xml/domain"],
    "xml/network": BASE + ["xml/document", "xml/domain"],
    "xml": BASE + XML,
    "helper/exchange": BASE,
    "helper/objects": BASE + ["helper/exchange"],
    # The folder helper/ itself: lxc_helper, which no other layer may include.
    "helper": BASE + ["helper/exchange", "helper/objects"],
    "base/bus": [],
    "netd": BASE + XML,
    "netd/zone": BASE + BUS,
    # The folder driver/ itself: the abstract API and its values, which is all that the layers above see.
    "driver": BASE + XML,
    "driver/store": BASE + XML + ["driver"],
    "driver/host": BASE + XML + ["driver"],
    "driver/native": BASE + XML + ["driver", "driver/store"],
    "driver/agent": BASE + XML + ["netd"] + DRIVER,
    "driver/systemd/program": BASE + BUS,
    "driver/api": BASE + XML + ["netd", "driver/native"] + DRIVER,
    # Composed of the API's methods alone, so that it works on any implementation of it.
    "driver/apply": BASE + XML + ["driver"],
    "terminal": BASE,
    "shell/core": BASE + XML + ["terminal", "driver"],
    "shell/commands": BASE + XML + ["terminal", "driver", "driver/apply", "shell/core"],
    "shell": BASE + XML + ["terminal", "driver", "shell/core", "shell/commands"],
    "tests": None,  # may include anything
}
for room in DRIVER[2:]:
    if room not in ROOMS:
        ROOMS[room] = BASE + XML + ["netd"] + DRIVER[:DRIVER.index(room)]

# Rooms that are one room with the folders below them.
WITH_SUBFOLDERS = ["shell/commands", "tests"]

# What a room may include of helper/: the plan and the messages where the driver talks to a helper, the makers of kernel objects
# where it does itself what a start does.
for room in ("driver/store", "driver/supervisor", "driver/network", "driver/plan", "driver/systemd", "driver/device",
             "driver/life", "driver/api"):
    ROOMS[room] = ROOMS[room] + ["helper/exchange"]
for room in ("driver/supervisor", "driver/plan", "driver/device", "driver/life"):
    ROOMS[room] = ROOMS[room] + ["helper/objects"]

# Third-party headers, and the folders that wrap them. fmt and the tests' own libraries are not listed:
# fmt is the language's missing std::format and may stand anywhere.
THIRD_PARTY = [
    (re.compile(r"^libxml/"), ["xml"]),
    (re.compile(r"^(sys/capability\.h|blkid/)"), ["base"]),
    # The tests' inject needs the names of system calls.
    (re.compile(r"^seccomp\.h"), ["base", "tests"]),
    (re.compile(r"^readline/"), ["shell"]),
    (re.compile(r"^(nftables/|libnftables)"), ["netd"]),
    (re.compile(r"^systemd/"), ["base"]),
    (re.compile(r"^(gtest|gmock|benchmark)/"), ["tests"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
LAYERS = sorted({room.split("/")[0] for room in ROOMS})


def room_of(folder):
    """The room that the files of `folder` belong to, or None."""
    for room in WITH_SUBFOLDERS:
        if folder == room or folder.startswith(room + "/"):
            return room
    return folder if folder in ROOMS else None


def breach_of_include(room, quoted, bracketed):
    """The words of what is wrong with one include, or None."""
    if quoted is None:
        for pattern, folders in THIRD_PARTY:
            if pattern.match(bracketed) and room.split("/")[0] not in folders:
                return f"<{bracketed}> may be included in {', '.join(folders)}/ only"
        return None
    if "/" not in quoted or quoted.split("/")[0] not in LAYERS:
        return None  # a generated header (config.hh)
    allowed = ROOMS[room]
    target = room_of(quoted.rsplit("/", 1)[0])
    if allowed is None or target == room or target in allowed:
        return None
    return f'{room}/ may not include "{quoted}"'


def breaches_of_file(root, path):
    name = path.relative_to(root)
    folder = str(name.parent)
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES:
        yield f"{name}:{len(lines)}: {len(lines)} lines, at most {MAX_LINES}"
    room = room_of(folder)
    if room is None:
        yield f"{name}:1: {folder}/ is no room: give it an entry in tests/lint/layers.py and a meson.build"
        return
    if room != "tests" and path.stem.startswith(name.parent.name + "_"):
        yield f"{name}:1: the name repeats its folder's: call it {path.name[len(name.parent.name) + 1:]}"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        words = match and breach_of_include(room, match.group(1), match.group(2))
        if words:
            yield f"{name}:{number}: {words}"


def breaches(root):
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".cc", ".hh"):
                yield from breaches_of_file(root, path)
    for room in sorted(ROOMS):
        build = root / room / "meson.build"
        if not (root / room).is_dir():
            continue
        if not build.is_file() or not build.read_text(encoding="utf-8").startswith("#"):
            yield f"{room}/meson.build:1: says nothing: open it with a comment, what the room owns and may include"


def self_test():
    room = "# Owns it.\n"
    cases = [
        ("base/x.cc", '#include "driver/store/root.hh"\n', True),
        ("base/text/x.cc", '#include "base/error.hh"\n', True),
        ("base/file/x.cc", '#include "base/error.hh"\n', False),
        ("xml/domain/x.cc", '#include "base/file/file.hh"\n', False),
        ("xml/domain/x.cc", '#include "xml/network/network.hh"\n', True),
        ("xml/document/x.cc", "#include <libxml/tree.h>\n", False),
        ("driver/api/x.cc", "#  include <libxml/tree.h>\n", True),
        ("driver/plan/x.cc", '#include "helper/exchange/plan.hh"\n', False),
        ("driver/plan/x.cc", '#include "helper/child.hh"\n', True),
        ("driver/store/x.cc", '#include "driver/life/start.hh"\n', True),
        ("driver/life/x.cc", '#include "driver/store/root.hh"\n', False),
        ("driver/new/x.cc", "\n", True),
        ("driver/network/network_ports.cc", "\n", True),
        ("helper/x.cc", '#include "xml/domain/domain.hh"\n', True),
        ("shell/commands/domain/x.cc", '#include "driver/connection.hh"\n', False),
        ("shell/commands/domain/x.cc", '#include "driver/api/local.hh"\n', True),
        ("driver/apply/x.cc", '#include "driver/store/root.hh"\n', True),
        ("shell/commands/domain/x.cc", '#include "driver/store/root.hh"\n', True),
        ("shell/core/x.cc", '#include "shell/commands/lookup.hh"\n', True),
        ("shell/x.cc", "#include <seccomp.h>\n", True),
        ("base/x.cc", "#include <sys/capability.h>\n#include <sys/stat.h>\n", False),
        ("base/x.cc", "\n" * MAX_LINES, False),
        ("base/x.cc", "\n" * (MAX_LINES + 1), True),
        ("base/meson.build", "base_lib = 1\n", True),
    ]
    for name, text, bad in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            for parent in path.parents:
                if parent != pathlib.Path(folder):
                    (parent / "meson.build").write_text(room, encoding="utf-8")
                if parent.parent == pathlib.Path(folder):
                    break
            path.write_text(text, encoding="utf-8")
            if bool(list(breaches(pathlib.Path(folder)))) != bad:
                sys.exit(f"self-test: {name} with {text[:60]!r} is {'not ' if bad else ''}found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(breaches(root))
    print("\n".join(found) or "the layers and rooms hold")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
