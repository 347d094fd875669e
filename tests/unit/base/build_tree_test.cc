#include "base/process/build_tree.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file/file.hh"
#include "tests/roots.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {
namespace {

class BuildTreeTest : public testing::Test {
  protected:
    void SetUp() override {
        make_folders(folder / "build/driver/room");
        write_atomic(folder / "build/lxvirt_build_tree", "/the/sources\n");
    }
    // The build folder that is found for build/PLACE; "none" where there is none.
    std::string found(const std::string& place) const {
        const auto tree = build_tree_of(folder / ("build/" + place));
        return tree ? tree->build : "none";
    }
    tests::TemporaryFolder folder;
};

TEST_F(BuildTreeTest, IsFoundAboveAProgramByTheFileInIt) {
    EXPECT_EQ(found("shell/lxsh"), folder / "build");
    EXPECT_EQ(found("tests/unit/base/unit_base"), folder / "build");
    const auto tree = build_tree_of(folder / "build/shell/lxsh");
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->source, "/the/sources");
}

TEST_F(BuildTreeTest, IsNotThereForAProgramBesideTheFileOrTooFarBelow) {
    EXPECT_EQ(found("lxsh"), "none");
    EXPECT_EQ(found("a/b/c/d/lxsh"), "none");
}

TEST_F(BuildTreeTest, IsNotThereForAnInstalledProgram) {
    EXPECT_FALSE(build_tree_of("/usr/bin/true"));
    EXPECT_FALSE(build_tree_of("lxsh"));
    EXPECT_FALSE(build_tree_of(""));
}

TEST_F(BuildTreeTest, IsNoFolderToWhichEverybodyMayWrite) {
    ASSERT_EQ(::chmod((folder / "build").c_str(), 01777), 0);
    EXPECT_EQ(found("shell/lxsh"), "none");
}

TEST_F(BuildTreeTest, NeedsTheWholePathOfTheSources) {
    for (const char* text : {"", "\n", "relative\n", "/cut/sh"}) {
        write_atomic(folder / "build/lxvirt_build_tree", text);
        EXPECT_EQ(found("shell/lxsh"), "none") << text;
    }
}

TEST_F(BuildTreeTest, KnowsThisOne) {
    const auto tree = own_build_tree();
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->build, BUILD_ROOT);
    EXPECT_EQ(tree->source, SOURCE_ROOT);
}

}  // namespace
}  // namespace lxvirt::base
