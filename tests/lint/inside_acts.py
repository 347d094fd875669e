#!/usr/bin/env python3
"""Holds the table "What host root does inside a container" of docs/architecture.md: each call of the files below that
changes or opens a thing by a name stands there with the reason why the container cannot redirect it, and nothing stands
there that is not called. Prints each breach and fails. With --self-test it proves that each breach is found.

usage: inside_acts.py SOURCE_FOLDER | --self-test
"""

import pathlib
import re
import sys

FOLDERS = ("driver/device", "driver/life", "driver/supervisor", "helper")
# The kernel's calls that change something by its name, and the project's own that do so or open by a name.
CALLS = re.compile(
    r"::(chown|lchown|fchownat|chmod|fchmodat2?|mknod|mknodat|mkdir|mkdirat|unlink|unlinkat|rmdir|rename|renameat2?|"
    r"symlink|symlinkat|link|linkat|utimensat|setxattr|truncate|mount|umount2?|open_in_root|try_open_in_root|"
    r"make_folders_in_root|unmount_in)\(")
TITLE = "## What host root does inside a container"
ROW = re.compile(r"^\| `([\w/.]+)` \| ([^|]+) \| ([^|]+) \|$")


def table_of(text):
    """{file: its calls}, from the rows of the section; and what is wrong with rows."""
    rows, wrong = {}, []
    section = text.partition(TITLE)[2].partition("\n## ")[0]
    for line in section.splitlines():
        if not (match := ROW.match(line)):
            continue
        file, calls, reason = match.groups()
        rows.setdefault(file, set()).update(re.findall(r"`(\w+)`", calls))
        if len(reason.split()) < 4:
            wrong.append(f"docs/architecture.md: '{file}' has no reason")
    if not rows:
        wrong.append(f"docs/architecture.md: there is no table below '{TITLE}'")
    return rows, wrong


def breaches(sources, text):
    """`sources` are {file: its text}."""
    rows, wrong = table_of(text)
    found = {}
    for file, code in sources.items():
        for number, line in enumerate(code.splitlines(), 1):
            for call in CALLS.findall(line.partition("//")[0]):
                found.setdefault(file, set()).add(call)
                if call not in rows.get(file, set()):
                    wrong.append(f"{file}:{number}: {call}() is not in the table '{TITLE[3:]}' of docs/architecture.md: "
                                 "work by a descriptor, or say there why the container cannot redirect it")
    for file, calls in rows.items():
        wrong += [f"docs/architecture.md: {file} no longer calls {call}()" for call in calls - found.get(file, set())]
    return wrong


def self_test():
    row = f"{TITLE}\n| `helper/a.cc` | `mkdirat` | the folder is not attached yet |\n"
    code = {"helper/a.cc": "if (::mkdirat(fd, name, 0755) != 0)"}
    assert not breaches(code, row)
    assert breaches({"helper/a.cc": code["helper/a.cc"] + "\n::chown(path, 0, 0)"}, row)
    assert breaches({"helper/b.cc": code["helper/a.cc"]} | code, row)
    assert breaches({}, row)
    assert breaches({}, "nothing")
    assert breaches(code, row.replace("the folder is not attached yet", "safe"))
    assert not breaches(code | {"helper/b.cc": "// ::chown(x)"}, row)


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(sys.argv[1])
    sources = {str(path.relative_to(root)): path.read_text(encoding="utf-8")
               for folder in FOLDERS for path in sorted((root / folder).rglob("*.cc"))}
    wrong = breaches(sources, (root / "docs/architecture.md").read_text(encoding="utf-8"))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
