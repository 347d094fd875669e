// tests/golden/native/CASE.lxc is converted; CASE.out is the domain XML, CASE.account what is told
// of its lines. TESTS_ACCEPT=1 rewrites both. What is asked of the host is answered by the test.
#include <gmock/gmock.h>

#include "base/error.hh"
#include "driver/native/containers.hh"
#include "driver/native/convert.hh"
#include "tests/support/folder.hh"
#include "tests/support/golden.hh"
#include "tests/unit/driver/native_facts.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {
namespace {

using tests::TemporaryFolder;

using xml::case_name;
using xml::compare;
using xml::documents;
using xml::stem;
using xml::tests_folder;

using ::testing::HasSubstr;

class NativeGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(NativeGolden, IsConvertedWithAnAccount) {
    const std::string path = GetParam();
    const Conversion made = convert(path, {}, test_facts());
    const std::string xml = xml::format_domain(made.domain);
    compare(stem(path) + ".out", stable(xml));
    compare(stem(path) + ".account", told(made));
    // What comes out can be defined as it is.
    EXPECT_EQ(xml::format_domain(xml::parse_domain(xml, {.validate = true}).domain), xml);
}

INSTANTIATE_TEST_SUITE_P(Golden, NativeGolden,
                         ::testing::ValuesIn(documents(tests_folder() + "/golden/native", ".lxc")),
                         [](const auto& document) { return case_name(document.param); });

TEST(Native, TakesTheFolderForAName) {
    const TemporaryFolder folder;
    base::write_atomic(folder / "config", "lxc.rootfs = /srv/c\n");
    const Conversion made = convert(folder / "config", {}, test_facts());
    EXPECT_THAT(made.name_from, HasSubstr("the folder"));
    EXPECT_EQ(made.domain.name, xml::basename_of(folder.path()));
}

TEST(Native, NeedsARoot) {
    const TemporaryFolder folder;
    base::write_atomic(folder / "config", "lxc.uts.name = c\n");
    EXPECT_THROW((void)convert(folder / "config", {}, test_facts()), base::Error);
    EXPECT_EQ(convert(folder / "config", {.rootfs = "/srv/x"}, test_facts()).domain.root()->source,
              "/srv/x");
}

TEST(Native, FollowsIncludesOnce) {
    const TemporaryFolder folder;
    const std::string path = folder / "config";
    base::write_atomic(path, fmt::format("lxc.rootfs = /srv/c\nlxc.include = {}\n", path));
    const Config config = read_config(path);
    EXPECT_EQ(config.lines.size(), 1U);
    ASSERT_EQ(config.problems.size(), 1U);
    EXPECT_THAT(config.problems.front().text, HasSubstr("includes itself"));
}

TEST(Native, FindsContainersAndTheirMonitors) {
    const TemporaryFolder folder;
    base::make_folders(folder / "b");
    base::make_folders(folder / "a");
    base::make_folders(folder / "empty");
    base::write_atomic(folder / "a/config", "");
    base::write_atomic(folder / "b/config", "");
    const auto found = find_containers(folder.path() + "/");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].name, "a");
    EXPECT_EQ(found[1].config, folder / "b/config");
    EXPECT_FALSE(found[0].running);
    EXPECT_THROW((void)find_containers(folder / "absent"), base::SystemError);

    constexpr const char* sockets =
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "ffff8881: 00000002 00000000 00010000 0001 01 12345 @/srv/lxc/web/command\n";
    EXPECT_TRUE(has_monitor(sockets, "/srv/lxc", "web"));
    EXPECT_FALSE(has_monitor(sockets, "/srv/lxc", "we"));
    EXPECT_FALSE(has_monitor(sockets, "/lxc", "web"));
}

TEST(Native, AccountIsAvailableForPrograms) {
    const Verdicts verdicts{{{"f", 3, "lxc.x", Verdict::not_translated, "a \"b\""}}};
    EXPECT_THAT(verdicts.json(), HasSubstr("{\"file\": \"f\", \"line\": 3, \"key\": \"lxc.x\", "
                                           "\"verdict\": \"not translated\", \"text\": "
                                           "\"a \\\"b\\\"\"}"));
}

}  // namespace
}  // namespace lxvirt::driver::native
