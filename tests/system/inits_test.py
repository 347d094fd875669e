"""What becomes of a container when its init ends: busybox's init, and plain programs with every kind of
end, under each of on_poweroff, on_reboot and on_crash."""

import os
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import read, wait_for, write


class BusyboxInit(GuestCase):
    def setUp(self):
        super().setUp()
        self.define(self.xml("box", init="/sbin/init"))
        self.ok("start", "box")

    def boots(self):
        return self.status("box").get("boots")

    def console_log(self):
        path = f"{self.root}/var/log/lxvirt/lxc/box.console.log"
        return read(path) if os.path.exists(path) else ""  # the supervisor makes it when it runs

    def await_boot(self, number):
        said = "box login:"  # getty discards what was printed before
        wait_for(lambda: self.console_log().count(said) == number, 10, 0.05)
        self.assertEqual(self.console_log().count(said), number)

    def test_shuts_down_when_asked(self):
        self.await_boot(1)
        out = self.ok("shutdown", "box", "--wait", "15")
        self.assertIn("Domain 'box' is being shutdown\nSent SIGUSR2 to its init 'busybox'\n", out)
        self.assertEqual(self.state("box"), "shut off (shutdown)")
        self.assert_nothing_left()

    def test_reboots_on_command_in_the_same_helper(self):
        self.await_boot(1)
        helper = self.helper("box")
        self.ok("reboot", "box")
        self.await_boot(2)
        self.assertEqual(self.helper("box"), helper)
        self.assertEqual(self.boots(), "2")
        self.assertTrue(self.state("box").startswith("running"), self.state("box"))

    def test_reboots_from_inside_with_its_groups_remade(self):
        self.await_boot(1)
        groups = self.groups("box")
        init = self.status("box")["init_pid"]
        support.run("nsenter", "-t", init, "-p", "-m", "reboot", "-f")
        self.await_boot(2)
        self.assertEqual(sorted(self.groups("box")), sorted(groups))

    def test_halts_from_inside(self):
        self.await_boot(1)
        init = self.status("box")["init_pid"]
        support.run("nsenter", "-t", init, "-p", "-m", "poweroff", "-f")
        self.wait_state("box", "shut off (shutdown)")
        self.assert_nothing_left()

    def test_destroy_is_at_once(self):
        self.await_boot(1)
        begin = support.time.monotonic()
        self.ok("destroy", "box")
        self.assertLess(support.time.monotonic() - begin, 1)
        self.assertEqual(self.state("box"), "shut off (destroyed)")


class PlainProgram(GuestCase):
    def life(self, script, name="one", **options):
        """Defines and starts /bin/sh -c SCRIPT."""
        self.define(self.plain(name, init="/bin/sh", args=("-c", script), **options))
        self.ok("start", name)

    def ended(self, script, state, **options):
        self.life(script, **options)
        self.wait_state("one", state)
        self.assert_nothing_left()

    def test_exit_status_0_is_a_shutdown(self):
        self.ended("exit 0", "shut off (shutdown: exit status 0)")

    def test_exit_status_3_is_a_crash(self):
        self.ended("exit 3", "shut off (crashed: exit status 3)")

    def test_death_by_signal_is_a_crash(self):
        # PID 1 takes no signal from inside: a child of the host's kills it.
        self.life("sleep 100")
        support.os.kill(int(self.status("one")["init_pid"]), support.signal.SIGKILL)
        self.wait_state("one", "shut off (crashed: killed by signal 9 (KILL))")
        self.assert_nothing_left()

    def test_on_poweroff_restart_starts_again(self):
        self.life("sleep 0.3; exit 0", on_poweroff="restart")
        helper = self.helper("one")
        self.assertTrue(wait_for(lambda: self.status_number("boots") >= 2, 5))
        self.assertEqual(self.helper("one"), helper)
        self.ok("destroy", "one")
        self.assertEqual(self.state("one"), "shut off (destroyed)")

    def test_on_crash_restart_is_limited_in_its_rate(self):
        self.life("exit 3", on_crash="restart")
        wait_for(lambda: self.state("one").startswith("shut off"), 15, 0.05)
        self.assertRegex(self.state("one"), r"^shut off \(crashed: exit status 3, .*not started")
        self.assert_nothing_left()

    def test_restart_that_fails_is_reported_and_leaves_nothing(self):
        source = f"{self.folder}/data"
        support.os.mkdir(source)
        self.life("sleep 0.3; exit 0", on_poweroff="restart", devices=(
            f"<filesystem type='mount'><source dir='{source}'/><target dir='/data'/></filesystem>"))
        support.os.rmdir(source)
        wait_for(lambda: self.state("one").startswith("shut off"))
        self.assertIn("shut off (failed", self.state("one"))
        self.assertIn(source, self.state("one"))
        self.assert_nothing_left()

    def test_on_reboot_destroy_ends(self):
        self.life("sleep 0.2; kill -HUP $$; sleep 0.2; busybox reboot -f; sleep 9",
                  on_reboot="destroy")
        self.wait_state("one", "shut off (shutdown)")

    def test_exit_status_is_in_the_journal(self):
        self.ended("exit 7", "shut off (crashed: exit status 7)")
        self.assertIn("exit status 7", read(f"{self.root}/run/lxvirt/events"))

    def status_number(self, key):
        try:
            return int(self.status("one").get(key, 0))
        except FileNotFoundError:
            return 0

    def test_shutdown_of_a_program_that_ignores_all_is_refused_with_words(self):
        self.define(self.plain("one", init="/bin/sleep", args=("1000",)))
        self.ok("start", "one")
        self.assertIn("use destroy", self.fails("shutdown", "one"))
        self.assertEqual(self.state("one"), "running (booted)")

    def script(self, name, text):
        """A root whose /sbin/init is a script of busybox's shell, so that it passes for busybox's init."""
        root = f"{self.folder}/{name}-root"
        support.run("cp", "-a", busybox_rootfs(), root)
        os.unlink(f"{root}/sbin/init")
        write(f"{root}/sbin/init", "#!/bin/sh\n" + text, 0o755)
        return root

    def test_script_that_is_called_init_gets_what_it_catches(self):
        root = self.script("one", "trap 'exit 0' TERM; while :; do sleep 0.05; done")
        self.define(self.plain("one", init="/sbin/init", rootfs=root))
        self.ok("start", "one")
        wait_for(lambda: self.lxsh("shutdown", "one").status == 0, 5)
        self.wait_state("one", "shut off (shutdown: exit status 0)")
        self.ok("start", "one")
        said = wait_for(lambda: self.lxsh("reboot", "one").out, 5)
        self.assertIn("Sent SIGTERM to its init 'busybox'", said)
        self.assertTrue(wait_for(lambda: self.status_number("boots") == 2, 5))

    def test_signal_of_the_definition_is_sent_where_it_is_caught(self):
        halt = "<lx:container xmlns:lx='urn:lxvirt:domain:1'><lx:signal halt='SIGPWR'/></lx:container>"
        for trap, told in (("PWR TERM", "Sent SIGPWR"), ("TERM", "Sent SIGTERM")):
            self.life(f"trap 'exit 0' {trap}; while :; do sleep 0.05; done", extra=halt)
            said = wait_for(lambda: self.lxsh("shutdown", "one").out, 5)
            self.assertIn(told, said)
            self.wait_state("one", "shut off (shutdown: exit status 0)")

    def test_script_that_catches_nothing_is_no_init_of_busybox(self):
        root = self.script("one", "trap '' INT; while :; do sleep 1; done")
        self.define(self.plain("one", init="/sbin/init", rootfs=root))
        self.ok("start", "one")
        self.assertIn("use destroy", self.fails("shutdown", "one"))

    def test_shutdown_sends_what_the_program_catches(self):
        self.life("trap 'exit 0' TERM; echo > /dev/null; while :; do sleep 0.05; done")
        wait_for(lambda: self.lxsh("shutdown", "one").status == 0, 5)
        self.wait_state("one", "shut off (shutdown: exit status 0)")


if __name__ == "__main__":
    support.main()
