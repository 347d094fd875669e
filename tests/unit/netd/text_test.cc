// What dnsmasq and nftables are given for each network of tests/golden/network and
// tests/golden/netd: CASE.out has every byte (TESTS_ACCEPT=1 rewrites it), and the real programs
// say whether they understand it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "netd/dnsmasq_config.hh"
#include "netd/ruleset.hh"
#include "tests/support/folder.hh"
#include "tests/support/golden.hh"
#include "xml/document/read.hh"
#include "xml/network/document.hh"

namespace lxvirt::netd {
namespace {

const DnsmasqPaths kPaths{.leases = "/run/x/leases",
                          .hosts = "/run/x/hosts",
                          .addn_hosts = "/run/x/addn-hosts",
                          .names = "/run/x/names",
                          .addresses = "/run/x/addresses",
                          .user = "nobody",
                          .group = "nogroup"};

std::vector<std::string> all_documents() {
    std::vector<std::string> result = xml::documents(xml::tests_folder() + "/golden/network");
    for (const std::string& path : xml::documents(xml::tests_folder() + "/golden/netd"))
        result.push_back(path);
    return result;
}

// The exit status of a shell command, 127 where it cannot be run.
int run(const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

class NetdText : public ::testing::TestWithParam<std::string> {
  protected:
    xml::Network network_ = xml::parse_network(base::read_file(GetParam())).network;
    tests::TemporaryFolder folder_;

    std::string write(const std::string& name, const std::string& text) {
        std::string path = folder_.path() + "/" + name;
        base::write_atomic(path, text, 0644);
        return path;
    }
};

TEST_P(NetdText, IsTheSameToTheByte) {
    std::string text = needs_dnsmasq(network_) ? dnsmasq_config(network_, kPaths) : "no dnsmasq\n";
    text += "--- hosts\n" + dnsmasq_hosts(network_);
    text += "--- addn-hosts\n" + dnsmasq_addn_hosts(network_);
    text += "--- nft\n" + ruleset(network_);
    const std::string name = xml::stem(xml::basename_of(GetParam()));
    xml::compare(xml::tests_folder() + "/golden/netd/" + name + ".out", text);
}

TEST_P(NetdText, IsUnderstoodByDnsmasq) {
    if (run("command -v dnsmasq >/dev/null") != 0) GTEST_SKIP() << "dnsmasq is not installed";
    if (!needs_dnsmasq(network_)) return;
    const DnsmasqPaths paths{.leases = folder_.path() + "/leases",
                             .hosts = write("hosts", dnsmasq_hosts(network_)),
                             .addn_hosts = write("addn-hosts", dnsmasq_addn_hosts(network_))};
    const std::string config = write("conf", dnsmasq_config(network_, paths));
    EXPECT_EQ(run("dnsmasq --test --conf-file=" + config + " 2>" + folder_.path() + "/said"), 0)
        << base::read_file(folder_.path() + "/said") << base::read_file(config);
}

TEST_P(NetdText, IsUnderstoodByNft) {
    if (run("unshare --map-root-user --net nft list tables >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "no nft in a network namespace of our own";
    const std::string rules = write("rules", ruleset(network_) + ruleset(network_));
    EXPECT_EQ(run("unshare --map-root-user --net nft --check --file " + rules + " 2>" +
                  folder_.path() + "/said"),
              0)
        << base::read_file(folder_.path() + "/said") << base::read_file(rules);
}

// Every character, at every place of a name: what the parser accepts, nft and dnsmasq have to take for
// one name.
TEST(NamesOfDevices, AreUnderstoodByNftAndDnsmasq) {
    const bool has_nft = run("unshare --map-root-user --net nft list tables >/dev/null 2>&1") == 0;
    const tests::TemporaryFolder folder;
    const std::string path = folder.path() + "/text";
    std::string rules, config;
    int accepted = 0;
    const auto check = [&] {
        base::write_atomic(path, rules, 0644);
        EXPECT_TRUE(!has_nft ||
                    run("unshare --map-root-user --net nft --check --file " + path) == 0)
            << rules;
        rules.clear();
    };
    // XML of this parser is UTF-8, so a lone byte above 0x7f cannot come.
    for (int c = 1; c < 0x80; ++c)
        for (const std::string before : {"", "a"})
            for (const std::string after : {"", "b"}) {
                const std::string name = before + static_cast<char>(c) + after;
                if (!xml::fault_of_link_name(name).empty()) continue;
                xml::Network network;
                network.name = "x";
                network.bridge.name = name;
                network.forward = {.mode = xml::ForwardMode::nat, .interfaces = {{name}}};
                network.ips = {{.address = "10.0.0.1", .prefix = 24}};
                rules += ruleset(network);
                config += "interface=" + name + "\n";
                // A netlink message has room for so many tables.
                if (++accepted % 20 == 0) check();
            }
    check();
    EXPECT_GT(accepted, 250);
    base::write_atomic(path, config, 0644);
    EXPECT_TRUE(run("command -v dnsmasq >/dev/null") != 0 ||
                run("dnsmasq --test --conf-file=" + path + " 2>/dev/null") == 0);
}

TEST(NamesOfDevices, NeverBecomeCommands) {
    for (const std::string name :
         {"a\"", "a\n", "a\\", "a*", "a,lo", "a%d", "a b", "a;b", "a#b", "all", "default"})
        EXPECT_FALSE(xml::fault_of_link_name(name).empty()) << name;
    for (const std::string name : {"a\"", "a\n", "a\\", "a*", "a b"})
        EXPECT_THROW((void)nft_quoted(name), base::Error) << name;
}

INSTANTIATE_TEST_SUITE_P(Golden, NetdText, ::testing::ValuesIn(all_documents()),
                         [](const auto& document) { return xml::case_name(document.param); });

TEST(Ruleset, NamesTheTableAfterTheBridge) {
    xml::Network network;
    network.bridge.name = "br-0.x_y+\xc3";
    EXPECT_EQ(table_name(network), "lxvirt_br-0.x_5fy_2b_c3");
}

TEST(Dnsmasq, IsNotNeededWithoutAnythingToOffer) {
    const auto needed = [](const std::string& inside) {
        return needs_dnsmasq(
            xml::parse_network("<network><name>x</name>" + inside + "</network>").network);
    };
    EXPECT_FALSE(needed(""));
    EXPECT_FALSE(needed("<forward mode='bridge'/><bridge name='b'/>"));
    EXPECT_TRUE(needed("<ip address='10.0.0.1' prefix='24'/>"));
    EXPECT_FALSE(needed("<dns enable='no'/><ip address='10.0.0.1' prefix='24'/>"));
    EXPECT_TRUE(
        needed("<dns enable='no'/><ip address='10.0.0.1' prefix='24'><tftp root='/x'/></ip>"));
    // Somebody has to send router advertisements.
    EXPECT_TRUE(needed("<dns enable='no'/><ip family='ipv6' address='fd00::1' prefix='64'/>"));
}

}  // namespace
}  // namespace lxvirt::netd
