#include "base/file/file.hh"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "tests/support/child.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {

namespace {

using tests::ChildProcess;
using tests::TemporaryFolder;

// Exit statuses of the child that works on a full disk.
constexpr int kSkipped = 77;

// In a mount namespace of its own, on a tmpfs of two pages: fills it, and then tries to replace a
// file.
int replace_on_full_disk(const std::string& folder) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=8192") != 0)
        return kSkipped;
    const std::string path = folder + "/x.xml";
    write_atomic(path, "old");
    try {
        write_atomic(path, std::string(100'000, 'n'));
        return 1;
    } catch (const SystemError& error) {
        if (error.error() != ENOSPC) return 2;
        if (error.message().find("x.xml") == std::string::npos) return 3;
    }
    if (read_file(path) != "old") return 4;
    return list_folder(folder).size() == 1 ? 0 : 5;  // and no temporary file is left
}

}  // namespace

TEST(WriteAtomic, KeepsTheOldFileWhenTheDiskIsFull) {
    const TemporaryFolder folder;
    ChildProcess child([&](const auto&) { return replace_on_full_disk(folder.path()); });
    const int status = child.wait();
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "mounting a tmpfs needs root";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WriteAtomic, AReaderNeverSeesHalf) {
    const TemporaryFolder folder;
    const std::string path = folder / "x";
    const std::string a(200'000, 'a');
    const std::string b(200'000, 'b');
    write_atomic(path, a, 0600, Durability::volatile_);
    ChildProcess writer([&](const auto& ready) {
        ready();
        for (;;) {
            write_atomic(path, b, 0600, Durability::volatile_);
            write_atomic(path, a, 0600, Durability::volatile_);
        }
        return 0;
    });
    ASSERT_TRUE(writer.wait_ready());
    for (int i = 0; i < 300; ++i) {
        const std::string seen = read_file(path);
        ASSERT_TRUE(seen == a || seen == b) << seen.size();
    }
}

TEST(WriteAtomic, TwoWritersLeaveOneWholeFile) {
    const TemporaryFolder folder;
    const std::string path = folder / "x";
    std::vector<std::unique_ptr<ChildProcess>> writers;
    for (const char c : {'1', '2', '3', '4'})
        writers.push_back(std::make_unique<ChildProcess>([&, c](const auto&) {
            for (int i = 0; i < 50; ++i)
                write_atomic(path, std::string(50'000, c), 0600, Durability::volatile_);
            return 0;
        }));
    for (const auto& writer : writers) EXPECT_EQ(writer->wait(), 0);
    const std::string text = read_file(path);
    EXPECT_EQ(text, std::string(50'000, text[0]));
    EXPECT_EQ(list_folder(folder.path()), std::vector<std::string>{"x"});
}

TEST(WriteAtomic, GivesTheModeAndReplacesALinkNotItsTarget) {
    const TemporaryFolder folder;
    write_atomic(folder / "target", "t", 0640);
    struct stat facts = {};
    ASSERT_EQ(::stat((folder / "target").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0640U);
    ASSERT_EQ(::symlink("target", (folder / "link").c_str()), 0);
    write_atomic(folder / "link", "new");
    EXPECT_EQ(read_file(folder / "target"), "t");
    EXPECT_EQ(read_file(folder / "link"), "new");
}

TEST(ReadFile, TellsAbsentFromUnreadable) {
    const TemporaryFolder folder;
    EXPECT_EQ(try_read_file(folder / "x"), std::nullopt);
    EXPECT_THROW((void)try_read_file(folder.path()), SystemError);
    EXPECT_THROW((void)read_file(folder / "x"), SystemError);
}

// The file is opened while the process lives and read when it has ended, which a link to the open
// file makes happen each time.
TEST(ReadFile, TakesAFileOfAnEndedProcessAsAbsent) {
    ChildProcess child([](const std::function<void()>& ready) {
        ready();
        return ::pause();
    });
    ASSERT_TRUE(child.wait_ready());
    const UniqueFd stat = open_file(fmt::format("/proc/{}/stat", child.pid()), O_RDONLY);
    const std::string link = fmt::format("/proc/self/fd/{}", stat.get());
    EXPECT_TRUE(try_read_file(link).has_value());
    child.kill();
    (void)child.wait();
    EXPECT_EQ(try_read_file(link), std::nullopt);
    EXPECT_THROW((void)read_file(link), SystemError);
}

TEST(ReadFile, RefusesMoreThanItsLimit) {
    const TemporaryFolder folder;
    write_atomic(folder / "x", std::string(5000, 'x'));
    EXPECT_EQ(read_file(folder / "x", 5000).size(), 5000U);
    EXPECT_THROW((void)read_file(folder / "x", 4999), SystemError);
}

TEST(ListFolder, IsSortedAndEmptyWhereThereIsNoFolder) {
    const TemporaryFolder folder;
    for (const char* name : {"b", "a", "c"}) write_atomic(folder / name, "");
    EXPECT_EQ(list_folder(folder.path()), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(list_folder(folder / "none").empty());
}

TEST(MakeFolders, MakesAllOfAPathAndLeavesWhatIsThere) {
    const TemporaryFolder folder;
    make_folders(folder / "a/b/c", 0750);
    struct stat facts = {};
    ASSERT_EQ(::stat((folder / "a/b/c").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0750U);
    EXPECT_NO_THROW(make_folders(folder / "a/b/c", 0700));
    ASSERT_EQ(::stat((folder / "a/b/c").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0750U);
}

}  // namespace lxvirt::base
