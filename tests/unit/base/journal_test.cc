#include "base/file/journal.hh"

#include <gtest/gtest.h>

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
    const TemporaryFolder folder;
    const JournalFile file = journal_in(folder);
    ASSERT_EQ(journal_append(file, entry("a")), std::nullopt);
    const std::string whole = read_file(file.path);
    write_atomic(file.path, whole + "2\t17000");
    ASSERT_EQ(journal_append(file, entry("b")), std::nullopt);
    const auto all = entries(file.path);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].domain, "b");
    EXPECT_EQ(all[1].sequence, 2U);
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
