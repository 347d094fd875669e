"""Root file systems boot to their login, let one in, and shut down: Debian 11, 12 and 13, and busybox."""

import support
from debian import DebianCase
from guest import GuestCase
from terminal import Terminal


def log_in_and_shut_down(case, name, ask, answer):
    """`ask` is typed at the prompt of root, who has no password."""
    with Terminal(case.command("console", name)) as terminal:
        terminal.expect("login: ", 60)
        terminal.send("root\r")
        terminal.expect("# ", 30)
        terminal.send(f"{ask}\r")
        terminal.expect(answer, 20)
        case.assertEqual(terminal.leave(), 0)
    case.assertIn("is off after", case.ok("shutdown", name, "--wait", "60"))
    case.assertEqual(case.state(name), "shut off (shutdown)")
    case.assert_nothing_left()


class Debian11(DebianCase):
    suite, version = "bullseye", "11"

    def test_boots_logs_in_and_shuts_down(self):
        self.start_debian()
        log_in_and_shut_down(self, "deb", "echo is-$(cut -d . -f 1 /etc/debian_version)", f"is-{self.version}")


class Debian12(Debian11):
    suite, version = "bookworm", "12"


class Debian13(Debian11):
    suite, version = "trixie", "13"


class Busybox(GuestCase):
    def test_boots_logs_in_and_shuts_down(self):
        self.define(self.plain("box", init="/sbin/init"))
        self.ok("start", "box")
        log_in_and_shut_down(self, "box", "echo is-$(basename $(readlink /sbin/init))", "is-busybox")


if __name__ == "__main__":
    support.main()
