// base/text/diff.hh beside diff(1) where it is there, and by itself.
#include "base/text/diff.hh"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/file/file.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {
namespace {

std::string hunks(std::string_view before, std::string_view after) {
    const std::string text = unified_diff(before, after, "a", "b");
    return text.empty() ? "" : text.substr(std::string("--- a\n+++ b\n").size());
}

TEST(Diff, OfEqualTextsIsNothing) {
    EXPECT_EQ(unified_diff("", "", "a", "b"), "");
    EXPECT_EQ(unified_diff("x\ny\n", "x\ny\n", "a", "b"), "");
}

TEST(Diff, ShowsWhatCameAndWentWithThreeLinesAround) {
    EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n", "old", "new"),
              "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(Diff, OfSomethingAndNothing) {
    EXPECT_EQ(hunks("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
    EXPECT_EQ(hunks("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
}

TEST(Diff, TellsOfAMissingNewline) {
    EXPECT_EQ(hunks("a\n", "a"), "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
}

TEST(Diff, ChangesFarApartHaveHunksOfTheirOwn) {
    const std::string before = "a\n1\n2\n3\n4\n5\n6\nb\n", near = "A\n1\n2\n3\n4\n5\n6\nB\n";
    EXPECT_EQ(hunks(before, near).find("@@", 4), hunks(before, near).rfind("@@"));
    const std::string far = "a\n1\n2\n3\n4\n5\n6\n7\nb\n", changed = "A\n1\n2\n3\n4\n5\n6\n7\nB\n";
    EXPECT_EQ(hunks(far, changed),
              "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

// Longer than is searched: still right, if not the shortest.
TEST(Diff, OfQuiteUnlikeTextsIsBounded) {
    std::string before, after;
    for (int i = 0; i < 5000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    const std::string text = hunks(before, after);
    EXPECT_EQ(text.substr(0, 22), "@@ -1,5000 +1,5000 @@\n");
}

// patch(1), which is not ours, makes the one text of the other.
TEST(Diff, IsWhatPatchTakes) {
    if (std::system("command -v patch >/dev/null") != 0) GTEST_SKIP() << "no patch(1) here";
    tests::TemporaryFolder folder;
    const std::string file = folder.path() + "/file", difference = folder.path() + "/diff";
    std::mt19937 random(4711);
    for (int round = 0; round < 30; ++round) {
        std::string before, after;
        for (int i = 0; i < 60; ++i) {
            const std::string line = std::to_string(random() % 9) + "\n";
            const auto what = random() % 8;
            if (what != 0) before += line;
            if (what != 1) after += what == 2 ? "x" + line : line;
        }
        write_atomic(file, before, 0600, Durability::volatile_);
        write_atomic(difference, unified_diff(before, after, "file", "file"), 0600,
                     Durability::volatile_);
        if (before != after) {
            const std::string command = "patch -s -u " + file + " " + difference + " >/dev/null";
            ASSERT_EQ(std::system(command.c_str()), 0) << read_file(difference);
        }
        EXPECT_EQ(read_file(file), after);
    }
}

}  // namespace
}  // namespace lxvirt::base
