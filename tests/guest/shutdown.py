"""The machine goes down, as its owner would have it do so, while a container runs.

usage: shutdown.py begin FOLDER           in the guest, as the last that runs there: starts the container and powers off
       shutdown.py check FOLDER REPORT    on the host, afterwards: what the container said on its console meanwhile

FOLDER is on the host; there the logs of lxvirt are.
"""

import os
import sys
import time
import xml.etree.ElementTree as ElementTree

# Where tests/guest/run's program for virtual machines takes the exit status from.
STATUS = "/dev/virtio-ports/vmtest.rc"
SECONDS = 5  # that the container takes
INIT = f"""trap 'echo going down; sleep {SECONDS}; echo down in order; exit 0' TERM
echo up; while :; do sleep 0.1; done"""


def begin(folder):
    if not os.path.exists(STATUS):
        print(f"there is no {STATUS}: the machine is not shut down")
        return
    import guest
    from support import LXSH, run, wait_for, write, read
    for path in ("/var/log/lxvirt", "/etc/lxvirt/hooks"):
        os.makedirs(path, exist_ok=True)
    run("mount", "--bind", folder, "/var/log/lxvirt")
    write(f"{folder}/last.xml", guest.domain("last", init="/bin/sh", args=("-c", INIT)))
    write("/etc/lxvirt/hooks/lxc", f"#!/bin/sh\necho $1 $2 >>{folder}/hooks\n", 0o755)
    run("systemctl", "start", "lxvirt-shutdown.service")
    run(LXSH, "define", f"{folder}/last.xml")
    run(LXSH, "start", "last")
    if not wait_for(lambda: "up" in read(f"{folder}/lxc/last.console.log")):
        print("the container does not come up")
        sys.exit(1)
    write(f"{folder}/begun", "")
    os.sync()
    write(STATUS, "0\n")
    run("systemctl", "poweroff")
    time.sleep(300)  # until it comes to us


def check(folder, report):
    def text(name):
        try:
            with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    console, hooks = text("lxc/last.console.log").split("\n"), text("hooks")
    console = [line.strip() for line in console if line.strip()]
    good = console == ["up", "going down", "down in order"] and "last stopped" in hooks
    suite = ElementTree.Element("testsuite", name="guest")
    case = ElementTree.SubElement(suite, "testcase", classname="Shutdown", name="of_the_machine_waits_for_containers")
    if not good:
        ElementTree.SubElement(case, "failure", message=f"console: {console}, hooks: {hooks.split()}")
    ElementTree.ElementTree(suite).write(report)


if __name__ == "__main__":
    {"begin": begin, "check": check}[sys.argv[1]](*sys.argv[2:])
