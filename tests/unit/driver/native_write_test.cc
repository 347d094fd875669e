// The way back: whatever the domain, convert() makes of what write_config() wrote the domain that
// write_config() says, and that differs from the first only in what the account names.
#include <set>

#include <gmock/gmock.h>

#include "base/text/text.hh"
#include "driver/native/write.hh"
#include "tests/support/folder.hh"
#include "tests/support/golden.hh"
#include "tests/unit/driver/native_facts.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {
namespace {

using tests::TemporaryFolder;
using xml::tests_folder;

using ::testing::HasSubstr;

WriteOptions options() {
    WriteOptions made;
    made.bridge = [](const std::string& network) { return network == "default" ? "virbr0" : ""; };
    return made;
}

// "domain/devices/interface/mac: <mac address='...'/>", a line of XML each.
std::multiset<std::string> lines_of(const xml::Domain& domain) {
    std::multiset<std::string> found;
    std::vector<std::string> path;
    const std::string text = xml::format_domain(domain);
    for (const std::string_view line : base::split(text, '\n')) {
        const std::size_t depth = line.find_first_not_of(' ') / 2;
        std::string_view name = base::trim(line);
        if (!name.starts_with('<') || name.starts_with("</")) continue;
        name = name.substr(1, name.find_first_of(" />") - 1);
        path.resize(depth);
        path.emplace_back(name);
        std::string place;
        for (const std::string& part : path) place += "<" + part + ">";
        found.insert(place + ": " + std::string(base::trim(line)));
    }
    return found;
}

// Lines of `one` that `other` does not have and that no entry of the account is about.
std::vector<std::string> unexplained(const xml::Domain& one, const xml::Domain& other,
                                     const Verdicts& verdicts, const std::string& known) {
    const auto here = lines_of(one), there = lines_of(other);
    std::vector<std::string> missing;
    std::set_difference(here.begin(), here.end(), there.begin(), there.end(),
                        std::back_inserter(missing));
    std::erase_if(missing, [&](const std::string& line) {
        const std::string place = line.substr(0, line.find(": "));
        for (const Entry& entry : verdicts.entries)
            if (place.find(entry.key) != std::string::npos) return true;
        return base::contains_word(known, place.substr(place.rfind('<')));
    });
    return missing;
}

xml::Domain back(const TemporaryFolder& folder, const Written& made) {
    base::write_atomic(folder / "config", made.text);
    return convert(folder / "config", {}, test_facts()).domain;
}

void check(const xml::Domain& domain) {
    const TemporaryFolder folder;
    const Written made = write_config(domain, options(), test_facts());
    xml::Domain again = back(folder, made);
    again.uuid = made.domain.uuid;
    // A data set is mounted beside the configuration, wherever that is.
    if (!again.container.rootfs_storage.empty())
        again.filesystems.front().source = made.domain.filesystems.front().source;
    EXPECT_EQ(xml::format_domain(again), xml::format_domain(made.domain)) << made.text;
    EXPECT_THAT(unexplained(domain, made.domain, made.verdicts, "<features> <lx:mount_auto>"),
                ::testing::IsEmpty());
    // Elements that may be left out are written out, with what they mean without.
    EXPECT_THAT(unexplained(made.domain, domain, made.verdicts,
                            "<features> <memtune> <hard_limit> <link> <lx:container>"),
                ::testing::IsEmpty());
    // Once it has come back, nothing more is lost.
    const Written twice = write_config(again, options(), test_facts());
    EXPECT_EQ(twice.text, made.text);
}

class NativeWrite : public ::testing::TestWithParam<std::string> {};

TEST_P(NativeWrite, ComesBackButForWhatIsNamed) {
    const std::string path = GetParam();
    if (path.ends_with(".lxc"))
        check(convert(path, {}, test_facts()).domain);
    else
        check(xml::parse_domain(base::read_file(path),
                                {.live = path.find("live") != std::string::npos})
                  .domain);
}

std::vector<std::string> every_document() {
    std::vector<std::string> all = xml::documents(tests_folder() + "/golden/domain", ".xml");
    for (const std::string& path : xml::documents(tests_folder() + "/golden/native", ".lxc"))
        all.push_back(path);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Golden, NativeWrite, ::testing::ValuesIn(every_document()),
                         [](const auto& document) {
                             const bool native = document.param.ends_with(".lxc");
                             return (native ? "lxc_" : "") + xml::case_name(document.param);
                         });

TEST(NativeWriting, QuotesWhatLxcWouldTakeOff) {
    const TemporaryFolder folder;
    xml::Domain domain;
    domain.name = "quoted";
    domain.memory = domain.current_memory = 65536;
    domain.os.init = "/bin/a\"";
    domain.os.initargs = {"it's", "\"x\"", "plain", "end\""};
    domain.os.initenv = {{"A", " x "}, {"B", "'y'"}};
    const xml::Domain again = back(folder, write_config(domain, {}, test_facts()));
    EXPECT_EQ(again.os.init, domain.os.init);
    EXPECT_EQ(again.os.initargs, domain.os.initargs);
    ASSERT_EQ(again.os.initenv.size(), 2U);
    EXPECT_EQ(again.os.initenv[0].value, " x ");
    EXPECT_EQ(again.os.initenv[1].value, "'y'");
}

// A configuration comes back with the same mounts in the same order, and with nothing added.
TEST(NativeWriting, KeepsMountsAndTheirOrder) {
    const TemporaryFolder folder;
    const std::string config =
        "lxc.uts.name = c\nlxc.rootfs.path = dir:/srv/c\n"
        "lxc.mount.entry = /etc/hosts etc/hosts none bind,create=file 0 0\n"
        "lxc.mount.entry = /srv/a srv/a none rbind,ro,create=dir 0 0\n"
        "lxc.mount.entry = /srv/b srv/a/b none bind,create=dir 0 0\n"
        "lxc.mount.entry = tmpfs tmp tmpfs size=10m\n"
        "lxc.mount.entry = /absent/c tmp/c none bind,create=file\n"
        "lxc.mount.entry = /srv/d tmp none rbind,optional\n";
    base::write_atomic(folder / "first", config);
    const Conversion made = convert(folder / "first", {}, test_facts());
    const std::string text = write_config(made.domain, {}, test_facts()).text;
    for (const std::string_view line : base::split(config, '\n'))
        EXPECT_THAT(text, HasSubstr(std::string(line)));
    const auto place = [&](const char* part) { return text.find(part); };
    EXPECT_LT(place(" etc/hosts "), place(" srv/a none"));
    EXPECT_LT(place(" srv/a none"), place(" srv/a/b "));
    EXPECT_LT(place(" srv/a/b "), place(" tmp tmpfs"));
    EXPECT_LT(place(" tmp tmpfs"), place(" tmp/c "));
    EXPECT_LT(place(" tmp/c "), place(" tmp none rbind"));
}

TEST(NativeWriting, WritesAddressesAndWeightsAsTheyAre) {
    xml::Domain domain;
    domain.name = "c";
    domain.os.init = "/sbin/init";
    domain.blkiotune.weight = 500;
    domain.blkiotune.devices.push_back({.path = "/dev/sda",
                                        .weight = 300,
                                        .read_bytes_sec = 1024,
                                        .write_bytes_sec = {},
                                        .read_iops_sec = {},
                                        .write_iops_sec = 9});
    domain.interfaces.emplace_back();
    domain.interfaces.back().type = xml::InterfaceType::ethernet;
    domain.interfaces.back().ips.push_back({"ipv4", "10.1.2.3", std::nullopt, {}});
    const std::string text = write_config(domain, {}, test_facts()).text;
    EXPECT_THAT(text, HasSubstr("lxc.cgroup2.io.weight = 500\n"));
    EXPECT_THAT(text, HasSubstr("lxc.cgroup2.io.weight = 8:0 300\n"));
    EXPECT_THAT(text, HasSubstr("lxc.cgroup2.io.max = 8:0 rbps=1024 wiops=9\n"));
    EXPECT_THAT(text, HasSubstr("lxc.cgroup.blkio.throttle.read_bps_device = 8:0 1024\n"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("blkio.weight")));
    // The container gets it as a whole address; to lxc it would be one of 10.0.0.0/8.
    EXPECT_THAT(text, HasSubstr("ipv4.address = 10.1.2.3/32\n"));
}

TEST(NativeWriting, WritesHostdevsVlansAndVariables) {
    const TemporaryFolder folder;
    const std::string config =
        "lxc.uts.name = c\nlxc.rootfs.path = dir:/srv/c\nlxc.tty.max = 0\n"
        "lxc.environment = EMPTY=\nlxc.environment.runtime = A=b\nlxc.environment.hooks = C=d\n"
        "lxc.net.0.type = vlan\nlxc.net.0.link = eth0\nlxc.net.0.vlan.id = 7\n"
        "lxc.net.1.type = phys\nlxc.net.1.link = eth1\nlxc.net.1.name = lan0\n"
        "lxc.net.1.hwaddr = 02:16:3e:01:02:03\nlxc.net.1.mtu = 1400\n";
    base::write_atomic(folder / "first", config);
    const Conversion made = convert(folder / "first", {}, test_facts());
    const Written written = write_config(made.domain, {}, test_facts());
    for (const std::string_view line : base::split(config, '\n'))
        EXPECT_THAT(written.text, HasSubstr(std::string(line)));
    check(made.domain);
}

TEST(NativeWriting, LosesACommandThatLxcWouldSplit) {
    xml::Domain domain;
    domain.name = "c";
    domain.os.init = "/bin/sh";
    domain.os.initargs = {"-c", "echo a"};
    const Written made = write_config(domain, {}, test_facts());
    EXPECT_THAT(made.text, ::testing::Not(HasSubstr("init.cmd")));
    EXPECT_EQ(made.domain.os.init, "/sbin/init");
    EXPECT_EQ(std::count_if(made.verdicts.entries.begin(), made.verdicts.entries.end(),
                            [](const Entry& entry) { return entry.key == "<initarg>"; }),
              1);
}

TEST(NativeWriting, TellsWhatALineCannotHold) {
    xml::Domain domain;
    domain.name = "newline";
    domain.os.init = "/sbin/init";
    domain.os.initenv = {{"A", "x\ny"}};
    domain.title = "T";
    const Written made = write_config(domain, {}, test_facts());
    EXPECT_TRUE(made.domain.os.initenv.empty());
    std::string told;
    for (const Entry& entry : made.verdicts.entries) told += entry.message() + "\n";
    EXPECT_THAT(told, HasSubstr("newline: <initenv>: not translated: lxc.environment cannot"));
    EXPECT_THAT(told, HasSubstr("newline: <title>: not translated: lxc has no key for it"));
}

TEST(NativeWriting, WritesAutostartAndDevices) {
    xml::Domain domain;
    domain.name = "devices";
    domain.hostdevs.push_back({.type = xml::HostdevType::misc,
                               .source = "/dev/net/tun",
                               .usb = {},
                               .managed = {},
                               .ips = {},
                               .routes = {},
                               .alias = {}});
    const std::string text =
        write_config(domain, {.autostart = true, .bridge = {}}, test_facts()).text;
    EXPECT_THAT(text, HasSubstr("lxc.start.auto = 1\n"));
    EXPECT_THAT(text, HasSubstr("lxc.cgroup2.devices.deny = a\n"));
    EXPECT_THAT(text, HasSubstr("lxc.cgroup2.devices.allow = c 10:200 rwm\n"));
    EXPECT_THAT(text, HasSubstr("/dev/net/tun dev/net/tun none bind,create=file 0 0\n"));
}

}  // namespace
}  // namespace lxvirt::driver::native
