"""What a hostile container does on a network: frames made byte by byte, sent and seen in a network namespace
that is given by the pid of a process in it."""

import socket
import struct
import subprocess
import sys
import time

MARK = b"lxvirt-forged-7f3a"


def mac_bytes(text):
    return bytes(int(part, 16) for part in text.split(":"))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(source, target, kind, data):
    return mac_bytes(target) + mac_bytes(source) + struct.pack("!H", kind) + data


def ipv4(source, target, protocol, data):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0,
                         socket.inet_aton(source), socket.inet_aton(target))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + data


def ipv6(source, target, protocol, data, hops=255):
    return struct.pack("!IHBB", 6 << 28, len(data), protocol, hops) + \
        socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + data


def icmpv6(source, target, kind, body):
    data = struct.pack("!BBH", kind, 0, 0) + body
    pseudo = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + \
        struct.pack("!II", len(data), 58)
    data = data[:2] + struct.pack("!H", checksum(pseudo + data)) + data[4:]
    return ipv6(source, target, 58, data)


def echo(source, target):
    data = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + MARK
    return ipv4(source, target, 1, data[:2] + struct.pack("!H", checksum(data)) + data[4:])


def echo6(source, target):
    return icmpv6(source, target, 128, struct.pack("!HH", 7, 1) + MARK)


def udp(source, target, from_port, to_port, data):
    return ipv4(source, target, 17, struct.pack("!HHHH", from_port, to_port, 8 + len(data), 0) + data)


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, mac_bytes(sender_mac),
                       socket.inet_aton(sender), mac_bytes(target_mac), socket.inet_aton(target))


def inside(pid, *words):
    return ["nsenter", "-t", str(pid), "-n", sys.executable, __file__, *words]


def send(pid, link, *frames, times=1, pause=0.0):
    """Sends frames from a link of the process's network namespace."""
    subprocess.run(inside(pid, "send", link, str(times), str(pause), *(frame.hex() for frame in frames)),
                   check=True, timeout=60)


class Ear:
    """Counts the frames that carry MARK (or other bytes) and arrive in a network namespace, or leave it."""

    def __init__(self, case, pid, wanted=MARK):
        self.process = subprocess.Popen(inside(pid, "hear", wanted.hex()), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        case.processes.add(self.process.pid)
        assert self.process.stdout.readline() == "ready\n"

    def heard(self, seconds=0.3):
        """How many there were up to now, and for a moment longer."""
        time.sleep(seconds)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        """Lets go of the namespace; the caller has to do this before it looks for what is left."""
        self.process.kill()
        self.process.communicate()


def do_send(link, times, pause, frames):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((link, 0))
        for _ in range(times):
            for frame in frames:
                try:
                    out.send(frame)
                except OSError:  # the link is full or down for a moment
                    pass
            if pause:
                time.sleep(pause)


def do_hear(wanted):
    import select
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as ear:
        print("ready", flush=True)
        count = 0
        while True:
            ready, _, _ = select.select([ear, sys.stdin], [], [])
            if ear in ready:
                count += wanted in ear.recv(65536)
            elif not sys.stdin.readline():
                return
            else:
                print(count, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        do_send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), [bytes.fromhex(word) for word in sys.argv[5:]])
    else:
        do_hear(bytes.fromhex(sys.argv[2]))
