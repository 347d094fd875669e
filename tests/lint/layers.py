#!/usr/bin/env python3
"""Holds the layers of docs/architecture.md: prints each breach as FILE:LINE: TEXT and fails.

  - an include that crosses a layer upwards
  - a third-party header outside the folder that wraps it
  - a source file of more than MAX_LINES lines

With --self-test it proves on made-up trees that each breach is found.
"""

import pathlib
import re
import sys
import tempfile

MAX_LINES = 600

# What each folder may include, besides itself.
LAYERS = {
    "base": [],
    "xml": ["base"],
    "helper": ["base"],
    "netd": ["base", "xml"],
    "driver": ["base", "xml", "netd"],
    "remote": ["base", "xml", "driver"],
    "shell": ["base", "xml", "driver", "remote"],
    "tests": ["base", "xml", "helper", "netd", "driver", "remote", "shell"],
}

# Single headers that a folder may include beyond that: what driver and helper exchange.
EXCEPTIONS = {
    "driver": ["helper/devices.hh", "helper/enter_plan.hh", "helper/groups.hh", "helper/hooks.hh", "helper/links.hh",
               "helper/plan.hh", "helper/protocol.hh", "helper/status.hh", "helper/sync.hh"],
}

# Third-party headers, and the folders that wrap them. fmt and the tests' own libraries are not listed:
# fmt is the language's missing std::format and may stand anywhere.
THIRD_PARTY = [
    (re.compile(r"^libxml/"), ["xml"]),
    (re.compile(r"^(sys/capability\.h|blkid/)"), ["base"]),
    # The tests' inject needs the names of system calls.
    (re.compile(r"^seccomp\.h"), ["base", "tests"]),
    (re.compile(r"^readline/"), ["shell"]),
    (re.compile(r"^(nftables/|libnftables)"), ["netd"]),
    (re.compile(r"^systemd/"), ["driver"]),
    (re.compile(r"^(gtest|gmock|benchmark)/"), ["tests"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def breach_of_include(folder, quoted, bracketed):
    """The words of what is wrong with one include, or None."""
    if quoted is not None:
        target = quoted.split("/")[0]
        if "/" not in quoted or target not in LAYERS:
            return None  # a generated header (config.hh)
        if target == folder or target in LAYERS[folder]:
            return None
        if quoted in EXCEPTIONS.get(folder, []):
            return None
        return f'{folder}/ may not include "{quoted}"'
    for pattern, folders in THIRD_PARTY:
        if pattern.match(bracketed) and folder not in folders:
            return f"<{bracketed}> may be included in {', '.join(folders)}/ only"
    return None


def breaches(root):
    for folder in LAYERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".cc", ".hh"):
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            name = path.relative_to(root)
            if len(lines) > MAX_LINES:
                yield f"{name}:{len(lines)}: {len(lines)} lines, at most {MAX_LINES}"
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                words = match and breach_of_include(folder, match.group(1), match.group(2))
                if words:
                    yield f"{name}:{number}: {words}"


def self_test():
    cases = [
        ("base/x.cc", '#include "driver/root.hh"\n', True),
        ("xml/x.cc", '#include "base/file.hh"\n', False),
        ("xml/x.cc", "#include <libxml/tree.h>\n", False),
        ("driver/x.cc", "#  include <libxml/tree.h>\n", True),
        ("driver/x.cc", '#include "helper/plan.hh"\n', False),
        ("driver/x.cc", '#include "helper/child.hh"\n', True),
        ("helper/x.cc", '#include "xml/domain.hh"\n', True),
        ("helper/sub/x.hh", '#include "driver/root.hh"\n', True),
        ("shell/x.cc", "#include <seccomp.h>\n", True),
        ("base/x.cc", "#include <sys/capability.h>\n#include <sys/stat.h>\n", False),
        ("base/x.cc", "\n" * MAX_LINES, False),
        ("base/x.cc", "\n" * (MAX_LINES + 1), True),
    ]
    for name, text, bad in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            if bool(list(breaches(pathlib.Path(folder)))) != bad:
                sys.exit(f"self-test: {name} with {text[:60]!r} is {'not ' if bad else ''}found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(breaches(root))
    print("\n".join(found) or "the layers hold")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
