"""The supervisors as they wait: their capabilities, who may trace them, and their control sockets."""

import array
import os
import socket
import struct
import subprocess
import unittest

import support
from network_guest import NetworkCase
from probe import ProbeCase
from support import read, wait_for, write

MAX_MESSAGE = 4096
PING = struct.pack(">IIIII", 1, 0, 0, 0, 0)  # version, kind, value, flag, an empty text
NETWORK_VERSION = 4  # of netd/plan.hh
NETWORK_PING = struct.pack(">II", NETWORK_VERSION, 0)  # version, kind
DONE = struct.pack(">III", 1, 0, 0)


def facts(pid):
    return dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":\t" in line)


class Sockets:
    """What both supervisors' sockets do."""

    ping, done = PING, DONE[:8]

    def connect(self):
        folder = os.open(self.socket_folder(), os.O_PATH)
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            client.connect(f"/proc/self/fd/{folder}/control.sock")
        finally:
            os.close(folder)
        client.settimeout(10)
        self.addCleanup(client.close)
        return client

    def is_closed(self, client):
        try:
            answer = client.recv(MAX_MESSAGE)
            if b"speaks protocol version" in answer:  # told before
                answer = client.recv(MAX_MESSAGE)
            return answer == b""
        except ConnectionResetError:
            return True

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.supervisor()}/fd"))

    def check_socket(self):
        before = self.descriptors()
        info = os.stat(f"{self.socket_folder()}/control.sock")
        self.assertEqual((info.st_mode & 0o777, info.st_uid), (0o600, 0))
        for message in (b"x", b"\xff" * 64, self.ping + b"\0\0\0\0", self.ping[:-1],
                        b"y" * (MAX_MESSAGE + 1), b"z" * 100000):
            with self.subTest(message[:8], size=len(message)):
                client = self.connect()
                client.send(message)
                self.assertTrue(self.is_closed(client))
        self.check_descriptors_are_bounded()
        self.check_users_are_refused()
        many = [self.connect() for _ in range(70)]  # 64 are served
        self.assertTrue(all(self.is_closed(client) for client in many[64:]))
        for client in many:
            client.close()
        self.assertTrue(wait_for(lambda: self.descriptors() <= before), (before, self.descriptors()))
        self.assertEqual(facts(self.supervisor())["State"][0], "S")

    def check_descriptors_are_bounded(self):
        """Those that nobody asked for are closed, and more than a message may carry end the connection."""
        client = self.connect()
        for count in (1, 8, 200):
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * count))]
            client.sendmsg([self.ping], rights)
            if count <= 8:
                self.assertEqual(client.recv(MAX_MESSAGE)[:8], self.done)
        self.assertTrue(self.is_closed(client))

    def check_users_are_refused(self):
        """Even one who got past the folder's and the socket's modes."""
        folder = os.stat(self.socket_folder()).st_mode & 0o777
        self.assertEqual(folder & 0o066, 0)  # dnsmasq, another user, goes through its own
        os.chmod(self.socket_folder(), 0o755)
        os.chmod(f"{self.socket_folder()}/control.sock", 0o666)
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.chdir(self.socket_folder())
            os.setresuid(1000, 1000, 1000)
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                client.connect("control.sock")
                client.settimeout(10)
                client.send(self.ping)
                answer = client.recv(MAX_MESSAGE) or b"closed"
            except (BrokenPipeError, ConnectionResetError):
                answer = b"closed"
            except OSError as error:
                answer = str(error).encode()
            os.write(write_end, answer)
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(os.read(read_end, MAX_MESSAGE), b"closed")
        for fd in (read_end, write_end):
            os.close(fd)
        os.chmod(self.socket_folder(), folder)
        os.chmod(f"{self.socket_folder()}/control.sock", 0o600)


class Helper(Sockets, ProbeCase):
    def socket_folder(self):
        return f"{self.root}/run/lxvirt/lxc/one"

    def supervisor(self):
        return self.helper("one")

    def test_no_capability_is_in_effect_while_it_waits(self):
        self.boot("one")
        self.assertTrue(wait_for(lambda: int(facts(self.supervisor())["CapEff"], 16) == 0))
        self.ok("suspend", "one")
        self.ok("resume", "one")
        self.lxsh("send-process-signal", "one", "1", "SIGCONT")
        client = self.connect()
        client.send(PING)
        self.assertEqual(client.recv(MAX_MESSAGE), DONE)
        self.assertEqual(int(facts(self.supervisor())["CapEff"], 16), 0)

    def test_it_is_not_dumpable(self):
        """What belongs to such a process is root's in /proc, whatever its own group is (proc(5))."""
        self.define(self.xml("one"))
        done = subprocess.run(["setpriv", "--regid", "12345", "--clear-groups", *self.command("start", "one")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_agent("one")
        pid = self.supervisor()
        self.assertEqual(facts(pid)["Gid"].split()[0], "12345")
        self.assertEqual(os.stat(f"/proc/{pid}/environ").st_gid, 0)

    def test_control_socket(self):
        self.boot("one")
        self.check_socket()
        endless = self.connect()
        endless.send(self.ping[:-4] + b"\xff\xff\xff\xff")  # a text of 4 GiB (CVE-2021-43784's kind)
        self.assertTrue(self.is_closed(endless))
        self.assertEqual(self.output("one", "echo alive"), "alive")
        self.assertIn("malformed control request", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))

    def test_nothing_of_ours_listens_where_a_container_could_connect(self):
        """CVE-2020-15257: an abstract socket is in reach of whoever shares the host's network."""
        self.boot("one")
        self.assertNotRegex(self.output("one", "cat /proc/net/unix"), "@.*(lxc|lxvirt|control)")


class Relay(ProbeCase):
    """The process that reads what a container writes, taken over by tests/support/takeover.cc."""

    def relay(self):
        helper = self.helper("one")
        found = [pid for pid in support.children(helper) if read(f"/proc/{pid}/comm") == "lxc_relay\n"]
        self.assertEqual(len(found), 1)
        return helper, found[0]

    def test_it_has_no_right(self):
        self.boot("one")
        helper, relay = self.relay()
        status = facts(relay)
        self.assertEqual({status[key] for key in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")},
                         {"0" * 16})
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(facts(helper)["CapEff"], "0" * 16)
        links = [os.readlink(f"/proc/{relay}/fd/{fd}") for fd in os.listdir(f"/proc/{relay}/fd")]
        allowed = ("/dev/null", "socket:", "anon_inode:[eventpoll]", "/dev/pts/ptmx", "/dev/ptmx", self.root)
        self.assertEqual([one for one in links if not one.startswith(allowed)], [])
        self.assertEqual([one for one in links if one.startswith(self.root) and "console.log" not in one], [])

    def test_whoever_takes_it_over_reaches_nothing(self):
        self.boot("one")
        helper, relay = self.relay()
        write(f"{self.folder}/file", "of the host\n")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(f"{self.folder}/socket")
        listener.listen()
        program = os.environ.get("LXVIRT_TAKEOVER", "build/tests/system/takeover")
        done = subprocess.run([program, str(relay), str(helper), self.folder], capture_output=True, text=True,
                              check=False)
        if done.returncode == 77:
            self.skipTest("takeover.cc knows this machine's registers not")
        self.assertEqual(done.returncode, 0, done.stderr)
        results = dict(line.split() for line in done.stdout.splitlines())
        self.assertGreater(len(results), 25)
        self.assertEqual(results.pop("get_pid"), "ok")
        self.assertEqual({name: how for name, how in results.items() if how != "EPERM"}, {})
        self.assertEqual(read(f"{self.folder}/file"), "of the host\n")
        self.assertFalse(os.path.exists(f"{self.folder}/new"))
        self.output("one", "echo still here >/dev/console")
        log = f"{self.root}/var/log/lxvirt/lxc/one.console.log"
        self.assertTrue(wait_for(lambda: "still here" in read(log), 3))

    def test_another_one_is_made_when_it_dies(self):
        self.boot("one")
        _, relay = self.relay()
        os.kill(relay, 9)
        self.assertTrue(wait_for(lambda: not os.path.exists(f"/proc/{relay}"), 3))
        log = f"{self.root}/var/log/lxvirt/lxc/one.console.log"
        self.output("one", "echo first >/dev/console")
        self.assertTrue(wait_for(lambda: "first" in read(log), 3))
        self.assertNotEqual(self.relay()[1], relay)
        self.assertIn("another one is made", read(f"{self.root}/var/log/lxvirt/lxc/one.log"))

    def test_a_stopped_one_does_not_hold_the_container(self):
        self.boot("one")
        _, relay = self.relay()
        os.kill(relay, 19)
        self.output("one", "head -c 300000 /dev/zero >/dev/null; echo x >/dev/console")
        self.ok("destroy", "one")
        self.assertFalse(os.path.exists(f"/proc/{relay}"))


class Network(Sockets, NetworkCase):
    ping, done = NETWORK_PING, struct.pack(">II", NETWORK_VERSION, 0)

    def socket_folder(self):
        return f"{self.root}/run/lxvirt/network/closed0"

    def supervisor(self):
        return int(self.net_status("closed0")["supervisor"])

    def test_control_socket(self):
        self.net("closed0")
        self.check_socket()
        self.assertEqual(os.stat(f"/proc/{self.supervisor()}/environ").st_uid, 0)
        self.assertIn("malformed control request", self.net_log("closed0"))


if __name__ == "__main__":
    support.main()
