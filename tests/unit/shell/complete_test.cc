#include "shell/core/complete.hh"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "sample_commands.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/lookup.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell::test {
namespace {

using Words = std::vector<std::string>;

Words candidates(const Words& words) {
    Session session{ProgramOptions()};
    return complete_words(session, kGroups, words);
}

TEST(Complete, CommandsWithoutHiddenOnes) {
    EXPECT_EQ(candidates({"se"}), (Words{"sell"}));
    EXPECT_EQ(candidates({""}), (Words{"feed", "say", "sell"}));
    EXPECT_EQ(candidates({}), (Words{"feed", "say", "sell"}));
    EXPECT_EQ(candidates({"x"}), Words());
}

TEST(Complete, ValuesOfTheNextBareWord) {
    EXPECT_EQ(candidates({"feed", ""}), (Words{"dog", "cat", "dormouse"}));
    EXPECT_EQ(candidates({"feed", "do"}), (Words{"dog", "dormouse"}));
    EXPECT_EQ(candidates({"feed", "--warm", "c"}), (Words{"cat"}));
}

TEST(Complete, ValuesBehindTheirOption) {
    EXPECT_EQ(candidates({"feed", "--pet", "c"}), (Words{"cat"}));
    EXPECT_EQ(candidates({"feed", "--food", "do"}), Words());
    EXPECT_EQ(candidates({"feed", "--", "c"}), (Words{"cat"}));
}

TEST(Complete, OptionsNotYetUsed) {
    EXPECT_EQ(candidates({"feed", "--"}), (Words{"--pet", "--food", "--grams", "--warm"}));
    EXPECT_EQ(candidates({"feed", "dog", "--"}), (Words{"--food", "--grams", "--warm"}));
    EXPECT_EQ(candidates({"feed", "--food=x", "dog", "--g"}), (Words{"--grams"}));
    EXPECT_EQ(candidates({"feed", "dog", "--warm", "--w"}), Words());
}

TEST(Complete, ArgvCanBeRepeatedAndAliasesAreNotShown) {
    EXPECT_EQ(candidates({"say", "a", "--"}), (Words{"--loud", "--string"}));
}

TEST(Complete, OptionsWhereNoValueIsKnown) {
    EXPECT_EQ(candidates({"feed", "dog", ""}), (Words{"--food", "--grams", "--warm"}));
    EXPECT_EQ(candidates({"feed", "dog", "x"}), Words());
}

TEST(Complete, AFailingCompleterGivesNothing) {
    EXPECT_EQ(candidates({"sell", "d"}), Words());
    EXPECT_EQ(candidates({"nosuch", ""}), Words());
}

// The states that the brief names: start takes what is off, the others what runs.
TEST(Complete, TheRealTableKnowsWhichDomains) {
    const auto completer = [](const char* command) {
        const CompletionPlace place = completion_place(groups(), Words{command, ""});
        return place.option == nullptr ? nullptr : place.option->completer;
    };
    EXPECT_EQ(completer("start"), complete_inactive);
    EXPECT_EQ(completer("destroy"), complete_active);
    EXPECT_EQ(completer("console"), complete_active);
    EXPECT_EQ(completer("shutdown"), complete_running);
    EXPECT_EQ(completer("suspend"), complete_running);
    EXPECT_EQ(completer("resume"), complete_paused);
    EXPECT_EQ(completer("dominfo"), complete_domains);
    EXPECT_TRUE(completion_place(groups(), Words{"define", "m"}).file);
    EXPECT_TRUE(completion_place(groups(), Words{"create", "--console", ""}).file);
    EXPECT_FALSE(completion_place(groups(), Words{"start", ""}).file);
}

// What the words before say reaches the completer.
TEST(Complete, KnowsTheWordsBefore) {
    const CompletionPlace place =
        completion_place(groups(), Words{"domifstat", "--domain", "web", "--interface", ""});
    ASSERT_TRUE(place.before);
    EXPECT_EQ(place.before->text("domain"), "web");
    ASSERT_NE(place.option, nullptr);
    EXPECT_EQ(place.option->completer, complete_interfaces);
}

// A new option that takes a value either offers values or is listed here as free text.
TEST(Complete, EveryOptionOfAClosedSetOffersValues) {
    const std::set<std::string_view> free_text{
        "timeout", "target", "targetbus",    "driver",  "cache",    "serial",   "alias",
        "mac",     "script", "model",        "inbound", "outbound", "pass-fds", "new-desc",
        "xpath",   "cmd",    "uri",          "key",     "set",      "wait",     "new-name",
        "string",  "group",  "parent-index", "name",    "host",     "address",  "container"};
    for (const Group& group : groups())
        for (const Command& command : group.commands)
            for (const Option& option : command.options) {
                if (!takes_value(option) || option.completer != nullptr) continue;
                if (option.help == "refused" || command.has(kHidden)) continue;
                EXPECT_TRUE(free_text.contains(option.name))
                    << command.name << " --" << option.name << " offers no values";
            }
}

}  // namespace
}  // namespace lxvirt::shell::test
