// lxsh as a program: what it prints and how it exits, in each of its three modes. Read-only and in
// a root of its own, so that it runs without privilege.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file/file.hh"
#include "shell/core/quoting.hh"
#include "tests/roots.hh"

namespace lxvirt::shell {
namespace {

struct Outcome {
    std::string out, err;
    int status = -1;
};

class Program : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "lxsh_test_XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        const std::string command = "rm -rf " + quote_for_shell(folder_);
        EXPECT_EQ(std::system(command.c_str()), 0);
    }

    Outcome run(const std::string& arguments, const std::string& input = "",
                const std::string& program = BUILD_ROOT "/shell/lxsh") const {
        base::write_atomic(folder_ + "/in", input);
        const std::string command =
            fmt::format("cd {0} && {1} -r -c 'lxc:///embed?root={0}' {2} <in >out 2>err",
                        quote_for_shell(folder_), quote_for_shell(program), arguments);
        const int status = std::system(command.c_str());
        return {base::read_file(folder_ + "/out"), base::read_file(folder_ + "/err"),
                WIFEXITED(status) ? WEXITSTATUS(status) : -1};
    }

    std::string folder_;
};

TEST_F(Program, RunsOneCommand) {
    const Outcome outcome = run("pwd");
    EXPECT_EQ(outcome.out, folder_ + "\n\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.status, 0);
}

TEST_F(Program, TakesArgumentsAsTheyAre) {
    EXPECT_EQ(run("echo 'a;b' '#c'").out, "a;b #c\n");
}

TEST_F(Program, ReadsItsOnlyArgumentAsALine) {
    const Outcome outcome = run("'echo a ; echo \"b;c\" ; # comment'");
    EXPECT_EQ(outcome.out, "a\nb;c\n");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(run("'list --all' 'domid m2'").err, "error: unknown command: 'list --all'\n");
}

TEST_F(Program, ExitsByTheLastCommand) {
    EXPECT_EQ(run("'help nosuch; echo b'").status, 0);
    EXPECT_EQ(run("'echo b; help nosuch'").status, 1);
    EXPECT_EQ(run("''").status, 1);
}

TEST_F(Program, AFailedCommandPrintsABlankLineAndAnUnreadableOneDoesNot) {
    const Outcome failed = run("help nosuch");
    EXPECT_EQ(failed.out, "\n");
    EXPECT_EQ(failed.err, "error: command or command group 'nosuch' doesn't exist\n");
    const Outcome unread = run("'echo a; help --bogus'");
    EXPECT_EQ(unread.out, "");
    EXPECT_EQ(unread.err, "error: command 'help' doesn't support option --bogus\n");
    EXPECT_EQ(unread.status, 1);
}

TEST_F(Program, QuietLeavesOutBlankLines) {
    EXPECT_EQ(run("-q pwd").out, folder_ + "\n");
}

TEST_F(Program, TellsTheTime) {
    EXPECT_NE(run("-t 'echo a'").out.find("a\n(Time: "), std::string::npos);
}

TEST_F(Program, QuitEndsTheLine) {
    EXPECT_EQ(run("'echo x; quit; echo y'").out, "x\n");
}

TEST_F(Program, ShowsPipedLinesBehindThePrompt) {
    const Outcome outcome = run("-q", "pwd\nnosuch\necho a");
    EXPECT_EQ(outcome.out, "lxsh > pwd\n" + folder_ + "\nlxsh > nosuch\nlxsh > echo a\nalxsh > \n");
    EXPECT_EQ(outcome.err, "error: unknown command: 'nosuch'\n");
}

TEST_F(Program, PipedInputExitsByItsLastCommand) {
    EXPECT_EQ(run("-q", "nosuch\necho a\n").status, 0);
    EXPECT_EQ(run("-q", "echo a\nnosuch\n").status, 1);
    EXPECT_EQ(run("-q", "echo a\nnosuch\n\n# end\n").status, 1);
    EXPECT_EQ(run("-q", "nosuch\nquit\n").status, 0);
    EXPECT_EQ(run("-q", "").status, 0);
}

TEST_F(Program, AsVirshPipedInputExitsWithZero) {
    const std::string link = folder_ + "/virsh";
    ASSERT_EQ(symlink(BUILD_ROOT "/shell/lxsh", link.c_str()), 0);
    const Outcome outcome = run("-q", "nosuch\n", link);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "virsh > nosuch\nvirsh > \n");
}

TEST_F(Program, ChangesFoldersOnlyInTheShell) {
    EXPECT_EQ(run("cd /").err, "error: cd: command valid only in interactive mode\n");
    EXPECT_EQ(run("-q", "cd /\npwd\n").out, "lxsh > cd /\nlxsh > pwd\n/\nlxsh > \n");
}

TEST_F(Program, NamesAMissingConnectionOnce) {
    const std::string command = "-c bogus:/// 'uri; uri'";
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "error: failed to connect to the hypervisor\n"
              "error: no connection driver available for bogus:///\n");
    EXPECT_EQ(outcome.status, 1);
}

TEST_F(Program, RefusesAConsoleWithoutATerminalAndUnknownDomains) {
    const Outcome outcome = run("console nosuch");
    EXPECT_EQ(outcome.out, "\n");
    EXPECT_EQ(outcome.err, "error: failed to get domain 'nosuch'\n");
    EXPECT_EQ(outcome.status, 1);
}

TEST_F(Program, SaysThatTheOutputIsFull) {
    const std::string command =
        fmt::format("{} help >/dev/full 2>{}/err", BUILD_ROOT "/shell/lxsh", folder_);
    EXPECT_NE(std::system(command.c_str()), 0);
    EXPECT_EQ(base::read_file(folder_ + "/err"),
              "error: cannot write the output: No space left on device\n");
}

}  // namespace
}  // namespace lxvirt::shell
