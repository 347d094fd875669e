#include "xml/document/values.hh"

#include <gtest/gtest.h>

namespace lxvirt::xml {
namespace {

TEST(Values, ReadsWholeNumbersOnly) {
    EXPECT_EQ(to_unsigned("18446744073709551615"), 18446744073709551615U);
    EXPECT_FALSE(to_unsigned("18446744073709551616"));
    EXPECT_FALSE(to_unsigned(""));
    EXPECT_FALSE(to_unsigned("-1"));
    EXPECT_FALSE(to_unsigned(" 1"));
    EXPECT_FALSE(to_unsigned("1x"));
    EXPECT_EQ(to_signed("-5"), -5);
    EXPECT_EQ(to_unsigned_any_base("0x1f"), 31U);
    EXPECT_EQ(to_unsigned_any_base("017"), 15U);
    EXPECT_EQ(to_unsigned_any_base("0"), 0U);
    EXPECT_FALSE(to_unsigned_any_base("0x"));
}

TEST(Values, KnowsUnitsWithoutRegardToCase) {
    EXPECT_EQ(unit_bytes("KiB"), 1024U);
    EXPECT_EQ(unit_bytes("k"), 1024U);
    EXPECT_EQ(unit_bytes("KB"), 1000U);
    EXPECT_EQ(unit_bytes("bytes"), 1U);
    EXPECT_EQ(unit_bytes("EiB"), std::uint64_t{1} << 60);
    EXPECT_FALSE(unit_bytes(""));
    EXPECT_FALSE(unit_bytes("foo"));
    EXPECT_FALSE(unit_bytes("KiBs"));
}

TEST(Values, ReadsHardwareAddresses) {
    EXPECT_EQ(mac_text(to_mac("5A:4:00:0:ff:1").value()), "5a:04:00:00:ff:01");
    EXPECT_FALSE(to_mac("52:54:00:00:00"));
    EXPECT_FALSE(to_mac("52:54:00:00:00:01:02"));
    EXPECT_FALSE(to_mac("52-54-00-00-00-01"));
    EXPECT_FALSE(to_mac("052:54:00:00:00:01"));
    EXPECT_FALSE(to_mac(""));
    EXPECT_EQ(random_mac().substr(0, 9), "52:54:00:");
    EXPECT_TRUE(to_mac(random_mac()));
}

TEST(Values, PrintsSetsCanonically) {
    EXPECT_EQ(canonical_set("0-3,^2,7"), "0-1,3,7");
    EXPECT_EQ(canonical_set(" 1 , 2-4 "), "1-4");
    EXPECT_EQ(canonical_set("5,4,3,1"), "1,3-5");
    EXPECT_EQ(canonical_set("1,"), "1");
    EXPECT_EQ(canonical_set("1023"), "1023");
    EXPECT_EQ(canonical_set("^1"), "");
    for (const char* bad : {"", "zz", "3-1", "0-", "1024", "^0-1", "1,,2", "-1"})
        EXPECT_FALSE(canonical_set(bad)) << bad;
}

TEST(Values, ReadsAddressesAndMasks) {
    EXPECT_EQ(to_ip_address("2001:DB8:0::1")->text(), "2001:db8::1");
    EXPECT_FALSE(to_ip_address("10.0.0"));
    EXPECT_FALSE(to_ip_address("host"));
    EXPECT_EQ(mask_prefix(*to_ip_address("255.255.240.0")), 20U);
    EXPECT_FALSE(mask_prefix(*to_ip_address("255.0.255.0")));
    EXPECT_TRUE(to_ip_address("10.1.0.0")->zero_beyond(16));
    EXPECT_FALSE(to_ip_address("10.1.0.0")->zero_beyond(8));
}

TEST(Values, KnowsDiskNames) {
    EXPECT_EQ(disk_index("vda"), 0U);
    EXPECT_EQ(disk_index("sdaa"), 26U);
    EXPECT_FALSE(disk_index("xxx"));
    EXPECT_FALSE(disk_index("vd"));
    EXPECT_FALSE(disk_index("vdA"));
    EXPECT_EQ(bus_of_disk("xvdb"), "xen");
    EXPECT_EQ(bus_of_disk("loop0"), "");
}

}  // namespace
}  // namespace lxvirt::xml
