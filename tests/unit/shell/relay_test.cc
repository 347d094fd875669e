#include "terminal/relay.hh"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "base/file/file.hh"
#include "base/process/pty.hh"

namespace lxvirt::shell {
namespace {

// A keyboard, a screen and a container behind sockets and pipes. What is written before the relay
// runs is there when it starts, so no test waits for another process.
class RelayTest : public testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        keys_out_.reset(ends[0]);
        keys_.reset(ends[1]);
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        screen_.reset(ends[0]);
        screen_in_.reset(ends[1]);
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        console_.reset(ends[0]);
        container_.reset(ends[1]);
    }

    terminal::RelayEnd run(char escape = 0x1d) {
        terminal::Relay relay;
        relay.input = keys_out_;
        relay.output = screen_in_;
        relay.console = console_;
        relay.escape = escape;
        return terminal::run_relay(relay, signal_);
    }

    void type(std::string_view keys) { base::write_all(keys_, keys, "keys"); }
    void show(std::string_view text) { base::write_all(container_, text, "container"); }

    static std::string read_now(base::Fd fd) {
        (void)fcntl(fd.get(), F_SETFL, O_NONBLOCK);
        std::string out;
        char buffer[4096];
        for (ssize_t n = 0; (n = read(fd.get(), buffer, sizeof buffer)) > 0;)
            out.append(buffer, static_cast<std::size_t>(n));
        return out;
    }

    base::UniqueFd keys_, keys_out_, screen_, screen_in_, console_, container_;
    int signal_ = 0;
};

TEST_F(RelayTest, SendsKeysUpToTheEscape) {
    type(std::string_view("ls\r\0\xff\x1dignored", 13));
    EXPECT_EQ(run(), terminal::RelayEnd::escaped);
    EXPECT_EQ(read_now(container_), std::string_view("ls\r\0\xff", 5));
}

TEST_F(RelayTest, EscapesByAnotherCharacter) {
    type("a\x1d\x18");
    EXPECT_EQ(run('\x18'), terminal::RelayEnd::escaped);
    EXPECT_EQ(read_now(container_), "a\x1d");
}

TEST_F(RelayTest, ShowsEverythingBeforeTheEnd) {
    const std::string text(50000, 'x');
    show(text);
    container_.reset();
    EXPECT_EQ(run(), terminal::RelayEnd::console_closed);
    EXPECT_EQ(read_now(screen_), text);
}

TEST_F(RelayTest, EndsWithItsInput) {
    type("bye");
    keys_.reset();
    EXPECT_EQ(run(), terminal::RelayEnd::input_closed);
    EXPECT_EQ(read_now(container_), "bye");
}

// Of a program that is waited for: its end is that of a pipe.
class ProgramRelayTest : public RelayTest {
  protected:
    void SetUp() override {
        RelayTest::SetUp();
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        done_.reset(ends[0]);
        program_.reset(ends[1]);
        relay_.output = screen_in_;
        relay_.done = done_;
        relay_.escape.reset();
    }

    void TearDown() override {
        if (signals_) (void)sigprocmask(SIG_SETMASK, &former_, nullptr);
    }

    // One is there.
    void take_signals() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        ASSERT_EQ(sigprocmask(SIG_BLOCK, &set, &former_), 0);
        signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        ASSERT_EQ(raise(SIGTERM), 0);
    }

    base::UniqueFd done_, program_, signals_;
    sigset_t former_{};
    terminal::Relay relay_;
};

TEST_F(ProgramRelayTest, PassesSignalsOnUntilItsEnd) {
    take_signals();
    relay_.signals = signals_;
    int passed = 0;
    relay_.passed_on = [&](int number) {
        passed = number;
        program_.reset();
    };
    EXPECT_EQ(terminal::run_relay(relay_, signal_), terminal::RelayEnd::done);
    EXPECT_EQ(passed, SIGTERM);
    EXPECT_EQ(signal_, 0);
}

TEST_F(ProgramRelayTest, TellsItOfTheEndOfInput) {
    type(std::string_view("a\x1d", 2));
    keys_.reset();
    relay_.input = keys_out_;
    relay_.console = console_;
    relay_.end_of_input = "\x04";
    const pid_t program = fork();
    ASSERT_GE(program, 0);
    if (program == 0) {
        (void)fcntl(container_.get(), F_SETFL, 0);
        std::string got;
        char byte = 0;
        while (got.size() < 3 && read(container_.get(), &byte, 1) == 1) got += byte;
        _exit(got == "a\x1d\x04" ? 0 : 1);
    }
    program_.reset();
    EXPECT_EQ(terminal::run_relay(relay_, signal_), terminal::RelayEnd::done);
    int status = -1;
    EXPECT_EQ(waitpid(program, &status, 0), program);
    EXPECT_EQ(status, 0);
}

TEST_F(ProgramRelayTest, GoesOnAfterAHangUp) {
    base::Pty pty = base::open_pty(base::open_file("/dev/pts", O_PATH | O_DIRECTORY), "the test");
    base::UniqueFd other = base::open_slave(pty.master);
    other.reset();  // from now on the master has an end
    relay_.console = pty.master;
    take_signals();
    relay_.signals = signals_;
    int calls = 0;
    relay_.passed_on = [&](int number) {
        // The first comes together with the hang-up.
        if (++calls == 1) {
            (void)raise(number);
            return;
        }
        other = base::open_slave(pty.master);
        base::write_all(other, "back", "the terminal");
        program_.reset();
    };
    EXPECT_EQ(terminal::run_relay(relay_, signal_), terminal::RelayEnd::done);
    terminal::drain_console(relay_);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(read_now(screen_), "back");
}

TEST_F(ProgramRelayTest, ShowsWhatIsLeft) {
    show("late");
    relay_.console = console_;
    program_.reset();
    EXPECT_EQ(terminal::run_relay(relay_, signal_), terminal::RelayEnd::done);
    terminal::drain_console(relay_);  // others still have it open
    EXPECT_EQ(read_now(screen_), "late");
}

TEST_F(RelayTest, DeliversKeysBeforeItLeaves) {
    // More than the socket holds: the relay has to wait for the container to read.
    const std::string keys(60000, 'k');
    (void)fcntl(keys_.get(), F_SETPIPE_SZ, 1 << 20);
    type(keys + "\x1d");
    int size = 4096;
    (void)setsockopt(console_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    const pid_t reader = fork();
    ASSERT_GE(reader, 0);
    if (reader == 0) {
        console_.reset();
        (void)fcntl(container_.get(), F_SETFL, 0);
        std::size_t total = 0;
        char buffer[4096];
        for (ssize_t n = 0; total < keys.size() && (n = read(container_.get(), buffer, 4096)) > 0;)
            total += static_cast<std::size_t>(n);
        _exit(total == keys.size() ? 0 : 1);
    }
    container_.reset();
    EXPECT_EQ(run(), terminal::RelayEnd::escaped);
    console_.reset();
    int status = -1;
    EXPECT_EQ(waitpid(reader, &status, 0), reader);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lxvirt::shell
