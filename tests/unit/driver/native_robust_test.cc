// Files that are no good configuration: each gives an account or an error, with its line, in
// bounded time.
#include <sys/stat.h>

#include <chrono>

#include <gmock/gmock.h>

#include "tests/support/folder.hh"
#include "tests/unit/driver/native_facts.hh"

namespace lxvirt::driver::native {
namespace {

using tests::TemporaryFolder;

using ::testing::HasSubstr;

class NativeRobust : public ::testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) {
        base::write_atomic(folder / name, text, 0600, base::Durability::volatile_);
    }
    // What is told of a configuration that has a root besides `text`; without the folder's name.
    std::string told(const std::string& text) {
        write("config", "lxc.uts.name = c\nlxc.rootfs.path = /srv/c\n" + text);
        made = convert(folder / "config", {}, test_facts());
        std::string all;
        for (const Entry& entry : made.verdicts.entries)
            if (entry.verdict != Verdict::exact) all += entry.message() + "\n";
        for (std::size_t at; (at = all.find(folder.path())) != std::string::npos;)
            all.erase(at, folder.path().size() + 1);
        return all;
    }

    const TemporaryFolder folder;
    Conversion made;
};

TEST_F(NativeRobust, TakesWholeCharactersOfUtf8ForTextOnly) {
    for (const char* text :
         {"", "a\tb", "\xc2\x80", "\xdf\xbf", "\xe2\x82\xac", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_text(text)) << text;
    for (const char* text : {"\n", "\x7f", "\x80", "\xc1\x81", "\xc3",
                             "\xc3"
                             "A",
                             "\xf5\x80\x80\x80"})
        EXPECT_FALSE(is_text(text)) << text;
}

TEST_F(NativeRobust, IncludesOfEachOtherEnd) {
    write("a", "lxc.include = b\nlxc.init.cwd = /srv\n");
    write("b", "lxc.include = a\nlxc.cap.drop = chown\n");
    EXPECT_EQ(told("lxc.include = a\n"),
              "b:1: lxc.include: not translated: 'a' is being read already: it includes itself\n");
    EXPECT_EQ(made.domain.os.initdir, "/srv");
    EXPECT_EQ(made.domain.features.capabilities.size(), 1U);
}

TEST_F(NativeRobust, IncludesAreDeepOnlyToALimit) {
    for (int i = 0; i < kMaxInclude + 5; ++i)
        write(fmt::format("n{}", i), fmt::format("lxc.include = n{}\n", i + 1));
    EXPECT_THAT(told("lxc.include = n0\n"), HasSubstr("32 levels deep"));
}

TEST_F(NativeRobust, IncludesMultiplyOnlyToALimit) {
    std::string twice;
    write("n0", std::string(2U << 20, '#') + "\n");
    for (int i = 0; i < 10; ++i)
        write(fmt::format("n{}", i + 1),
              fmt::format("lxc.include = n{0}\nlxc.include = n{0}\n", i));
    EXPECT_THAT(told("lxc.include = n10\n"), HasSubstr("all includes together are larger"));
}

TEST_F(NativeRobust, AFolderIsReadByItsConfFiles) {
    base::make_folders(folder / "more");
    write("more/b.conf", "lxc.cap.drop = chown\n");
    write("more/a.conf", "lxc.nonsense = 1\n");
    write("more/c.txt", "lxc.nonsense = 2\n");
    EXPECT_EQ(told("lxc.include = more\n"),
              "more/a.conf:1: lxc.nonsense: not translated: lxc knows no such key\n");
    EXPECT_EQ(made.domain.features.capabilities.size(), 1U);
}

TEST_F(NativeRobust, WhatCannotBeReadIsTold) {
    base::make_folders(folder / "fstab");
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    EXPECT_THAT(told("lxc.include = absent\n"), HasSubstr("config:3: lxc.include: not translated"));
    EXPECT_THAT(told("lxc.include = fifo\n"), HasSubstr("is a FIFO"));
    EXPECT_THAT(told("lxc.include = /dev/zero\n"), HasSubstr("is a character device"));
    EXPECT_THROW((void)convert(folder / "absent", {}, test_facts()), base::SystemError);
    EXPECT_THROW((void)convert(folder.path(), {}, test_facts()), base::SystemError);
    Facts facts = test_facts();
    facts.text = host_facts().text;
    write("config", "lxc.rootfs.path = /srv/c\nlxc.mount.fstab = " + (folder / "fifo") + "\n");
    made = convert(folder / "config", {}, facts);
    EXPECT_EQ(made.verdicts.count(Verdict::not_translated), 1U);
}

// What is lost is isolation where the lost thing would have narrowed the container.
TEST_F(NativeRobust, LostIsolationIsKnownByTheLineAndNotByItsWords) {
    const auto lost = [&](const std::string& text) {
        (void)told(text);
        return made.verdicts.lost_isolation().size();
    };
    EXPECT_EQ(lost("lxc.include = /absent/common.conf\n"), 1U);
    EXPECT_EQ(lost("lxc.include = /absent/common.conf.d/\n"), 0U);
    EXPECT_EQ(lost("lxc.include = /dev/null/common.conf.d/\n"), 1U);
    EXPECT_EQ(lost("lxc.include = \"/absent/':/common.conf\"\n"), 1U);
    EXPECT_EQ(lost("lxc.mount.entry = /a /elsewhere none bind,ro\n"), 1U);
    EXPECT_EQ(lost("lxc.mount.entry = /a /elsewhere none bind\n"), 0U);
    EXPECT_EQ(lost("lxc.mount.entry = /a b none bind,ro\n"), 0U);
    EXPECT_EQ(lost("lxc.mount.fstab = /absent/fstab\n"), 1U);
    // Rules count with a generated profile only.
    EXPECT_EQ(lost("lxc.apparmor.profile = generated\nlxc.apparmor.raw = audit deny mount,\n"), 1U);
    EXPECT_EQ(lost("lxc.apparmor.profile = generated\nlxc.apparmor.raw = mount,\n"), 0U);
    EXPECT_EQ(lost("lxc.apparmor.profile = lxc-own\nlxc.apparmor.raw = deny mount,\n"), 0U);
    EXPECT_EQ(lost("lxc.mount.entry = /a c none bind,optional,ro\nlxc.log.level = 1\n"), 0U);
}

TEST_F(NativeRobust, LongLinesAndBytesAreTold) {
    EXPECT_EQ(told("lxc.environment = A=" + std::string(10U << 20, 'x') + "\n"),
              "config:3: lxc.environment: not translated: it is longer than 65536 bytes\n");
    EXPECT_EQ(told("lxc." + std::string(10U << 20, 'x')),
              "config:3: lxc." + std::string(56, 'x') +
                  "...: not translated: there is no '=' after the key\n");
    EXPECT_EQ(
        told("lxc.environment = A=\xff\xfe\n"),
        "config:3: lxc.environment: not translated: it holds bytes that are not UTF-8 text\n");
    EXPECT_EQ(told(std::string("lxc.a\0b = 1\n", 12)),
              "config:3: lxc.a\\x00b: not translated: it holds bytes that are not UTF-8 text\n");
    EXPECT_EQ(told(std::string("\x7f"
                               "ELF\2\1\1\0\0\0",
                               10)),
              "");
}

TEST_F(NativeRobust, ManyKeysAreAnErrorWithItsLine) {
    std::string text;
    for (std::size_t i = 0; i <= kMaxLines; ++i) text += fmt::format("lxc.net.{}.x=1\n", i);
    try {
        (void)told(text);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("config:5001: more than 5000 keys"));
    }
}

// One of each kind of key, as many as there may be.
TEST_F(NativeRobust, ManyKeysTakeBoundedTime) {
    for (const char* line :
         {"lxc.net.{}.type=veth\n", "lxc.cgroup2.a{}=1\n", "lxc.cap.drop=chown\n",
          "lxc.mount.entry=/a{0} b{0} none bind\n", "lxc.environment=A{}=b\n",
          "lxc.network.type=veth\n", "lxc.hook.start=/b{}\n"}) {
        std::string text;
        for (std::size_t i = 0; i < kMaxLines - 2; ++i) text += fmt::format(fmt::runtime(line), i);
        const auto begin = std::chrono::steady_clock::now();
        (void)told(text);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << line;
    }
}

TEST_F(NativeRobust, ALineThatNoDomainCanHaveIsLeftOut) {
    const std::string text = told(
        "lxc.cap.drop = chown\nlxc.net.0.type = veth\nlxc.net.0.hwaddr = 01:00:5e:00:00:01\n"
        "lxc.tty.max = 2\nlxc.init.cwd = relative\n");
    EXPECT_THAT(text, HasSubstr("config:5: lxc.net.0.hwaddr: not translated: no domain can have"));
    EXPECT_EQ(made.domain.consoles.size(), 2U);
    EXPECT_EQ(made.domain.features.capabilities.size(), 1U);
    EXPECT_EQ(made.domain.interfaces.size(), 1U);
}

}  // namespace
}  // namespace lxvirt::driver::native
