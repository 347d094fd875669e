"""Files that somebody hostile made: what apply, validate and export must not read, follow or wait for."""

import os
import shutil
import subprocess
import time

import report
import support
from support import read, write
from terminal import Terminal

OTHER_USER = 12345


class HostileCase(support.Case):
    def setUp(self):
        super().setUp()
        self.repo = f"{self.folder}/repo"
        os.makedirs(self.repo)

    def tearDown(self):
        shutil.rmtree(self.repo)
        super().tearDown()

    def small(self, name, rest=""):
        return (f"<domain type='lxc'><name>{name}</name><memory>65536</memory>"
                f"<os><type>exe</type><init>/bin/true</init></os>{rest}</domain>")

    def with_root(self, name, folder, target="/"):
        return self.small(name, f"<devices><filesystem type='mount'><source dir='{folder}'/>"
                                f"<target dir='{target}'/></filesystem></devices>")

    def file(self, name, text):
        path = f"{self.repo}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, text)
        return path

    def defined(self):
        return sorted(self.ok("-q", "list", "--all", "--name").split())


class Apply(HostileCase):
    def test_no_link_is_followed_out_of_the_folder(self):
        outside = f"{self.folder}/outside"
        os.makedirs(outside)
        write(f"{outside}/evil.xml", self.small("evil"))
        self.file("good.xml", self.small("good"))
        self.file("templates/.linked", self.small("linked"))
        os.symlink("templates/.linked", f"{self.repo}/linked.xml")
        os.symlink(outside, f"{self.repo}/folder")
        os.symlink("../outside/evil.xml", f"{self.repo}/evil.xml")
        for command in ("apply", "validate"):
            result = self.lxsh(command, self.repo)
            self.assertEqual(result.status, 1, str(result))
            for name in ("folder", "evil.xml"):
                self.assertIn(f"'{self.repo}/{name}' leads out of the folder", result.err)
        self.assertEqual(self.defined(), ["good", "linked"])

    def test_a_container_does_not_define_domains(self):
        """Root in a container puts a definition into its own /tmp, which is below the folder."""
        root = f"{self.repo}/web/rootfs"
        self.file("web/rootfs/tmp/evil.xml", self.with_root("evil", "/"))
        self.file("web/web.xml", self.with_root("web", root))
        result = self.lxsh("apply", self.repo)
        self.assertEqual(result.status, 1, str(result))
        self.assertIn("evil.xml lies in a folder that is the root of domain 'web'", result.err)
        self.assertEqual(self.defined(), ["web"])
        # Once the domain is known, nothing there is looked at.
        result = self.lxsh("apply", self.repo)
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("rootfs' is the root of domain 'web': nothing in it is read", result.err)
        os.symlink("web/rootfs/tmp", f"{self.repo}/way")
        self.assertIn("way' leads to what is the root of domain 'web'",
                      self.lxsh("apply", self.repo).err)
        # Another name of the same folder.
        self.assertIn("is the root of domain 'web'",
                      self.fails("apply", f"{root}/tmp"))
        # A folder that a container may merely write.
        share = f"{self.repo}/share"
        self.file("share/evil.xml", self.with_root("evil", "/"))
        write(f"{self.folder}/db.xml", self.with_root("db", share, target="/srv"))
        self.ok("define", f"{self.folder}/db.xml")
        self.assertIn("share' is open to changes by domain 'db'",
                      self.lxsh("apply", self.repo).err)
        self.assertEqual(self.defined(), ["db", "web"])

    def test_prune_removes_nothing_when_something_could_not_be_looked_at(self):
        self.file("a.xml", self.small("a"))
        self.file("sub/b.xml", self.small("b"))
        self.ok("apply", self.repo)
        os.rename(f"{self.repo}/sub", f"{self.folder}/sub")

        def kept(words):
            result = self.lxsh("apply", self.repo, "--prune")
            self.assertEqual(result.status, 1, str(result))
            self.assertIn(words, result.err)
            self.assertIn("'b', brought from", result.err)
            self.assertEqual(self.defined(), ["a", "b"])

        os.symlink("sub", f"{self.repo}/sub")
        kept("sub': Too many levels of symbolic links")
        os.unlink(f"{self.repo}/sub")
        os.symlink(f"{self.folder}/sub", f"{self.repo}/sub")
        kept("sub' leads out of the folder")
        os.unlink(f"{self.repo}/sub")
        os.symlink("n" * 300, f"{self.repo}/sub")
        kept("sub': File name too long")
        os.unlink(f"{self.repo}/sub")
        # Where the folder is known to be a container's, only what came from there is kept.
        os.rename(f"{self.folder}/sub", f"{self.repo}/sub")
        write(f"{self.folder}/c.xml", self.with_root("c", f"{self.repo}/sub"))
        self.ok("define", f"{self.folder}/c.xml")
        os.unlink(f"{self.repo}/a.xml")
        told = self.lxsh("apply", self.repo, "--prune")
        self.assertIn("its file is in a folder that is not looked into", told.err)
        self.assertEqual(self.defined(), ["b", "c"])
        # Nothing is in the way any more.
        os.unlink(f"{self.repo}/sub/b.xml")
        self.ok("undefine", "c")
        self.ok("apply", self.repo, "--prune")
        self.assertEqual(self.defined(), [])

    def test_what_another_user_owns_is_refused_by_name(self):
        self.file("mine.xml", self.small("mine"))
        theirs = self.file("theirs.xml", self.small("theirs"))
        os.chown(theirs, OTHER_USER, OTHER_USER)
        self.file("sub/x.xml", self.small("x"))
        os.chown(f"{self.repo}/sub", OTHER_USER, OTHER_USER)
        for command in ("apply", "validate"):
            result = self.lxsh(command, self.repo)
            self.assertEqual(result.status, 1, str(result))
            for name in ("theirs.xml", "sub"):
                self.assertIn(f"'{self.repo}/{name}' belongs to user {OTHER_USER}", result.err)
        self.assertEqual(self.defined(), ["mine"])
        # The checkout of the user who called sudo.
        self.ok("apply", self.repo, env=os.environ | {"SUDO_UID": str(OTHER_USER)})
        self.assertEqual(self.defined(), ["mine", "theirs", "x"])
        out = f"{self.folder}/out"
        os.mkdir(out)
        os.chown(out, OTHER_USER, OTHER_USER)
        self.assertIn(f"'{out}' belongs to user {OTHER_USER}", self.fails("export", out))
        self.assertEqual(os.listdir(out), [])


class Export(HostileCase):
    def test_nothing_is_written_through_a_link(self):
        write(f"{self.folder}/a.xml", self.small("a"))
        self.ok("define", f"{self.folder}/a.xml")
        victim = f"{self.folder}/victim"
        write(victim, "precious")
        os.mkdir(f"{self.repo}/domains")
        os.symlink(victim, f"{self.repo}/domains/a.xml")
        self.assertIn("a.xml' is a symbolic link", self.fails("export", self.repo))
        os.unlink(f"{self.repo}/domains/a.xml")
        # A temporary file that others have open already, a link, and a FIFO in its place.
        temporary = f"{self.repo}/domains/.a.xml.new"
        write(temporary, "")
        with open(temporary, encoding="utf-8") as spy:
            self.ok("export", self.repo)
            self.assertEqual(spy.read(), "")
        for make in (lambda: os.symlink(victim, temporary), lambda: os.mkfifo(temporary)):
            os.unlink(f"{self.repo}/domains/a.xml")
            make()
            self.ok("export", self.repo)
            self.assertIn("<name>a</name>", read(f"{self.repo}/domains/a.xml"))
        self.assertEqual(os.listdir(f"{self.repo}/domains"), ["a.xml"])
        shutil.rmtree(f"{self.repo}/domains")
        os.mkdir(f"{self.folder}/elsewhere")
        os.symlink(f"{self.folder}/elsewhere", f"{self.repo}/domains")
        self.assertIn(f"open folder '{self.repo}/domains'", self.fails("export", self.repo))
        self.assertEqual(os.listdir(f"{self.folder}/elsewhere"), [])
        self.assertEqual(read(victim), "precious")


class Waiting(HostileCase):
    """A FIFO or a device in the place of a file that is read ends with an error, at once."""

    def quickly(self, *words, **options):
        begin = time.monotonic()
        try:
            return self.lxsh(*words, timeout=5, **options)
        except subprocess.TimeoutExpired:
            self.fail(f"lxsh {' '.join(words)} waits")
        finally:
            self.assertLess(time.monotonic() - begin, 5 * support.SLOWNESS)

    def test_files_of_the_command_line(self):
        pipe = f"{self.folder}/pipe"
        os.mkfifo(pipe)
        self.file("a.xml", self.small("a"))
        self.ok("apply", self.repo)
        for words in (("define", pipe), ("net-define", pipe), ("apply", pipe), ("validate", pipe),
                      ("diff", "a", pipe), ("attach-device", "a", pipe, "--config"),
                      ("domxml-from-native", "lxc-tools", pipe),
                      ("domxml-to-native", "lxc-tools", "--xml", pipe), ("define", "/dev/zero")):
            result = self.quickly(*words)
            self.assertEqual(result.status, 1, str(result))
            self.assertIn("a character device" if "/dev/zero" in words else "is a FIFO", result.err)
        # An unnamed pipe is the caller's own.
        done = subprocess.run(self.command("define", "/dev/stdin"), input=self.small("piped"),
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_files_of_the_state_folder(self):
        self.file("a.xml", self.small("a"))
        self.file("n.xml", "<network><name>n</name><bridge name='hf0'/></network>")
        self.ok("apply", self.repo)
        commands = [("list", "--all"), ("dumpxml", "a"), ("start", "a"), ("domstate", "a"),
                    ("dominfo", "a"), ("net-list", "--all"), ("net-dumpxml", "n"),
                    ("net-info", "n"), ("net-dhcp-leases", "n"), ("apply", self.repo),
                    ("event", "--all", "--timeout", "1"), ("undefine", "nobody")]
        places = ["etc/lxvirt/lxc/a.xml", "etc/lxvirt/networks/n.xml", "etc/lxvirt/lxvirt.conf",
                  "etc/lxvirt/applied/domains", "run/lxvirt/lxc/a/live.xml",
                  "run/lxvirt/lxc/a/status", "run/lxvirt/lxc/a/pending", "run/lxvirt/ended/a",
                  "run/lxvirt/network/n/live.xml", "run/lxvirt/network/n/leases",
                  "run/lxvirt/events", "run/lxvirt/events.1", "run/lxvirt/lock/a.op",
                  "run/lxvirt/lock/a.alive", "run/lxvirt/lock/network/n.op",
                  "var/log/lxvirt/lxc/a.log"]
        for place in places:
            path = f"{self.root}/{place}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            kept = f"{self.folder}/kept"
            if os.path.exists(path):
                os.rename(path, kept)
            os.mkfifo(path)
            for words in commands:
                self.quickly(*words)
            if os.path.lexists(path):
                os.unlink(path)
            if os.path.exists(kept):
                os.rename(kept, path)
            for folder in ("run/lxvirt/lxc/a", "run/lxvirt/network/n"):
                shutil.rmtree(f"{self.root}/{folder}", ignore_errors=True)
        self.assertEqual(self.defined(), ["a"])

    def test_huge_files(self):
        huge = f"{self.repo}/huge.xml"
        with open(huge, "wb") as file:
            file.truncate(40 << 30)
        for words in (("define", huge), ("validate", self.repo), ("apply", self.repo),
                      ("domxml-from-native", "lxc-tools", huge)):
            result = self.quickly(*words)
            self.assertEqual(result.status, 1, str(result))
            self.assertIn("File too large", result.err)


class Modes(HostileCase):
    def test_no_umask_opens_a_file(self):
        self.file("n.xml", "<network><name>n</name><bridge name='hf0'/></network>")
        self.file("a.xml", self.small("a"))
        out = f"{self.folder}/out"
        for umask in ("0", "077"):
            for words in (("apply", self.repo), ("define", f"{self.repo}/a.xml"),
                          ("autostart", "a"), ("desc", "a", "--title", f"t{umask}"),
                          ("export", out), ("-l", f"{self.folder}/log", "list")):
                subprocess.run(["sh", "-c", f'umask {umask}; exec "$@"', "sh",
                                *self.command(*words)], check=False, capture_output=True)
            for top in (self.root, out, f"{self.folder}/log"):
                for path in [top] + [os.path.join(folder, name)
                                     for folder, folders, files in os.walk(top)
                                     for name in folders + files]:
                    if not os.path.islink(path):
                        mode = os.stat(path).st_mode & 0o777
                        self.assertEqual(mode & 0o022, 0, f"umask {umask}: {mode:o} {path}")
            for path in ("etc/lxvirt/lxc", "etc/lxvirt/lxc/a.xml", "etc/lxvirt/networks"):
                self.assertEqual(os.stat(f"{self.root}/{path}").st_mode & 0o077, 0, path)


class Native(HostileCase):
    """Configurations of lxc-tools that lose isolation, or that others can change."""

    def config(self, text):
        os.makedirs(f"{self.folder}/lxc/c/rootfs", exist_ok=True)
        path = f"{self.folder}/lxc/c/config"
        write(path, f"lxc.uts.name = c\nlxc.rootfs.path = {self.folder}/lxc/c/rootfs\n{text}")
        return path

    def test_what_loses_isolation_is_an_error(self):
        for line in ("lxc.idmap = u 1000 1000 1\nlxc.idmap = g 1000 1000 1", "lxc.cap.drop = no_such_capability",
                     "lxc.seccomp.profile = nowhere.seccomp", "lxc.idmap = u 0 100000",
                     "lxc.include = /nowhere/userns.conf"):
            path = self.config(line + "\n")
            told = self.fails("domxml-from-native", "lxc-tools", path)
            self.assertIn("less isolated", told)
            self.assertIn(line.split()[0], told)
            told = self.fails("import-lxc", f"{self.folder}/lxc")
            self.assertIn("less isolated", told)
            self.assertEqual(self.defined(), [])
            self.ok("domxml-from-native", "lxc-tools", path, "--lossy")
        self.ok("import-lxc", f"{self.folder}/lxc", "--lossy")
        self.assertEqual(self.defined(), ["c"])

    def test_what_others_can_change_is_refused(self):
        hook = f"{self.folder}/hook"
        write(hook, "#!/bin/sh\n", mode=0o755)
        include = f"{self.folder}/common.conf"
        write(include, "lxc.tty.max = 1\n")
        path = self.config(f"lxc.hook.pre-start = {hook}\nlxc.include = {include}\n")
        self.ok("import-lxc", f"{self.folder}/lxc", "--dry-run")
        for file in (path, hook, include):
            for spoil, mend in ((lambda f=file: os.chown(f, OTHER_USER, 0),
                                 lambda f=file: os.chown(f, 0, 0)),
                                (lambda f=file: os.chmod(f, 0o777),
                                 lambda f=file: os.chmod(f, 0o755))):
                spoil()
                told = self.fails("import-lxc", f"{self.folder}/lxc")
                self.assertIn(f"'{file}' can be changed by others than root", told)
                self.assertEqual(self.defined(), [])
                mend()
        self.ok("import-lxc", f"{self.folder}/lxc")


class Large(HostileCase):
    """Documents of many equal parts take no more than their number does."""

    def quickly(self, text, faults=False, command=None):
        command = command or ("net-define" if text.startswith("<network") else "define")
        return self.takes_little(command, self.file("large.xml", text), faults)

    def takes_little(self, command, path, faults=False):
        with subprocess.Popen(self.command(command, path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as program:
            told = program.stderr.read()
            _, status, used = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(program.returncode, 1 if faults else 0, told[:1000])
        self.assertLess(used.ru_utime + used.ru_stime, 2 * support.SLOWNESS, f"{command} {path}")
        self.assertLess(used.ru_maxrss, 200 << 10, f"{command} {path}")  # KiB
        return told

    def test_many(self):
        count = range(70000)
        domain = self.small("a", "%s")
        self.quickly(domain % ("<devices>" + "".join(
            f"<interface type='bridge'><mac address='52:54:00:{i >> 16:02x}:{i >> 8 & 255:02x}:"
            f"{i & 255:02x}'/><source bridge='b'/></interface>" for i in range(45000))
            + "</devices>"))
        self.quickly(self.small("b", "<metadata>" + "".join(
            f"<x:e xmlns:x='urn:{i}'/>" for i in count) + "</metadata>"))
        self.quickly("<network><name>n</name>" + "".join(
            f"<ip family='ipv6' address='fd00:{i >> 16:x}:{i & 65535:x}::1' prefix='64'/>"
            for i in count) + "</network>")
        self.quickly("<network><name>p</name><bridge name='hf1'/>" + "".join(
            f"<portgroup name='p{i}'/>" for i in count) + "</network>")
        told = self.quickly("<network><name>p</name>" + "<portgroup name='p'/>" * 160000 + "</network>",
                            faults=True, command="validate")
        self.assertIn("more than 300000 elements and attributes", told)
        told = self.quickly("<domain type='lxc' " + " ".join(f"a{i}='1'" for i in range(100000))
                            + "><name>x</name></domain>", faults=True)
        self.assertIn("more than 1000 attributes", told)

    def test_many_of_each(self):
        """Each element that may be repeated; %s is the number of each."""
        lx, net = "<lx:container xmlns:lx='urn:lxvirt:domain:1'>{}</lx:container>", "<interface type='network'><source network='n'/></interface>"
        domains = {
            "<lx:dev>{}</lx:dev>": ("<lx:node path='/dev/n%s'/>", "<lx:link path='/dev/n%s' target='/x'/>"),
            "<lx:interface index='0'>{}</lx:interface>": ("<lx:publish host='%s' address='192.0.2.1'/>", "<lx:option name='o%s' value='x'/>"),
            "{}": ("<lx:readonly path='/proc/n%s'/>", "<lx:mask path='/proc/n%s'/>", "<lx:filesystem target='/t%s' idmap='none'/>",
                   "<lx:mount source='/s' target='/t%s' type='none' options='bind'/>", "<lx:hostdev source='eth%s' name='lan%s'/>",
                   "<lx:interface index='%s'><lx:option name='a' value='b'/></lx:interface>", "<lx:sysctl name='net.a%s' value='1'/>",
                   "<lx:environment name='E%s'/>", "<lx:group name='g%s'/>"),
        }
        devices = ("<hostdev mode='capabilities' type='misc'><source><char>/dev/n%s</char></source></hostdev>",
                   "<hostdev mode='capabilities' type='storage'><source><block>/dev/n%s</block></source></hostdev>",
                   "<filesystem type='mount'><source dir='/s'/><target dir='/t/%s/a'/></filesystem>", "<console type='pty'/>")
        networks = {
            "<forward mode='bridge'>{}</forward>": "<interface dev='eth%s'/>",
            "<bridge name='hf1'/><dns>{}</dns>": "<srv service='s%s' protocol='tcp' target='t' port='1'/>",
            "<bridge name='hf1'/><dns><host ip='10.0.0.1'>{}</host></dns>": "<hostname>h%s</hostname>",
        }

        def many(part, count=40000):
            return "".join(part.replace("%s", str(i + 1)) for i in range(count))

        def quickly(text, **options):
            return self.quickly(text.replace("</name>", "</name><uuid>c0ffee00-0000-4000-8000-000000000001</uuid>"), **options)
        for place, parts in domains.items():
            for part in parts:
                quickly(self.small("d", f"<devices>{net}</devices>" + lx.format(place.format(many(part)))))
        for part in devices:
            quickly(self.small("d", f"<devices>{many(part)}</devices>"))
        quickly(self.small("d", "<blkiotune>" + many(
            "<device><path>/dev/n%s</path><weight>500</weight></device>") + "</blkiotune>"))
        quickly(self.small("d", many("<seclabel type='static' model='m%s' relabel='no'><label>x</label></seclabel>")))
        for place, part in networks.items():
            quickly(f"<network><name>n</name>{place.format(many(part))}</network>")
        told = quickly(self.small("d", lx.format(
            "<lx:device_rules>" + many("<lx:allow device='c 1:%s'/>") + "</lx:device_rules>")), faults=True)
        self.assertIn("<lx:device_rules> has more than 1000 rules", told)

    def test_many_networks(self):
        folder = f"{self.repo}/networks"
        os.mkdir(folder)
        for i in range(350):
            write(f"{folder}/n{i}.xml",
                  f"<network><name>n{i}</name><bridge name='hf{i}'/><ip address='10.{i >> 8}.{i & 255}.1' "
                  "netmask='255.255.255.0'/></network>")
        self.takes_little("apply", folder)
        self.assertEqual(len(self.ok("net-list", "--all", "--name").split()), 350)

    def test_the_schemas_see_many(self):
        many = range(70000)
        interfaces = ["<interface type='bridge'><source bridge='b'/></interface>"] * len(many)
        self.quickly(self.small("a", "<devices>" + "".join(interfaces) + "</devices>"), command="validate")
        # A fault in the last part of them is found.
        interfaces[-2] = "<interface type='bridge'><source bridge='b'/><nothing/></interface>"
        told = self.quickly(self.small("a", "<devices>" + "".join(interfaces) + "</devices>"),
                            faults=True, command="validate")
        self.assertIn("nothing", told)
        self.quickly("<network><name>p</name>" + "".join(f"<portgroup name='p{i}'/>" for i in many)
                     + "</network>", command="validate")

    def test_a_zero_byte_ends_no_document(self):
        path = f"{self.repo}/zero.xml"
        with open(path, "wb") as file:
            file.write(self.small("a").encode() + b"\n\0<evil/>")
        self.assertIn("zero.xml:2: the document holds a zero byte", self.fails("define", path))


NAME = "web$(id >&2)'x y;\"q\\"


class Shown(HostileCase):
    """What stands in names and documents reaches no terminal as it is, and no shell."""

    def define_named(self, name):
        escaped = name.replace("&", "&amp;").replace(">", "&gt;")
        self.ok("define", self.file("named.xml", self.small(escaped)))

    def test_completion_of_bash_quotes_names(self):
        script = os.path.join(os.path.dirname(__file__), "../../shell/completion/lxsh")
        self.define_named(NAME)
        for typed in ("web", "'web", '"web', "web\\$"):
            line = f"lxsh start {typed}"
            told = support.run("bash", "-c", f"""
                compopt() {{ :; }}
                source {script}
                COMP_WORDS=({support.LXSH} -c "$URI" start "$TYPED") COMP_CWORD=4 COMP_LINE="$LINE"
                _lxsh
                printf '%s\\n' "${{#COMPREPLY[@]}}" "${{COMPREPLY[0]}}" """,
                               env=os.environ | {"URI": self.uri, "TYPED": typed,
                                                 "LINE": line.replace("lxsh", f"lxsh -c {self.uri}")})
            count, reply = told.split("\n")[:2]
            self.assertEqual(count, "1", f"{typed}: {told}")
            # bash inserts the reply after an open quote, and closes it.
            quote = typed[0] if typed[0] in "'\"" else ""
            back = support.run("bash", "-c", f"printf %s {quote}{reply}{quote}")
            self.assertEqual(back, NAME, typed)

    def test_completion_of_lxsh_quotes_names_and_files(self):
        self.define_named(NAME)
        self.define_named("web$(id >&2)'x z")
        self.file("a b;c.xml", self.small("a"))
        with Terminal(self.command()) as terminal:
            terminal.expect("lxsh # ")
            terminal.send("domuuid we\t")
            terminal.expect("b$(id\\ >&2)\\'x\\ ")
            terminal.send("z\t\r")
            terminal.expect("-")
            terminal.expect("lxsh # ")
            terminal.send("domuuid 'we\t")
            terminal.expect("b$(id >&2)'\\''x ")
            terminal.send("\x03")
            terminal.expect("lxsh # ")
            terminal.send(f"validate {self.repo}/a\t\r")
            terminal.expect("good")
            terminal.send("quit\r")

    def test_names_with_control_characters_are_refused(self):
        for character in ("&#x7f;", "&#9;", "&#10;", "\x9b", "\x85"):
            told = self.fails("define", self.file("x.xml", self.small(f"a{character}b")))
            self.assertIn("invalid char in name: control character", told)
            told = self.fails("net-define", self.file(
                "x.xml", f"<network><name>a{character}b</name></network>"))
            self.assertIn("control character", told)
        self.define_named("b\u00fcro\u4e2d")
        self.assertIn("b\u00fcro\u4e2d", self.defined())

    def test_names_of_files_are_escaped(self):
        for name in (b"a\x1b[2Jb.xml", b"a\xffb.xml", b"a\xc2\x9bb.xml"):
            path = os.fsencode(self.repo) + b"/" + name
            with open(path, "w", encoding="utf-8") as file:
                file.write("<domain/>")
            for words in (("validate", self.repo), ("apply", self.repo), ("define", path)):
                done = subprocess.run(self.command(*words), capture_output=True, timeout=30,
                                      check=False)
                told = done.stdout + done.stderr
                self.assertEqual(done.returncode, 1, told)
                for raw in (b"\x1b", b"\xff", b"\xc2\x9b"):
                    self.assertNotIn(raw, told, words)
                shown = name.replace(b"\x1b", b"\\x1b").replace(b"\xff", b"\\xff")
                self.assertIn(shown.replace(b"\xc2\x9b", b"\\xc2\\x9b"), told, words)
            os.unlink(path)

    def test_diffs_and_terminals(self):
        text = self.small("a", "<title>t\x9b2J</title>")
        path = self.file("a.xml", text)
        told = self.ok("apply", self.repo)
        self.assertIn("t\\xc2\\x9b2J", told)
        self.assertNotIn("\x9b", told)
        self.file("a.xml", text.replace("2J", "3J"))
        result = self.lxsh("diff", "a", path)
        self.assertIn("t\\xc2\\x9b3J", result.out)
        self.assertNotIn("\x9b", result.out)
        # A document that a program reads is whole.
        self.assertIn("<title>t\x9b2J</title>", self.ok("dumpxml", "a"))
        with Terminal(self.command("dumpxml", "a")) as terminal:
            terminal.expect("<title>t\\xc2\\x9b2J</title>")


if __name__ == "__main__":
    report.main()
