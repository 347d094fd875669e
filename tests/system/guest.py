"""Root file systems and definitions of the tests' containers, and a way to run commands inside: the init is
a shell that takes them from a fifo in a shared folder, so that they run with exactly what the container's
init has.
"""

import atexit
import os
import shutil
import tempfile
import uuid

from support import Case, read, run, wait_for, write

SUPPORT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")

AGENT = """#!/bin/sh
trap 'exit 0' TERM
exec 3<>/share/in
echo ready >/share/ready
while read -r n <&3; do
    (sh /share/$n.cmd >/share/$n.out 2>&1 3<&- </dev/null; echo $? >/share/$n.tmp)
    mv /share/$n.tmp /share/$n.rc
done
"""

_made = {}


def _folder():
    if "folder" not in _made:
        _made["folder"] = tempfile.mkdtemp(prefix="lxvirt-rootfs-")
        atexit.register(shutil.rmtree, _made["folder"], ignore_errors=True)
    return _made["folder"]


def busybox_rootfs():
    """One per test program; tests that change it take a copy."""
    path = os.path.join(_folder(), "busybox")
    if not os.path.isdir(path):
        run("bash", "-c", f'. "{SUPPORT}/rootfs.sh" && make_busybox_rootfs "{path}"')
        write(f"{path}/agent", AGENT, 0o755)
        os.mkdir(f"{path}/share")
    return path


def element(tag, value):
    return f"<{tag}>{value}</{tag}>" if value else ""


def domain(name, rootfs=None, partition="", init="/agent", args=(), devices="", extra="", os_extra="",
           on_poweroff="destroy", on_reboot="restart", on_crash="destroy", memory=262144, console=True,
           features="", root_extra=""):
    """A definition; `extra` goes below <domain>, `devices` below <devices>."""
    rootfs = rootfs or busybox_rootfs()
    return f"""<domain type='lxc'>
  <name>{name}</name>
  <uuid>{uuid.uuid5(uuid.NAMESPACE_OID, name)}</uuid>
  <memory unit='KiB'>{memory}</memory>
  <vcpu>1</vcpu>
  {f"<resource><partition>{partition}</partition></resource>" if partition else ""}
  <os><type>exe</type><init>{init}</init>{"".join(element("initarg", a) for a in args)}{os_extra}</os>
  {element("features", features)}
  <on_poweroff>{on_poweroff}</on_poweroff>
  <on_reboot>{on_reboot}</on_reboot>
  <on_crash>{on_crash}</on_crash>
  {extra}
  <devices>
    <filesystem type='mount'><source dir='{rootfs}'/><target dir='/'/>{root_extra}</filesystem>
    {devices}
    {"<console type='pty'/>" if console else ""}
  </devices>
</domain>
"""


class GuestCase(Case):
    """With containers whose init is the agent."""

    def setUp(self):
        super().setUp()
        self.serial = 0

    def share(self, name):
        return os.path.join(self.folder, f"share-{name}")

    def make_share(self, name):
        folder = self.share(name)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            os.mkfifo(f"{folder}/in")
            # Root of a container with an id map is any other user there.
            os.chmod(folder, 0o777)
            os.chmod(f"{folder}/in", 0o666)
        return folder

    def xml(self, name, devices="", **options):
        """A definition with the agent's shared folder."""
        options.setdefault("partition", self.partition)
        folder = self.make_share(name)
        devices = (f"<filesystem type='mount'><source dir='{folder}'/><target dir='/share'/>"
                   f"</filesystem>{devices}")
        return domain(name, devices=devices, **options)

    def plain(self, name, **options):
        """A definition without the agent."""
        return domain(name, partition=self.partition, **options)

    def boot(self, name, devices="", **options):
        """Defines and starts a container with the agent and waits for it."""
        self.define(self.xml(name, devices=devices, **options))
        self.start(name)

    def start(self, name, *words):
        ready = f"{self.share(name)}/ready"
        if os.path.exists(ready):
            os.unlink(ready)
        self.ok("start", name, *words)
        self.wait_agent(name)

    def wait_agent(self, name, seconds=10):
        ready = f"{self.share(name)}/ready"
        self.assertTrue(wait_for(lambda: os.path.exists(ready), seconds), f"{name}: no agent")

    def inside(self, name, script, seconds=20):
        """(exit status, output) of a shell script in the container."""
        self.serial += 1
        base = f"{self.share(name)}/{self.serial}"
        write(f"{base}.cmd", script)
        fifo = os.open(f"{self.share(name)}/in", os.O_RDWR)
        os.write(fifo, f"{self.serial}\n".encode())
        done = wait_for(lambda: os.path.exists(f"{base}.rc"), seconds)
        os.close(fifo)
        self.assertTrue(done, f"{name}: still running: {script}")
        return int(read(f"{base}.rc")), read(f"{base}.out")

    def output(self, name, script, seconds=20):
        """The output of a script that must succeed."""
        status, text = self.inside(name, script, seconds)
        self.assertEqual(status, 0, f"{script}: {text}")
        return text.strip()
