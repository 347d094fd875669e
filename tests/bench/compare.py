#!/usr/bin/env python3
"""Measures lxsh beside lxc-tools, crun, systemd-nspawn and libvirt; run by tests/bench/run in namespaces of its own.

Every program gets the same root file system, init (endless sleep) and network (none of its own, or one
device on the same bridge), and they take turns within each round, so that a noisy machine is noisy for
all. Times are of whole commands, from spawn to the end of the process; a destroy ends when init and the
supervisor, which removes the groups, are both gone.
"""

import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

INIT = ["/bin/busybox", "sleep", "1000000000"]
DEFINITIONS = 1000
SUPERVISED = 10
BRIDGE = "bench0"
PLAIN, WIRED = "d0", "w0"  # the second has a device on the bridge
NEW = "new"

DOMAIN = """<domain type='lxc'>
  <name>{name}</name>
  <uuid>00000000-0000-4000-8000-{number:012}</uuid>
  <memory unit='KiB'>262144</memory>
  <vcpu>1</vcpu>
  <os>
    <type>exe</type>
    <init>{init[0]}</init>
    <initarg>{init[1]}</initarg>
    <initarg>{init[2]}</initarg>
  </os>
  <devices>
    <filesystem type='mount'>
      <source dir='{rootfs}'/>
      <target dir='/'/>
    </filesystem>
{interface}    <console type='pty'/>
  </devices>
</domain>
"""

INTERFACE = f"""    <interface type='bridge'>
      <mac address='00:16:3e:00:00:01'/>
      <source bridge='{BRIDGE}'/>
    </interface>
"""

LXC_CONFIG = """lxc.rootfs.path = dir:{rootfs}
lxc.uts.name = {name}
lxc.init.cmd = {init}
{network}
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:mixed sys:ro
lxc.autodev = 1
"""


def domains():
    """Name and document of each domain that the benchmark defines."""
    def document(number, name, interface):
        return name, DOMAIN.format(name=name, number=number, init=INIT, rootfs="{rootfs}",
                                   interface=interface)
    yield from (document(number, f"d{number}", "") for number in range(DEFINITIONS))
    yield document(DEFINITIONS, WIRED, INTERFACE)


def call_and_read(*command):
    """Seconds that a command took, and what it said; that is raised where it fails."""
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        begun = time.perf_counter()
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        status = os.waitpid(pid, 0)[1]
        took = time.perf_counter() - begun
        said.seek(0)
        text = said.read().strip()
        if status:
            raise RuntimeError(f"{' '.join(command)}: {text}")
    return took, text


def call(*command):
    return call_and_read(*command)[0]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def open_processes(*pids):
    """Their pidfds, to ask for their end without looking for it again and again."""
    return [os.pidfd_open(pid) for pid in pids]


def wait_gone(processes):
    """Seconds until they have ended; a zombie that nobody has reaped yet counts as gone."""
    begun = time.perf_counter()
    for process in processes:
        select.select([process], [], [])
    took = time.perf_counter() - begun
    for process in processes:
        os.close(process)
    return took


def memory(pid, field):
    """A line of smaps_rollup (proc(5)) in KiB: Pss is the proportional set size."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise RuntimeError(f"no {field} of process {pid}")


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


class Shell:
    """Commands of virsh, which are lxsh's."""

    command = []

    def start(self, name):
        return call(*self.command, "start", name)

    def supervisor(self, name):
        return int(output(*self.command, "domid", name))

    def destroy(self, name):
        return call(*self.command, "destroy", name)

    def list(self):
        return call(*self.command, "list", "--all")

    def uri(self):
        return call(*self.command, "uri")

    def define(self, path):
        return call(*self.command, "define", path)

    def undefine(self, name):
        return call(*self.command, "undefine", name)


class Lxvirt(Shell):
    name = "lxvirt"

    def __init__(self, work, rootfs, lxsh):
        self.rootfs = rootfs
        self.root = work / "lxvirt"
        self.command = [lxsh, "-c", f"lxc:///embed?root={self.root}"]
        folder = self.root / "etc/lxvirt/lxc"
        folder.mkdir(parents=True)
        # As /run is on a machine, and as the others have theirs.
        (self.root / "run").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", self.root / "run"], check=True)
        for name, text in domains():
            (folder / f"{name}.xml").write_text(text.format(rootfs=rootfs), encoding="ascii")

    def version(self):
        return output(*self.command, "version").splitlines()[0]

    def init(self, name):
        status = self.root / "run/lxvirt/lxc" / name / "status"
        return int(next(line.partition("=")[2] for line in status.read_text().splitlines()
                        if line.startswith("init_pid=")))

    def close(self):
        subprocess.run(["umount", "-l", self.root / "run"], check=True)


class Lxc:
    name = "lxc-tools"

    def __init__(self, work, rootfs, _lxsh, init=tuple(INIT)):
        self.path = work / "lxc"
        wired = f"lxc.net.0.type = veth\nlxc.net.0.link = {BRIDGE}"
        for name in [f"d{number}" for number in range(SUPERVISED)] + [WIRED]:
            folder = self.path / name
            folder.mkdir(parents=True)
            network = wired if name == WIRED else "lxc.net.0.type = none"
            text = LXC_CONFIG.format(rootfs=rootfs, name=name, init=" ".join(init), network=network)
            (folder / "config").write_text(text, encoding="ascii")

    def version(self):
        return "lxc " + output("lxc-start", "--version")

    def start(self, name):
        return call("lxc-start", "-P", str(self.path), "-n", name, "-d")

    def init(self, name):
        return int(output("lxc-info", "-P", str(self.path), "-n", name, "-p", "-H"))

    def supervisor(self, name):
        stat = pathlib.Path(f"/proc/{self.init(name)}/stat").read_text(encoding="ascii")
        return int(stat.rpartition(")")[2].split()[1])

    def destroy(self, name):
        return call("lxc-stop", "-P", str(self.path), "-n", name, "-k")

    def close(self):
        pass


class Libvirt(Shell):
    name = "libvirt"
    command = ["virsh", "-c", "lxc:///"]

    def __init__(self, work, rootfs, _lxsh):
        for path in ("/run/libvirt", "/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt"):
            subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
        folder = pathlib.Path("/etc/libvirt/lxc")
        folder.mkdir()
        for name, text in domains():
            (folder / f"{name}.xml").write_text(text.format(rootfs=rootfs), encoding="ascii")
        for name in ("libvirtd.conf", "virtlogd.conf"):
            (pathlib.Path("/etc/libvirt") / name).write_text("", encoding="ascii")
        # The daemon ends where its qemu driver does not find the user and group that its package makes.
        for name, line in (("passwd", "libvirt-qemu:x:64055:64055::/nowhere:/bin/false\n"),
                           ("group", "libvirt-qemu:x:64055:\n")):
            path = pathlib.Path("/etc") / name
            (work / name).write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
            subprocess.run(["mount", "--bind", work / name, path], check=True)
        log = open(work / "libvirtd.log", "w", encoding="utf-8")
        # libvirt_lxc 9.0 starts nothing where the hierarchies are mixed: it sees those of v1 only.
        hide = "umount /sys/fs/cgroup/unified 2>/dev/null; exec $0"
        self.daemons = [subprocess.Popen(["unshare", "--mount", "sh", "-c", hide, name],
                                         stdout=log, stderr=log)
                        for name in ("virtlogd", "libvirtd")]
        for _ in range(200):
            if subprocess.run([*self.command, "uri"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("libvirtd does not answer: " + (work / "libvirtd.log").read_text()[-500:])

    def version(self):
        return "libvirt " + output("virsh", "--version")

    def init(self, name):
        return int(children(self.supervisor(name))[0])

    def close(self):
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(20)


class Floor:
    """The kernel's own work, see floor.cc."""

    name = "floor"

    def __init__(self, _work, rootfs, lxsh):
        self.program = str(pathlib.Path(lxsh).parent.parent / "tests/bench/floor")
        if not os.path.exists(self.program):
            raise RuntimeError(f"{self.program} is not built (meson configure -Dbench=true)")
        self.rootfs, self.pids = rootfs, {}

    def version(self):
        return "floor.cc"

    def start(self, name):
        bridge = BRIDGE if name[0] == "w" else "-"
        took, pid = call_and_read(self.program, "start", f"/lxvirt-floor/{name}", str(self.rootfs), bridge, *INIT)
        self.pids[name] = int(pid)
        return took

    def init(self, name):
        return self.pids[name]

    supervisor = init

    def destroy(self, name):
        return call(self.program, "destroy", f"/lxvirt-floor/{name}", str(self.pids[name]))

    def close(self):
        pass


class Crun:
    name = "crun"

    def __init__(self, work, rootfs, _lxsh):
        self.bundle, self.state = work / "crun", work / "crun-state"
        self.bundle.mkdir()
        subprocess.run(["crun", "spec"], cwd=self.bundle, check=True)
        config = json.loads((self.bundle / "config.json").read_text(encoding="utf-8"))
        config["process"].update(terminal=False, args=INIT)
        config["root"] = {"path": str(rootfs), "readonly": False}
        # Without a network of its own, as the others; a bridge is not a runtime's business.
        config["linux"]["namespaces"] = [space for space in config["linux"]["namespaces"]
                                         if space["type"] not in ("network", "cgroup")]
        (self.bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")

    def command(self, *words):
        return ["crun", "--root", str(self.state), *words]

    def version(self):
        return output("crun", "--version").splitlines()[0]

    def start(self, name):
        return call(*self.command("run", "-d", "-b", str(self.bundle), name))

    def init(self, name):
        return int(json.loads(output(*self.command("state", name)))["pid"])

    supervisor = init

    def destroy(self, name):
        return call(*self.command("delete", "-f", name))

    def close(self):
        pass


class Nspawn:
    """It stays in the foreground and says when the container runs; nothing of it ends one but a signal to the init,
    so that the price of a command is in neither of its times."""

    name = "systemd-nspawn"

    def __init__(self, work, rootfs, _lxsh):
        pathlib.Path("/run/systemd").mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/systemd"], check=True)
        self.rootfs, self.running = rootfs, {}
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ready.settimeout(10)
        self.ready.bind(str(work / "nspawn-ready"))

    def version(self):
        return output("systemd-nspawn", "--version").splitlines()[0]

    def start(self, name):
        network = f"--network-bridge={BRIDGE}" if name[0] == "w" else "--private-network"
        environment = os.environ | {"NOTIFY_SOCKET": self.ready.getsockname()}
        begun = time.perf_counter()
        process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", f"--machine={name}",
             f"--directory={self.rootfs}", network, *INIT],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        while "READY=1" not in said.splitlines():
            try:
                said += self.ready.recv(4096).decode() + "\n"
            except TimeoutError as error:
                process.kill()
                raise RuntimeError(process.communicate()[1]) from error
        took = time.perf_counter() - begun
        leader = next(line for line in said.splitlines() if line.startswith("X_NSPAWN_LEADER_PID="))
        self.running[name] = process, int(leader.partition("=")[2])
        return took

    def init(self, name):
        return self.running[name][1]

    def supervisor(self, name):
        return self.running[name][0].pid

    def destroy(self, name):
        process, leader = self.running.pop(name)
        begun = time.perf_counter()
        os.kill(leader, signal.SIGKILL)
        process.wait(10)
        return time.perf_counter() - begun

    def close(self):
        for name in list(self.running):
            self.destroy(name)
        self.ready.close()
        subprocess.run(["umount", "-l", "/run/systemd"], check=True)


def make_rootfs(folder):
    for name in ("bin", "dev", "proc", "sys", "tmp", "etc", "run", "usr"):
        (folder / name).mkdir(parents=True)
    (folder / "etc/os-release").write_text("ID=bench\n", encoding="ascii")  # systemd-nspawn wants to see one
    shutil.copy(shutil.which("busybox"), folder / "bin/busybox")
    return folder


def peers(work, rootfs, lxsh):
    """The programs that take part; one that cannot says why and is left out."""
    found = []
    kinds = ((Lxvirt, []), (Floor, []), (Lxc, ["lxc-start"]), (Crun, ["crun"]),
             (Nspawn, ["systemd-nspawn"]), (Libvirt, ["libvirtd", "virsh"]))
    for kind, needs in kinds:
        missing = [name for name in needs if not shutil.which(name)]
        if missing:
            print(f"{kind.name} is left out: {', '.join(missing)} not installed", file=sys.stderr)
            continue
        peer = None
        try:
            peer = kind(work, rootfs, lxsh)
            for name in (PLAIN, WIRED)[:1 if kind is Crun else 2]:
                peer.start(name)
                peer.destroy(name)
            found.append(peer)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            if kind is Lxvirt:
                raise
            print(f"{kind.name} is left out: {error}", file=sys.stderr)
            if peer:
                peer.close()
    return found


def add(results, row, peer, value):
    results.setdefault(row, {}).setdefault(peer.name, []).append(value)


def measure_start(results, peer, name, words):
    add(results, f"start{words}, ms", peer, peer.start(name) * 1000)
    processes = open_processes(*{peer.init(name), peer.supervisor(name)})
    took = peer.destroy(name) + wait_gone(processes)
    add(results, f"destroy{words}, ms", peer, took * 1000)


def measure_round(results, everyone, definition):
    for name, words in ((PLAIN, ""), (WIRED, " with a bridged device")):
        for peer in everyone:
            if name == PLAIN or peer.name != Crun.name:
                measure_start(results, peer, name, words)
    for peer in everyone:
        if hasattr(peer, "define"):
            add(results, "define, ms", peer, peer.define(definition) * 1000)
            peer.undefine(NEW)
        if hasattr(peer, "list"):
            add(results, f"list --all, {DEFINITIONS} definitions, ms", peer, peer.list() * 1000)
            add(results, "uri, ms", peer, peer.uri() * 1000)


def measure_memory(results, peer):
    # Nobody supervises those of the first two; the third wants a unit of systemd's for each.
    if peer.name in (Floor.name, Crun.name, Nspawn.name):
        return
    names = [f"d{number}" for number in range(SUPERVISED)]
    for name in names:
        peer.start(name)
    for name in names:
        for field, row in (("Pss", "PSS"), ("Private_Dirty", "private dirty memory")):
            add(results, f"{row} of a supervisor, {SUPERVISED} running, KiB", peer,
                memory(peer.supervisor(name), field))
    for name in names:
        peer.destroy(name)


def remove_groups(before):
    """The empty groups that a peer left at the top of the hierarchies; others' are not looked into."""
    for folder in top_groups() - before:
        with contextlib.suppress(OSError):
            folder.rmdir()


def top_groups():
    return {path for pattern in ("*/machine", "*/lxc*", "machine", "lxc*", "*/d0", "*/lxvirt-floor",
                                "*/payload", "*/supervisor")
            for path in pathlib.Path("/sys/fs/cgroup").glob(pattern) if path.is_dir()}


def machine():
    cpu = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), os.uname().machine)
    memory = int(open("/proc/meminfo", encoding="ascii").readline().split()[1]) // 1048576
    return f"{cpu}, {os.cpu_count()} CPUs, {memory} GiB, Linux {os.uname().release}"


def print_table(results, everyone, rounds):
    print(f"Machine: {machine()}. Medians of {rounds} rounds; in brackets the 10th and 90th percentile; "
          "then lxvirt's share of it.\n")
    print("| | " + " | ".join(peer.name for peer in everyone) + " |")
    print("|---" * (len(everyone) + 1) + "|")
    for row, by_peer in results.items():
        own = statistics.median(by_peer[Lxvirt.name])
        cells = []
        for peer in everyone:
            values = sorted(by_peer.get(peer.name, []))
            if not values:
                cells.append("-")
                continue
            median = statistics.median(values)
            low, high = values[len(values) // 10], values[len(values) * 9 // 10]
            ratio = "" if peer.name == Lxvirt.name else f", {own / median:.2f}"
            cells.append(f"{median:.1f} ({low:.1f}-{high:.1f}){ratio}")
        print(f"| {row} | " + " | ".join(cells) + " |")
    print("\n" + "; ".join(peer.version() for peer in everyone))


def show_network():
    """A /sys that shows the network namespace we are in (lxc-start looks for its bridge there), with
    the groups where they were."""
    aside = tempfile.mkdtemp()
    subprocess.run(["mount", "--move", "/sys/fs/cgroup", aside], check=True)
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
    subprocess.run(["mount", "--move", aside, "/sys/fs/cgroup"], check=True)
    os.rmdir(aside)


def main():
    lxsh, rounds = sys.argv[1], int(sys.argv[2])
    results, everyone = {}, []
    with tempfile.TemporaryDirectory(prefix="lxvirt-bench-") as folder:
        work = pathlib.Path(folder)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
        show_network()
        groups = top_groups()
        try:
            rootfs = make_rootfs(work / "rootfs")
            definition = work / "new.xml"
            definition.write_text(DOMAIN.format(name=NEW, number=DEFINITIONS + 1, init=INIT, rootfs=rootfs,
                                                interface=INTERFACE), encoding="ascii")
            everyone = peers(work, rootfs, lxsh)
            for number in range(rounds):
                print(f"\rround {number + 1} of {rounds} ", end="", file=sys.stderr, flush=True)
                measure_round(results, everyone, str(definition))
            print("memory", file=sys.stderr)
            for peer in everyone:
                measure_memory(results, peer)
            print_table(results, everyone, rounds)
        finally:
            for peer in everyone:
                peer.close()
            remove_groups(groups)


if __name__ == "__main__":
    main()
