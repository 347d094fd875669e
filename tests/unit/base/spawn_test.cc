#include "base/process/spawn.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"
#include "tests/support/child.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {

namespace {

SpawnOptions shell(const std::string& script) {
    SpawnOptions options;
    options.argv = {"/bin/sh", "-c", script};
    options.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    options.limit = std::chrono::seconds(20);
    return options;
}

}  // namespace

TEST(Spawn, CapturesBothStreamsAndTheExitStatus) {
    const SpawnResult result = run_program(shell("echo out; echo err >&2; exit 3"));
    EXPECT_EQ(result.output, "out\n");
    EXPECT_EQ(result.errors, "err\n");
    EXPECT_EQ(result.exit_status, 3);
    EXPECT_FALSE(result.succeeded());
    EXPECT_EQ(result.text(), "exit status 3");
}

TEST(Spawn, GivesAllOfALargeInput) {
    SpawnOptions options = shell("wc -c");
    options.input.assign(3'000'000, 'x');
    EXPECT_THAT(run_program(options).output, testing::HasSubstr("3000000"));
}

TEST(Spawn, TakesMoreOutputThanItKeeps) {
    SpawnOptions options = shell("head -c 300000 /dev/zero; echo end >&2");
    options.output_limit = 1000;
    const SpawnResult result = run_program(options);
    EXPECT_EQ(result.output.size(), 1000U);
    EXPECT_EQ(result.errors, "end\n");
    EXPECT_TRUE(result.succeeded());
}

TEST(Spawn, AProgramThatReadsNothingIsNoError) {
    SpawnOptions options = shell("exit 0");
    options.input.assign(1'000'000, 'x');
    EXPECT_TRUE(run_program(options).succeeded());
}

TEST(Spawn, KillsTheWholeGroupWhenTheTimeIsUp) {
    SpawnOptions options = shell("sleep 60 & echo $!; wait");
    options.limit = std::chrono::milliseconds(300);
    const SpawnResult result = run_program(options);
    EXPECT_TRUE(result.timed_out);
    EXPECT_FALSE(result.succeeded());
    const pid_t grandchild = std::stoi(result.output);
    // Gone, or a zombie that its new parent has not reaped yet.
    for (int i = 0; i < 300; ++i) {
        const SpawnResult state =
            run_program(shell(fmt::format("grep State: /proc/{}/status || echo gone", grandchild)));
        if (state.output.find("gone") != std::string::npos ||
            state.output.find('Z') != std::string::npos)
            return;
        ::usleep(10'000);
    }
    FAIL() << "process " << grandchild << " is still alive";
}

TEST(Spawn, DoesNotWaitForAGrandchildThatKeepsTheStreams) {
    const auto before = std::chrono::steady_clock::now();
    const SpawnResult result = run_program(shell("sleep 3 & echo done"));
    EXPECT_EQ(result.output, "done\n");
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST(Spawn, SaysWhatCannotBeExecuted) {
    SpawnOptions options;
    options.argv = {"/nonexistent/program"};
    try {
        (void)run_program(options);
        FAIL() << "it ran";
    } catch (const SystemError& error) {
        EXPECT_EQ(error.error(), ENOENT);
        EXPECT_EQ(error.message(), "execute '/nonexistent/program': No such file or directory");
    }
}

TEST(Spawn, NothingOfTheCallerLeaksIn) {
    const UniqueFd leaked(::open("/dev/null", O_RDONLY));  // not close-on-exec, on purpose
    struct sigaction ignore = {};
    struct sigaction before = {};
    ignore.sa_handler = SIG_IGN;
    ASSERT_EQ(::sigaction(SIGTERM, &ignore, &before), 0);
    ASSERT_EQ(::setenv("LXVIRT_LEAK", "1", 1), 0);
    const SpawnResult result = run_program(shell(
        "grep -E 'SigIgn|SigBlk' /proc/self/status; ls /proc/$$/fd; echo \"[$LXVIRT_LEAK]\""));
    ASSERT_EQ(::sigaction(SIGTERM, &before, nullptr), 0);
    ASSERT_EQ(::unsetenv("LXVIRT_LEAK"), 0);
    EXPECT_EQ(result.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n[]\n");
}

TEST(Spawn, EndsWhatIsNoLongerWanted) {
    auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
    SpawnOptions options = shell("sleep 60 & echo $!; sleep 60");
    options.tied = true;
    options.cancel = ours;
    theirs.reset();
    const SpawnResult result = run_program(options);
    EXPECT_TRUE(result.cancelled);
    EXPECT_FALSE(result.succeeded());
}

TEST(Spawn, TellsHowATiedProgramEnded) {
    SpawnOptions options = shell("echo x; exit 3");
    options.tied = true;
    const SpawnResult ended = run_program(options);
    EXPECT_EQ(ended.exit_status, 3);
    EXPECT_EQ(ended.output, "x\n");
    options.argv = {"/bin/sh", "-c", "kill -USR1 $$"};
    EXPECT_EQ(run_program(options).signal, SIGUSR1);
    options.argv = {"/nonexistent/program"};
    EXPECT_THROW((void)run_program(options), SystemError);
}

TEST(Spawn, ATiedProgramDiesWithUs) {
    const tests::TemporaryFolder folder;
    tests::ChildProcess child([&](const std::function<void()>& ready) {
        ready();
        SpawnOptions options = shell("sleep 60 & echo $! $$ >" + folder.path() + "/x; mv " +
                                     folder.path() + "/x " + folder.path() + "/pids; wait");
        options.tied = true;
        (void)run_program(options);
        return 0;
    });
    std::optional<std::string> pids;
    while (!(pids = try_read_file(folder.path() + "/pids"))) ::usleep(1000);
    std::vector<UniqueFd> processes;
    for (const std::string_view pid : split_words(*pids))
        if (auto process = open_pidfd(*parse_number<pid_t>(pid)))
            processes.push_back(std::move(*process));
    EXPECT_EQ(processes.size(), 2U);
    child.kill();
    for (const UniqueFd& process : processes)
        EXPECT_TRUE(wait_readable(process, std::chrono::seconds(5)));
}

TEST(Spawn, RunsAFunctionInTheNewProcessFirst) {
    SpawnOptions options = shell("umask");
    options.in_child = [] { ::umask(0123); };
    EXPECT_EQ(run_program(options).output, "0123\n");
    options.in_child = [] { fail_with(EPERM, "no"); };
    EXPECT_THROW((void)run_program(options), SystemError);
}

}  // namespace lxvirt::base
