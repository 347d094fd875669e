#include "base/file/lock.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "tests/support/child.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {

namespace {

using std::chrono::milliseconds;
using tests::ChildProcess;
using tests::TemporaryFolder;

// A process that holds the record lock until it is killed.
int hold_record_lock(const std::string& path, const std::function<void()>& ready) {
    const auto lock = RecordLock::try_acquire(path);
    if (!lock) return 1;
    ready();
    ::pause();
    return 0;
}

int hold_operation_lock(const std::string& path, const std::function<void()>& ready) {
    const auto lock = OperationLock::try_acquire(path);
    if (!lock) return 1;
    ready();
    ::pause();
    return 0;
}

}  // namespace

TEST(RecordLock, TellsItsHoldersPidUntilTheHolderIsKilled) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    EXPECT_EQ(record_lock_holder(path), std::nullopt);
    ChildProcess holder([&](const auto& ready) { return hold_record_lock(path, ready); });
    ASSERT_TRUE(holder.wait_ready());
    EXPECT_EQ(record_lock_holder(path), holder.pid());
    EXPECT_FALSE(RecordLock::try_acquire(path).has_value());
    holder.kill();
    (void)holder.wait();
    EXPECT_EQ(record_lock_holder(path), std::nullopt);
    EXPECT_TRUE(RecordLock::try_acquire(path).has_value());
}

TEST(RecordLock, IsNotInheritedByFork) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    const auto lock = RecordLock::try_acquire(path);
    ASSERT_TRUE(lock.has_value());
    ChildProcess other([&](const auto&) { return RecordLock::try_acquire(path) ? 1 : 0; });
    EXPECT_EQ(other.wait(), 0);
    ChildProcess asker(
        [&](const auto&) { return record_lock_holder(path) == ::getppid() ? 0 : 1; });
    EXPECT_EQ(asker.wait(), 0);
}

TEST(RecordLock, IsKeptOverExecve) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    // The child becomes a shell that keeps the descriptor and tells when it has begun.
    ChildProcess holder([&](const auto& ready) {
        const auto lock = RecordLock::try_acquire(path);
        if (!lock) return 1;
        lock->keep_over_exec(true);
        ready();
        ::execl("/bin/sh", "sh", "-c", (": >" + (folder / "begun") + "; exec sleep 60").c_str(),
                nullptr);
        return 2;
    });
    ASSERT_TRUE(holder.wait_ready());
    for (int i = 0; i < 500 && !exists(folder / "begun"); ++i) ::usleep(10'000);
    ASSERT_TRUE(exists(folder / "begun"));
    EXPECT_EQ(record_lock_holder(path), holder.pid());
}

TEST(RecordLock, IsAdoptedFromADescriptor) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    const auto lock = RecordLock::adopt(open_file(path, O_RDWR | O_CREAT), path);
    ChildProcess asker(
        [&](const auto&) { return record_lock_holder(path) == ::getppid() ? 0 : 1; });
    EXPECT_EQ(asker.wait(), 0);
}

TEST(RecordLock, IsNotAdoptedWhereAnotherProcessHoldsIt) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    ChildProcess holder([&](const auto& ready) { return hold_record_lock(path, ready); });
    ASSERT_TRUE(holder.wait_ready());
    EXPECT_THROW((void)RecordLock::adopt(open_file(path, O_RDWR), path), SystemError);
}

TEST(RecordLock, ClosesAnAdoptedDescriptorOnExecve) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.alive";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_GE(fd, 0);
    const auto lock = RecordLock::adopt(UniqueFd(fd), path);
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    lock.keep_over_exec(true);
    EXPECT_EQ(::fcntl(fd, F_GETFD), 0);
    lock.keep_over_exec(false);
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(RecordLock, HasNoHolderWhereNoFileCanBeAndFailsForALink) {
    const TemporaryFolder folder;
    write_atomic(folder / "file", "");
    EXPECT_EQ(record_lock_holder(folder / "file/below"), std::nullopt);
    EXPECT_EQ(record_lock_holder(folder / "file"), std::nullopt);
    ASSERT_EQ(::symlink("file", (folder / "link").c_str()), 0);
    EXPECT_THROW((void)record_lock_holder(folder / "link"), SystemError);
    EXPECT_THROW((void)RecordLock::try_acquire(folder / "link"), SystemError);
}

// The kernel tells no pid of a lock that belongs to an open file, or to a process that we cannot see.
TEST(RecordLock, HasTheHolderZeroWhereTheKernelTellsNone) {
    const TemporaryFolder folder;
    const std::string path = folder / "x";
    const auto lock = OperationLock::try_acquire(path);
    ASSERT_TRUE(lock.has_value());
    EXPECT_EQ(record_lock_holder(path), 0);
}

TEST(RecordLock, IsAFileForItsOwnerOnly) {
    const TemporaryFolder folder;
    const auto lock = RecordLock::try_acquire(folder / "x.alive");
    struct stat facts = {};
    ASSERT_EQ(::stat((folder / "x.alive").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
}

TEST(OperationLock, IsNamedByItsFileUntilTheNextHolder) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.op";
    EXPECT_EQ(operation_lock_holder(path), "an unnamed process");
    write_atomic(path, "\n\n");
    EXPECT_EQ(operation_lock_holder(path), "an unnamed process");
    write_atomic(path, "1 " + std::string(5000, 'x'));
    // The command line of this process, without the folder of the program, on one line.
    std::string command = read_file("/proc/self/cmdline");
    command.pop_back();
    std::replace(command.begin(), command.end(), '\0', ' ');
    const auto name_end = command.find(' ');
    command.erase(0, command.rfind('/', name_end) + 1);
    const std::string expected = fmt::format("{} {}", ::getpid(), command.substr(0, 120));
    for (const bool waits : {false, true}) {
        const auto lock = waits ? std::make_optional(OperationLock::acquire(path))
                                : OperationLock::try_acquire(path);
        EXPECT_TRUE(lock.has_value());
        EXPECT_EQ(operation_lock_holder(path), expected);
        EXPECT_EQ(read_file(path), expected + "\n");
        ASSERT_EQ(::truncate(path.c_str(), 0), 0);
    }
}

TEST(OperationLock, NamesItsHolderWhenTheTimeIsUp) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.op";
    ChildProcess holder([&](const auto& ready) { return hold_operation_lock(path, ready); });
    ASSERT_TRUE(holder.wait_ready());
    const auto before = std::chrono::steady_clock::now();
    try {
        (void)OperationLock::acquire(path, milliseconds(200));
        FAIL() << "taken twice";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::operation_timeout);
        EXPECT_THAT(error.message(), testing::StartsWith(fmt::format(
                                         "Timed out during operation: cannot acquire state "
                                         "change lock (held by {} unit_base",
                                         holder.pid())));
    }
    const auto waited = std::chrono::steady_clock::now() - before;
    EXPECT_GE(waited, milliseconds(200));
    EXPECT_LT(waited, milliseconds(2000));
}

TEST(OperationLock, IsFreeAsSoonAsItsHolderIsKilled) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.op";
    ChildProcess holder([&](const auto& ready) { return hold_operation_lock(path, ready); });
    ASSERT_TRUE(holder.wait_ready());
    ASSERT_FALSE(OperationLock::try_acquire(path).has_value());
    holder.kill();
    (void)holder.wait();
    EXPECT_NO_THROW((void)OperationLock::acquire(path, milliseconds(0)));
}

TEST(OperationLock, IsHeldUntilTheInheritorHasClosedItToo) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.op";
    auto lock = std::make_optional(OperationLock::acquire(path));
    ChildProcess inheritor([&](const auto& ready) {
        ready();
        ::pause();
        return 0;
    });
    ASSERT_TRUE(inheritor.wait_ready());
    lock.reset();
    EXPECT_FALSE(OperationLock::try_acquire(path).has_value());
    inheritor.kill();
    (void)inheritor.wait();
    EXPECT_TRUE(OperationLock::try_acquire(path).has_value());
}

TEST(OperationLock, ExcludesTwentyProcessesOneFromAnother) {
    const TemporaryFolder folder;
    const std::string path = folder / "x.op";
    const std::string counter = folder / "counter";
    write_atomic(counter, "0");
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < 20; ++i)
        children.push_back(std::make_unique<ChildProcess>([&](const auto&) {
            for (int round = 0; round < 5; ++round) {
                const auto lock = OperationLock::acquire(path);
                const int value = std::stoi(read_file(counter));
                ::usleep(200);
                write_atomic(counter, std::to_string(value + 1), 0600, Durability::volatile_);
            }
            return 0;
        }));
    for (const auto& child : children) EXPECT_EQ(child->wait(), 0);
    EXPECT_EQ(read_file(counter), "100");
}

}  // namespace lxvirt::base
