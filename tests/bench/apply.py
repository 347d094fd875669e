#!/usr/bin/env python3
"""Measures definitions in version control; run by tests/bench/run in namespaces of its own.

Times are of whole commands, from spawn to the end of the process, for 1000 domains of a file each. The
definitions go to the disk of the temporary folder, as safely as they would in /etc; /run is a tmpfs, as it
is on a machine. A floor stands beside them: the same bytes read, or written and synced, by Python.

Nothing is deleted before all new definitions are measured: ext4 without a journal searches long for an
inode where many were freed in the last half minute.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import compare

UUID = "  <uuid>00000000-0000-4000-8000-{number:012}</uuid>\n"


def write_documents(folder, memory, uuids=True):
    folder.mkdir(exist_ok=True)
    text = compare.DOMAIN.replace("262144", str(memory)).replace(UUID, UUID if uuids else "")
    for number in range(compare.DEFINITIONS):
        (folder / f"d{number}.xml").write_text(
            text.format(name=f"d{number}", number=number, init=compare.INIT, rootfs="/srv",
                        interface=compare.INTERFACE.replace("00:00:01", "%02x:%02x:01" %
                                                            divmod(number, 256))),
            encoding="ascii")


class Bench:
    def __init__(self, lxsh, work):
        self.lxsh, self.work, self.root, self.roots, self.count = lxsh, work, None, [], 0
        self.repo, self.short = work / "repo", work / "short"
        write_documents(self.repo, 262144)
        write_documents(self.short, 262144, uuids=False)

    def new_root(self):
        self.root = self.work / f"root{self.count}"
        self.count += 1
        (self.root / "run").mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", self.root / "run"], check=True)
        self.roots.append(self.root)

    def call(self, *words):
        return compare.call(self.lxsh, "-q", "-c", f"lxc:///embed?root={self.root}", *words) * 1000

    def close(self):
        for root in self.roots:
            subprocess.run(["umount", "-l", root / "run"], check=True)

    def read_floor(self):
        start = time.monotonic()
        for path in sorted(self.repo.iterdir()):
            path.read_bytes()
            (self.root / "etc/lxvirt/lxc" / path.name).read_bytes()
        return (time.monotonic() - start) * 1000

    def write_floor(self):
        folder = self.work / f"floor{self.count}"
        folder.mkdir()
        texts = [(path.name, path.read_bytes()) for path in self.repo.iterdir()]
        start = time.monotonic()
        for name, text in texts:
            (folder / f".{name}").write_bytes(text)
        os.sync()
        for name, _ in texts:
            os.rename(folder / f".{name}", folder / name)
        return (time.monotonic() - start) * 1000

    def replace_floor(self):
        """What the file system takes for giving the old files' blocks back."""
        folder = self.root / "etc/lxvirt/lxc"
        names = [path.name for path in folder.iterdir() if path.name.endswith(".xml")]
        for name in names:
            (folder / f".{name}").write_bytes((folder / name).read_bytes())
        os.sync()
        start = time.monotonic()
        for name in names:
            os.rename(folder / f".{name}", folder / name)
        return (time.monotonic() - start) * 1000

    def round(self, add):
        self.new_root()
        out = str(self.root / "out")
        self.call("uri")
        add("floor: write, sync and rename 1000 files", self.write_floor())
        add("apply of 1000 new definitions", self.call("apply", str(self.repo)))
        add("floor: read 2000 files", self.read_floor())
        add("apply of 1000 unchanged definitions", self.call("apply", str(self.repo)))
        add("the same, files without uuid", self.call("apply", str(self.short)))
        add("the same, --dry-run --prune", self.call("apply", str(self.repo), "--dry-run", "--prune"))
        add("export of 1000 definitions", self.call("export", out))
        add("export of 1000 unchanged definitions", self.call("export", out))
        add("apply of what was exported", self.call("apply", out))
        add("validate of 1000 files", self.call("validate", str(self.repo)))

    def change_round(self, add):
        add("floor: rename over 1000 synced files", self.replace_floor())
        self.count += 1
        write_documents(self.repo, 262144 + self.count)
        add("apply of 1000 changed definitions", self.call("apply", str(self.repo)))


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    values = {}
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as folder:
        bench = Bench(lxsh, pathlib.Path(folder))
        try:
            for act in (bench.round, bench.change_round):
                for number in range(rounds):
                    print(f"\rround {number + 1} of {rounds} ", end="", file=sys.stderr, flush=True)
                    act(lambda row, value: values.setdefault(row, []).append(value))
        finally:
            bench.close()
    print(f"\n| Definitions in version control, {rounds} rounds | ms |\n|---|---|")
    for row, times in values.items():
        times.sort()
        low, high = times[len(times) // 10], times[len(times) * 9 // 10]
        print(f"| {row} | {statistics.median(times):.1f} ({low:.1f}-{high:.1f}) |")


if __name__ == "__main__":
    main()
