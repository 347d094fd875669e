#!/usr/bin/env python3
"""Sums up JUnit reports: failures and skips with their reasons, and as the last line
'N passed, N failed, N skipped'. Exits with 1 where anything failed or nothing passed.

usage: summary.py [--failed TEXT]... REPORT.xml...
--failed adds a failure that no report knows, such as a suite that could not run.
"""

import sys
import xml.etree.ElementTree as ElementTree


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def reason(case, element):
    """What a test says about itself: its message, else the last line of what it wrote."""
    words = element.get("message") or element.text
    words = words or case.findtext("system-err") or case.findtext("system-out")
    return last_line(words) or "no reason given"


def count(path, totals, lines):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
        bad = case.find("failure")
        bad = bad if bad is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            totals["failed"] += 1
            lines["failed"].append(f"FAILED  {name}: {reason(case, bad)}")
        elif skipped is not None or case.get("result") == "skipped":
            totals["skipped"] += 1
            why = reason(case, skipped) if skipped is not None else "no reason given"
            lines["skipped"].append(f"skipped {name}: {why}")
        elif case.get("status") == "notrun":
            continue  # disabled by its name
        else:
            totals["passed"] += 1


def main():
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    lines = {"failed": [], "skipped": []}
    arguments = sys.argv[1:]
    while arguments:
        argument = arguments.pop(0)
        if argument == "--failed":
            totals["failed"] += 1
            lines["failed"].append(f"FAILED  {arguments.pop(0)}")
        else:
            count(argument, totals, lines)
    for line in lines["skipped"] + lines["failed"]:
        print(line)
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    sys.exit(1 if totals["failed"] or not totals["passed"] else 0)


if __name__ == "__main__":
    main()
