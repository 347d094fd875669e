"""The AppArmor profile that lxvirt makes for a container with a dynamic label. All but the first tests need a
host with AppArmor, such as the guest of tests/guest/run."""

import os
import signal
import unittest

import support
from guest import busybox_rootfs
from probe import PRIVNET, ProbeCase
from support import read, wait_for, write

DYNAMIC = "<seclabel type='dynamic' model='apparmor' relabel='yes'/>"
PROFILES = "/sys/kernel/security/apparmor/profiles"


def has_apparmor():
    enabled = "/sys/module/apparmor/parameters/enabled"
    return os.path.exists(enabled) and read(enabled).strip() == "Y"


class Everywhere(ProbeCase):
    def test_lxcs_generated_profile_converts_and_starts(self):
        config = f"{self.folder}/config"
        write(config, f"lxc.uts.name = native\nlxc.rootfs.path = {busybox_rootfs()}\nlxc.init.cmd = /agent\n"
                      "lxc.apparmor.profile = generated\n"
                      f"lxc.mount.entry = {self.make_share('native')} share none bind 0 0\n")
        self.define(self.ok("domxml-from-native", "lxc-tools", config))
        result = self.lxsh("start", "native")
        self.assertEqual(result.status, 0, str(result))
        self.wait_agent("native")
        self.assertEqual(self.output("native", "echo alive"), "alive")
        if not has_apparmor():
            self.assertIn("<seclabel type='dynamic' model='apparmor'> narrows nothing: no profile is made, as this "
                          "host does not have AppArmor", result.out + result.err)


@unittest.skipUnless(has_apparmor(), "this host has no AppArmor")
class Profile(ProbeCase):
    def loaded(self):
        return [line.split()[0] for line in read(PROFILES).splitlines() if line.startswith("lxvirt-")]

    def setUp(self):
        super().setUp()
        self.assertEqual(self.loaded(), [])

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.loaded(), [], "left behind")

    def label(self, name):
        return self.output(name, "cat /proc/1/attr/current")

    def test_confines_and_goes_with_the_container(self):
        self.boot("one", features=PRIVNET, extra=DYNAMIC)
        self.assertRegex(self.label("one"), r"^lxvirt-\d+-[-0-9a-f]{36} \(enforce\)$")
        self.assertEqual(self.loaded(), [self.label("one").split()[0]])
        self.assertIn(f"<label>{self.loaded()[0]}</label>", self.ok("dumpxml", "one"))
        entered = ("--", "cat", "/proc/self/attr/current")
        self.assertEqual(self.ok("-q", "lxc-enter-namespace", "one", *entered).strip(), self.label("one"))
        os.unlink(f"{self.share('one')}/ready")
        self.ok("reboot", "one")
        self.wait_agent("one")
        self.assertRegex(self.label("one"), r"\(enforce\)$")
        self.ok("destroy", "one")
        self.assertEqual(self.loaded(), [])

    def test_goes_after_a_kill_of_the_helper_and_after_a_failed_start(self):
        self.boot("one", features=PRIVNET, extra=DYNAMIC)
        os.kill(self.helper("one"), signal.SIGKILL)
        wait_for(lambda: self.state("one", False) == "shut off", 5)
        self.ok("undefine", "one")
        self.assertEqual(self.loaded(), [])
        self.define(self.plain("two", init="/not/there", extra=DYNAMIC))
        self.fails("start", "two")
        self.assertEqual(self.loaded(), [])

    def test_off_by_the_setting(self):
        os.makedirs(f"{self.root}/etc/lxvirt", exist_ok=True)
        write(f"{self.root}/etc/lxvirt/lxvirt.conf", "apparmor = off\n")
        self.define(self.xml("one", features=PRIVNET, extra=DYNAMIC))
        result = self.lxsh("start", "one")
        self.assertIn("as lxvirt.conf says 'apparmor = off'", result.out + result.err)
        self.wait_agent("one")
        self.assertEqual(self.label("one"), "unconfined")

    def test_closes_what_root_without_an_id_map_could_reach(self):
        """The rows of SECURITY.md's table that are 'trusted' without the profile."""
        attempts = ("remount-sysctl", "sysrq", "remount-sysrq", "mount-debugfs", "mount-tracefs",
                    "mount-securityfs", "read-kcore", "read-timers", "read-kmsg-below")
        for policy in ("default", "allow"):
            self.boot(policy, features=f"{PRIVNET}<capabilities policy='{policy}'/>", extra=DYNAMIC)
            results, _ = self.attempt(policy, *attempts)
            for attempt, result in results.items():
                with self.subTest(attempt, policy=policy):
                    self.assertIn(result, ("EACCES", "EPERM", "EROFS"))
            for way in ("mount -t proc x /tmp/place", "mount -t sysfs x /tmp/place",
                        "mount --bind /proc/sys /tmp/place", "mount --rbind /proc /tmp/place",
                        "mount --bind /sys /tmp/place", "mount -t devtmpfs x /tmp/place"):
                with self.subTest(way, policy=policy):
                    self.assertNotEqual(self.inside(policy, way)[0], 0)
            # What containers do need.
            self.output(policy, "mount -t tmpfs x /tmp/place && umount /tmp/place")
            self.output(policy, "mkdir -p /tmp/a && mount --bind /tmp/a /tmp/place && umount /tmp/place")
            self.ok("destroy", policy)


if __name__ == "__main__":
    support.main()
