"""lxc-enter-namespace: how the program ends, what a container tries with whoever enters it, and terminals."""

import hashlib
import os
import shutil
import signal
import termios
import unittest

import support
from enter import SPACES, EnterCase
from kill import TEST_POINTS, kill_and_wait
from probe import IDMAP, PRIVNET
from support import read, wait_for, write
from terminal import Terminal


class Ends(EnterCase):
    def test_paused(self):
        """The second half of defect 3 of libvirt's driver: it waits for ever."""
        self.boot("one")
        lxsh, _, _ = self.sleeper("one")
        self.ok("suspend", "one")
        self.assertIn("domain is paused", self.enter("one", "true").err)
        self.ok("destroy", "one")
        self.assertEqual(self.end(lxsh)[0], 128 + signal.SIGKILL)
        self.assert_nothing_left()

    def test_container_is_destroyed_meanwhile(self):
        self.boot("one")
        many = [self.sleeper("one")[0] for _ in range(3)]
        self.ok("destroy", "one")
        for lxsh in many:
            self.assertEqual(self.end(lxsh), (137, "error: 'sh' in domain 'one' was killed by signal 9 (KILL)\n"))
        self.assert_nothing_left()

    def test_init_ends_by_itself_meanwhile(self):
        self.boot("one")
        self.assertEqual(self.enter("one", "sh", "-c", "kill -TERM 1; sleep 20").status, 137)
        self.wait_state("one", "shut off (shutdown: exit status 0)")
        self.assert_nothing_left()

    def test_command_is_killed(self):
        self.boot("one")
        before = self.processes_of("one")
        for victim in ("lxsh", "lxc_enter"):
            with self.subTest(victim):
                lxsh, enter, _ = self.sleeper("one", "sleep 1001 >/dev/null 2>&1 & trap '' TERM HUP;"
                                                      " echo go; sleep 1000")
                kill_and_wait({"lxsh": lxsh.pid, "lxc_enter": enter}[victim])
                status, errors = self.end(lxsh)
                if victim == "lxc_enter":
                    self.assertEqual((status, errors), (1, "error: internal error: lxc_enter, which runs the"
                                                           " program, ended without a word\n"))
                    # Only the program itself ends with it for certain.
                    for pid in self.processes_of("one") - before:
                        if "1001" in read(f"/proc/{pid}/cmdline"):
                            os.kill(int(pid), signal.SIGKILL)
                support.reap()  # a zombie would hold up the end of the container
                self.assertTrue(wait_for(lambda: self.processes_of("one") <= before, 5),
                                [support.describe(pid) for pid in self.processes_of("one") - before])

    def test_what_has_a_session_of_its_own_goes_on(self):
        self.boot("one")
        self.script("one", "setsid sleep 1002 >/dev/null 2>&1 </dev/null & sleep 0.1")
        self.assertEqual(self.script("one", "pidof sleep | wc -w"), "1")

    def test_signals_are_the_programs(self):
        self.boot("one")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            name = number.name[3:]
            lxsh, _, _ = self.sleeper("one", f"trap 'exit 44' {name}; echo go; while :; do sleep 0.05; done")
            lxsh.send_signal(number)
            self.assertEqual(self.end(lxsh)[0], 44)

    @unittest.skipUnless(TEST_POINTS, "a build without test points")
    def test_a_kill_at_each_step_leaves_nothing(self):
        self.boot("one")
        before = self.processes_of("one")
        steps = {}
        for program in ("lxsh", "lxc_enter", "lxc_entering", "lxc_program"):
            for number in range(1, 40):
                result = self.enter("one", "echo", "through", env={
                    **os.environ, "LXVIRT_KILL_AT": f"{program}:{number}"})
                self.assertTrue(wait_for(lambda: self.processes_of("one") <= before, 5))
                if result.status == 0:
                    break
                steps[program] = number
                self.assertIn(result.status, (1, 137, -signal.SIGKILL), str(result))
            self.assertEqual(result.out, "through\n", str(result))
        print("kill:", ", ".join(f"{program} {number}" for program, number in steps.items()))
        self.assertEqual(sorted(steps), ["lxc_enter", "lxc_entering", "lxc_program", "lxsh"])
        helper = self.helper("one")
        wait_for(lambda: self.strangers() == [helper], 3)
        self.assertEqual([support.describe(pid) for pid in self.strangers() if pid != helper], [])
        self.ok("destroy", "one")
        self.assert_nothing_left()


class Hostile(EnterCase):
    def test_links_lead_to_nothing_of_the_hosts(self):
        """CVE-2019-5736's class, and names that are links."""
        self.boot("one")
        folder = os.path.dirname(support.LXSH)  # of a build tree, or where it was installed
        helper = next(path for path in (f"{folder}/../helper/lxc_helper", f"{folder}/../libexec/lxvirt/lxc_helper")
                      if os.path.exists(path))
        before = hashlib.sha256(open(helper, "rb").read()).digest()
        outside = f"{self.folder}/outside"
        shutil.copy("/bin/true", outside)
        self.script("one", f"ln -s /proc/self/exe /bin/itself; ln -s {outside} /bin/outside;"
                           " printf '#!/proc/self/exe\\n' >/bin/script; chmod +x /bin/script")
        try:
            # The helper's program, as a process of the container's that has nothing of the host's.
            for program in ("itself", "script"):
                result = self.enter("one", program)
                self.assertEqual(result.status, 2, str(result))
                self.assertIn("lxc_helper is started by lxsh", result.err)
            self.assertEqual(self.enter("one", "itself", "--enter").status, 1)
            self.assertEqual(self.enter("one", "outside").status, 127)
        finally:
            self.script("one", "rm /bin/itself /bin/outside /bin/script")
        self.assertEqual(hashlib.sha256(open(helper, "rb").read()).digest(), before)

    def stopped(self, name):
        """lxsh with its program right before the exec, and that one's number inside."""
        points = f"{self.folder}/points"
        if os.path.exists(points):
            os.unlink(points)
        before = self.processes_of(name)
        lxsh = self.launch(name, "echo", "through", env={
            **os.environ, "LXVIRT_STOP_AT": "lxc_program:entered", "LXVIRT_POINTS": points})
        stopped = lambda: [pid for pid in self.processes_of(name) - before
                           if read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] == "T"]
        self.assertTrue(wait_for(stopped, 5))
        pid = int(stopped()[0])
        inside = [line for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("NSpid:")]
        return lxsh, pid, int(inside[0].split()[-1])

    @unittest.skipUnless(TEST_POINTS, "a build without test points")
    def test_nothing_is_had_of_the_process_that_enters(self):
        """CVE-2016-8649, CVE-2016-9962: traced before its program is executed."""
        attempts = ("trace-entering", "memory-of-entering", "root-of-entering", "file-of-entering",
                    "program-of-entering")
        self.boot("map", features=PRIVNET, extra=IDMAP)
        self.boot("closed", features=f"{PRIVNET}<capabilities policy='deny'/>")
        self.boot("open", features=PRIVNET)
        for name in ("map", "closed", "open"):
            with self.subTest(name):
                lxsh, pid, inside = self.stopped(name)
                if name == "open":
                    # Root inside may trace whatever is inside; it finds no more than its own.
                    self.assertEqual(read(f"/proc/{pid}/status").count("NoNewPrivs:\t0"), 1)
                    init = self.status(name)["init_pid"]
                    for space in SPACES:
                        self.assertEqual(os.readlink(f"/proc/{pid}/ns/{space}"), os.readlink(f"/proc/{init}/ns/{space}"))
                    for line in ("CapPrm", "CapBnd", "Seccomp"):
                        mine, its = ([text for text in read(f"/proc/{one}/status").splitlines()
                                      if text.startswith(line)] for one in (pid, init))
                        self.assertEqual(mine, its)
                    self.assertEqual(os.stat(f"/proc/{pid}/root/").st_ino, os.stat(f"/proc/{init}/root/").st_ino)
                    files = sorted(os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{pid}/fd"))
                    self.assertEqual(files, ["/dev/null", "pipe", "pipe", "socket"])
                    program = os.open(f"/proc/{pid}/exe", os.O_PATH)
                    self.assertTrue(os.statvfs(f"/proc/self/fd/{program}").f_flag & os.ST_RDONLY)
                    os.close(program)
                    results, _ = self.attempt(name, "program-of-entering", environment=f"PROBE_PID={inside}")
                    self.assertIn(results["program-of-entering"], ("EROFS", "EACCES", "ETXTBSY"))
                else:
                    results, _ = self.attempt(name, *attempts, environment=f"PROBE_PID={inside}")
                    for attempt, result in results.items():
                        self.assertIn(result, ("EPERM", "EACCES"), attempt)
                os.kill(pid, signal.SIGCONT)
                self.assertEqual(lxsh.communicate(timeout=10)[0], "through\n")

    def test_a_frozen_group_holds_up_nobody(self):
        """Frozen from inside, it lets nothing in; the operation lock is not held for that."""
        self.boot("one")
        write(f"{self.share('one')}/1.cmd", "echo 1 | tee /sys/fs/cgroup/unified/cgroup.freeze"
                                            " /sys/fs/cgroup/cgroup.freeze")
        with open(f"{self.share('one')}/in", "w", encoding="ascii") as fifo:
            fifo.write("1\n")
        frozen = lambda: any(read(f"{group}/cgroup.freeze").strip() == "1" for group in self.groups("one")
                             if os.path.exists(f"{group}/cgroup.freeze"))
        if not wait_for(frozen, 5):
            self.skipTest("there is no v2 group of its own that a container may freeze: none at all, or nsdelegate")
        self.assertIn("it may have been frozen from inside", self.fails(*self.words("one", "true")))
        self.ok("destroy", "one")
        self.assert_nothing_left()


class Terminals(EnterCase):
    def on_terminal(self, name, *program, **options):
        return Terminal(self.command(*self.words(name, *program)), **options)

    def mode(self, terminal):
        return termios.tcgetattr(terminal.fd)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def test_terminal_is_the_containers_own(self):
        self.boot("one")
        with self.on_terminal("one", "sh", rows=33, columns=101) as terminal:
            terminal.send("tty; stty size; echo pid $$ end\r")
            terminal.expect("/dev/pts/")
            terminal.expect("33 101")
            lxsh = terminal.pid
            program = support.children(support.children(lxsh)[0])[0]
            for fd in range(3):
                self.assertNotEqual(os.stat(f"/proc/{program}/fd/{fd}").st_dev, os.fstat(terminal.fd).st_dev)
            # A session of its own, with it as the controlling terminal.
            fields = read(f"/proc/{program}/stat").rpartition(")")[2].split()
            self.assertEqual([fields[2], fields[3]], [str(program)] * 2)
            self.assertNotEqual(fields[4], "0")
            terminal.resize(44, 120)
            self.assertTrue(wait_for(lambda: self.size(terminal) == "44 120", 5))
            # Input that it pushes comes back to itself, or is refused, and is never the caller's.
            terminal.send("mkdir -p /tmp/place; /share/probe push-input; echo done $?\r")
            terminal.expect("done 0")
            terminal.send("; exit 5\r")
            self.assertEqual(terminal.wait(), 5)

    def size(self, terminal):
        terminal.send("stty size; echo x''y\r")
        return terminal.expect("xy").strip().splitlines()[-1].strip()

    def test_keys_reach_the_program_and_the_mode_comes_back(self):
        self.boot("one")
        for end, status in (("\x03", 130), ("\x1c", 131), ("\x04", 0)):
            with self.on_terminal("one", "cat") as terminal:
                before = self.mode(terminal)
                self.assertTrue(wait_for(lambda: self.mode(terminal) == 0, 5))
                terminal.send("line\r")
                terminal.expect("line\r\nline\r\n")  # its echo, and cat's
                terminal.send(end)
                self.assertEqual(terminal.wait(), status)
                self.assertEqual(self.mode(terminal), before)

    def test_mode_comes_back_after_a_kill_of_the_program(self):
        self.boot("one")
        with self.on_terminal("one", "sh", "-c", "echo go; sleep 1000") as terminal:
            before = self.mode(terminal)
            terminal.expect("go")
            self.ok("destroy", "one")
            terminal.expect("was killed by signal 9")
            self.assertEqual(terminal.wait(), 137)
            self.assertEqual(self.mode(terminal), before)

    def test_in_the_shell(self):
        self.boot("one")
        with Terminal(self.command()) as terminal:
            terminal.expect("# ")
            for key in ("\x04", "exit 3\r"):
                terminal.send("lxc-enter-namespace one -- sh\r")
                terminal.expect("/ # ")
                terminal.send("sh -c 'echo st\"\"art; exec sleep 1000'\r")
                terminal.expect("start\r\n")
                terminal.send("\x03")
                terminal.expect("/ # ")
                terminal.send(key)
                terminal.expect("lxsh # ")
            terminal.send("quit\r")
            self.assertEqual(terminal.wait(), 0)

    def test_end_of_the_callers_terminal(self):
        self.boot("one")
        before = self.processes_of("one")
        terminal = self.on_terminal("one", "sh", "-c", "echo go; sleep 1000")
        terminal.expect("go")
        os.close(terminal.fd)
        self.assertTrue(wait_for(lambda: self.processes_of("one") <= before, 5))
        os.waitpid(terminal.pid, 0)

    def test_only_a_part_is_a_terminal(self):
        self.boot("one")
        line = " ".join(f"'{word}'" for word in self.command(*self.words(
            "one", "sh", "-c", "test -t 0; echo $?; test -t 1; echo $?; test -t 2; echo $?; echo two >&2; cat")))
        with Terminal(["/bin/sh", "-c", f"echo piped | {line}; echo status $?"]) as terminal:
            self.assertEqual(terminal.expect("status 0").split(), ["1", "0", "0", "two", "piped"])
            terminal.wait()
        out = f"{self.folder}/out"
        with Terminal(["/bin/sh", "-c", f"{line} >{out}; echo status $?"]) as terminal:
            terminal.expect("two")
            before = self.mode(terminal)
            terminal.send("typed\n\x04")
            self.assertEqual(terminal.expect("status 0").split(), ["typed"])  # echoed once
            self.assertNotEqual(before & termios.ECHO, 0)
            self.assertEqual(read(out).split(), ["0", "1", "0", "typed"])
            terminal.wait()

    def test_a_megabyte_to_the_terminal_is_whole(self):
        self.boot("one")
        with self.on_terminal("one", "sh", "-c", "stty raw; head -c 1000000 /dev/zero | tr '\\0' x; echo END") as terminal:
            text = terminal.expect("END", 20)
            self.assertEqual(text.count("x"), 1000000)
            self.assertEqual(terminal.wait(), 0)


if __name__ == "__main__":
    support.main()
