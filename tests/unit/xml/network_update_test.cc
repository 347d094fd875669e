// net-update against what libvirt 9.0.0 said and made of the same changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.hh"
#include "base/text/text.hh"
#include "tests/support/golden.hh"
#include "xml/network/document.hh"
#include "xml/network/update.hh"

namespace lxvirt::xml {
namespace {

using ::testing::StartsWith;

const std::string& golden() {
    static const std::string path = tests_folder() + "/golden/network-updates";
    return path;
}

struct Step {
    std::string network;
    UpdateCommand command;
    UpdateSection section;
    int parent_index = -1;
    std::string fragment, message;
};

// "u add ip-dhcp-host <host .../> --parent-index 1"
Step parse_step(std::string_view line) {
    std::vector<std::string> words;
    for (int i = 0; i < 3; ++i) {
        const std::size_t blank = line.find(' ');
        words.emplace_back(line.substr(0, blank));
        line.remove_prefix(blank + 1);
    }
    Step step{words[0], update_command(words[1]).value(), update_section(words[2]).value()};
    constexpr std::string_view kIndex = " --parent-index ";
    const std::size_t at = line.find(kIndex);
    step.fragment = line.substr(0, at);
    if (at != std::string_view::npos)
        step.parent_index = base::parse_number<int>(line.substr(at + kIndex.size())).value();
    return step;
}

std::vector<Step> steps() {
    std::vector<Step> result;
    bool message = false;
    const std::string text = base::read_file(golden() + ".txt");
    for (const std::string_view line : base::split(text, '\n')) {
        if (line.empty() || line.front() == '#') continue;
        if (message)
            result.back().message = line;
        else
            result.push_back(parse_step(line));
        message = !message;
    }
    return result;
}

Network document(const std::string& name) {
    return parse_network(base::read_file(golden() + "-" + name + ".xml")).network;
}

// What it says, or "-".
std::string update(Network& network, const Step& step) {
    try {
        EXPECT_TRUE(
            update_network(network, step.command, step.section, step.parent_index, step.fragment)
                .empty());
        return "-";
    } catch (const base::Error& error) {
        return error.message();
    }
}

TEST(NetworkUpdate, DoesAndSaysWhatLibvirtDoes) {
    std::map<std::string, Network> networks;
    for (const char* name : {"u", "v", "w"}) networks[name] = document(name);
    ASSERT_GE(steps().size(), 70U);
    for (const Step& step : steps()) {
        const std::string before = format_network(networks[step.network]);
        const std::string said = update(networks[step.network], step);
        EXPECT_THAT(said, StartsWith(step.message)) << step.network << ' ' << step.fragment;
        if (said == "-") continue;
        EXPECT_EQ(format_network(networks[step.network]), before);
    }
    for (const auto& [name, network] : networks)
        compare(golden() + "-" + name + ".out", format_network(network));
}

TEST(NetworkUpdate, KnowsTheWordsOfTheShell) {
    EXPECT_EQ(update_command("add"), UpdateCommand::add_last);
    EXPECT_EQ(update_command("add-first"), UpdateCommand::add_first);
    EXPECT_EQ(update_command("bogus"), std::nullopt);
    EXPECT_EQ(update_section("dns-srv"), UpdateSection::dns_srv);
    EXPECT_EQ(update_section("bogus"), std::nullopt);
    EXPECT_EQ(update_sections().size(), 12U);
}

TEST(NetworkUpdate, KeepsTheNetworkValid) {
    // An update may not leave what the next define would refuse.
    Network network = document("u");
    const Step step{"u", UpdateCommand::add_last, UpdateSection::portgroup, -1,
                    "<portgroup name='r'><vlan><tag id='3'/></vlan></portgroup>"};
    EXPECT_THAT(update(network, step),
                StartsWith("unsupported configuration: <vlan> element specified for network u"));
    EXPECT_TRUE(network.portgroups.empty());
}

TEST(NetworkUpdate, RefusesAnInterfaceInUse) {
    Network network = document("v");
    network.forward.interfaces[1].connections = 2;
    const Step step{"v", UpdateCommand::delete_, UpdateSection::forward_interface, -1,
                    "<interface dev='e1'/>"};
    EXPECT_THAT(update(network, step),
                StartsWith("Requested operation is not valid: unable to delete interface 'e1' in "
                           "network 'v'. It is currently being used by 2 domains."));
}

TEST(NetworkUpdate, NamesWhatItLeavesOut) {
    Network network = document("u");
    const std::vector<Notice> notices =
        update_network(network, UpdateCommand::add_last, UpdateSection::dns_txt, -1,
                       "<txt name='z' value='1' bogus='2'/>");
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].message(),
              "network_update_xml:1: attribute 'bogus' of <txt> is not supported by lxvirt and was "
              "left out");
}

}  // namespace
}  // namespace lxvirt::xml
