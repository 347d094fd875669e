"""Interfaces at start, in a network namespace of the tests' own, and shared namespaces."""

import re
import unittest

import support
from guest import GuestCase
from support import run

MAC = "00:16:3e:11:22:33"


class Interfaces(GuestCase):
    def target(self, name):
        return re.search(r"<target dev='([^']+)'/>", self.ok("dumpxml", name)).group(1)

    def test_bridge_with_everything(self):
        self.bridge("brx")
        self.boot("one", f"""<interface type='bridge'><mac address='{MAC}'/>
            <source bridge='brx'/><target dev='vethx'/><guest dev='lan0'/><mtu size='1400'/>
            <ip address='10.77.0.2' family='ipv4' prefix='24'/>
            <ip address='fd77::2' family='ipv6' prefix='64'/>
            <route family='ipv4' address='0.0.0.0' prefix='0' gateway='10.77.0.1'/>
            <link state='up'/></interface>""")
        inside = self.output("one", "ip addr show lan0")
        for text in (MAC, "mtu 1400", "10.77.0.2/24", "fd77::2/64", "UP"):
            self.assertIn(text, inside)
        self.assertIn("default via 10.77.0.1 dev lan0", self.output("one", "ip route"))
        self.assertIn("127.0.0.1", self.output("one", "ip addr show lo"))
        outside = run("ip", "-d", "link", "show", "vethx")
        self.assertIn("master brx", outside)
        self.assertIn("alias lxvirt:", outside)
        run("ip", "addr", "add", "10.77.0.1/24", "dev", "brx")
        self.output("one", "ping -c 1 -W 5 10.77.0.1")
        self.ok("destroy", "one")
        self.assert_nothing_left()

    def test_a_gateway_outside_the_subnet_is_reached_over_the_link(self):
        """As with lxc, whose users give a container one address and the host's link-local one as its
        gateway."""
        self.bridge("brx")
        run("ip", "addr", "add", "169.254.0.1/32", "dev", "brx")
        run("ip", "route", "add", "10.20.0.17/32", "dev", "brx")
        self.boot("one", """<interface type='bridge'><source bridge='brx'/>
            <ip address='10.20.0.17' family='ipv4' prefix='32'/>
            <ip address='fd20::17' family='ipv6' prefix='128'/>
            <route family='ipv4' address='0.0.0.0' prefix='0' gateway='169.254.0.1'/>
            <route family='ipv6' address='::' prefix='0' gateway='fe80::1'/></interface>""")
        routes = self.output("one", "ip route")
        self.assertIn("169.254.0.1 dev eth0 scope link", routes)
        self.assertIn("default via 169.254.0.1 dev eth0", routes)
        self.output("one", "ping -c 1 -W 5 169.254.0.1")

    def test_a_route_that_fails_names_device_and_gateway(self):
        self.bridge("brx")
        self.define(self.xml("one", devices="""<interface type='bridge'><source bridge='brx'/>
            <guest dev='lan0'/><ip address='10.20.0.17' family='ipv4' prefix='24'/>
            <route family='ipv6' address='fd01::' prefix='16' gateway='fd20::1'/></interface>"""))
        error = self.fails("start", "one")
        self.assertIn("add the route to 'fd01::/16' by the gateway 'fd20::1' over network device 'lan0'",
                      error)

    def test_a_fixed_name_is_free_again_for_the_next_start(self):
        self.bridge("brx")
        self.define(self.xml("one", devices="<interface type='bridge'><source bridge='brx'/>"
                                            "<target dev='vethx'/></interface>"))
        for _ in range(5):
            self.start("one")
            self.ok("destroy", "one")

    def test_link_state_down(self):
        self.bridge("brx")
        self.boot("one", "<interface type='bridge'><source bridge='brx'/><link state='down'/>"
                         "</interface>")
        self.assertNotIn("UP", self.output("one", "ip link show eth0"))

    def test_ethernet_with_the_hosts_address(self):
        self.boot("one", """<interface type='ethernet'>
            <source><ip address='10.78.0.1' family='ipv4' prefix='24'/></source>
            <ip address='10.78.0.2' family='ipv4' prefix='24'/></interface>""")
        self.assertIn("10.78.0.1/24", run("ip", "addr", "show", self.target("one")))
        self.output("one", "ping -c 1 -W 5 10.78.0.1")

    def test_macvlan(self):
        run("ip", "link", "add", "lowerx", "type", "veth", "peer", "name", "lowery")
        run("ip", "link", "set", "lowerx", "up")
        self.keep_link("lowerx")
        self.boot("one", f"<interface type='direct'><mac address='{MAC}'/>"
                         "<source dev='lowerx' mode='bridge'/><link state='up'/></interface>")
        self.assertIn(MAC, self.output("one", "ip link show eth0"))

    def test_two_interfaces_are_named_in_order(self):
        self.bridge("brx")
        self.boot("one", "<interface type='bridge'><source bridge='brx'/></interface>" * 2)
        self.assertEqual(self.output("one", "ls /sys/class/net"), "eth0\neth1\nlo")


class Sharing(GuestCase):
    def namespace(self, name, kind):
        return self.output(name, f"readlink /proc/self/ns/{kind}")

    def shared(self, what, kind, value):
        extra = ("<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>"
                 f"<lxc:{what} type='{kind}' value='{value}'/></lxc:namespace>")
        return self.xml("two").replace("</domain>", extra + "</domain>")

    def test_network_of_another_domain(self):
        self.boot("one", features="<privnet/>")
        self.define(self.shared("sharenet", "name", "one"))
        self.start("two")
        self.assertEqual(self.namespace("one", "net"), self.namespace("two", "net"))
        self.assertNotEqual(self.namespace("one", "uts"), self.namespace("two", "uts"))

    def test_a_named_network_namespace(self):
        """As `ip netns add` makes one, but for its shared mount of /run/netns."""
        name = f"lxvirt-test-{support.os.getpid()}"
        path = f"/run/netns/{name}"
        support.os.makedirs("/run/netns", exist_ok=True)
        support.write(path, "")
        try:
            run("unshare", f"--net={path}", "ip", "link", "add", "inner0", "type", "bridge")
            self.define(self.shared("sharenet", "netns", name))
            self.start("two")
            self.assertEqual(self.output("two", "ls /sys/class/net"), "inner0\nlo")
            self.ok("destroy", "two")
            self.assertIn("inner0", run("nsenter", f"--net={path}", "ip", "link"))
        finally:
            run("umount", path)
            support.os.unlink(path)
        self.assertIn(name, self.fails("start", "two"))
        self.assert_nothing_left()

    def test_name_of_a_domain_that_is_off_is_named(self):
        self.define(self.xml("one"))
        self.define(self.shared("shareuts", "name", "one"))
        self.assertIn("'one'", self.fails("start", "two"))
        self.assert_nothing_left()

    def test_ipc_of_a_process(self):
        self.boot("one")
        self.define(self.shared("shareipc", "pid", self.status("one")["init_pid"]))
        self.start("two")
        self.assertEqual(self.namespace("one", "ipc"), self.namespace("two", "ipc"))

    def test_without_a_network_of_its_own_it_has_the_hosts(self):
        self.boot("one")
        self.assertEqual(self.namespace("one", "net"), support.os.readlink("/proc/self/ns/net"))
        self.assertEqual(self.output("one", "hostname"), "one")


class InitOptions(GuestCase):
    def test_user_group_folder_arguments_and_environment(self):
        self.define(self.plain("one", init="/bin/sh", args=(
            "-c", "id -u >/share/id; id -g >>/share/id; pwd >>/share/id; echo $COLOR $0 $1 $container"
                  " >>/share/id; sleep 100", "zero", "one two"),
            os_extra="<initenv name='COLOR'>blue</initenv><initdir>/tmp</initdir>"
                     "<inituser>+1000</inituser><initgroup>1001</initgroup>",
            devices=f"<filesystem type='mount'><source dir='{self.make_share('one')}'/>"
                    "<target dir='/share'/></filesystem>"))
        support.os.chmod(self.share("one"), 0o777)
        self.ok("start", "one")
        path = f"{self.share('one')}/id"
        support.wait_for(lambda: support.os.path.exists(path) and "blue" in support.read(path))
        self.assertEqual(support.read(path),
                         "1000\n1001\n/tmp\nblue zero one two lxc-libvirt\n")


if __name__ == "__main__":
    support.main()
