// Trees that are deeper than a path may be long, on an ordinary file system: it names folders as the
// control groups' does.
#include "base/cgroup/tree.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/uninterrupted.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {
namespace {

constexpr auto kNow = std::chrono::steady_clock::time_point::min();

// Makes `depth` folders, each in the one before, and returns the deepest.
UniqueFd make_deep(const std::string& top, int depth, const std::string& name) {
    UniqueFd at = open_quietly(top, O_RDONLY | O_DIRECTORY);
    for (int level = 0; level < depth; ++level) {
        EXPECT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
        at = openat_quietly(at, name, O_RDONLY | O_DIRECTORY);
    }
    return at;
}

int count(const std::string& top) {
    int groups = 0;
    visit_groups(top, [&groups](Fd) {
        ++groups;
        return true;
    });
    return groups;
}

class GroupTree : public testing::Test {
  protected:
    // Not by the destructor of the folder, which joins paths.
    ~GroupTree() override { remove_groups_below(folder.path(), kNow); }
    tests::TemporaryFolder folder;
};

TEST_F(GroupTree, IsWalkedBelowEveryLengthOfPath) {
    (void)make_deep(folder.path(), 300, std::string(250, 'd'));
    (void)make_deep(folder.path(), 1800, "e");
    EXPECT_EQ(count(folder.path()), 1 + 300 + 1800);
    remove_groups_below(folder.path(), kNow);
    EXPECT_EQ(count(folder.path()), 1);
}

TEST_F(GroupTree, IsWalkedInItsWidth) {
    const UniqueFd top = open_quietly(folder.path(), O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 300; ++i)
        ASSERT_EQ(::mkdirat(top.get(), std::to_string(i).c_str(), 0755), 0);
    (void)make_deep(folder / "7", 3, "x");
    EXPECT_EQ(count(folder.path()), 1 + 300 + 3);
}

TEST_F(GroupTree, IsNotVisitedBelowAGroupThatTheVisitorLeavesOut) {
    (void)make_deep(folder.path(), 5, "x");
    int groups = 0;
    visit_groups(folder.path(), [&groups](Fd) { return ++groups < 3; });
    EXPECT_EQ(groups, 3);
}

TEST_F(GroupTree, ThatIsAbsentIsNoError) {
    EXPECT_EQ(count(folder / "none"), 0);
    EXPECT_NO_THROW(remove_groups_below(folder / "none", kNow));
}

TEST_F(GroupTree, ThatIsInUseIsAnErrorThatNamesTheTopOnly) {
    const UniqueFd deepest = make_deep(folder.path(), 3, "secret");
    const UniqueFd file = openat_quietly(deepest, "file", O_WRONLY | O_CREAT, 0600);
    try {
        remove_groups_below(folder.path(), kNow);
        FAIL() << "a folder with a file in it was removed";
    } catch (const SystemError& error) {
        EXPECT_EQ(error.error(), EBUSY);
        EXPECT_NE(error.message().find(folder.path()), std::string::npos);
        EXPECT_EQ(error.message().find("secret"), std::string::npos);
    }
    EXPECT_EQ(::unlinkat(deepest.get(), "file", 0), 0);
}

TEST_F(GroupTree, FilesOfAGroupAreReadAndWrittenByItsDescriptor) {
    const UniqueFd group = open_quietly(folder.path(), O_RDONLY | O_DIRECTORY);
    EXPECT_EQ(read_group_file(group, "freezer.state"), std::nullopt);
    EXPECT_NO_THROW(write_group_file(group, "freezer.state", "THAWED"));
    (void)openat_quietly(group, "freezer.state", O_WRONLY | O_CREAT, 0600);
    write_group_file(group, "freezer.state", "THAWED");
    EXPECT_EQ(read_group_file(group, "freezer.state"), "THAWED");
    EXPECT_EQ(::unlinkat(group.get(), "freezer.state", 0), 0);
}

}  // namespace
}  // namespace lxvirt::base
