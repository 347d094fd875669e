#!/usr/bin/env python3
"""Measures what grows with the number of containers, and the console; run by tests/bench/run in namespaces
of its own, with the programs of compare.py.

The 300 starts with a device on a bridge and the floor's take turns, container by container.
"""

import contextlib
import os
import pathlib
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time

import compare
from compare import BRIDGE, INIT, Floor, Lxc, Lxvirt, memory

STARTS = 300
LAST = 20  # of them count for "the 300th"
RUNNING = 200
SUPERVISED = (1, 10, 100)
DEFINED = (1, 100, 1000)
PAYLOAD = 8 << 20
END = "end-of-payload"
# An init that says the payload once for each line that comes.
TALKER = f"""#!/bin/busybox sh
busybox=/bin/busybox
exec </dev/console >/dev/console
$busybox stty raw -echo
while read -r line; do $busybox cat /payload; $busybox printf {END}; done
"""


class Definitions(Lxvirt):
    """lxsh on a root with as many definitions, the first of them with a device on the bridge."""

    def __init__(self, work, rootfs, lxsh, count, wired=0, init=INIT):
        self.rootfs = rootfs
        self.root = pathlib.Path(tempfile.mkdtemp(dir=work))
        self.command = [lxsh, "-c", f"lxc:///embed?root={self.root}"]
        folder = self.root / "etc/lxvirt/lxc"
        folder.mkdir(parents=True)
        (self.root / "run").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", self.root / "run"], check=True)
        for number in range(count):
            mac = f"<mac address='00:16:3e:01:{number // 256:02x}:{number % 256:02x}'/>"
            interface = f"<interface type='bridge'>{mac}<source bridge='{BRIDGE}'/></interface>"
            text = compare.DOMAIN.format(name=f"d{number}", number=number, init=init, rootfs=rootfs,
                                         interface=interface if number < wired else "")
            (folder / f"d{number}.xml").write_text(text, encoding="ascii")


def measure_list(results, work, rootfs, lxsh, rounds):
    for count in DEFINED:
        peer = Definitions(work, rootfs, lxsh, count)
        results[f"list --all, {count} off, ms"] = statistics.median(peer.list() for _ in range(rounds)) * 1000
        peer.close()


def measure_running(results, work, rootfs, lxsh, rounds):
    """One after another, with the floor's between them; then lists and memory."""
    peer, floor = Definitions(work, rootfs, lxsh, STARTS, STARTS), Floor(work, rootfs, lxsh)
    own, bare = [], []
    for number in range(STARTS):
        bare.append(floor.start(f"w{number}") * 1000)
        own.append(peer.start(f"d{number}") * 1000)
        if number + 1 in SUPERVISED:
            for field in ("Pss", "Private_Dirty"):
                values = [memory(peer.supervisor(f"d{n}"), field) for n in range(number + 1)]
                results[f"{field} of a supervisor, {number + 1} running, KiB"] = statistics.median(values)
        if number + 1 == RUNNING:
            times = [peer.list() for _ in range(rounds)]
            results[f"list --all, {STARTS} defined, {RUNNING} running, ms"] = statistics.median(times) * 1000
    for words, part in (("first", slice(0, LAST)), ("last", slice(-LAST, None))):
        mine, least = statistics.median(own[part]), statistics.median(bare[part])
        results[f"start, bridged, the {words} {LAST} of {STARTS}, ms (floor {least:.1f})"] = mine
        results[f"the same as a ratio to the floor's, {words}"] = mine / least
    stops = [peer.destroy(f"d{number}") * 1000 for number in range(STARTS)]
    results[f"destroy, bridged, the first {LAST} of {STARTS}, ms"] = statistics.median(stops[:LAST])
    for number in range(STARTS):
        floor.destroy(f"w{number}")
    peer.close()


def throughput(command):
    """MiB/s of what a container's console says, as it comes out of `command` on a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    time.sleep(0.5)
    os.write(terminal, b"go\n")
    begun, tail = time.perf_counter(), b""
    try:
        while END.encode() not in tail:
            if not select.select([terminal], [], [], 10)[0]:
                raise TimeoutError
            tail = (tail + os.read(terminal, 1 << 16))[-500:]
    except OSError as error:
        raise RuntimeError(f"{' '.join(command)}: {error!r} after {tail!r}") from error
    took = time.perf_counter() - begun
    os.close(terminal)
    os.waitpid(pid, 0)
    return PAYLOAD / took / (1 << 20)


def measure_console(results, work, rootfs, lxsh, rounds):
    (rootfs / "payload").write_bytes((b"x" * 79 + b"\n") * (PAYLOAD // 80))
    (rootfs / "talker").write_text(TALKER, encoding="ascii")
    (rootfs / "talker").chmod(0o755)
    (work / "talker").mkdir()
    own = Definitions(work, rootfs, lxsh, 1, init=["/talker", "no", "arguments"])
    peers = [(own, "lxsh console", [*own.command, "console", "d0", "--force"])]
    if compare.shutil.which("lxc-start"):
        lxc = Lxc(work / "talker", rootfs, lxsh, ["/talker"])
        peers.append((lxc, "lxc-console", ["lxc-console", "-P", str(lxc.path), "-n", "d0", "-t", "0"]))
    speeds = {name: [] for _, name, _ in peers}
    try:
        for peer, _, _ in peers:
            peer.start("d0")
        for _ in range(rounds):
            for _, name, command in peers:
                speeds[name].append(throughput(command))
    finally:
        for peer, _, _ in peers:
            with contextlib.suppress(RuntimeError):  # what went wrong is told already
                peer.destroy("d0")
            peer.close()
    for name, values in speeds.items():
        results[f"{name}, MiB/s"] = statistics.median(values)


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    results = {}
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as folder:
        work = pathlib.Path(folder)
        for words in (("set", "lo", "up"), ("add", BRIDGE, "type", "bridge"), ("set", BRIDGE, "up")):
            subprocess.run(["ip", "link", *words], check=True)
        compare.show_network()
        groups = compare.top_groups()
        rootfs = compare.make_rootfs(work / "rootfs")
        try:
            for measure in (measure_list, measure_running, measure_console):
                measure(results, work, rootfs, lxsh, rounds)
        finally:
            compare.remove_groups(groups)
    print("| | |\n|---|---|")
    for row, value in results.items():
        print(f"| {row} | {value:.2f} |")


if __name__ == "__main__":
    main()
