"""Containers that hold tests/support/probe.cc, which tries by system call what a container may not do."""

import os
import shutil

from guest import GuestCase

PROBE = os.environ.get("LXVIRT_PROBE", "build/tests/system/probe")
PRIVNET = "<privnet/>"
IDMAP = ("<idmap><uid start='0' target='100000' count='65536'/>"
         "<gid start='0' target='100000' count='65536'/></idmap>")


def container(inner):
    return f"<lx:container xmlns:lx='urn:lxvirt:domain:1'>{inner}</lx:container>"


def with_policy(policy):
    return f"{PRIVNET}<capabilities policy='{policy}'/>"


class ProbeCase(GuestCase):
    def make_share(self, name):
        folder = super().make_share(name)
        if not os.path.exists(f"{folder}/probe"):
            shutil.copy(PROBE, f"{folder}/probe")
        return folder

    def attempt(self, name, *attempts, environment=""):
        """{attempt: 'ok' or the error's name}, and what else the probe printed."""
        text = self.output(name, f"mkdir -p /tmp/place; {environment} /share/probe {' '.join(attempts)}", 60)
        results, other = {}, []
        for line in text.splitlines():
            words = line.split()
            if len(words) == 2 and words[0] in attempts:
                results[words[0]] = words[1]
            else:
                other.append(line)
        self.assertEqual(sorted(results), sorted(attempts), text)
        return results, other
