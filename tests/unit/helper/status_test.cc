#include "helper/exchange/status.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
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
