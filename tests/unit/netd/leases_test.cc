#include <gtest/gtest.h>

#include "netd/leases.hh"

namespace lxvirt::netd {
namespace {

// As dnsmasq 2.90 wrote it, for clients of both families.
constexpr std::string_view kFile =
    "1795320849 52:54:00:eb:a1:df 192.168.0.188 web1 01:52:54:00:eb:a1:df\n"
    "0 52:54:00:00:00:02 192.168.0.9 * *\n"
    "1795320850 06-02:00:00:00:00:01 192.168.0.10 odd ff:00\n"
    "duid 00:01:00:01:2e:00:00:00:52:54:00:11:22:33\n"
    "1795320851 15573439 fd00::1ab web1 00:04:7e:7d\n"
    "1795320852 T15573440 fd00::1ac * 00:04:7e:7e\n";

TEST(LeasesTest, KnowsBothFamilies) {
    const Leases parsed = parse_leases(kFile, "leases");
    EXPECT_TRUE(parsed.notices.empty());
    ASSERT_EQ(parsed.leases.size(), 5U);
    const Lease& first = parsed.leases[0];
    EXPECT_EQ(first.expiry, 1795320849);
    EXPECT_EQ(first.mac, "52:54:00:eb:a1:df");
    EXPECT_EQ(first.ip, "192.168.0.188");
    EXPECT_EQ(first.hostname, "web1");
    EXPECT_EQ(first.client_id, "01:52:54:00:eb:a1:df");
    EXPECT_FALSE(first.v6);
    EXPECT_EQ(parsed.leases[1].expiry, 0);
    EXPECT_EQ(parsed.leases[1].hostname, "");
    EXPECT_EQ(parsed.leases[1].client_id, "");
    EXPECT_EQ(parsed.leases[2].mac, "06-02:00:00:00:00:01");
    EXPECT_TRUE(parsed.leases[3].v6);
    EXPECT_EQ(parsed.leases[3].iaid, "15573439");
    EXPECT_EQ(parsed.leases[3].mac, "");
    EXPECT_EQ(parsed.leases[4].iaid, "T15573440");
}

TEST(LeasesTest, TakesAnyCutOfTheFile) {
    for (std::size_t length = 0; length <= kFile.size(); ++length) {
        const Leases parsed = parse_leases(kFile.substr(0, length), "leases");
        const bool whole = length == 0 || kFile[length - 1] == '\n';
        // The cut may be in dnsmasq's own line, which is no lease.
        EXPECT_LE(parsed.notices.size(), whole ? 0U : 1U) << length;
        for (const Lease& lease : parsed.leases)
            EXPECT_NE(kFile.find(" " + lease.ip + " "), std::string_view::npos) << length;
    }
    const Leases cut = parse_leases(kFile.substr(0, 100), "/run/x/leases");
    ASSERT_EQ(cut.notices.size(), 1U);
    EXPECT_EQ(cut.notices[0], "/run/x/leases:2: the last lease is cut short and was left out");
}

TEST(LeasesTest, NamesALineThatIsNone) {
    const Leases parsed = parse_leases("nonsense\n1 a b c d\n-1 a b c d\n", "f");
    ASSERT_EQ(parsed.notices.size(), 2U);
    EXPECT_EQ(parsed.notices[0], "f:1: this is no lease and was left out");
    EXPECT_EQ(parsed.notices[1], "f:3: this is no lease and was left out");
}

TEST(LeasesTest, ReadsMany) {
    std::string text;
    for (int i = 0; i < 500; ++i)
        text += "1795320849 52:54:00:eb:a1:df 192.168.0.188 web1 01:52:54:00:eb:a1:df\n";
    EXPECT_EQ(parse_leases(text, "f").leases.size(), 500U);
}

}  // namespace
}  // namespace lxvirt::netd
