#!/usr/bin/env python3
"""Looks for the folders of the sources and of the build in the programs that are installed, debug information
included: prints each finding and fails. tests/package/run compares whole builds of two folders.

usage: no_paths.py SOURCE_FOLDER BUILD_FOLDER PROGRAM...
       no_paths.py --self-test
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def findings(program, folders):
    """The strings of the program that hold one of the folders, as they stand around it."""
    data = pathlib.Path(program).read_bytes()
    sections = subprocess.run(["readelf", "--section-details", "--wide", program], capture_output=True, text=True, check=False)
    if "COMPRESSED" in sections.stdout:
        yield f"{program}: has compressed sections, into which nobody can look"
    for folder in folders:
        # The name ends there: /work/lxvirt is not in /work/lxvirt-old.
        for match in re.finditer(rb"[ -~]*" + re.escape(str(folder).encode()) + rb"(?![\w.-])[ -~]*", data):
            yield f"{program}: {match.group().decode()[:200]}"


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program"
        for text, count in (("x\0/a/build/shell/main.cc\0", 1), ("x\0/a/builder\0/b/a/built\0", 0), ("\0-I/a/build\0/a/build\0", 2)):
            program.write_bytes(text.encode())
            found = list(findings(str(program), ["/a/build"]))
            if len(found) != count:
                sys.exit(f"self-test: {text!r}: {found}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    source, build, *programs = sys.argv[1:]
    # Of a folder as short as / or /src every program has something.
    folders = sorted({folder for folder in (source, build) if len(folder) > 4})
    found = [line for program in programs for line in findings(program, folders)]
    print("\n".join(found[:20]) or f"{len(programs)} programs tell nothing of {' and '.join(folders)}")
    sys.exit(1 if found else 0)


main()
