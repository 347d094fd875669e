"""The hooks of <lx:hooks>: when each runs, where, with what, and what becomes of a start whose hook fails,
hangs or is killed."""

import os
import signal
import unittest

import support
from guest import GuestCase, busybox_rootfs
from support import read, run, wait_for, write

# Writes a line of facts for each call, and does what the file HOOK.do says.
HOOK = """#!/bin/sh
type=${LXC_HOOK_TYPE:-$3}
log=FOLDER/calls
[ -d FOLDER ] || log=/calls
{
    echo "type=$type args=$* mnt=$(readlink /proc/self/ns/mnt) pid=$(readlink /proc/self/ns/pid)"
    env | grep -E '^(LXC_|FOO)' | sort
    echo end
} >>$log
echo "said by $type"
[ -e FOLDER/$type.do ] && . FOLDER/$type.do
exit 0
"""
HOST = ("pre-start", "start-host", "stop", "post-stop")
INSIDE = ("pre-mount", "mount", "autodev", "start")
ALL = ("pre-start", "pre-mount", "mount", "autodev", "start", "start-host", "stop", "post-stop")


class Call:
    def __init__(self, first, rest):
        words = dict(word.split("=", 1) for word in first.split(" ") if "=" in word)
        self.type, self.mnt, self.pid = words["type"], words["mnt"], words["pid"]
        self.args = first.split("args=")[1].split(" mnt=")[0].split()
        self.env = dict(line.split("=", 1) for line in rest)


class HookCase(GuestCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.hook = f"{self.folder}/hook"
        write(self.hook, HOOK.replace("FOLDER", self.folder), 0o755)
        self.rootfs = f"{self.folder}/rootfs"
        run("cp", "-a", busybox_rootfs(), self.rootfs)
        write(f"{self.rootfs}/hook", HOOK.replace("FOLDER", "/nowhere"), 0o755)

    def do(self, hook, script):
        write(f"{self.folder}/{hook}.do", script)

    def hooks(self, types=ALL, version=0):
        lines = "".join(f"<lx:hook type='{t}' command='{'/hook' if t == 'start' else self.hook}'/>"
                        for t in types)
        return f"<lx:hooks version='{version}'>{lines}</lx:hooks>"

    def container(self, inner):
        return f"<lx:container xmlns:lx='urn:lxvirt:domain:1'>{inner}</lx:container>"

    def make(self, name="one", types=ALL, version=0, inner="", **options):
        self.define(self.xml(name, rootfs=self.rootfs, partition=self.partition,
                             extra=self.container(inner + self.hooks(types, version)), **options))

    def calls(self):
        """Of the host's side, then of the container's."""
        found = []
        for path in (f"{self.folder}/calls", f"{self.rootfs}/calls"):
            lines = read(path).splitlines() if os.path.exists(path) else []
            while lines:
                end = lines.index("end")
                found.append(Call(lines[0], lines[1:end]))
                lines = lines[end + 1:]
        return found

    def types(self):
        return [call.type for call in self.calls() if call.type != "start"]

    def log(self, name="one"):
        return read(f"{self.root}/var/log/lxvirt/lxc/{name}.log")


class Moments(HookCase):
    def test_all_run_in_order_and_place(self):
        self.make(os_extra="<initenv name='FOO'>bar</initenv>")
        self.start("one")
        init = self.status("one")["init_pid"]
        inner = {kind: os.readlink(f"/proc/{init}/ns/{kind}") for kind in ("mnt", "pid")}
        self.ok("destroy", "one")
        calls = {call.type: call for call in self.calls()}
        self.assertEqual(self.types(), [hook for hook in ALL if hook != "start"])
        self.assertEqual(sorted(calls), sorted(ALL))
        for hook in ALL:
            call = calls[hook]
            self.assertEqual(call.args[:3], ["one", "lxc", hook])
            where = {"mnt": call.mnt, "pid": call.pid}
            (self.assertEqual if hook in INSIDE else self.assertNotEqual)(where, inner, hook)
            self.assertEqual(call.env["LXC_NAME"], "one")
            self.assertEqual(call.env["LXC_HOOK_VERSION"], "0")
            self.assertEqual(call.env["LXC_ROOTFS_PATH"], self.rootfs)
            self.assertEqual(call.env["LXC_CONFIG_FILE"], f"{self.root}/etc/lxvirt/lxc/one.xml")
            self.assertEqual(call.env.get("FOO"), "bar" if hook in INSIDE else None)
            self.assertNotIn("LXC_HOOK_TYPE", call.env)
            self.assertIn(f"hook {hook}: said by {hook}", self.log())
        self.assertEqual(calls["start-host"].env["LXC_PID"], init)
        self.assertEqual(calls["post-stop"].env["LXC_TARGET"], "stop")
        self.assertTrue(calls["stop"].args[3].startswith("mnt:/proc/"), calls["stop"].args)

    def test_version_1_tells_by_the_environment(self):
        self.make(version=1)
        self.start("one")
        self.ok("destroy", "one")
        for call in self.calls():
            self.assertEqual(call.args, [])
            self.assertEqual(call.env["LXC_HOOK_SECTION"], "lxc")
            self.assertEqual(call.env["LXC_HOOK_VERSION"], "1")

    def test_stop_hook_gets_the_namespaces(self):
        self.make(types=("stop",), version=1)
        self.do("stop", "nsenter --mount=$LXC_MNT_NS cat /etc/inside >%s/seen\n" % self.folder)
        write(f"{self.rootfs}/etc/inside", "inside\n")
        self.start("one")
        self.ok("destroy", "one")
        self.assertEqual(read(f"{self.folder}/seen"), "inside\n")

    def test_mounts_of_hooks_are_inside_and_nowhere_else(self):
        for name in ("early", "late"):
            os.mkdir(f"{self.folder}/{name}")
            write(f"{self.folder}/{name}/file", f"{name}\n")
        self.make(types=("pre-mount", "mount", "autodev"))
        self.do("pre-mount", f"mount --bind {self.folder}/early $LXC_ROOTFS_PATH/mnt\n")
        self.do("mount", f"mkdir -p $LXC_ROOTFS_MOUNT/late; mount --bind {self.folder}/late"
                         " $LXC_ROOTFS_MOUNT/late; test -e $LXC_ROOTFS_MOUNT/proc/1/stat\n")
        self.do("autodev", "mknod $LXC_ROOTFS_MOUNT/dev/mine c 1 3\n")
        self.start("one")
        self.assertEqual(self.output("one", "cat /mnt/file /late/file"), "early\nlate")
        self.output("one", "test -c /dev/mine && ! test -e /dev/nosuch")
        self.assertEqual(self.output("one", "cat /proc/mounts").count(" / "), 1)
        self.assert_not_on_host()

    def test_hooks_have_the_hosts_null(self):
        """The helper mounts its program on it, but only when no hook can see it any more."""
        kinds = ("pre-mount", "mount", "autodev")
        self.make(types=kinds)
        for kind in kinds:
            self.do(kind, f"echo x >/dev/null && stat -c %t:%T /dev/null >{self.folder}/null.{kind}\n")
        self.start("one")
        for kind in kinds:
            self.assertEqual(read(f"{self.folder}/null.{kind}"), "1:3\n")

    def assert_not_on_host(self):
        self.assertEqual([line for line in support.mounts() if line not in self.before["mount"]], [])

    def test_pre_start_may_make_the_root(self):
        kept = f"{self.folder}/kept"
        os.rename(self.rootfs, kept)
        self.make(types=("pre-start",))
        self.do("pre-start", f"mv {kept} {self.rootfs}\n")
        self.start("one")

    def test_start_hook_has_no_more_than_the_init(self):
        write(f"{self.rootfs}/hook", "#!/bin/sh\ngrep -E '^(CapBnd|CapPrm|Seccomp):' /proc/self/status"
                                     " >/hook.facts; grep ^CapPrm: /proc/1/status >>/hook.facts\n", 0o755)
        self.make(types=("start",), features="<capabilities policy='deny'><chown state='on'/>"
                                             "<dac_override state='on'/></capabilities>")
        self.start("one")
        facts = read(f"{self.rootfs}/hook.facts").split()
        self.assertEqual(facts, ["CapPrm:", "0000000000000003", "CapBnd:", "0000000000000003",
                                 "Seccomp:", "2", "CapPrm:", "0000000000000003"])

    def test_several_of_a_kind_and_shell_words(self):
        said = f"/bin/sh -c &apos;echo $0 $3 >>{self.folder}/said&apos; first"
        hooks = (f"<lx:hook type='pre-start' command='{said}'/>"
                 f"<lx:hook type='pre-start' command='{self.hook}'/>")
        self.define(self.xml("one", rootfs=self.rootfs,
                             extra=self.container(f"<lx:hooks>{hooks}</lx:hooks>")))
        self.start("one")
        self.assertEqual(read(f"{self.folder}/said"), "first pre-start\n")
        self.assertEqual(self.types(), ["pre-start"])

    def test_reboot_runs_them_again(self):
        self.make()
        self.start("one")
        self.ok("reboot", "one")
        self.assertTrue(wait_for(lambda: self.status("one").get("boots") == "2"))
        self.wait_agent("one")
        wait_for(lambda: self.types().count("start-host") == 2)
        calls = [call for call in self.calls() if call.type in ("post-stop", "pre-start")]
        self.assertEqual([(call.type, call.env.get("LXC_TARGET")) for call in calls],
                         [("pre-start", None), ("post-stop", "reboot"), ("pre-start", "reboot")])

    def test_undefine_runs_destroy(self):
        self.make(types=("destroy",))
        self.do("destroy", "exit 3\n")
        self.assertIn("hook destroy", self.fails("undefine", "one"))
        self.do("destroy", "\n")
        self.ok("undefine", "one")
        self.assertEqual(self.types(), ["destroy", "destroy"])


class Failures(HookCase):
    def test_hook_that_fails_stops_the_start(self):
        for hook in ("pre-start", "pre-mount", "mount", "autodev", "start", "start-host"):
            with self.subTest(hook):
                if os.path.exists(f"{self.folder}/calls"):
                    os.unlink(f"{self.folder}/calls")
                self.make()
                inner = read(f"{self.rootfs}/hook")
                self.do(hook, "echo because >&2\nexit 5\n")
                if hook == "start":
                    write(f"{self.rootfs}/hook", "#!/bin/sh\necho because >&2\nexit 5\n", 0o755)
                error = self.fails("start", "one")
                self.assertRegex(error, f"hook {hook} '.*': exit status 5: because")
                self.assertEqual(self.types()[-2:], ["stop", "post-stop"])
                self.assertNotIn("start-host", self.types()[:-3])
                self.assert_nothing_left()
                os.unlink(f"{self.folder}/{hook}.do")
                write(f"{self.rootfs}/hook", inner, 0o755)

    def test_missing_start_hook_is_named(self):
        self.make(types=("start",))
        os.unlink(f"{self.rootfs}/hook")
        self.assertRegex(self.fails("start", "one"), "hook start '/hook': exit status 127")

    def test_failing_end_hooks_are_logged_and_the_rest_runs(self):
        self.make()
        self.do("stop", "exit 4\n")
        self.do("post-stop", "exit 5\n")
        self.start("one")
        self.ok("destroy", "one")
        self.assertEqual(self.types()[-2:], ["stop", "post-stop"])
        self.assertRegex(self.log(), "hook stop '.*': exit status 4")
        self.assertRegex(self.log(), "hook post-stop '.*': exit status 5")

    def test_failing_post_stop_turns_a_reboot_into_a_stop(self):
        self.make(types=("post-stop",))
        self.do("post-stop", "exit 5\n")
        self.start("one")
        self.ok("reboot", "one")
        self.assertTrue(wait_for(lambda: not self.active()))

    def hang(self, hook):
        self.make()
        self.do(hook, f"sleep 300 & echo $$ $! >{self.folder}/x; mv {self.folder}/x {self.folder}/hung\n"
                      "wait\n")
        command = self.background("start", "one")
        self.assertTrue(wait_for(lambda: os.path.exists(f"{self.folder}/hung")), hook)
        return command

    def test_hook_that_hangs_ends_with_its_start(self):
        for hook in ("pre-start", "mount", "start-host"):
            for number in (signal.SIGINT, signal.SIGKILL):
                with self.subTest(f"{hook} {number}"):
                    command = self.hang(hook)
                    command.send_signal(number)
                    command.communicate(timeout=20)
                    self.assertTrue(wait_for(lambda: not self.strangers(), 10), self.look())
                    os.unlink(f"{self.folder}/hung")
                    os.unlink(f"{self.folder}/{hook}.do")
                    self.ok("start", "one")  # which cleans up first
                    self.ok("destroy", "one")
                    self.assert_nothing_left()

    def test_hook_that_hangs_ends_after_its_time(self):
        os.makedirs(f"{self.root}/etc/lxvirt")
        write(f"{self.root}/etc/lxvirt/lxvirt.conf", f"hook_timeout = {support.SLOWNESS:.0f}\n")
        self.make(types=("pre-start", "post-stop"))
        self.do("pre-start", "sleep 300\n")
        self.assertIn("no end within the time limit", self.fails("start", "one"))
        self.assertEqual(self.types(), ["pre-start", "post-stop"])

    def test_killed_helper_takes_its_hook_along(self):
        command = self.hang("start-host")
        helpers = [pid for pid in self.strangers() if read(f"/proc/{pid}/comm") == "lxc_helper\n"]
        helpers += [pid for pid in support.children(command.pid)
                    if read(f"/proc/{pid}/comm") == "lxc_helper\n"]
        os.kill(helpers[0], signal.SIGKILL)
        self.assertNotEqual(command.wait(20), 0)
        command.communicate()
        self.assert_nothing_left()
        self.assertEqual(self.types()[-1], "post-stop")

    def test_post_stop_runs_after_a_crash_of_the_helper(self):
        self.make(types=("post-stop",))
        self.start("one")
        os.kill(self.helper("one"), signal.SIGKILL)
        self.wait_state("one", "shut off (crashed: its lxc_helper was killed)")
        self.assertEqual(self.types(), [])
        self.ok("start", "one")  # whoever comes next cleans up
        self.assertEqual(self.types(), ["post-stop"])


class Links(HookCase):
    def test_scripts_of_a_link(self):
        run("ip", "link", "add", "br-hooks", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "br-hooks")
        self.before["link"] = support.links()
        self.make(types=(), inner=(
            f"<lx:interface index='0'><lx:option name='script.up' value='{self.hook}'/>"
            f"<lx:option name='script.down' value='{self.hook}'/></lx:interface>"),
            devices="<interface type='bridge'><source bridge='br-hooks'/>"
                    "<target dev='hook0'/></interface>")
        self.start("one")
        self.ok("destroy", "one")
        self.assertEqual([call.args for call in self.calls()],
                         [["one", "net", "up", "veth", "br-hooks", "hook0"],
                          ["one", "net", "down", "veth", "br-hooks", "hook0"]])


if __name__ == "__main__":
    support.main()
