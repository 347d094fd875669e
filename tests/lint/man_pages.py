#!/usr/bin/env python3
"""Compares the manual pages of formats with the schemas: every element and attribute of the one stands in the
other. In a page they are bold "<element attribute ...>"; prints each difference and fails.

usage: man_pages.py SOURCE_FOLDER
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

RNG = "{http://relaxng.org/ns/structure/1.0}"
PAGES = {
    "lxvirt-domain.5": ["domain.rng", "device.rng", "container.rng"],
    "lxvirt-network.5": ["network.rng", "device.rng"],
}
LX = "urn:lxvirt:domain:1"


class Grammar:
    """(element, attribute or None) pairs that are reachable from `start`; names of our own namespace with "lx:"."""

    def __init__(self, folder, files):
        self.defines, self.start, self.pairs, self.seen = {}, [], set(), set()
        for name in reversed(files):
            root = ElementTree.parse(folder / name).getroot()
            prefix = "lx:" if root.get("ns") == LX else ""
            for define in root.iter(f"{RNG}define"):
                self.defines.setdefault(define.get("name"), []).append((define, prefix))
            starts = [start for start in root.iter(f"{RNG}start")]
            self.start = [(start, prefix) for start in starts] or self.start  # the first file's, read last
        for start, prefix in self.start:
            self.walk(start, prefix, None)

    def walk(self, node, prefix, element):
        for child in node:
            kind = child.tag.removeprefix(RNG)
            if kind == "element":
                for name in names_of(child):
                    self.pairs.add((prefix + name, None))
                    self.walk(child, prefix, prefix + name)
            elif kind == "attribute":
                for name in names_of(child):
                    self.pairs.add((element, name))
            elif kind == "ref":
                if (child.get("name"), element) in self.seen:
                    continue
                self.seen.add((child.get("name"), element))
                for define, own in self.defines.get(child.get("name"), []):
                    self.walk(define, own, element)
            else:
                self.walk(child, prefix, element)


def names_of(node):
    """Of an element or an attribute; none where any will do."""
    if node.get("name"):
        return [node.get("name")]
    return [name.text for name in node.findall(f"{RNG}name") + node.findall(f"{RNG}choice/{RNG}name")]


def pairs_of_page(text):
    pairs = set()
    for inside in re.findall(r"<([a-zA-Z_:][^<>/'=]*)>", text.partition(".SH DESCRIPTION")[2]):
        element, *attributes = re.split(r"[\s\\]+", inside.strip())
        pairs.add((element, None))
        pairs |= {(element, attribute) for attribute in attributes}
    return pairs


def differences(source):
    for page, files in PAGES.items():
        known = Grammar(source / "schemas", files).pairs
        told = pairs_of_page((source / "docs" / page).read_text(encoding="utf-8"))
        for here, there, words in ((known, told, "is in the schema, but not in the page"),
                                   (told, known, "is in the page, but not in the schema")):
            for element, attribute in sorted(here - there, key=str):
                what = f"attribute {attribute} of <{element}>" if attribute else f"<{element}>"
                yield f"docs/{page}: {what} {words}"


def main():
    found = list(differences(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "the pages list what the schemas have")
    sys.exit(1 if found else 0)


main()
