#include "base/text/punycode.hh"

#include <gtest/gtest.h>

namespace lxvirt::base {
namespace {

// The labels are those of Python's codec "punycode", after "xn--".
TEST(Punycode, EncodesNames) {
    EXPECT_EQ(punycode_label("münchen"), "xn--mnchen-3ya");
    EXPECT_EQ(punycode_label("büro-1"), "xn--bro-1-kva");
    EXPECT_EQ(punycode_label("データ"), "xn--5ckp3n");
    EXPECT_EQ(punycode_label("веб"), "xn--90abj");
    EXPECT_EQ(punycode_label("a😀b"), "xn--ab-no82a");
}

TEST(Punycode, RefusesWhatMakesNoLabel) {
    EXPECT_FALSE(punycode_label("a\xff"));
    EXPECT_FALSE(punycode_label(std::string(60, 'a') + "ü"));
    std::string long_name;
    for (int i = 0; i < 5000; ++i) long_name += "データ";
    EXPECT_FALSE(punycode_label(long_name));
}

}  // namespace
}  // namespace lxvirt::base
