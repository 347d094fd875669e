#include "shell/core/help.hh"

#include <gtest/gtest.h>

#include "sample_commands.hh"

namespace lxvirt::shell::test {
namespace {

TEST(Help, LaysOutACommand) {
    EXPECT_EQ(command_help(kPetCommands[0]),
              "  NAME\n"
              "    feed - feed a pet\n"
              "\n"
              "  SYNOPSIS\n"
              "    feed <pet> [--food <string>] [--grams <number>] [--warm]\n"
              "\n"
              "  DESCRIPTION\n"
              "    Put food\n"
              "    into its bowl.\n"
              "\n"
              "  OPTIONS\n"
              "    [--pet] <string>  who\n"
              "    --food <string>  what\n"
              "    --grams <number>  how much\n"
              "    --warm           warmed up\n"
              "\n");
}

TEST(Help, NamesArgvOnlyBehindOtherData) {
    EXPECT_EQ(command_help(kPetCommands[1]),
              "  NAME\n"
              "    say - say words\n"
              "\n"
              "  SYNOPSIS\n"
              "    say [--loud] [<string>]...\n"
              "\n"
              "  OPTIONS\n"
              "    --loud           loudly\n"
              "    <string>         what to say\n"
              "\n");
    EXPECT_EQ(command_help(kShopCommands[0]),
              "  NAME\n"
              "    sell - sell a pet\n"
              "\n"
              "  SYNOPSIS\n"
              "    sell <pet> <price> --to <string> [[--note] <string>]...\n"
              "\n"
              "  OPTIONS\n"
              "    [--pet] <string>  who\n"
              "    [--price] <number>  in cents\n"
              "    --to <string>    whom\n"
              "    [--note] <string>  remarks\n"
              "\n");
}

TEST(Help, ACommandWithoutOptionsIsShort) {
    EXPECT_EQ(command_help(kPetCommands[2]),
              "  NAME\n    secret - not shown\n\n  SYNOPSIS\n    secret\n\n");
}

TEST(Help, ListsGroupsWithoutHiddenCommands) {
    EXPECT_EQ(all_help(kGroups),
              "Grouped commands:\n"
              "\n"
              " Pets (help keyword 'pets'):\n"
              "    feed                           feed a pet\n"
              "    say                            say words\n"
              "\n"
              " The shop (help keyword 'shop'):\n"
              "    sell                           sell a pet\n"
              "\n");
}

TEST(Help, TheProgramsOwnNamesItsCaller) {
    const std::string text = program_help(kGroups, "lxsh");
    EXPECT_TRUE(text.starts_with("\nlxsh [options]... [<command_string>]\n")) << text;
    EXPECT_NE(text.find("    -q | --quiet            results only"), std::string::npos) << text;
    EXPECT_NE(text.find("    sell                           sell a pet\n"), std::string::npos);
}

// Nobody should have to scroll sideways: info lines fit behind their column on 80 columns.
TEST(Help, LinesOfTheRealTableAreShort) {
    for (const Group& group : groups())
        for (const Command& command : group.commands)
            EXPECT_LE(command.info.size(), 60U) << command.name;
}

}  // namespace
}  // namespace lxvirt::shell::test
