#include "shell/core/options.hh"

#include <map>

#include <gtest/gtest.h>

#include "sample_commands.hh"

namespace lxvirt::shell::test {
namespace {

using Variables = std::map<std::string, std::string>;

ParsedOptions parsed(std::vector<std::string> arguments, const Variables& variables = {}) {
    arguments.insert(arguments.begin(), "/usr/bin/lxsh");
    return parse_program_options(arguments, [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

std::string refused(const std::vector<std::string>& arguments) {
    return failure_of([&] { (void)parsed(arguments); });
}

TEST(ProgramOptions, StopAtTheCommand) {
    const ProgramOptions options = parsed({"-q", "-c", "lxc:///", "list", "-r", "--all"}).options;
    EXPECT_TRUE(options.quiet);
    EXPECT_FALSE(options.read_only);
    EXPECT_EQ(options.uri, "lxc:///");
    EXPECT_EQ(options.words, (std::vector<std::string>{"list", "-r", "--all"}));
}

TEST(ProgramOptions, TakeLongForms) {
    const ProgramOptions options =
        parsed({"--connect=lxc:///system", "--debug", "0", "--escape=^X", "--keepalive-interval=5",
                "--keepalive-count", "3", "--log=/tmp/x", "--quiet", "--readonly", "--timing"})
            .options;
    EXPECT_EQ(options.uri, "lxc:///system");
    EXPECT_EQ(options.level, Level::debug);
    EXPECT_EQ(options.escape, "^X");
    EXPECT_EQ(options.log_file, "/tmp/x");
    EXPECT_TRUE(options.quiet && options.read_only && options.timing);
}

TEST(ProgramOptions, KnowTheirCaller) {
    const Environment nothing = [](const char*) { return std::nullopt; };
    EXPECT_TRUE(parse_program_options({"/opt/virsh"}, nothing).options.as_virsh());
    EXPECT_FALSE(parsed({}).options.as_virsh());
    EXPECT_EQ(parsed({}).options.program, "lxsh");
}

TEST(ProgramOptions, KnowTheVersions) {
    EXPECT_EQ(parsed({"-v"}).options.version, VersionText::short_);
    EXPECT_EQ(parsed({"-V"}).options.version, VersionText::long_);
    EXPECT_EQ(parsed({"--version"}).options.version, VersionText::short_);
    EXPECT_EQ(parsed({"--version=long"}).options.version, VersionText::long_);
    EXPECT_EQ(parsed({}).options.version, VersionText::none);
}

TEST(ProgramOptions, ReadTheEnvironmentFirst) {
    const Variables variables{
        {"VIRSH_DEFAULT_CONNECT_URI", "lxc:///a"}, {"VIRSH_DEBUG", "1"}, {"VIRSH_LOG_FILE", "/l"}};
    const ProgramOptions options = parsed({}, variables).options;
    EXPECT_EQ(options.uri, "lxc:///a");
    EXPECT_EQ(options.level, Level::info);
    EXPECT_EQ(options.log_file, "/l");
    EXPECT_EQ(parsed({"-c", "lxc:///b"}, variables).options.uri, "lxc:///b");
}

TEST(ProgramOptions, SayWhatTheyIgnore) {
    const ParsedOptions debug = parsed({"-d", "9"});
    EXPECT_EQ(debug.warnings,
              std::vector<std::string>{"ignoring debug level 9 out of range [0-4]"});
    EXPECT_EQ(debug.options.level, Level::error);
    EXPECT_EQ(parsed({}, {{"VIRSH_DEBUG", "x"}}).warnings,
              std::vector<std::string>{"VIRSH_DEBUG not set with a valid numeric value"});
}

TEST(ProgramOptions, RefuseWithVirshsWords) {
    EXPECT_EQ(refused({"-x"}), "unsupported option '-x'. See --help.");
    EXPECT_EQ(refused({"--foo"}), "unsupported option '--foo'. See --help.");
    EXPECT_EQ(refused({"-c"}), "option '-c'/'--connect' requires an argument");
    EXPECT_EQ(refused({"-d", "x"}), "option -d takes a numeric argument");
    EXPECT_EQ(refused({"-k", "x"}), "Invalid value for option -k");
    EXPECT_EQ(refused({"-K", "-1"}), "option -K requires a positive integer argument");
    EXPECT_EQ(refused({"--color=maybe"}), "--color is auto, always or never, not 'maybe'");
    EXPECT_EQ(refused({"--color"}), "option '--color' requires an argument");
    EXPECT_EQ(refused({"-e", "ab"}), "Invalid string 'ab' for escape sequence");
}

TEST(EscapeByte, IsControlOrTheCharacter) {
    EXPECT_EQ(escape_byte("^]"), '\x1d');
    EXPECT_EQ(escape_byte("^a"), '\x01');
    EXPECT_EQ(escape_byte("^A"), '\x01');
    EXPECT_EQ(escape_byte("^_"), '\x1f');
    EXPECT_EQ(escape_byte("X"), 'X');
    for (const char* bad : {"", "^", "ab", "^1", "^^^"}) {
        EXPECT_EQ(failure_of([bad] { (void)escape_byte(bad); }),
                  fmt::format("Invalid string '{}' for escape sequence", bad));
    }
}

}  // namespace
}  // namespace lxvirt::shell::test
