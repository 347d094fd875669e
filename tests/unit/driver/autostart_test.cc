#include "driver/apply/autostart.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using testing::ElementsAre;

std::vector<AutostartCandidate> sample() {
    return {{.name = "late", .autostart = true, .order = 90, .groups = {}},
            {.name = "b", .autostart = true, .groups = {}},
            {.name = "a", .autostart = true, .groups = {}},
            {.name = "early", .autostart = true, .order = -5, .groups = {}},
            {.name = "off", .order = 1, .groups = {}},
            {.name = "boot", .autostart = true, .order = 50, .groups = {"onboot"}},
            {.name = "both", .autostart = true, .order = 20, .groups = {"web", "onboot"}},
            {.name = "we", .autostart = true, .groups = {"we"}},
            {.name = "weboff", .order = 6, .groups = {"web"}}};
}

std::vector<std::string> chosen(const AutostartSelection& selection) {
    std::vector<std::string> names;
    for (const AutostartCandidate& one : choose_autostart(sample(), selection))
        names.push_back(one.name);
    return names;
}

}  // namespace

TEST(Autostart, AtBootOnbootGoesFirst) {
    EXPECT_THAT(chosen({}), ElementsAre("both", "boot", "early", "a", "b", "late"));
}

TEST(Autostart, TakesGroupsByTheirWholeNameInTheOrderGiven) {
    EXPECT_THAT(chosen({.groups = {"web"}}), ElementsAre("both"));
    EXPECT_THAT(chosen({.groups = autostart_groups("we,web,onboot")}),
                ElementsAre("we", "both", "boot"));
    EXPECT_THAT(chosen({.groups = autostart_groups(",we")}),
                ElementsAre("early", "a", "b", "late", "we"));
}

TEST(Autostart, TakesAllGroupsAndUnmarkedOnesWhereAsked) {
    EXPECT_THAT(chosen({.all_groups = true}),
                ElementsAre("early", "a", "b", "we", "both", "boot", "late"));
    EXPECT_THAT(chosen({.groups = {"web"}, .unmarked = true}), ElementsAre("weboff", "both"));
}

TEST(Autostart, ReadsTheDomain) {
    const xml::Domain domain =
        xml::parse_domain(
            "<domain type='lxc'><name>n</name><memory>1</memory><os><type>exe</type><init>/x</init>"
            "</os><devices/><lx:container xmlns:lx='urn:lxvirt:domain:1'>"
            "<lx:autostart order='-3' delay='7'/><lx:group name='g'/></lx:container>"
            "</domain>")
            .domain;
    const AutostartCandidate candidate = autostart_candidate(domain, true);
    EXPECT_EQ(candidate.order, -3);
    EXPECT_EQ(candidate.delay, 7U);
    EXPECT_THAT(candidate.groups, ElementsAre("g"));
}

}  // namespace lxvirt::driver
