// docs/compatibility.md against the table of commands: neither may know a command that the other
// does not.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/file/file.hh"
#include "shell/core/command.hh"
#include "tests/roots.hh"

namespace lxvirt::shell {
namespace {

// The rows "| `name` | state | remark |".
std::map<std::string, std::string> documented() {
    const std::string text = base::read_file(SOURCE_ROOT "/docs/compatibility.md");
    std::map<std::string, std::string> rows;
    constexpr std::string_view kBegin = "\n| `";
    for (std::size_t at = 0; (at = text.find(kBegin, at)) != std::string::npos;) {
        at += kBegin.size();
        const std::size_t name_end = text.find("` | ", at);
        const std::size_t state = name_end + 4;
        const std::string name = text.substr(at, name_end - at);
        EXPECT_EQ(rows.count(name), 0U) << name << " stands twice";
        rows[name] = text.substr(state, text.find(" |", state) - state);
    }
    return rows;
}

TEST(Compatibility, EveryCommandIsDocumentedAsHere) {
    const std::map<std::string, std::string> rows = documented();
    for (const Group& group : groups()) {
        for (const Command& command : group.commands) {
            if (command.has(kHidden)) continue;
            const auto row = rows.find(std::string(command.name));
            ASSERT_NE(row, rows.end()) << command.name << " is not in docs/compatibility.md";
            EXPECT_TRUE(row->second == "same" || row->second == "better" || row->second == "ours")
                << command.name << " is called '" << row->second << "'";
        }
    }
}

TEST(Compatibility, NothingElseIsPromised) {
    for (const auto& [name, state] : documented()) {
        const bool here = state == "same" || state == "better" || state == "ours";
        EXPECT_TRUE(here || state == "not yet" || state == "refused") << name << ": " << state;
        EXPECT_EQ(find_command(groups(), name) != nullptr, here) << name << " is " << state;
    }
}

}  // namespace
}  // namespace lxvirt::shell
