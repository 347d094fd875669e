#!/usr/bin/env python3
"""Checks the documents for readers: each link leads to a file and a heading that exist, each document can be reached
from docs/index.md and is installed, and the numbers of commands are those of docs/compatibility.md. Prints each breach
as FILE:LINE: TEXT and fails.

usage: documents.py SOURCE_FOLDER
"""

import collections
import os
import pathlib
import re
import sys

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
NUMBERS = {
    "README.md": ["{here} of virsh's {all} commands", "({same} identical, {better} with more", "{ours} of its own",
                  "{not yet} more are planned; {refused} make no sense"],
    "docs/compatibility.md": ["virsh 9.0.0 has {all} commands. `lxsh` has {here} of them, and {ours} of its own",
                              "| same | {same} |", "| better | {better} |", "| not yet | {not yet} |",
                              "| refused | {refused} |", "| ours | {ours} |"],
    "docs/howto/from-libvirt.md": ["{here} of virsh's {all} commands"],
    "docs/lxsh.1": ["{here} of the {all} commands", "{ours} commands of its own"],
    "CHANGELOG.md": ["{here} of virsh's commands and {ours} of its own"],
}


def documents(source):
    return sorted([*source.glob("*.md"), *source.glob("docs/**/*.md")])


def anchors(path):
    """The headings of a document, as links name them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def links(path):
    """(line number, target, anchor) of each link to a file of this repository."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for link in LINK.findall(line):
            if not re.match(r"\w+:", link):
                name, _, anchor = link.partition("#")
                yield number, path.parent / name if name else path, anchor


def faults_of_links(source):
    for path in documents(source):
        for number, target, anchor in links(path):
            where = f"{path.relative_to(source)}:{number}"
            if not target.exists():
                yield f"{where}: the link leads nowhere: {os.path.relpath(target, source)}"
            elif anchor and anchor not in anchors(target):
                yield f"{where}: {os.path.relpath(target, source)} has no heading for #{anchor}"


def faults_of_reach(source):
    seen, to_do = set(), [source / "docs/index.md"]
    while to_do:
        path = to_do.pop().resolve()
        if path in seen:
            continue
        seen.add(path)
        to_do += [target for _, target, _ in links(path) if target.suffix == ".md" and target.exists()]
    installed = (source / "docs/meson.build").read_text(encoding="utf-8")
    for path in documents(source):
        name = path.relative_to(source)
        if path.resolve() not in seen:
            yield f"{name}:1: no link from docs/index.md leads here"
        shown = name.relative_to("docs") if name.parts[0] == "docs" else pathlib.Path("..") / name
        if f"'{shown}'" not in installed:
            yield f"{name}:1: docs/meson.build does not install it"


def faults_of_numbers(source):
    table = (source / "docs/compatibility.md").read_text(encoding="utf-8")
    states = collections.Counter(re.findall(r"^\| `[^`]+` \| ([a-z ]+) \|", table, re.MULTILINE))
    numbers = dict(states, here=states["same"] + states["better"], all=sum(states.values()) - states["ours"])
    for name, phrases in NUMBERS.items():
        text = (source / name).read_text(encoding="utf-8")
        for phrase in phrases:
            wanted = phrase.format_map(numbers)
            if re.sub(r"\s+", " ", wanted) not in re.sub(r"\s+", " ", text):
                yield f"{name}:1: should say: {wanted}"


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    found = [*faults_of_links(source), *faults_of_reach(source), *faults_of_numbers(source)]
    print("\n".join(found) or "the documents hold together")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
