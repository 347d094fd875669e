#!/usr/bin/env python3
"""Compares the three that know the elements and attributes of our formats: the schemas, the manual pages and the parsers.
Prints each that one of them knows and another does not, and fails.

  - In a manual page they are bold "<element attribute ...>".
  - What the parsers ask for they tell themselves: tests/support/asked_names reads all documents of tests/golden and
    examples. Every name of a schema has to stand in one of those and to be read there, so a new one needs a golden.
    Of parsers that walk over all children and compare their names those names are looked for in the source.

usage: known_names.py SOURCE_FOLDER ASKED_NAMES
"""

import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

RNG = "{http://relaxng.org/ns/structure/1.0}"
PAGES = {
    "lxvirt-domain.5": ["domain.rng", "device.rng", "container.rng"],
    "lxvirt-network.5": ["network.rng", "device.rng"],
}
LX = "urn:lxvirt:domain:1"

# What the parsers ask for and no schema has, with its reason.
ASKED_ONLY = {
    ("maxMemory", None): "refused with what to do instead",
    ("outbound", "floor"): "refused with what is wrong",
}
# What a schema has and no parser reads, with its reason.
SCHEMA_ONLY = {
}


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


def pairs_of_parsers(source, program):
    """{"asked": pairs, "read": pairs}, as asked_names tells them."""
    documents = [str(path) for folder in ("tests/golden", "examples") for path in sorted((source / folder).rglob("*.*"))
                 if path.suffix in (".xml", ".out") and path.read_bytes().startswith(b"<")]
    pairs = {"asked": set(), "read": set()}
    told = subprocess.run([program, *documents], capture_output=True, text=True, check=True).stdout
    for line in told.splitlines():
        kind, element, *attribute = line.split(" ")
        pairs[kind].add((element, attribute[0] if attribute else None))
    return pairs


def names_compared(source):
    """Names with which parsers compare those of all children: [(file, line, name)]."""
    return [(path.relative_to(source), number, name)
            for path in sorted((source / "xml").rglob("*.cc"))
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            for name in re.findall(r'\bname(?:\(\))? [!=]= "(\w+)"', line)]


def words(element, attribute):
    return f"attribute {attribute} of <{element}>" if attribute else f"<{element}>"


def sorted_pairs(pairs):
    return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))


def differences(source, program):
    known = set()
    for page, files in PAGES.items():
        schema = Grammar(source / "schemas", files).pairs
        known |= schema
        told = pairs_of_page((source / "docs" / page).read_text(encoding="utf-8"))
        for here, there, text in ((schema, told, "is in the schema, but not in the page"),
                                  (told, schema, "is in the page, but not in the schema")):
            for pair in sorted_pairs(here - there):
                yield f"docs/{page}: {words(*pair)} {text}"
    parsers = pairs_of_parsers(source, program)
    for pair in sorted_pairs(known - parsers["read"] - set(SCHEMA_ONLY)):
        yield f"schemas: {words(*pair)}: no parser reads it in any document of tests/golden or examples"
    for pair in sorted_pairs(parsers["asked"] - known - set(ASKED_ONLY)):
        yield f"xml: {words(*pair)}: a parser asks for it, but no schema has it"
    for pair in sorted_pairs((set(SCHEMA_ONLY) & parsers["read"]) | (set(ASKED_ONLY) & known)):
        yield f"tests/lint/known_names.py: {words(*pair)} is no exception any more"
    elements = {element.rpartition(":")[2] for element, _ in known}
    for path, number, name in names_compared(source):
        if name not in elements:
            yield f"{path}:{number}: compares an element's name with '{name}', which no schema has"


def main():
    found = list(differences(pathlib.Path(sys.argv[1]), sys.argv[2]))
    print("\n".join(found) or "schemas, pages and parsers know the same")
    sys.exit(1 if found else 0)


main()
