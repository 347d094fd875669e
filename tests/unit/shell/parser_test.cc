#include "shell/core/parser.hh"

#include <gtest/gtest.h>

#include "sample_commands.hh"

namespace lxvirt::shell::test {
namespace {

std::vector<Invocation> parsed(std::string_view line) {
    return parse(kGroups, split_line(line));
}

// "feed pet=dog warm=": the commands with their options in the order they came.
std::string shown(std::string_view line) {
    std::string out;
    for (const Invocation& invocation : parsed(line)) {
        if (!out.empty()) out += " ; ";
        out += invocation.command().name;
        if (invocation.help()) out += " HELP";
        for (const Invocation::Value& value : invocation.values())
            out += fmt::format(" {}={}", value.option->name, value.text);
    }
    return out;
}

std::string refused(std::string_view line) {
    return failure_of([line] { (void)parsed(line); });
}

TEST(Parser, GivesBareWordsToTheFirstFreeOption) {
    EXPECT_EQ(shown("feed dog"), "feed pet=dog");
    EXPECT_EQ(shown("feed dog bone 3"), "feed pet=dog food=bone grams=3");
    EXPECT_EQ(shown("feed --food bone dog 3"), "feed food=bone pet=dog grams=3");
}

TEST(Parser, TakesValuesBothWays) {
    EXPECT_EQ(shown("feed --pet dog"), "feed pet=dog");
    EXPECT_EQ(shown("feed --pet=dog --food="), "feed pet=dog food=");
    EXPECT_EQ(shown("feed --pet --warm"), "feed pet=--warm");
}

TEST(Parser, EndsOptionsAtTwoDashes) {
    EXPECT_EQ(shown("feed -- --warm"), "feed pet=--warm");
    EXPECT_EQ(shown("feed -- --"), "feed pet=--");
    EXPECT_EQ(shown("say a -- --loud"), "say string=a string=--loud");
    EXPECT_EQ(shown("feed dog --"), "feed pet=dog");
}

TEST(Parser, OneDashIsData) {
    EXPECT_EQ(shown("say -a -"), "say string=-a string=-");
}

TEST(Parser, ArgvTakesEveryWord) {
    EXPECT_EQ(shown("say a --loud b"), "say string=a loud= string=b");
    EXPECT_EQ(shown("say --string a b"), "say string=a string=b");
}

TEST(Parser, AliasesStandForTheirOption) {
    EXPECT_EQ(shown("say --str a"), "say string=a");
    EXPECT_EQ(shown("say --hello"), "say string=hello");
}

TEST(Parser, ReadsSeveralCommands) {
    EXPECT_EQ(shown("say a;;feed cat;"), "say string=a ; feed pet=cat");
    EXPECT_EQ(shown(" ; # nothing"), "");
}

TEST(Parser, AnswersHelpEverywhere) {
    EXPECT_EQ(shown("feed --help"), "feed HELP");
    EXPECT_EQ(shown("feed --warm --help"), "feed HELP warm=");
    EXPECT_EQ(shown("secret --help extra"), "secret HELP");
}

TEST(Parser, RefusesUnknownCommands) {
    EXPECT_EQ(refused("nosuch"), "unknown command: 'nosuch'");
    EXPECT_EQ(refused("FEED dog"), "unknown command: 'FEED'");
    EXPECT_EQ(refused("say a; nosuch; say b"), "unknown command: 'nosuch'");
}

TEST(Parser, RefusesUnknownOptions) {
    EXPECT_EQ(refused("feed --bogus"), "command 'feed' doesn't support option --bogus");
    EXPECT_EQ(refused("feed --bogus=3"), "command 'feed' doesn't support option --bogus");
    EXPECT_EQ(refused("feed --pe dog"), "command 'feed' doesn't support option --pe");
}

TEST(Parser, RefusesValuesOfFlags) {
    EXPECT_EQ(refused("feed dog --warm=1"), "invalid '=' after option --warm");
}

TEST(Parser, RefusesSurplusData) {
    EXPECT_EQ(refused("secret extra"), "unexpected data 'extra'");
    EXPECT_EQ(refused("feed dog bone 3 more"), "unexpected data 'more'");
    EXPECT_EQ(refused("feed -- -- dog bone 3"), "unexpected data '3'");
}

TEST(Parser, RefusesMissingValues) {
    EXPECT_EQ(refused("feed --pet"), "expected syntax: --pet <string>");
    EXPECT_EQ(refused("feed dog --grams"), "expected syntax: --grams <number>");
}

TEST(Parser, RefusesRepeatedOptions) {
    EXPECT_EQ(refused("feed dog --pet cat"), "option --pet already seen");
    EXPECT_EQ(refused("feed --warm --warm dog"), "option --warm already seen");
}

TEST(Parser, RefusesMissingOptions) {
    EXPECT_EQ(refused("feed"), "command 'feed' requires <pet> option");
    EXPECT_EQ(refused("sell dog"),
              "command 'sell' requires --price option|command 'sell' requires --to option");
    EXPECT_EQ(refused("sell dog 3"), "command 'sell' requires --to option");
}

TEST(Invocation, ReadsNumbers) {
    const auto grams = [](const char* line) { return parsed(line)[0].number("grams", 7, 1); };
    EXPECT_EQ(grams("feed dog"), 7);
    EXPECT_EQ(grams("feed dog --grams 250"), 250);
    for (const char* bad : {"x", "1k", "", "0", "-3", "99999999999999999999", " 1"}) {
        const std::string line = fmt::format("feed dog --grams '{}'", bad);
        EXPECT_EQ(
            failure_of([&] { (void)grams(line.c_str()); }),
            fmt::format("Numeric value '{}' for <grams> option is malformed or out of range", bad));
    }
}

TEST(Invocation, RefusesEmptyValuesUnlessAllowed) {
    EXPECT_EQ(failure_of([] { (void)parsed("feed ''")[0].text("pet"); }),
              "Failed to get option 'pet': Option argument is empty");
    EXPECT_EQ(parsed("say ''")[0].text("string"), "");
    EXPECT_EQ(parsed("feed dog")[0].text("food"), "");
}

TEST(Invocation, KnowsWhatExcludesEachOther) {
    const Invocation both = parsed("feed dog --warm --food x")[0];
    EXPECT_EQ(failure_of([&] { both.exclusive("warm", "food"); }),
              "Options --warm and --food are mutually exclusive");
    EXPECT_NO_THROW(both.exclusive("warm", "grams"));
}

TEST(Invocation, ListsArgv) {
    const std::vector<std::string> expected{"a", "", "b"};
    EXPECT_EQ(parsed("say a '' --loud b")[0].all("string"), expected);
}

// The real table holds what the tests above rely on: unique names, texts, a function.
TEST(CommandTable, IsComplete) {
    std::vector<std::string_view> names;
    for (const Group& group : groups()) {
        for (const Command& command : group.commands) {
            EXPECT_EQ(std::count(names.begin(), names.end(), command.name), 0) << command.name;
            names.push_back(command.name);
            EXPECT_FALSE(command.info.empty()) << command.name;
            EXPECT_NE(command.run, nullptr) << command.name;
            for (const Option& option : command.options) {
                EXPECT_FALSE(option.help.empty()) << command.name << ' ' << option.name;
                if (option.type != OptionType::alias) continue;
                std::string value;
                EXPECT_NE(resolve_option(command, option.name, value), nullptr) << option.name;
            }
        }
    }
    EXPECT_GT(names.size(), 40U);
}

}  // namespace
}  // namespace lxvirt::shell::test
