#include "base/file/journal.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "base/file/file.hh"
#include "tests/support/child.hh"
#include "tests/support/folder.hh"

namespace lxvirt::base {

namespace {

using tests::ChildProcess;
using tests::TemporaryFolder;

JournalFile journal_in(const TemporaryFolder& folder, std::uint64_t bound = 256U << 10) {
    return {folder / "events", folder / "events.lock", bound};
}

JournalEntry entry(const std::string& domain) {
    JournalEntry entry;
    entry.kind = "lifecycle";
    entry.domain = domain;
    entry.event = "Started";
    entry.detail = "Booted";
    return entry;
}

std::vector<JournalEntry> entries(const std::string& path) {
    std::vector<JournalEntry> list;
    const std::string text = try_read_file(path).value_or("");
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find('\n', start);
        const auto parsed = parse_journal_line(std::string_view(text).substr(start, end - start));
        EXPECT_TRUE(parsed.has_value()) << text.substr(start, end - start);
        if (parsed) list.push_back(*parsed);
        if (end == std::string::npos) break;
        start = end + 1;
    }
    return list;
}

}  // namespace

TEST(Journal, AnyTextComesBackAsItWas) {
    JournalEntry written = entry("a\tb\nc\\d\x7f é");
    written.note = std::string("nul\0inside", 10);
    written.sequence = 7;
    written.time = {1234567890, 42};
    const std::string line = format_journal_line(written);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    const auto read = parse_journal_line(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->domain, written.domain);
    EXPECT_EQ(read->note, written.note);
    EXPECT_EQ(read->sequence, 7U);
    EXPECT_EQ(read->time.seconds, 1234567890);
    EXPECT_EQ(read->time.milliseconds, 42U);
}

TEST(Journal, RefusesLinesThatAreNoEntries) {
    for (const char* line : {"", "1\t2.3\tk", "x\t1.000\tk\td\tu\te\td\tn",
                             "1\t1\tk\td\tu\te\td\tn", "1\t1.000\tk\t\\q\tu\te\td\tn",
                             "1\t1.000\tk\t\\x1\tu\te\td\tn", "1\t1.000\tk\td\tu\te\td\tn\textra"})
        EXPECT_FALSE(parse_journal_line(line).has_value()) << line;
    EXPECT_TRUE(parse_journal_line("1\t1.000\tk\td\tu\te\td\tn").has_value());
}

TEST(Journal, WritesTextPlainlyButForControlCharactersAndBackslashes) {
    EXPECT_EQ(escape_field("a ~\x1f\x7f\\"), "a ~\\x1f\\x7f\\\\");
    EXPECT_EQ(unescape_field("\\x41"), "A");
    EXPECT_EQ(unescape_field("\\x41\\x42c"), "ABc");
    EXPECT_EQ(unescape_field("\\\\x41"), "\\x41");
    for (const char* text : {"\\", "a\\", "\\x", "\\x4", "\\x4g", "\\y41", "\\x-1"})
        EXPECT_EQ(unescape_field(text), std::nullopt) << text;
}

TEST(Journal, RefusesATimeOfWhichAPartIsNoNumber) {
    for (const char* time : {"1.x", "x.1", "1.", ".1", "1.2x", "1x.2"})
        EXPECT_FALSE(parse_journal_line(fmt::format("1\t{}\tk\td\tu\te\td\tn", time))) << time;
}

TEST(Journal, IsForItsOwnerOnly) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
    struct stat facts = {};
    for (const std::string& path : {file.path, file.lock_path}) {
        ASSERT_EQ(::stat(path.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 07777, 0600U) << path;
    }
}

TEST(Journal, RotatesOnceItIsAsLongAsItsBound) {
    const TemporaryFolder folder;
    JournalFile file = journal_in(folder);
    ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
    file.bound = read_file(file.path).size() + 1;
    ASSERT_EQ(journal_append(file, entry("b")), std::nullopt);
    EXPECT_FALSE(exists(file.previous()));
    file.bound = read_file(file.path).size();
    ASSERT_EQ(journal_append(file, entry("c")), std::nullopt);
    EXPECT_EQ(entries(file.previous()).size(), 2U);
    ASSERT_EQ(entries(file.path).size(), 1U);
    EXPECT_EQ(entries(file.path)[0].sequence, 3U);
}

TEST(Journal, SaysThatItCouldNotRotateAndLosesNothing) {
    const TemporaryFolder folder;
    JournalFile file = journal_in(folder);
    ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
    const std::string whole = read_file(file.path);
    make_folders(file.previous());
    file.bound = 1;
    const auto failure = journal_append(file, entry("b"));
    ASSERT_TRUE(failure.has_value());
    EXPECT_THAT(*failure, testing::HasSubstr("rename '" + file.path + "'"));
    EXPECT_EQ(read_file(file.path), whole);
}

// Longer than the part of it that is looked at for the last number.
TEST(Journal, FindsTheLastNumberAndATornLineAtTheEndOfALongFile) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder, 1U << 20);
    std::string text;
    JournalEntry one = entry("long");
    for (one.sequence = 1; text.size() < (200U << 10); ++one.sequence)
        text += format_journal_line(one);
    write_atomic(file.path, text + "4\t5");
    ASSERT_EQ(journal_append(file, entry("next")), std::nullopt);
    const std::string after = read_file(file.path);
    EXPECT_TRUE(after.starts_with(text));
    const auto all = entries(file.path);
    EXPECT_EQ(all.back().domain, "next");
    EXPECT_EQ(all.back().sequence, one.sequence);
}

TEST(Journal, BeginsAnewAfterLinesThatAreNoEntries) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    for (const char* text : {"\n", "\nnonsense\n", "nonsense\n\n", "torn"}) {
        write_atomic(file.path, text);
        ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
        const std::string all = read_file(file.path);
        EXPECT_TRUE(all.substr(all.rfind('\n', all.size() - 2) + 1).starts_with("1\t")) << text;
    }
    // An entry before them counts.
    JournalEntry seventh = entry("b");
    seventh.sequence = 7;
    write_atomic(file.path, format_journal_line(seventh) + "nonsense\n");
    ASSERT_EQ(journal_append(file, entry("c")), std::nullopt);
    EXPECT_THAT(read_file(file.path), testing::HasSubstr("\n8\t"));
}

TEST(Journal, LeavesNothingOfALineThatDidNotFit) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
    const std::string whole = read_file(file.path);
    ChildProcess writer([&](const auto&) {
        (void)std::signal(SIGXFSZ, SIG_IGN);
        const rlimit most = {whole.size() + 10, whole.size() + 10};
        if (::setrlimit(RLIMIT_FSIZE, &most) != 0) return 2;
        const auto failure = journal_append(file, entry("b"));
        return failure && failure->find("write '" + file.path + "'") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(writer.wait(), 0);
    EXPECT_EQ(read_file(file.path), whole);
}

TEST(Journal, SequenceNumbersGoOnAcrossRotation) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder, 500);
    for (int i = 0; i < 40; ++i) ASSERT_EQ(journal_append(file, entry("d")), std::nullopt);
    const auto present = entries(file.path);
    const auto previous = entries(file.previous());
    ASSERT_FALSE(present.empty());
    ASSERT_FALSE(previous.empty());
    EXPECT_EQ(present.back().sequence, 40U);
    EXPECT_EQ(present.front().sequence, previous.back().sequence + 1);
    EXPECT_LE(read_file(file.path).size(), 600U);
}

TEST(Journal, CutsOffALineThatItsWriterDidNotFinish) {
    for (const char* torn : {"2", "2\t17000"}) {
        const TemporaryFolder folder;
        const JournalFile file = journal_in(folder);
        ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
        const std::string whole = read_file(file.path);
        write_atomic(file.path, whole + torn);
        ASSERT_EQ(journal_append(file, entry("b")), std::nullopt);
        const auto all = entries(file.path);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[1].domain, "b");
        EXPECT_EQ(all[1].sequence, 2U);
    }
}

TEST(Journal, SaysWhatFailedInsteadOfThrowing) {
    const TemporaryFolder folder;
    JournalFile file = journal_in(folder);
    file.path = folder / "missing" + "/events";
    const auto failure = journal_append(file, entry("a"));
    ASSERT_TRUE(failure.has_value());
    EXPECT_NE(failure->find(file.path), std::string::npos) << *failure;
}

TEST(Journal, ConcurrentWritersLoseNothingAndRepeatNoNumber) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    constexpr int kWriters = 8;
    constexpr int kEach = 25;
    std::vector<std::unique_ptr<ChildProcess>> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.push_back(std::make_unique<ChildProcess>([&, writer](const auto&) {
            for (int i = 0; i < kEach; ++i)
                if (journal_append(file, entry(std::to_string(writer)))) return 1;
            return 0;
        }));
    for (const auto& writer : writers) EXPECT_EQ(writer->wait(), 0);
    const auto all = entries(file.path);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(kWriters * kEach));
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].sequence, i + 1);
}

TEST(Journal, AKilledWriterDoesNotHinderTheNext) {
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    for (int round = 0; round < 20; ++round) {
        ChildProcess writer([&](const auto& ready) {
            ready();
            for (;;) (void)journal_append(file, entry("killed"));
            return 0;
        });
        ASSERT_TRUE(writer.wait_ready());
        ::usleep(static_cast<useconds_t>(500 + 137 * round));
        writer.kill();
        (void)writer.wait();
        ASSERT_EQ(journal_append(file, entry("next")), std::nullopt);
    }
    const auto all = entries(file.path);
    for (std::size_t i = 1; i < all.size(); ++i)
        EXPECT_EQ(all[i].sequence, all[i - 1].sequence + 1);
}

}  // namespace lxvirt::base
