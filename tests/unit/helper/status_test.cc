#include "helper/exchange/status.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "tests/support/folder.hh"

namespace lxvirt::helper {

TEST(HelperStatus, ComesBackAsItWasWritten) {
    const tests::TemporaryFolder folder;
    HelperStatus status;
    status.state = "running";
    status.reason = "booted";
    status.init_pid = 4711;
    status.init_start = 987654321012U;
    status.boots = 2;
    status.dev = 53;
    status.consoles = {"/dev/pts/3", "/dev/pts/4"};
    status.exit = "line\nbreak = and \\";
    status.other = {{"future", "1"}};
    write_status(folder / "status", status);
    const auto read = read_status(folder / "status");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(format_status(*read), format_status(status));
    EXPECT_EQ(read->exit, status.exit);
    EXPECT_EQ(read->consoles, status.consoles);
    EXPECT_EQ(read->init_start, status.init_start);
    EXPECT_EQ(read->other, status.other);
}

TEST(HelperStatus, IsALineForEachFact) {
    constexpr const char* kText =
        "version=1\nstate=running\nreason=booted\ninit_pid=4711\ninit_start=98765\nboots=2\n"
        "dev=53\nconsole0=/dev/pts/3\nconsole1=/dev/pts/4\nexit=a\\x0ab\nfuture=1\n";
    const HelperStatus status = parse_status(kText, "status");
    EXPECT_EQ(status.state, "running");
    EXPECT_EQ(status.reason, "booted");
    EXPECT_EQ(status.init_pid, 4711);
    EXPECT_EQ(status.init_start, 98765U);
    EXPECT_EQ(status.boots, 2U);
    EXPECT_EQ(status.dev, 53U);
    EXPECT_EQ(status.consoles, (std::vector<std::string>{"/dev/pts/3", "/dev/pts/4"}));
    EXPECT_EQ(status.exit, "a\nb");
    EXPECT_EQ(format_status(status), kText);
    // The last line may lack its end, and a console that is out of turn is another fact.
    const HelperStatus cut = parse_status("version=1\nconsole1=x\nstate=running", "status");
    EXPECT_EQ(cut.state, "running");
    EXPECT_TRUE(cut.consoles.empty());
    EXPECT_EQ(format_status(HelperStatus()), "version=1\n");
}

TEST(HelperStatus, OfAnEndHasItsReasonAndItsExit) {
    const tests::TemporaryFolder folder;
    write_end(folder / "ended", "crashed", "signal 9");
    EXPECT_EQ(base::read_file(folder / "ended"),
              "version=1\nstate=stopped\nreason=crashed\nexit=signal 9\n");
    struct stat facts = {};
    ASSERT_EQ(::stat((folder / "ended").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
}

TEST(HelperStatus, IsNothingWhereThereIsNoFile) {
    const tests::TemporaryFolder folder;
    EXPECT_FALSE(read_status(folder / "status").has_value());
}

TEST(HelperStatus, RefusesANewerVersionWithWords) {
    try {
        (void)parse_status("version=2\nstate=running\n", "/run/x/status");
        FAIL() << "accepted";
    } catch (const base::Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("/run/x/status:1: status version 2"));
    }
}

TEST(HelperStatus, NamesTheLineThatIsWrong) {
    for (const char* text :
         {"version=1\nnonsense\n", "version=1\ninit_pid=12x\n", "version=1\nexit=\\z\n"}) {
        try {
            (void)parse_status(text, "status");
            FAIL() << text;
        } catch (const base::Error& error) {
            EXPECT_THAT(error.message(), testing::HasSubstr("status:2: ")) << text;
        }
    }
}

}  // namespace lxvirt::helper
