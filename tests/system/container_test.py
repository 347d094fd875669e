"""What <lx:container> asks for, looked at from inside the container that runs."""

import unittest

import support
from guest import GuestCase
from support import write


def container(inner):
    return f"<lx:container xmlns:lx='urn:lxvirt:domain:1'>{inner}</lx:container>"


class SeccompProfiles(GuestCase):
    def profile(self, text):
        path = f"{self.folder}/profile"
        write(path, text)
        return container(f"<lx:seccomp profile='{path}'/>")

    def test_deny_list_takes_the_place_of_our_own(self):
        allowed = "<capabilities policy='allow'/>"
        self.boot("one", features=allowed,
                  extra=self.profile("2\ndenylist\nreject_force_umount\n[all]\nmkdir errno 42\n"
                                     "mkdirat errno 42\nno_such_call errno 1\n"))
        self.assertIn("Seccomp:\t2", self.output("one", "cat /proc/1/status"))
        status, text = self.inside("one", "mkdir /tmp/made")
        self.assertNotEqual(status, 0)
        self.assertIn("No message of desired type", text)  # ENOMSG is 42
        # Our own list would say EPERM; there is nothing to swap off.
        self.assertIn("Is a directory", self.inside("one", "swapoff /tmp")[1])
        log = support.read(f"{self.root}/var/log/lxvirt/lxc/one.log")
        self.assertIn("/profile:7: this machine knows no system call 'no_such_call'", log)

    def test_conditions_on_arguments(self):
        self.boot("one", features="<capabilities policy='allow'/>", extra=self.profile(
            "2\nallowlist allow\nmknod errno 0 [1,0x2000,SCMP_CMP_MASKED_EQ,0xf000]\n"
            "mknodat errno 0 [2,0x2000,SCMP_CMP_MASKED_EQ,0xf000]\n"))
        self.output("one", "mknod /tmp/pipe p && test -p /tmp/pipe")
        self.output("one", "mknod /tmp/null c 1 3 && ! test -e /tmp/null")  # says that it did

    def test_profile_that_is_wrong_or_missing_starts_nothing(self):
        self.define(self.xml("one", extra=self.profile("2\ndenylist\nmkdir notify\n")))
        self.assertIn("/profile:3: the action 'notify' is not supported", self.fails("start", "one"))
        self.define(self.xml("one", extra=container("<lx:seccomp profile='/no/profile'/>")))
        self.assertIn("'/no/profile': No such file or directory", self.fails("start", "one"))
        self.assert_nothing_left()


if __name__ == "__main__":
    support.main()
