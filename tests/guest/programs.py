"""Runs test programs in the guest, one after another, each with a report in RESULTS.

usage: programs.py RESULTS [NAME[:PART]]...
NAME is a program of tests/guest or tests/system without its "_test.py"; PART is a part of a test's name.
"""

import glob
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = os.path.join(os.path.dirname(HERE), "system")
LIMIT = 1800  # seconds, of one program

# What the guest cannot show.
LEFT_OUT = {
    "install": "installs from a build tree; every program here runs from where it was installed",
}


def programs():
    """The path of each program, this folder's first."""
    found = {}
    for folder in (HERE, SYSTEM):
        for path in sorted(glob.glob(f"{folder}/*_test.py")):
            found[os.path.basename(path).removesuffix("_test.py")] = path
    return found


def write_skip(report, name):
    with open(report, "w", encoding="utf-8") as file:
        file.write(f'<testsuite><testcase name="{name}"><skipped message="what it needs is not in the guest"/>'
                   "</testcase></testsuite>")


def main():
    results, wanted = sys.argv[1], sys.argv[2:]
    known = programs()
    good = True
    for word in wanted or [name for name in known if name not in LEFT_OUT]:
        name, _, part = word.partition(":")
        if name not in known:
            print(f"there is no {name}, but: {' '.join(known)}")
            sys.exit(1)
        begin = time.monotonic()
        print(f"==> {name}", flush=True)
        report = f"{results}/{word.replace(':', '-')}.xml"
        command = ["python3", known[name], f"--gtest_output=xml:{report}"]
        try:
            status = subprocess.run(command + ([part] if part else []), timeout=LIMIT, check=False).returncode
        except subprocess.TimeoutExpired:
            status = f"no end after {LIMIT} s"
        print(f"==> {name}: {status}, {time.monotonic() - begin:.0f} s", flush=True)
        if status == 77:  # all of it does not apply here; it has said why
            write_skip(report, name)
        # A failure stands in the report; a program that has none did not come that far.
        good &= os.path.exists(report)
    sys.exit(0 if good else 1)


main()
