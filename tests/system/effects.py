"""What a container of lxc-tools gets, under lxc-start and under lxsh: its init is a script that writes down what
it sees, the same script under both. compare() says where two such accounts differ in what the configuration
promises; what lxsh adds on purpose (masks, read-only parts of /proc) is no difference.

lxc-start runs in the namespaces of the test program: support.isolate(), and show_network() besides.
"""

import glob
import os
import re
import signal
import subprocess

from support import read, run, wait_for, write

# The standard nodes, and devices that a container may or may not use.
NODES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx")
# Without the host's console, which lxsh never gives.
DEVICES = ("c 1 3", "c 1 5", "c 1 11", "c 1 1", "c 5 0", "c 10 200", "c 10 229", "c 10 232", "b 7 0", "b 8 0")

INIT = r"""#!/bin/sh
for file in /dev/report.txt /report.txt /tmp/report.txt /run/report.txt; do
    ( : >$file.new ) 2>/dev/null && break
done
section() { printf '[%s]\n' "$1"; }
{
    section mounts; cat /proc/self/mountinfo
    section status; cat /proc/1/status
    section limits; cat /proc/1/limits
    section environment; tr '\0' '\n' </proc/1/environ; echo
    section maps; cat /proc/1/uid_map /proc/1/gid_map
    section identity; hostname; pwd; for word in "$0" "$@"; do echo "$word"; done
    section nodes
    for path in /dev/* $(cat /etc/report.paths); do
        [ -e "$path" ] && stat -c '%n|%F|%a|%u|%g|%t:%T' "$path"
    done
    section links; ip -o link
    section addresses; ip -o addr
    section routes; ip route; ip -6 route
    section files
    for path in $(cat /etc/report.files); do echo "$path|$(cat "$path" 2>&1 | tr '\n' ' ')"; done
    section opens
    while read -r kind major minor; do
        rm -f /dev/probe
        mknod /dev/probe $kind $major $minor 2>/dev/null && made=made || made=refused
        read=no; write=no
        if [ $made = made ]; then
            # An error of the driver is none of the filter.
            text=$( { : </dev/probe; } 2>&1 ) && read=yes
            case $text in *'not permitted'*) ;; *) read=yes ;; esac
            text=$( { : >>/dev/probe; } 2>&1 ) && write=yes
            case $text in *'not permitted'*) ;; *) write=yes ;; esac
        fi
        rm -f /dev/probe
        echo "$kind $major:$minor|$made|$read|$write"
    done </etc/report.devices
    section end
} >$file.new 2>/dev/null
mv $file.new $file
exec sleep 100000
"""

# Mounts that the one makes and the other does not, each with its reason.
ONLY_LXC = {
    "/dev/ptmx": "a node here",
    "/proc/sys/net": "only the container's own parts can be written",
    "/proc/sys/kernel/random/boot_id": "the host's here",
    "/dev/.lxc": "lxc's own",
    "/dev/lxc": "lxc.tty.dir has no effect here",
    "/sys/devices/virtual/net": "sys:mixed has no effect here",
    "/proc": "the container's own parts of it can be written here",
    "/dev/pts": "mounted anew here",
    "/dev/.lxc-boot-id": "lxc's own",
}
ONLY_HERE = ("/proc/", "/sys", "/sys/firmware", "/sys/fs/cgroup", "/sys/devices/virtual/powercap", "/dev/pts")


def show_network():
    """A /sys of our network namespace, with the groups where they were; a /run that is ours."""
    aside = os.path.realpath(run("mktemp", "-d").strip())
    run("mount", "--move", "/sys/fs/cgroup", aside)
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "--move", aside, "/sys/fs/cgroup")
    os.rmdir(aside)
    run("mount", "-t", "tmpfs", "none", "/run")


def lxc_groups(name):
    """Of this container, and where lxc-stop goes aside."""
    return [path for part in (f"lxc.*.{name}", "lxc.pivot")
            for path in glob.glob(f"/sys/fs/cgroup/*/{part}") + glob.glob(f"/sys/fs/cgroup/{part}")]


def lines_of(path, depth=0):
    """(key, value) of a configuration with what it includes."""
    found = []
    for line in read(path).splitlines():
        key, equals, value = line.strip().partition("=")
        key, value = key.strip(), value.strip()
        if not key.startswith("lxc.") or not equals:
            continue
        if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]:
            value = value[1:-1]
        if key == "lxc.include" and depth < 8:
            files = sorted(glob.glob(f"{value}/*.conf")) if os.path.isdir(value) else [value]
            for file in files:
                if os.path.isfile(file):
                    found += lines_of(file, depth + 1)
        else:
            found.append((key, value))
    return found


def add_init(rootfs, paths=(), files=()):
    """Puts the script into a root file system."""
    write(f"{rootfs}/report-init", INIT, 0o755)
    write(f"{rootfs}/etc/report.paths", "\n".join(paths) + "\n")
    write(f"{rootfs}/etc/report.files", "\n".join(files) + "\n")
    write(f"{rootfs}/etc/report.devices", "\n".join(DEVICES) + "\n")


def account(pid):
    """The sections that the init of the container wrote, or None."""
    def text():
        for name in ("dev/report.txt", "report.txt", "tmp/report.txt", "run/report.txt"):
            try:
                return read(f"/proc/{pid}/root/{name}")
            except OSError:
                pass
        return ""
    wait_for(lambda: "[end]" in text(), 10)
    sections, name = {}, None
    for line in text().splitlines():
        if re.fullmatch(r"\[[a-z]+\]", line):
            name = line[1:-1]
            sections[name] = []
        elif name:
            sections[name].append(line)
    return sections if "end" in sections else None


def forget(rootfs):
    for name in ("report.txt", "tmp/report.txt", "run/report.txt", "dev/report.txt"):
        if os.path.exists(f"{rootfs}/{name}"):
            os.unlink(f"{rootfs}/{name}")


def under_lxc(lxcpath, name, then=lambda pid: None):
    """(Account of the container under lxc-start, what `then` returned), or the error's text."""
    before = set(lxc_groups(name))
    log = f"{lxcpath}/{name}.log"
    pid = 0
    try:
        started = subprocess.run(["lxc-start", "-P", lxcpath, "-n", name, "-d", "-o", log], check=False,
                                 capture_output=True, text=True, timeout=60)
        info = subprocess.run(["lxc-info", "-P", lxcpath, "-n", name, "-p", "-H"], check=False,
                              capture_output=True, text=True)
        if started.returncode != 0 or not info.stdout.strip():
            errors = [line.split(" - ", 1)[-1] for line in (read(log) if os.path.exists(log) else "").splitlines()
                      if " ERROR " in line]
            return None, (errors or [started.stderr.strip() or "it ended at once"])[0]
        pid = int(info.stdout)
        return account(pid), then(pid)
    finally:
        # lxc-stop would wait for ever for an init that ignores the configuration's signal.
        if pid:
            os.kill(pid, signal.SIGKILL)
        subprocess.run(["lxc-stop", "-P", lxcpath, "-n", name, "-k"], check=False, capture_output=True, timeout=30)
        wait_for(lambda: not f" @{lxcpath}/{name}/command" in read("/proc/net/unix"), 5)
        for path in set(lxc_groups(name)) - before:
            wait_for(lambda path=path: try_rmdir(path), 5)


def try_rmdir(path):
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def mounts_of(section):
    """Target: (type, flags, the file system's size and mode) of each mount that can be seen."""
    rows = []
    for line in section:
        before, _, after = line.partition(" - ")
        words, kind = before.split(), after.split()
        size = {key: value for key, _, value in (word.partition("=") for word in kind[2].split(","))
                if key in ("size", "mode", "nr_inodes")} if kind[0] == "tmpfs" else {}
        rows.append((words[0], words[1], words[4], (kind[0], tuple(sorted(words[5].split(","))),
                                                    tuple(sorted(size.items())))))
    # Where a path leads, as the kernel walks it: at each part onto what is mounted there.
    on = {(row[1], row[2]): row for row in rows}
    ids = {row[0] for row in rows}

    def seen_at(path):
        here = next(row for row in rows if row[1] not in ids)
        parts = [""] + [part for part in path.split("/") if part]
        for count in range(1, len(parts) + 1):
            place = "/".join(parts[:count]) or "/"
            while (here[0], place) in on and on[here[0], place] is not here:
                here = on[here[0], place]
        return here

    return {row[2]: row[3] for row in rows if seen_at(row[2]) is row}


def compare_mounts(there, here, nodes_here, keys, differences):
    def known(path, names):
        return any(path == name or path.startswith(name.rstrip("/") + "/") for name in names)
    for path in sorted(set(there) | set(here)):
        if path not in here:
            # With an id map lxc binds the host's nodes; one that is bound is made here, and compared as a node.
            if not known(path, ONLY_LXC) and path[5:] not in NODES and path not in nodes_here:
                differences.append(f"mount {path}: only under lxc")
        elif path not in there:
            # The first console is both /dev/console and /dev/tty1, as libvirt has it.
            if not known(path, ONLY_HERE) and (
                    not re.fullmatch("/dev/tty[0-9]+", path) or "lxc.tty.max" in keys and "lxc.tty.dir" not in keys):
                differences.append(f"mount {path}: only here {here[path]}")
        elif not known(path, ("/dev/console", "/dev/pts", "/proc", "/sys")) and \
                not re.fullmatch("/dev|/dev/tty[0-9]+", path) and there[path] != here[path]:
            differences.append(f"mount {path}: lxc {there[path]}, here {here[path]}")


def compare(lines, there, here):
    """The differences between two accounts in what the lines (key, value) promise."""
    differences = []
    keys = {key for key, _ in lines}
    nodes_here = {name for name, kind, *_ in (line.split("|") for line in here["nodes"]) if "special" in kind}
    compare_mounts(mounts_of(there["mounts"]), mounts_of(here["mounts"]), nodes_here, keys, differences)

    def same(what, one, other):
        if one != other:
            differences.append(f"{what}: lxc {one!r}, here {other!r}")

    status = [dict(line.split(":\t", 1) for line in side["status"] if ":\t" in line) for side in (there, here)]
    for field in ("Uid", "Gid", "NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        same(field, *(side[field] for side in status))
    same("Groups", *(side["Groups"].split() for side in status))
    same("id map", *(sorted(line.split() for line in side["maps"]) for side in (there, here)))
    for key, value in lines:
        if key.startswith(("lxc.prlimit.", "lxc.limit.")):
            title = LIMITS[key.rsplit(".", 1)[1]]
            same(key, *([line for line in side["limits"] if line.startswith(title)] for side in (there, here)))
        if key in ("lxc.environment", "lxc.environment.runtime") and "=" in value:
            same(key, *([line for line in side["environment"] if line.startswith(value.partition("=")[0] + "=")]
                        for side in (there, here)))
    same("host name, folder and words", there["identity"], here["identity"])
    same("files", there["files"], here["files"])
    nodes = [{line.split("|")[0]: line.split("|")[1:] for line in side["nodes"]} for side in (there, here)]
    for name in sorted(set(nodes[0]) & set(nodes[1])):
        # The first console is libvirt's: a terminal of the container's own devpts, as lxc's is of the host's.
        if not re.fullmatch("/dev/(console|tty[0-9]+|ptmx|pts|fd|std.*|report.*|initctl|log|core)", name):
            # A node of the host's shows nobody as its owner where the map does not have root.
            if name[5:] in NODES and any(key in ("lxc.idmap", "lxc.id_map") for key in keys):
                for side in nodes:
                    side[name][2:4] = "*", "*"
            same(f"node {name}", nodes[0][name], nodes[1][name])
    for path in sorted(set(nodes[0]) ^ set(nodes[1])):
        if re.fullmatch("/dev/tty[0-9]+", path) and "lxc.tty.max" in keys and "lxc.tty.dir" not in keys:
            differences.append(f"node {path}: only {'under lxc' if path in nodes[0] else 'here'}")
    # Without a denial of all lxc allows every device, and lxsh the usual ones.
    if any(key.endswith("devices.deny") and value.startswith("a") for key, value in lines):
        same("opens", there["opens"], here["opens"])
    compare_network(lines, there, here, same)
    return differences


LIMITS = {"as": "Max address space", "core": "Max core file size", "cpu": "Max cpu time", "data": "Max data size",
          "fsize": "Max file size", "locks": "Max file locks", "memlock": "Max locked memory",
          "msgqueue": "Max msgqueue size", "nice": "Max nice priority", "nofile": "Max open files",
          "nproc": "Max processes", "rss": "Max resident set", "rtprio": "Max realtime priority",
          "rttime": "Max realtime timeout", "sigpending": "Max pending signals", "stack": "Max stack size"}


def links_of(section):
    """Name: (MTU, whether it is up, hardware address) of each link."""
    found = {}
    for line in section:
        match = re.match(r"\d+: ([^:@ ]+)(?:@\S+)?: <([^>]*)> mtu (\d+).*?link/\S+ ?(\S*)", line)
        if match and match[1] != "lo":
            found[match[1]] = (match[3], "UP" in match[2].split(","), match[4])
    return found


def compare_network(lines, there, here, same):
    links = [links_of(side["links"]) for side in (there, here)]
    # A name that nobody gave is the kernel's or lxc's choice, and an address that nobody gave is by chance.
    values = dict(lines)
    numbers = sorted({match[1] for key in values if (match := re.match(r"lxc\.net\.(\d+)\.type", key))})
    same("number of links", len(links[0]), len(links[1]))
    names = [values.get(f"lxc.net.{number}.name") for number in numbers]
    for number, name in zip(numbers, names):
        if not name:
            continue
        given = values.get(f"lxc.net.{number}.hwaddr", "x")
        fixed = "x" not in given.lower()
        same(f"link {name}", *(side.get(name, ())[:3 if fixed else 2] for side in links))
    if numbers and all(names):
        for section in ("addresses", "routes"):
            # Link-local addresses follow the hardware address; the broadcast address is lxc's own mistake.
            same(section, *(sorted(re.sub(r"^\d+: | valid_lft.*|\\.*| brd \S+| tentative| flags \d+", "", line).strip()
                                   for line in side[section]
                                   if "fe80" not in line and " lo " not in line and "ff00" not in line)
                            for side in (there, here)))
