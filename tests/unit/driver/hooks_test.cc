#include "driver/supervisor/hooks.hh"

#include <gmock/gmock.h>

#include "driver/store/settings.hh"
#include "tests/unit/driver/fixture.hh"

namespace lxvirt::driver {

using testing::HasSubstr;

class HooksTest : public RootTest {
  protected:
    void write_hook(const std::string& name, const std::string& script, mode_t mode = 0755) const {
        base::make_folders(root.hooks() + "/lxc.d");
        base::write_atomic(root.hooks() + "/" + name, "#!/bin/sh\n" + script + "\n", mode);
    }
    const HookCall call = {"web", "prepare", "begin"};
};

TEST_F(HooksTest, NoneIsNoError) {
    EXPECT_FALSE(has_hooks(root));
    EXPECT_NO_THROW(run_hooks(root, call, "<domain/>"));
}

TEST_F(HooksTest, GetLibvirtsArgumentsAndTheXmlOneAfterTheOther) {
    const std::string out = folder / "out";
    write_hook("lxc", "echo \"main $*\" >>" + out + "; cat >>" + out);
    write_hook("lxc.d/20-b", "echo \"b $*\" >>" + out);
    write_hook("lxc.d/10-a", "echo \"a $*\" >>" + out);
    write_hook("lxc.d/15-off", "echo off >>" + out, 0644);
    EXPECT_TRUE(has_hooks(root));
    run_hooks(root, call, "<domain/>\n");
    EXPECT_EQ(
        base::read_file(out),
        "main web prepare begin -\n<domain/>\na web prepare begin -\nb web prepare begin -\n");
}

TEST_F(HooksTest, TheOneThatFailsIsNamedAndEndsIt) {
    write_hook("lxc", "echo first >&2; echo 'no such vlan' >&2; exit 4");
    write_hook("lxc.d/a", "touch " + (folder / "ran"));
    EXPECT_EQ(message_of([&] { run_hooks(root, call, ""); }),
              "Hook script execution failed: '" + root.hooks() +
                  "/lxc web prepare begin -': exit status 4: no such vlan");
    EXPECT_FALSE(base::exists(folder / "ran"));
}

TEST_F(HooksTest, OneThatDoesNotEndIsKilled) {
    base::write_atomic(root.settings(), "hook_timeout = 1\n");
    write_hook("lxc", "sleep 60");
    EXPECT_THAT(message_of([&] { run_hooks(root, call, ""); }),
                HasSubstr("no end within the time limit"));
}

TEST(Settings, HaveDefaultsAndTakeValues) {
    EXPECT_EQ(parse_settings("", "f").hook_timeout, std::chrono::seconds(300));
    const Settings settings =
        parse_settings("# a comment\n\n hook_timeout=5 # five\noperation_timeout = 7", "f");
    EXPECT_EQ(settings.hook_timeout, std::chrono::seconds(5));
    EXPECT_EQ(settings.operation_timeout, std::chrono::seconds(7));
    EXPECT_EQ(settings.systemd, UseSystemd::automatic);
    EXPECT_TRUE(parse_settings("", "f").apparmor);
    EXPECT_FALSE(parse_settings("apparmor = off", "f").apparmor);
    EXPECT_THROW((void)parse_settings("apparmor = no", "f"), base::Error);
    EXPECT_TRUE(parse_settings("", "f").accepts_in_foreign_firewall);
    EXPECT_FALSE(parse_settings("firewall_foreign = warn", "f").accepts_in_foreign_firewall);
    EXPECT_EQ(parse_settings("systemd = no", "f").systemd, UseSystemd::no);
    EXPECT_EQ(parse_settings("systemd=yes", "f").systemd, UseSystemd::yes);
}

TEST(Settings, NameTheLineOfWhatTheyDoNotTake) {
    for (const char* line :
         {"hook_timeuot = 5", "hook_timeout = 5s", "hook_timeout = 0", "hook_timeout",
          "hook_timeout = 999999999999", "= 5", "systemd = maybe", "firewall_foreign = yes"}) {
        try {
            (void)parse_settings(std::string("\n") + line + "\n", "lxvirt.conf");
            ADD_FAILURE() << line;
        } catch (const base::Error& error) {
            EXPECT_THAT(error.message(), HasSubstr("lxvirt.conf:2: ")) << line;
        }
    }
}

}  // namespace lxvirt::driver
