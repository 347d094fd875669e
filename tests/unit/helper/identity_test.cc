#include "helper/identity.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::helper {

class IdentityFiles : public testing::Test {
  protected:
    void SetUp() override {
        base::write_atomic(passwd_,
                           "root:x:0:0:root:/root:/bin/sh\n"
                           "web:x:33:44:Web:/srv/web:/bin/sh\n"
                           "1000:x:5:5:odd:/odd:/bin/sh\n"
                           "broken\n");
        base::write_atomic(group_, "root:x:0:\nweb:x:44:\nmedia:x:90:alice,web\n");
    }
    void TearDown() override {
        (void)base::remove_file(passwd_);
        (void)base::remove_file(group_);
    }
    [[nodiscard]] Identity find(const std::string& user, const std::string& group = "") const {
        return find_identity(user, group, passwd_, group_);
    }
    const std::string passwd_ = testing::TempDir() + "identity_passwd";
    const std::string group_ = testing::TempDir() + "identity_group";
};

TEST_F(IdentityFiles, FindsByNameWithGroupsAndHome) {
    const Identity web = find("web");
    EXPECT_EQ(web.uid, 33U);
    EXPECT_EQ(web.gid, 44U);
    EXPECT_EQ(web.home, "/srv/web");
    EXPECT_THAT(web.groups, testing::ElementsAre(90U));
    EXPECT_EQ(find("web", "media").gid, 90U);
}

TEST_F(IdentityFiles, TakesNumbersAndPlusNumbers) {
    EXPECT_EQ(find("33").uid, 33U);
    EXPECT_EQ(find("4711").uid, 4711U);
    EXPECT_EQ(find("1000").uid, 5U) << "a name goes before a number";
    EXPECT_EQ(find("+1000").uid, 1000U);
    EXPECT_EQ(find("+33").gid, 44U) << "the number's line still tells its group";
    EXPECT_EQ(find("", "+12").gid, 12U);
}

TEST_F(IdentityFiles, NamesWhatIsMissing) {
    try {
        (void)find("nobody-here");
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("user 'nobody-here'"));
    }
    EXPECT_THROW((void)find("web", "+x"), base::Error);
}

}  // namespace lxvirt::helper
