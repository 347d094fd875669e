"""lxsh killed at each step of each command that changes a domain."""

import os

import support
from kill import KillCase, kill_and_wait
from network_guest import nic


OFF_OR_RUNNING = r"^(shut off|running)"


class Commands(KillCase):
    def check(self, what, prepare, words, after, least, **options):
        def attempt(step):
            prepare()
            done, hit = self.killed("lxsh", step, *words, **options)
            if not hit:
                self.assertEqual(done.status, 0, str(done))
            after(step)
            return hit
        return self.each_step(what, "lxsh", attempt, least)

    def life(self, states=OFF_OR_RUNNING):
        return lambda step: self.aftermath("one", step, states)

    def started(self):
        self.ok("start", "one")

    def no_change(self):
        pass

    # --- what runs

    def test_start(self):
        self.ok("define", self.one())
        self.check("start", self.no_change, ["start", "one"], self.life(), 40)

    def test_start_with_devices(self):
        """On a network, with a loop device, and with groups of a partition's partition."""
        self.keep_network("lvk")
        self.partition += "/inner"
        image = self.empty_disk()
        disk = (f"<disk type='file' device='disk'><source file='{image}'/>"
                "<target dev='vda'/></disk>")
        self.ok("define", self.one(devices=nic("lvk") + disk))
        self.check("start with devices", self.no_change, ["start", "one"], self.life(), 20)

    def test_start_after_a_crash(self):
        self.ok("define", self.one())

        def crashed():
            self.started()
            kill_and_wait(self.helper("one"))
        self.check("start after a crash", crashed, ["start", "one"], self.life(), 50)

    def test_create(self):
        path = self.one()

        def after(step):
            state = self.truth("one")
            self.assertRegex(state, "^(gone|running)")
            if state == "gone":
                self.ok("create", path)
            ended = self.lxsh("destroy", "one")
            if ended.status:  # what was told as running was just being taken away
                self.assertRegex(state, "^running", str(ended))
                self.assertRegex(ended.err, "domain is not running|failed to get domain")
            self.assertIsNone(self.row("one"))
            self.assert_nothing_left()
        self.check("create", self.no_change, ["create", path], after, 40)

    def test_destroy(self):
        self.ok("define", self.one())
        self.check("destroy", self.started, ["destroy", "one"], self.life(), 3)

    def test_destroy_after_a_crash(self):
        self.ok("define", self.one())

        def crashed():
            self.started()
            kill_and_wait(self.helper("one"))
        self.check("destroy after a crash", crashed, ["destroy", "one"], self.life("^shut off"), 20)

    def test_shutdown(self):
        self.ok("define", self.one())
        self.check("shutdown", self.started, ["shutdown", "one"], self.life(), 2)

    def test_reboot(self):
        self.ok("define", self.one())
        self.check("reboot", self.started, ["reboot", "one"], self.life(), 3)

    def test_suspend(self):
        self.ok("define", self.one())
        self.check("suspend", self.started, ["suspend", "one"], self.life("^(running|paused)"), 4)

    def test_resume(self):
        self.ok("define", self.one())

        def paused():
            self.started()
            self.ok("suspend", "one")
        self.check("resume", paused, ["resume", "one"], self.life("^(running|paused)"), 4)

    # --- definitions: each is the old or the new one

    def texts(self, *paths):
        """What each of the files makes of the definition."""
        found = []
        for path in paths:
            self.ok("define", path)
            found.append(self.definition("one"))
        return found

    def settled_as(self, *wanted):
        """One of `wanted`, and then the next command works and cleans up."""
        self.assertIn(self.definition("one"), wanted)
        self.assertEqual(bool(self.row("one")), self.definition("one") is not None)

    def test_define(self):
        path = self.one()
        new, = self.texts(path)

        def absent():
            self.lxsh("undefine", "one")

        def after(step):
            self.settled_as(None, new)
            self.ok("define", path)
            self.assert_nothing_left()
            self.life("^shut off")(step)
        self.check("define", absent, ["define", path], after, 4)

    def test_define_over(self):
        other = self.one(extra="<description>another</description>")
        os.rename(other, f"{self.folder}/other.xml")
        path, other = self.one(), f"{self.folder}/other.xml"
        new, old = self.texts(path, other)
        for running in (False, True):
            def prepare():
                self.ok("define", other)
                if running:
                    self.started()

            def after(step):
                self.settled_as(old, new)
                if running:
                    self.ok("destroy", "one")
                self.life("^shut off")(step)
            self.check(f"define over one{' that runs' * running}", prepare, ["define", path], after, 4)

    def test_edit(self):
        path = self.one(extra="<description>before</description>")
        old, = self.texts(path)
        new = old.replace("before", "after")

        def after(step):
            self.settled_as(old, new)
            self.life("^shut off")(step)
        self.check("edit", lambda: self.ok("define", path), ["edit", "one"], after, 4,
                   env={"EDITOR": "sed -i s/before/after/"})

    def test_undefine(self):
        path = self.one()
        old, = self.texts(path)

        def prepare():
            self.ok("define", path)
            self.ok("autostart", "one")

        def after(step):
            self.settled_as(None, old)
            if self.definition("one"):
                self.ok("undefine", "one")
            self.assert_nothing_left()
            self.ok("define", path)
            self.assertIn("disable", self.ok("dominfo", "one").split("Autostart:")[1].splitlines()[0])
            self.life("^shut off")(step)
            self.ok("undefine", "one")
        self.check("undefine", prepare, ["undefine", "one"], after, 4)

    def test_undefine_while_it_runs(self):
        path = self.one()
        old, = self.texts(path)

        def prepare():
            self.ok("define", path)
            self.started()

        def after(step):
            self.assertRegex(self.truth("one"), "^running")
            self.ok("destroy", "one")
            self.settled_as(None, old)
            self.ok("define", path)
            self.life("^shut off")(step)
        self.check("undefine while it runs", prepare, ["undefine", "one"], after, 4)

    def test_rename(self):
        path = self.one()
        old, = self.texts(path)
        new = old.replace("<name>one<", "<name>two<")

        def prepare():
            self.ok("define", path)
            self.ok("autostart", "one")

        def after(step):
            found = [name for name in ("one", "two") if self.row(name)]
            self.assertEqual(len(found), 1, found)
            self.assertEqual(self.definition(found[0]), old if found == ["one"] else new)
            if found == ["one"]:
                self.ok("domrename", "one", "two")
            self.assertIn("enable", self.ok("dominfo", "two").split("Autostart:")[1].splitlines()[0])
            self.ok("undefine", "two")
            # A link to nothing goes with the next that takes the lock of all definitions.
            self.ok("define", path)
            self.ok("undefine", "one")
            self.assertEqual(os.listdir(f"{self.root}/etc/lxvirt/lxc/autostart"), [])
            self.assert_nothing_left()
        self.check("domrename", prepare, ["domrename", "one", "two"], after, 6)

    def test_autostart(self):
        self.ok("define", self.one())
        for words in (["autostart", "one"], ["autostart", "one", "--disable"]):
            def after(step):
                self.assertRegex(self.ok("dominfo", "one"), "Autostart: +(enable|disable)\n")
                self.ok(*words)
                self.life("^shut off")(step)
            back = ["autostart", "one"] + (["--disable"] if len(words) == 2 else [])
            self.check(" ".join(words[::2]), lambda: self.ok(*back), words, after, 1)

    def test_description_of_both(self):
        """The live and the stored description change together or not at all."""
        self.ok("define", self.one())
        self.started()

        def both():
            shown = [self.ok("dumpxml", "one", *flag) for flag in ([], ["--inactive"])]
            return ["<description>after</description>" in text for text in shown]

        def prepare():
            self.ok("desc", "one", "--live", "--config", "before")

        def after(step):
            self.ok("desc", "one", "--config", "--title", "settled")
            self.assertIn(both(), ([True, True], [False, False]), step)
            self.assertFalse(os.path.exists(f"{self.root}/run/lxvirt/lxc/one/pending"))
        self.check("desc of both", prepare, ["desc", "one", "--live", "--config", "after"], after, 6)
        self.assertEqual(both(), [True, True])
        self.ok("destroy", "one")


if __name__ == "__main__":
    support.main()
