#!/usr/bin/env python3
"""Measures the converter of lxc-tools' configurations; run by tests/bench/run.

The configuration is larger than those that people have: some of every kind of key, with two files that it
includes. Times are of whole commands, from spawn to the end of the process; those of the processor are what
is left of them on a quiet machine.
"""

import pathlib
import resource
import statistics
import sys
import tempfile

import compare

COMMON = """lxc.tty.max = 4
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.mount.auto = cgroup:mixed proc:mixed sys:mixed
lxc.mount.entry = /sys/fs/fuse/connections sys/fs/fuse/connections none bind,optional 0 0
"""
USERNS = """lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.mount.entry = /dev/null dev/null none bind,create=file 0 0
"""
KEYS = """lxc.mount.entry = /srv/data{0} srv/data{0} none bind,ro,create=dir 0 0
lxc.mount.entry = tmpfs run/{0} tmpfs rw,nodev,size=16m 0 0
lxc.cgroup2.devices.allow = c 226:{0} rwm
lxc.environment = NAME{0}=some value
lxc.sysctl.net.ipv4.conf.eth{0}.forwarding = 1
lxc.hook.start-host = /usr/local/bin/hook{0} --verbose "a b"
lxc.net.{0}.type = veth
lxc.net.{0}.link = br{0}
lxc.net.{0}.name = eth{0}
lxc.net.{0}.flags = up
lxc.net.{0}.hwaddr = 00:16:3e:00:00:{0:02x}
lxc.net.{0}.ipv4.address = 10.{0}.0.2/24
"""


def measure(rounds, *command):
    """Medians in ms: from spawn to the end, and of the processor."""
    whole, processor = [], []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        whole.append(compare.call(*command) * 1000)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return statistics.median(whole), statistics.median(processor)


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "common.conf").write_text(COMMON, encoding="ascii")
        (folder / "userns.conf").write_text(USERNS, encoding="ascii")
        text = (f"lxc.include = {folder}/common.conf\nlxc.include = {folder}/userns.conf\n"
                "lxc.uts.name = large\nlxc.rootfs.path = dir:/srv/large\n"
                + "".join(KEYS.format(number) for number in range(16)))
        (folder / "config").write_text(text, encoding="ascii")
        config = str(folder / "config")
        times = measure(max(rounds, 15), lxsh, "domxml-from-native", "lxc-tools", config)
        bare = measure(max(rounds, 15), lxsh, "--version")
    lines = text.count("\n") + COMMON.count("\n") + USERNS.count("\n") - 2
    print("| configurations of lxc-tools | whole, ms | processor, ms |\n|---|---|---|")
    for words, (whole, processor) in ((f"domxml-from-native of {lines} keys", times),
                                      ("floor: lxsh --version", bare)):
        print(f"| {words} | {whole:.1f} | {processor:.1f} |")


if __name__ == "__main__":
    main()
