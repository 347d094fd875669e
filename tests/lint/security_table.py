#!/usr/bin/env python3
"""Looks for the tests that SECURITY.md names: `Class.test_name` is of escape_test.py, `file_test: Class.test_name`
of another program of tests/system; "..." stands for the rest of a name. Prints each that is not there and fails.

usage: security_table.py SOURCE_FOLDER
"""

import ast
import pathlib
import re
import sys

NAMED = re.compile(r"`(?:(\w+_test): )?([A-Z]\w+)(?:\.(test_\w+?)(\.\.\.)?)?`")


def tests_of(path):
    """{class: its tests}"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
            for node in tree.body if isinstance(node, ast.ClassDef)}


def main():
    source = pathlib.Path(sys.argv[1])
    missing, count = [], 0
    for number, line in enumerate((source / "SECURITY.md").read_text(encoding="utf-8").splitlines(), 1):
        for program, group, test, cut in NAMED.findall(line) if line.startswith("|") else ():
            count += 1
            known = tests_of(source / "tests/system" / f"{program or 'escape_test'}.py").get(group)
            if known is None or test and not any(one == test or cut and one.startswith(test) for one in known):
                missing.append(f"SECURITY.md:{number}: there is no {program or 'escape_test'}: {group}.{test}")
    print("\n".join(missing) or f"all {count} tests are there")
    sys.exit(1 if missing or not count else 0)


main()
