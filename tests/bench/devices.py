#!/usr/bin/env python3
"""Measures hot-plug beside libvirt's; run by tests/bench/run in namespaces of its own.

A block disk and a veth come and go in one running container of each program, in turns. Times are of whole
commands, from spawn to the end of the process.
"""

import pathlib
import subprocess
import sys
import tempfile

import compare

DISK = """<disk type='block' device='disk'>
  <driver name='lxc' cache='none'/><source dev='{device}'/><target dev='vdb' bus='virtio'/>
</disk>
"""
NIC = f"""<interface type='bridge'>
  <mac address='00:16:3e:00:00:02'/><source bridge='{compare.BRIDGE}'/>
</interface>
"""


class LoopDevice:
    """A sparse image on a loop device."""

    def __init__(self, folder):
        image = folder / "disk.img"
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        self.path = compare.output("losetup", "--find", "--show", image)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        subprocess.run(["losetup", "--detach", self.path], check=True)


def measure(results, peer, kind, document):
    for act in ("attach", "detach"):
        took = compare.call(*peer.command, f"{act}-device", compare.WIRED, str(document), "--live")
        compare.add(results, f"{act}-device of a {kind}, ms", peer, took * 1000)


def peers(work, rootfs, lxsh):
    """As compare's, without lxc-tools, which has no hot-plug of these; each with a container that runs."""
    found = [peer for peer in compare.peers(work, rootfs, lxsh) if hasattr(peer, "list")]
    for peer in found:
        peer.start(compare.WIRED)
    return found


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as folder:
        work = pathlib.Path(folder)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "add", compare.BRIDGE, "type", "bridge"], check=True)
        subprocess.run(["ip", "link", "set", compare.BRIDGE, "up"], check=True)
        compare.show_network()
        groups, results = compare.top_groups(), {}
        with LoopDevice(work) as device:
            documents = {"block disk": DISK.format(device=device), "veth": NIC}
            for kind, text in documents.items():
                (work / f"{kind}.xml").write_text(text, encoding="ascii")
            everyone = peers(work, compare.make_rootfs(work / "rootfs"), lxsh)
            try:
                for _ in range(rounds):
                    for kind in documents:
                        for peer in everyone:
                            measure(results, peer, kind, work / f"{kind}.xml")
                compare.print_table(results, everyone, rounds)
            finally:
                for peer in everyone:
                    peer.destroy(compare.WIRED)
                    peer.close()
                compare.remove_groups(groups)


if __name__ == "__main__":
    main()
