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

class EventsTest : public RootTest {
  protected:
    // As the helper does.
    void append_reboot(const std::string& name) const {
        base::JournalEntry entry;
        entry.kind = "reboot";
        entry.domain = name;
        EXPECT_EQ(base::journal_append(root.journal(), std::move(entry)), std::nullopt);
    }
};

TEST_F(EventsTest, BeginWithWhatComesAfter) {
    journal_lifecycle(root, "before", "", DomainLifecycle::defined, detail::defined_added);
    const auto stream = follow_journal(root);
    EXPECT_FALSE(stream->next().has_value());
    EXPECT_FALSE(readable(*stream, 0));
    journal_lifecycle(root, "web", uuid(1), DomainLifecycle::started, detail::started_booted,
                      "a note");
    ASSERT_TRUE(readable(*stream, 2000));
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    const auto& what = std::get<DomainEvent>(event->what);
    EXPECT_EQ(what.kind, DomainEventKind::lifecycle);
    EXPECT_EQ(what.domain.name, "web");
    EXPECT_EQ(what.domain.uuid, uuid(1));
    EXPECT_EQ(what.lifecycle, DomainLifecycle::started);
    EXPECT_EQ(what.detail, detail::started_booted);
    EXPECT_EQ(event->note, "a note");
    EXPECT_EQ(event->sequence, 2U);
    EXPECT_NEAR(static_cast<double>(event->seconds), static_cast<double>(::time(nullptr)), 5);
    EXPECT_FALSE(stream->next().has_value());
}

TEST_F(EventsTest, TheFirstEventOfAllIsSeen) {
    const auto stream = follow_journal(root);
    append_reboot("web");
    ASSERT_TRUE(readable(*stream, 2000));
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(std::get<DomainEvent>(event->what).kind, DomainEventKind::reboot);
}

TEST_F(EventsTest, AnEventOfANetworkCarriesANetwork) {
    const auto stream = follow_journal(root);
    journal_network(root, "lan", uuid(2), NetworkLifecycle::started);
    journal_supervision(root, "lan", uuid(2));
    const auto started = stream->next(), restored = stream->next();
    ASSERT_TRUE(started && restored);
    const auto& first = std::get<NetworkEvent>(started->what);
    EXPECT_EQ(first.network.name, "lan");
    EXPECT_EQ(first.network.uuid, uuid(2));
    EXPECT_EQ(first.kind, NetworkEventKind::lifecycle);
    EXPECT_EQ(first.lifecycle, NetworkLifecycle::started);
    const auto& second = std::get<NetworkEvent>(restored->what);
    EXPECT_EQ(second.kind, NetworkEventKind::supervision);
    EXPECT_EQ(second.text, "Restored Supervisor");
}

TEST_F(EventsTest, WordsOfAnotherVersionArePassedOver) {
    const auto stream = follow_journal(root);
    base::JournalEntry entry;
    for (const auto& [kind, event] :
         {std::pair("tomorrow", ""), std::pair("lifecycle", "Cloned")}) {
        entry.kind = kind;
        entry.event = event;
        EXPECT_EQ(base::journal_append(root.journal(), entry), std::nullopt);
    }
    append_reboot("web");
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->sequence, 3U);
}

TEST_F(EventsTest, ALineIsTakenWhenItIsWhole) {
    append_reboot("one");
    const auto stream = follow_journal(root);
    const std::string path = root.journal().path;
    const std::string line = "9\t1.000\tlifecycle\ttwo\tu\tStarted\tBooted\t\n";
    const base::UniqueFd fd = base::open_file(path, O_WRONLY | O_APPEND);
    base::write_all(fd, line.substr(0, 20), path);
    EXPECT_FALSE(stream->next().has_value());
    base::write_all(fd, line.substr(20), path);
    const auto event = stream->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(std::get<DomainEvent>(event->what).domain.name, "two");
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
            entry.kind = "reboot";
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
            ASSERT_EQ(std::get<DomainEvent>(event->what).domain.name, std::to_string(next));
            ASSERT_EQ(event->sequence, static_cast<std::uint64_t>(next) + 1);
            ++next;
        }
    }
    EXPECT_EQ(next, kEvents);
    EXPECT_EQ(writer.wait(), 0);
}

TEST_F(EventsTest, AJournalThatCannotBeWrittenFailsNothingButIsLogged) {
    base::make_folders(root.journal().path);
    EXPECT_NO_THROW(
        journal_lifecycle(root, "web", "", DomainLifecycle::started, detail::started_booted));
    EXPECT_THAT(base::read_file(root.log("web")), testing::HasSubstr("event journal: "));
}

}  // namespace lxvirt::driver
