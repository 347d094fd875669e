"""lxc_helper, the container's init, lxc_cleanup and lxc_agent killed at each of their steps, from a start to the
end; then together with lxsh; and the guard and the init by somebody else."""

import os
import re
import signal

import support
from kill import LONG, KillCase, children_of, is_gone, kill_and_wait
from support import wait_for

ANY = r"^(shut off|running|paused)"


class Supervisors(KillCase):
    def setUp(self):
        super().setUp()
        disk = self.empty_disk()
        self.devices = (f"<disk type='file' device='disk'><source file='{disk}'/>"
                        "<target dev='vda'/></disk>")

    def lives(self, what, program, script, least, **options):
        """A program of a container killed at each step of its life: of the start and what `script` does
        after it. The first command after the kill is whatever the script does next."""
        self.ok("define", self.one(**options))

        def attempt(step):
            started = self.lxsh("start", "one", env=self.environment("KILL", program, step))
            for act in script:
                act()
            self.truth("one")  # whatever is under way ends
            # In the container's own mounts it has no file to tell it.
            hit = self.take_hit() or (program == "lxc_init" and started.status != 0)
            self.aftermath("one", step, ANY)
            return hit
        return self.each_step(what, program, attempt, least)

    def does(self, *words):
        return lambda: self.lxsh(*words)

    def status_of(self, name):
        try:
            return self.status(name)
        except OSError:
            return {}

    def end(self):
        """The init ends by itself."""
        wait_for(self.catches_signals, 5, 0.002)
        init = self.status_of("one").get("init_pid")
        if init and not is_gone(int(init)):
            os.kill(int(init), signal.SIGTERM)
            wait_for(lambda: not self.row("one") or self.row("one")[1] == "shut off", 5)

    def catches_signals(self):
        """The shell that is init has come to its trap; before, nothing ends it in order."""
        init = self.status_of("one").get("init_pid")
        if not init or is_gone(int(init)):
            return True
        caught = re.search(r"^SigCgt:\s*(\w+)", support.read(f"/proc/{init}/status"), re.M)
        return bool(caught and int(caught.group(1), 16) >> (signal.SIGINT - 1) & 1)

    def reboot(self):
        wait_for(self.catches_signals, 5, 0.002)
        before = self.status_of("one").get("boots")
        if self.lxsh("reboot", "one").status == 0:
            wait_for(lambda: self.status_of("one").get("boots") != before or not self.active(), 5)

    def test_helper_from_start_to_destroy(self):
        self.lives("start, suspend, resume, destroy", "lxc_helper",
                   [self.does("suspend", "one"), self.does("resume", "one"), self.does("destroy", "one")],
                   40, devices=self.devices)

    def test_helper_from_start_to_its_end(self):
        self.lives("start, end", "lxc_helper", [self.end], 30)  # on v2 alone

    def test_helper_over_a_reboot(self):
        self.lives("start, reboot, end", "lxc_helper", [self.reboot, self.end], 50)

    def test_agent_in_a_reboot(self):
        self.lives("reboot", "lxc_agent", [self.reboot], 10)

    def test_cleanup(self):
        self.lives("end", "lxc_cleanup", [self.end], 1)

    def test_init(self):
        self.lives("start", "lxc_init", [], 20, devices=self.devices)


class Together(KillCase):
    """Two programs at once; and what a program has started, by somebody else."""

    def setUp(self):
        super().setUp()
        self.ok("define", self.one())

    def life(self, step):
        self.aftermath("one", step, ANY)

    def test_lxsh_and_helper_in_a_start(self):
        self.together("start, with its helper", "lxsh", ["start", "one"],
                      lambda lxsh, _: [lxsh, *support.children(lxsh)], self.life, 40)
        self.together("start, with lxsh", "lxc_helper", ["start", "one"],
                      lambda helper, lxsh: [lxsh, helper], self.life, 12)

    def test_lxsh_and_helper_in_a_destroy(self):
        helper = []

        def started():
            self.ok("start", "one")
            helper[:] = [self.helper("one")]
        self.together("destroy, with the helper", "lxsh", ["destroy", "one"],
                      lambda lxsh, _: [lxsh] + [pid for pid in helper if not is_gone(pid)], self.life, 2,
                      started)

    def test_guard_or_init_in_a_start(self):
        """Whatever the helper waits for there dies under its hands."""
        for what, chosen in (("guard", lambda name: name == "lxc_guard"), ("init", lambda name: name != "lxc_guard")):
            self.together(f"start, its {what}", "lxc_helper", ["start", "one"],
                          lambda helper, _, chosen=chosen: [pid for name, pid in children_of(helper).items()
                                                            if chosen(name)], self.life, 12)

    def test_guard_or_init_while_it_runs(self):
        for step in range(4 if not LONG else 20):
            for victim in ("guard", "init"):
                self.ok("start", "one")
                helper = self.helper("one")
                status = self.status("one")
                kill_and_wait(int(status["init_pid"]) if victim == "init" else
                              children_of(helper)["lxc_guard"])
                self.counts.add(f"running, its {victim}", victim)
                self.assertRegex(self.truth("one"), r"^shut off \(crashed")
                self.life(step)


if __name__ == "__main__":
    support.main()
