#!/usr/bin/env python3
"""Holds the comments of the C++ code to whole sentences: prints each breach as FILE:LINE: TEXT and fails.

A comment must not begin with a word that stands for a subject which only its author knew: "Of", "Its", "It", "Those"
or "What it". Looked at are the first line of each block of // comments, and each comment after code on a line.

With --self-test it proves on made-up lines that each breach is found.
"""

import pathlib
import re
import sys

FOLDERS = ["base", "driver", "helper", "netd", "shell", "terminal", "xml"]

BAD_START = re.compile(r"(Of|Its|It|Those|What it)\b")
# A string or a character of C++, in which // begins no comment.
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'')


def comments(lines):
    """The number and the text of each comment that begins in `lines`."""
    in_block = False
    for number, line in enumerate(lines, 1):
        bare = LITERAL.sub(lambda match: "_" * len(match.group()), line)
        at = bare.find("//")
        alone = at >= 0 and not bare[:at].strip()
        if at >= 0 and not (alone and in_block):
            yield number, line[at + 2:].strip()
        in_block = alone


def breaches_of(name, lines):
    for number, text in comments(lines):
        match = BAD_START.match(text)
        if match:
            yield f"{name}:{number}: a comment begins with '{match.group()}': name the subject, or begin with a verb"


def breaches(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = str(path.relative_to(root))
            if path.suffix in (".cc", ".hh"):
                yield from breaches_of(name, path.read_text(encoding="utf-8").splitlines())


def self_test():
    cases = [
        ("// Of a variable; nothing where it is not set.", [1]),
        ("    // Its socket.", [1]),
        ("int x;  // It is one.", [1]),
        ("// Those that run.", [1]),
        ("// What it says.", [1]),
        ("// What lxc says.", []),
        ("// Often used.", []),
        ("// Items in order.", []),
        ("// Returns the value\n// Of a variable.", []),
        ("int x;  // one\n// Of another.", [2]),
        ("// one\nint x;\n// It is another.", [3]),
        ('auto x = "http://x";  // Its address.', [1]),
        ('auto x = "// Of no comment";', []),
        ("auto x = '\"';  // Of a quote.", [1]),
    ]
    for text, wanted in cases:
        found = [int(breach.split(":")[1]) for breach in breaches_of("x", text.splitlines())]
        if found != wanted:
            sys.exit(f"self-test: in {text!r} the lines {found} are found, not {wanted}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(breaches(root))
    print("\n".join(found) or "the comments begin well")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
