#include "shell/core/lexer.hh"

#include <gtest/gtest.h>

#include "sample_commands.hh"

namespace lxvirt::shell::test {
namespace {

// Words in brackets, separators as ';'.
std::string shown(const std::vector<Token>& tokens) {
    std::string out;
    for (const Token& token : tokens)
        out += token.kind == Token::Kind::word ? '[' + token.text + ']' : ";";
    return out;
}

std::string split(std::string_view line) {
    return shown(split_line(line));
}

TEST(Lexer, CutsAtBlanks) {
    EXPECT_EQ(split("  list\t--all  x "), "[list][--all][x]");
}

TEST(Lexer, EmptyLinesHaveNoWords) {
    EXPECT_EQ(split(""), "");
    EXPECT_EQ(split(" \t "), "");
}

TEST(Lexer, SemicolonsAndNewlinesSeparate) {
    EXPECT_EQ(split("a;b ; c"), "[a];[b];[c]");
    EXPECT_EQ(split("a\nb"), "[a];[b]");
    EXPECT_EQ(split(";;a;"), ";;[a];");
}

TEST(Lexer, QuotesKeepBlanksAndSeparators) {
    EXPECT_EQ(split("echo \"b;c d\" 'e #f'"), "[echo][b;c d][e #f]");
    EXPECT_EQ(split("a\"b\"'c'd"), "[abcd]");
    EXPECT_EQ(split("'a\nb'"), "[a\nb]");
}

TEST(Lexer, EmptyQuotesAreWords) {
    EXPECT_EQ(split("\"\" ''"), "[][]");
}

TEST(Lexer, BackslashTakesTheNextCharacter) {
    EXPECT_EQ(split("a\\ b"), "[a b]");
    EXPECT_EQ(split("\"c\\\"d\""), "[c\"d]");
    EXPECT_EQ(split("a\\;b\\#"), "[a;b#]");
}

TEST(Lexer, BackslashIsPlainInSingleQuotes) {
    EXPECT_EQ(split("'e\\f'"), "[e\\f]");
}

TEST(Lexer, BackslashNewlineJoinsLines) {
    EXPECT_EQ(split("a\\\nb"), "[ab]");
    EXPECT_EQ(split("a \\\n b"), "[a][b]");
}

TEST(Lexer, CommentsReachTheEndOfTheLine) {
    EXPECT_EQ(split("# x"), "");
    EXPECT_EQ(split("a#b #c;d"), "[a#b]");
    EXPECT_EQ(split("a;#c;d\nb"), "[a];;[b]");
}

TEST(Lexer, SaysWhatIsMissing) {
    EXPECT_EQ(failure_of([] { (void)split("echo \"abc"); }), "missing \"");
    EXPECT_EQ(failure_of([] { (void)split("echo 'abc"); }), "missing '");
    EXPECT_EQ(failure_of([] { (void)split("echo abc\\"); }), "dangling \\");
    EXPECT_EQ(failure_of([] { (void)split("\"abc\\"); }), "dangling \\");
}

TEST(Lexer, UnfinishedLinesAreTaken) {
    bool open = false;
    EXPECT_EQ(shown(split_unfinished("echo \"ab c", open)), "[echo][ab c]");
    EXPECT_TRUE(open);
    EXPECT_EQ(shown(split_unfinished("echo ab\\", open)), "[echo][ab]");
    EXPECT_TRUE(open);
    EXPECT_EQ(shown(split_unfinished("echo ab ", open)), "[echo][ab]");
    EXPECT_FALSE(open);
    EXPECT_EQ(shown(split_unfinished("echo ab;", open)), "[echo][ab];");
    EXPECT_FALSE(open);
    EXPECT_EQ(shown(split_unfinished("", open)), "");
    EXPECT_FALSE(open);
}

TEST(Lexer, ArgumentsAreTakenAsTheyAre) {
    const std::vector<std::string> words{"echo", "a;b", "#c", "\"", ""};
    EXPECT_EQ(shown(tokens_of(words)), "[echo][a;b][#c][\"][]");
}

}  // namespace
}  // namespace lxvirt::shell::test
