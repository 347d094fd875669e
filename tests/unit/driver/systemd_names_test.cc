#include "driver/systemd/names.hh"

#include <gtest/gtest.h>

namespace lxvirt::driver::systemd {

TEST(SystemdNames, SliceIsThePartitionWithDashesForSlashes) {
    EXPECT_EQ(slice_name("/machine"), "machine.slice");
    EXPECT_EQ(slice_name("/machine/a/b"), "machine-a-b.slice");
    EXPECT_EQ(slice_name("/machine/a-b"), "machine-a\\x2db.slice");
    EXPECT_EQ(slice_name("/.hidden"), "\\x2ehidden.slice");
    EXPECT_EQ(slice_name("/machine.slice"), "machine.slice");
    EXPECT_EQ(slice_name("/system.slice/system-web.slice"), "system-web.slice");
}

TEST(SystemdNames, ScopeIsEscapedAsLibvirtDoes) {
    EXPECT_EQ(scope_name("lxc-4711-web"), "machine-lxc\\x2d4711\\x2dweb.scope");
    EXPECT_EQ(scope_name("lxc-1-a.b_c"), "machine-lxc\\x2d1\\x2da.b_c.scope");
}

TEST(SystemdNames, MachineIsAHostName) {
    EXPECT_EQ(machine_name("web", 4711), "lxc-4711-web");
    EXPECT_EQ(machine_name("my web\xc3\xa4 1", 7), "lxc-7-myweb1");
    EXPECT_EQ(machine_name("a--b.-c.", 7), "lxc-7-a-b.c");
    EXPECT_EQ(machine_name("-.", 7), "lxc-7");
    EXPECT_EQ(machine_name(std::string(200, 'x'), 7), "lxc-7-" + std::string(58, 'x'));
}

TEST(SystemdNames, ScopeFitsAUnitsName) {
    std::string dashes;
    while (dashes.size() < 200) dashes += "a-";
    const std::string scope = scope_name(machine_name(dashes, 4194304));
    EXPECT_LE(scope.size(), 255U);
    EXPECT_TRUE(scope.ends_with(".scope"));
}

}  // namespace lxvirt::driver::systemd
