// tests/golden/network/CASE.xml is parsed and printed; CASE.out is what libvirt 9.0.0's `virsh
// net-define` and `virsh net-dumpxml --inactive` printed for it, and CASE.notices what lxvirt says
// it leaves out. tests/golden/networkport likewise, with net-port-create and net-port-dumpxml.
// TESTS_ACCEPT=1 rewrites both.
#include "tests/support/golden.hh"
#include "xml/network/document.hh"

namespace lxvirt::xml {
namespace {

std::string messages(const std::vector<Notice>& notices) {
    std::string result;
    for (const Notice& notice : notices) result += notice.message() + "\n";
    return result;
}

class NetworkGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(NetworkGolden, IsPrintedAsLibvirtDoes) {
    const std::string path = GetParam();
    const ParsedNetwork parsed = parse_network(base::read_file(path), {.file = basename_of(path)});
    compare(stem(path) + ".out", format_network(parsed.network));
    compare(stem(path) + ".notices", messages(parsed.notices));
}

TEST_P(NetworkGolden, NeedsNothingWhenReadAgain) {
    Network network = parse_network(base::read_file(GetParam())).network;
    const std::string once = format_network(network);
    const ParsedNetwork again = parse_network(once, {.defaults = false});
    EXPECT_EQ(format_network(again.network), once);
    for (const Notice& notice : again.notices)
        EXPECT_EQ(notice.text.find("left out"), std::string::npos) << notice.message();
    network.connections = 3;
    for (ForwardInterface& interface : network.forward.interfaces) interface.connections = 2;
    const std::string live = format_network(network, {.live = true});
    EXPECT_EQ(format_network(parse_network(live, {.live = true}).network, {.live = true}), live);
    EXPECT_EQ(format_network(parse_network(live).network), once);
}

INSTANTIATE_TEST_SUITE_P(Golden, NetworkGolden,
                         ::testing::ValuesIn(documents(tests_folder() + "/golden/network")),
                         [](const auto& document) { return case_name(document.param); });

class NetworkPortGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(NetworkPortGolden, IsPrintedAsLibvirtDoes) {
    const std::string path = GetParam();
    const ParsedNetworkPort parsed =
        parse_network_port(base::read_file(path), {.file = basename_of(path)});
    const std::string once = format_network_port(parsed.port);
    compare(stem(path) + ".out", once);
    EXPECT_EQ(messages(parsed.notices), "");
    EXPECT_EQ(format_network_port(parse_network_port(once, {.defaults = false}).port), once);
}

INSTANTIATE_TEST_SUITE_P(Golden, NetworkPortGolden,
                         ::testing::ValuesIn(documents(tests_folder() + "/golden/networkport")),
                         [](const auto& document) { return case_name(document.param); });

}  // namespace
}  // namespace lxvirt::xml
