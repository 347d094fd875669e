#!/usr/bin/env python3
"""Looks for the tests that tables of documents name: `file_test: Class.test_name` of a program of tests/system, or
`Class.test_name` of escape_test.py; "..." stands for the rest of a name. Prints each that is not there and fails.

usage: named_tests.py SOURCE_FOLDER
"""

import ast
import pathlib
import re
import sys

DOCUMENTS = ("SECURITY.md", "docs/evidence/defects.md", "docs/evidence/escapes.md")
NAMED = re.compile(r"`(?:(\w+_test): )?([A-Z]\w+)(?:\.(test_\w+?)(\.\.\.)?)?`")


def tests_of(path):
    """{class: its tests}"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: [one.name for one in node.body if isinstance(one, ast.FunctionDef)]
            for node in tree.body if isinstance(node, ast.ClassDef)}


def look(source, document):
    """(how many it names, what is missing of them)"""
    missing, count = [], 0
    for number, line in enumerate((source / document).read_text(encoding="utf-8").splitlines(), 1):
        for program, group, test, cut in NAMED.findall(line) if line.startswith("|") else ():
            count += 1
            path = source / "tests/system" / f"{program or 'escape_test'}.py"
            known = tests_of(path).get(group) if path.exists() else None
            if known is None or test and not any(one == test or cut and one.startswith(test) for one in known):
                missing.append(f"{document}:{number}: there is no {program or 'escape_test'}: {group}.{test}")
    return count, missing


def main():
    found = [look(pathlib.Path(sys.argv[1]), document) for document in DOCUMENTS]
    missing = [line for _, lines in found for line in lines]
    print("\n".join(missing) or f"all {sum(count for count, _ in found)} tests are there")
    sys.exit(1 if missing or not all(count for count, _ in found) else 0)


main()
