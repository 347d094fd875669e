#include "base/uuid.hh"

#include <gtest/gtest.h>

#include <set>

namespace lxvirt::base {

TEST(Uuid, CanonicalFormIsLowerCaseWithDashes) {
    const std::string canonical = "6a46bd23-f0df-461b-85e7-19fd36be90df";
    EXPECT_EQ(parse_uuid(canonical), canonical);
    EXPECT_EQ(parse_uuid("6A46BD23F0DF461B85E719FD36BE90DF"), canonical);
    EXPECT_EQ(parse_uuid("  6a46bd23-f0df-461b-85e7-19fd36be90df\n"), canonical);
}

// As virsh define of libvirt 9.0.0 does.
TEST(Uuid, TakesDashesAndBlanksBeforeAnyByte) {
    for (const char* text :
         {"-6a46bd23-f0df-461b-85e7-19fd36be90df", "6a46bd23--f0df-461b-85e7-19fd36be90df",
          "6a 46 bd 23-f0df 461b-85e7-19fd36be90df"})
        EXPECT_EQ(parse_uuid(text), "6a46bd23-f0df-461b-85e7-19fd36be90df") << text;
}

TEST(Uuid, RefusesWhatIsNoUuid) {
    for (const char* text :
         {"", " ", "6a46bd23-f0df-461b-85e7-19fd36be90d", "6a46bd23-f0df-461b-85e7-19fd36be90dfa",
          "6a46bd23-f0df-461b-85e7-19fd36be90dg", "6 a46bd23-f0df-461b-85e7-19fd36be90df",
          "6a46bd23-f0df-461b-85e7-19fd36be90df-"})
        EXPECT_EQ(parse_uuid(text), std::nullopt) << text;
}

TEST(Uuid, RandomOnesAreOfVersionFourAndDiffer) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string uuid = random_uuid();
        ASSERT_EQ(parse_uuid(uuid), uuid);
        ASSERT_EQ(uuid[14], '4') << uuid;
        ASSERT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
        ASSERT_TRUE(seen.insert(uuid).second) << uuid;
    }
}

}  // namespace lxvirt::base
