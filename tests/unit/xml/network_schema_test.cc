// schemas/network.rng: accepts what is supported, refuses what is not, and says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "tests/support/folders.hh"
#include "xml/check_document.hh"
#include "xml/document/scan.hh"
#include "xml/network/document.hh"

namespace lxvirt::xml {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
    const ParseOptions options{.file = "x.xml", .validate = true};
    try {
        if (outermost_element(text) == "network")
            (void)parse_network(text, options);
        else
            (void)parse_network_port(text, options);
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::xml_invalid_schema) << error.message();
        return error.message();
    }
    return "";
}

std::vector<std::string> all_networks() {
    std::vector<std::string> result;
    for (const std::string& folder :
         {tests_folder() + "/golden/network", tests_folder() + "/golden/netd",
          examples_folder() + "/networks"})
        for (const std::string& path : documents(folder)) result.push_back(path);
    return result;
}

TEST(NetworkSchema, AcceptsEveryExampleAndGoldenAndWhatIsPrinted) {
    ASSERT_GE(all_networks().size(), 30U);
    for (const std::string& path : all_networks()) {
        EXPECT_EQ(refusal(base::read_file(path)), "") << path;
        Network network = parse_network(base::read_file(path)).network;
        EXPECT_EQ(refusal(format_network(network)), "") << path;
        network.connections = 3;
        for (ForwardInterface& interface : network.forward.interfaces) interface.connections = 2;
        EXPECT_EQ(refusal(format_network(network, {.live = true})), "") << path;
    }
}

TEST(NetworkSchema, AcceptsPorts) {
    for (const std::string& path : documents(tests_folder() + "/golden/networkport")) {
        EXPECT_EQ(refusal(base::read_file(path)), "") << path;
        const NetworkPort port = parse_network_port(base::read_file(path)).port;
        EXPECT_EQ(refusal(format_network_port(port)), "") << path;
    }
}

TEST(NetworkSchema, NamesFileLineAndElement) {
    const std::string begin = "<network>\n<name>x</name>\n";
    const std::string message = refusal(begin + "<bogus/>\n</network>");
    EXPECT_THAT(message, HasSubstr("network.rng"));
    EXPECT_THAT(message, HasSubstr("x.xml:3: <bogus>"));
    EXPECT_THAT(refusal(begin + "<title>t</title></network>"), HasSubstr("x.xml:3: <title>"));
    EXPECT_THAT(refusal(begin + "<dns>\n<host ip='1.2.3.4' x=''><hostname>a</hostname></host>"
                                "</dns></network>"),
                HasSubstr("x.xml:4: attribute 'x'"));
    EXPECT_THAT(refusal("<networkport>\n<plug type='magic'/></networkport>"),
                HasSubstr("x.xml:1: "));
}

}  // namespace
}  // namespace lxvirt::xml
