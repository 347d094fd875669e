#include "terminal/table.hh"

#include <clocale>

#include <gtest/gtest.h>

namespace lxvirt::shell {
namespace {

class WideTable : public testing::Test {
  protected:
    void SetUp() override {
        // printable() sets the locale by the environment, once; C.UTF-8 is in every glibc.
        (void)setenv("LC_ALL", "C.UTF-8", 1);
        (void)std::setlocale(LC_CTYPE, "C.UTF-8");
    }
};

// The layouts of virsh 9.0.0, list --all and list --all --title.
TEST(Table, PadsToTheWidestCell) {
    terminal::Table table({"Id", "Name", "State"});
    table.add({"22994", "m2", "running"});
    table.add({"-", "m1", "shut off"});
    EXPECT_EQ(table.text(),
              " Id      Name   State\n"
              "--------------------------\n"
              " 22994   m2     running\n"
              " -       m1     shut off\n");
}

TEST(Table, ShowsTheHeaderOfNothing) {
    EXPECT_EQ(terminal::Table({"Id", "Name", "State"}).text(),
              " Id   Name   State\n"
              "--------------------\n");
}

TEST(Table, KeepsTheBlanksBeforeAnEmptyLastCell) {
    terminal::Table table({"Id", "Name", "State", "Title"});
    table.add({"-", "m2", "shut off", ""});
    EXPECT_EQ(table.text(),
              " Id   Name   State      Title\n"
              "-------------------------------\n"
              " -    m2     shut off   \n");
}

TEST(Table, ColoursCountForNoWidth) {
    terminal::Table plain({"Name", "State"}), colored({"Name", "State"});
    for (terminal::Table* table : {&plain, &colored}) table->add({"one", "running"});
    colored.paint(1, terminal::Paint::good);
    std::string text = colored.text();
    const std::string mark = "\033[32mrunning\033[0m";
    ASSERT_NE(text.find(mark), std::string::npos);
    text.replace(text.find(mark), mark.size(), "running");
    EXPECT_EQ(text, plain.text());
}

TEST(Colors, AreForTerminalsThatWantThem) {
    using namespace terminal;
    EXPECT_TRUE(wants_colors(ColorMode::always, -1));
    EXPECT_FALSE(wants_colors(ColorMode::never, -1));
    EXPECT_FALSE(wants_colors(ColorMode::automatic, -1));  // no terminal
    EXPECT_EQ(painted("x", Paint::plain), "x");
}

TEST(Table, QuietIsNarrower) {
    terminal::Table table({"Id", "Name", "State"});
    table.add({"-", "m1", "shut off"});
    table.add({"-", "m2", "shut off"});
    EXPECT_EQ(table.text(false), " -   m1   shut off\n -   m2   shut off\n");
}

TEST_F(WideTable, CountsColumnsNotBytes) {
    terminal::Table table({"Id", "Name", "State"});
    table.add({"1", "test", "running"});
    table.add({"-", "täst漢字", "shut off"});
    EXPECT_EQ(table.text(),
              " Id   Name       State\n"
              "---------------------------\n"
              " 1    test       running\n"
              " -    täst漢字   shut off\n");
}

TEST_F(WideTable, CombiningCharactersTakeNoColumn) {
    EXPECT_EQ(terminal::printable("a\u0301b").columns, 2U);
    EXPECT_EQ(terminal::printable("a\u0301b").text, "a\u0301b");
}

TEST_F(WideTable, EscapesWhatMustNotReachTheTerminal) {
    EXPECT_EQ(terminal::printable("T \t\x1b[2J").text, "T \\x09\\x1b[2J");
    EXPECT_EQ(terminal::printable("a\nb").columns, 6U);
    EXPECT_EQ(terminal::printable("\x7f").text, "\\x7f");
    EXPECT_EQ(terminal::printable("\xc2\x85").text, "\\xc2\\x85");  // NEL, a C1 control
}

TEST_F(WideTable, EscapesBrokenUtf8) {
    EXPECT_EQ(terminal::printable("a\xff\xc3").text, "a\\xff\\xc3");
    EXPECT_EQ(terminal::printable("\xc3(").text, "\\xc3(");
    EXPECT_EQ(terminal::printable(std::string_view("a\0b", 3)).text, "a\\x00b");
}

}  // namespace
}  // namespace lxvirt::shell
