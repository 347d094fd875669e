#include "driver/store/root.hh"

#include <gmock/gmock.h>

#include "tests/unit/driver/fixture.hh"
#include "xml/document/identity.hh"

namespace lxvirt::driver {

using testing::HasSubstr;

TEST_F(RootTest, FoldersWithPrivateContentAreForRootOnly) {
    for (const std::string& path : {root.definitions(), root.autostart_folder(), root.domains(),
                                    root.locks(), root.ended_folder(), root.logs()}) {
        struct stat facts = {};
        ASSERT_EQ(::stat(path.c_str(), &facts), 0) << path;
        EXPECT_EQ(facts.st_mode & 07777, 0700U) << path;
        EXPECT_EQ(path.rfind(folder.path(), 0), 0U) << path;
    }
}

TEST_F(RootTest, ItsIdIsThatOfTheCanonicalFolder) {
    ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
    EXPECT_EQ(Root(folder / "link").id(), root.id());
    EXPECT_EQ(Root(folder.path() + "//x/../").id(), root.id());
    EXPECT_NE(Root(folder / "x").id(), root.id());
    EXPECT_EQ(root.id().size(), 12U);
    EXPECT_EQ(Root().id(), "system");
    EXPECT_EQ(Root("/").id(), "system");
    EXPECT_EQ(Root().definition("x"), "/etc/lxvirt/lxc/x.xml");
}

TEST(Root, RefusesARelativeFolder) {
    EXPECT_THROW(Root("some/folder"), base::Error);
}

TEST(CheckName, RefusesWhatIsNoFileName) {
    for (const std::string& name :
         {std::string(), std::string("  "), std::string("a/b"), std::string(".hidden"),
          std::string(".."), std::string("a\nb"), std::string("a\0b", 3), std::string(201, 'x')})
        EXPECT_THROW(xml::check_name(name), base::Error) << name;
    for (const std::string& name : {std::string("web"), std::string("a b.c-d_e"),
                                    std::string("Ünïcode"), std::string(200, 'x')})
        EXPECT_NO_THROW(xml::check_name(name)) << name;
}

TEST_F(RootTest, AHookThatCallsBackForItsOwnDomainGetsAnErrorAtOnce) {
    const std::string environment = root.hook_environment(root.domain_paths(), "web");
    const auto equals = environment.find('=');
    ASSERT_EQ(::setenv(environment.substr(0, equals).c_str(), environment.c_str() + equals + 1, 1),
              0);
    const std::string own = message_of([&] { (void)root.lock_domain("web"); });
    const std::string define = message_of([&] { (void)root.lock_to_define({"db", "web"}); });
    const std::string other = message_of([&] { (void)root.lock_domain("db"); });
    ASSERT_EQ(::unsetenv(environment.substr(0, equals).c_str()), 0);
    EXPECT_THAT(own, HasSubstr("a hook of domain 'web' cannot change this domain"));
    EXPECT_EQ(define, own);
    EXPECT_EQ(other, "");
}

TEST_F(RootTest, WaitingForADomainToDefineKeepsNobodyFromAnother) {
    tests::ChildProcess holder([&](const auto& ready) {
        const auto lock = root.lock_domain("slow");
        ready();
        ::pause();
        return 0;
    });
    ASSERT_TRUE(holder.wait_ready());
    tests::ChildProcess waiter([&](const auto& ready) {
        ready();
        const auto locks = root.lock_to_define({"slow"});
        return 0;
    });
    ASSERT_TRUE(waiter.wait_ready());
    ::usleep(50'000);
    const auto before = std::chrono::steady_clock::now();
    { const auto locks = root.lock_to_define({"quick"}); }
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
    holder.kill();
    EXPECT_EQ(waiter.wait(), 0);
}

TEST_F(RootTest, TheLimitForAnOperationComesFromTheSettings) {
    base::write_atomic(root.settings(), "operation_timeout = 1\n");
    tests::ChildProcess holder([&](const auto& ready) {
        const auto lock = root.lock_domain("x");
        ready();
        ::pause();
        return 0;
    });
    ASSERT_TRUE(holder.wait_ready());
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THAT(
        message_of([&] { (void)root.lock_domain("x"); }),
        HasSubstr(fmt::format("cannot acquire state change lock (held by {} ", holder.pid())));
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

}  // namespace lxvirt::driver
