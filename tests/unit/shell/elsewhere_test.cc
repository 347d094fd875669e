// Every command of virsh that lxsh lacks is known, and the nearest name of an unknown one.
#include "shell/core/elsewhere.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file/file.hh"
#include "base/text/text.hh"
#include "tests/roots.hh"

namespace lxvirt::shell {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// {command: status} of the rows of docs/compatibility.md with that status.
std::map<std::string, std::string> documented() {
    std::map<std::string, std::string> rows;
    const std::string text = base::read_file(SOURCE_ROOT "/docs/compatibility.md");
    for (const std::string_view line : base::split(text, '\n')) {
        const auto cells = base::split(line, '|');
        if (cells.size() < 4 || !cells[1].starts_with(" `")) continue;
        const std::string name(cells[1].substr(2, cells[1].rfind('`') - 2));
        if (cells[2] == " refused ") rows[name] = "refused";
        if (cells[2] == " not yet ") rows[name] = "not yet";
    }
    return rows;
}

TEST(Elsewhere, KnowsWhatTheDocumentSays) {
    std::map<std::string, std::string> known;
    for (const LackingCommands& some : lacking_commands())
        for (const std::string_view name : base::split(some.names, ' ')) {
            EXPECT_TRUE(known.emplace(name, some.planned ? "not yet" : "refused").second) << name;
            EXPECT_EQ(find_command(groups(), name), nullptr) << name;
        }
    EXPECT_EQ(known, documented());
}

TEST(Elsewhere, SaysWhyAndWhatInstead) {
    EXPECT_THAT(unknown_command_lines(groups(), "migrate"),
                ElementsAre("unknown command: 'migrate'",
                            HasSubstr("lxsh refuses it: containers are not migrated")));
    EXPECT_THAT(unknown_command_lines(groups(), "secret-list"),
                ElementsAre("unknown command: 'secret-list'",
                            "virsh has it, lxsh refuses it: nothing in a container's definition "
                            "uses secrets"));
}

TEST(Elsewhere, NamesTheNearest) {
    const auto hint = [](std::string_view name) {
        const auto lines = unknown_command_lines(groups(), name);
        return lines.size() == 2 ? lines[1] : "";
    };
    EXPECT_EQ(hint("strat"), "did you mean 'start'?");
    EXPECT_EQ(hint("dumpxm"), "did you mean 'dumpxml'?");
    EXPECT_EQ(hint("net-lst"), "did you mean 'net-list'?");
    EXPECT_EQ(hint("no-such-thing"), "");
    EXPECT_EQ(hint(std::string(100000, 'x')), "");
    EXPECT_EQ(hint(""), "");
}

}  // namespace
}  // namespace lxvirt::shell
