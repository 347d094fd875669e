#include "driver/api/events.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include "driver/store/journal.hh"
#include "tests/unit/driver/fixture.hh"

namespace lxvirt::driver {

namespace {

bool readable(const EventStream& stream, int milliseconds) {
    struct pollfd poll = {stream.fd().get(), POLLIN, 0};
    return ::poll(&poll, 1, milliseconds) == 1;
}

}  // namespace

class EventsTest : public RootTest {};

TEST_F(EventsTest, BeginWithWhatComesAfter) {
    journal_lifecycle(root, "before", "", "Defined", "Added");
    const auto stream = follow_journal(root);
    EXPECT_FALSE(stream->next().has_value());
    EXPECT_FALSE(readable(*stream, 0));
    journal_lifecycle(root, "web", uuid(1), "Started", "Booted", "a note");
    ASSERT_TRUE(readable(*stream, 2000));
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->kind, "lifecycle");
    EXPECT_EQ(event->domain, "web");
    EXPECT_EQ(event->uuid, uuid(1));
    EXPECT_EQ(event->event, "Started");
    EXPECT_EQ(event->detail, "Booted");
    EXPECT_EQ(event->note, "a note");
    EXPECT_EQ(event->sequence, 2U);
    EXPECT_NEAR(static_cast<double>(event->seconds), static_cast<double>(::time(nullptr)), 5);
    EXPECT_FALSE(stream->next().has_value());
}

TEST_F(EventsTest, TheFirstEventOfAllIsSeen) {
    const auto stream = follow_journal(root);
    journal_event(root, "reboot", "web", uuid(1));
    ASSERT_TRUE(readable(*stream, 2000));
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->kind, "reboot");
}

TEST_F(EventsTest, ALineIsTakenWhenItIsWhole) {
    journal_event(root, "reboot", "one", "");
    const auto stream = follow_journal(root);
    const std::string path = root.journal().path;
    const std::string line = "9\t1.000\tlifecycle\ttwo\tu\tStarted\tBooted\t\n";
    const base::UniqueFd fd = base::open_file(path, O_WRONLY | O_APPEND);
    base::write_all(fd, line.substr(0, 20), path);
    EXPECT_FALSE(stream->next().has_value());
    base::write_all(fd, line.substr(20), path);
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->domain, "two");
}

TEST_F(EventsTest, NothingIsLostAcrossRotationsBesideAWriter) {
    base::JournalFile file = root.journal();
    file.bound = 2000;
    JournalStream stream(file);
    constexpr int kEvents = 3000;
    tests::ChildProcess writer([&](const auto& ready) {
        ready();
        for (int i = 0; i < kEvents; ++i) {
            base::JournalEntry entry;
            entry.kind = "lifecycle";
            entry.domain = std::to_string(i);
            if (base::journal_append(file, entry)) return 1;
            // Now and then the reader falls behind, by less than two rotations.
            if (i % 16 == 15) ::usleep(3000);
        }
        return 0;
    });
    int next = 0;
    while (next < kEvents && readable(stream, 5000)) {
        while (const auto event = stream.next()) {
            ASSERT_EQ(event->domain, std::to_string(next));
            ASSERT_EQ(event->sequence, static_cast<std::uint64_t>(next) + 1);
            ++next;
        }
    }
    EXPECT_EQ(next, kEvents);
    EXPECT_EQ(writer.wait(), 0);
}

TEST_F(EventsTest, AJournalThatCannotBeWrittenFailsNothingButIsLogged) {
    base::make_folders(root.journal().path);
    EXPECT_NO_THROW(journal_lifecycle(root, "web", "", "Started", "Booted"));
    EXPECT_THAT(base::read_file(root.log("web")), testing::HasSubstr("event journal: "));
}

}  // namespace lxvirt::driver
