#include "base/file/mount_table.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "tests/support/child.hh"

namespace lxvirt::base {
namespace {

TEST(MountTable, ReadsTheFieldsOfALine) {
    const auto table = parse_mount_table(
        "31 23 0:27 /sub\\040dir /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cg\\134x rw,cpu\n"
        "1 0 259:3 / / rw - ext4 /dev/root rw\n");
    ASSERT_EQ(table.size(), 2U);
    EXPECT_EQ(table[0].id, 31U);
    EXPECT_EQ(table[0].parent, 23U);
    EXPECT_EQ(table[0].major, 0U);
    EXPECT_EQ(table[0].minor, 27U);
    EXPECT_EQ(table[0].root, "/sub dir");
    EXPECT_EQ(table[0].point, "/sys/fs/cgroup/cpu");
    EXPECT_EQ(table[0].fstype, "cgroup");
    EXPECT_EQ(table[0].source, "cg\\x");
    EXPECT_EQ(table[1].major, 259U);
    EXPECT_EQ(table[1].minor, 3U);
    EXPECT_EQ(table[1].source, "/dev/root");
}

TEST(MountTable, TakesTheShortestLineAndUnreadableNumbersForZero) {
    const auto table = parse_mount_table("x y a:b /r /p - t s");
    ASSERT_EQ(table.size(), 1U);
    EXPECT_EQ(table[0].id + table[0].parent + table[0].major + table[0].minor, 0U);
    EXPECT_EQ(table[0].point, "/p");
    EXPECT_EQ(table[0].fstype, "t");
    EXPECT_EQ(table[0].source, "s");
}

TEST(MountTable, LeavesOutALineThatIsNone) {
    for (const char* line : {"", "\n\n", "31 23 0:27 / /p rw ext4 /dev/x rw", "31 23 0:27 / - t s",
                             "31 23 027 / /p rw - t s", "31 23 0:27 / /p rw - t"})
        EXPECT_TRUE(parse_mount_table(line).empty()) << line;
}

TEST(MountTable, UnescapesOctalNumbersOfThreeDigits) {
    EXPECT_EQ(unescape_octal("\\040"), " ");
    EXPECT_EQ(unescape_octal("a\\011b\\012"), "a\tb\n");
    EXPECT_EQ(unescape_octal("\\001\\377"), "\001\377");
    EXPECT_EQ(unescape_octal("\\0401"), " 1");
    // What is none stays as it stands.
    for (const char* text : {"\\", "\\04", "\\08x", "\\000", "\\400", "\\\\", "040"})
        EXPECT_EQ(unescape_octal(text), text);
}

TEST(MountTable, IsThatOfAProcessAndEmptyForNone) {
    const auto own = mount_table(::getpid());
    EXPECT_TRUE(std::any_of(
        own.begin(), own.end(), [](const MountEntry& entry) { return entry.point == "/"; }));
    tests::ChildProcess child([](const auto&) { return 0; });
    const pid_t pid = child.pid();
    EXPECT_EQ(child.wait(), 0);
    EXPECT_TRUE(mount_table(pid).empty());
}

TEST(MountTable, HasThePlaceOfADescriptor) {
    const MountPlace root = mount_place(open_file("/proc", O_PATH), "/proc");
    const MountPlace inside = mount_place(open_file("/proc/self/status", O_PATH), "status");
    EXPECT_TRUE(root.is_root);
    EXPECT_FALSE(inside.is_root);
    EXPECT_EQ(root.mount, inside.mount);
    const auto own = mount_table(::getpid());
    const auto entry = std::find_if(
        own.begin(), own.end(), [&root](const MountEntry& one) { return one.id == root.mount; });
    ASSERT_NE(entry, own.end());
    EXPECT_EQ(entry->point, "/proc");
    EXPECT_THROW((void)mount_place(Fd(), "nothing"), SystemError);
}

}  // namespace
}  // namespace lxvirt::base
