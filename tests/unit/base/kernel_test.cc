// The parts of base/ that need no privilege: tables of the kernel, codecs, the device filter's
// text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cgroup/cgroup.hh"
#include "base/cgroup/device_filter.hh"
#include "base/codec.hh"
#include "base/netlink/netlink.hh"
#include "base/process/capability.hh"
#include "base/process/process.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

using testing::ElementsAre;

TEST(Text, SplitsFieldsAndWords) {
    EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
    EXPECT_THAT(split("", ','), ElementsAre());
    EXPECT_THAT(split_words("  a\tbc\n"), ElementsAre("a", "bc"));
    EXPECT_EQ(trim(" x y\n"), "x y");
    EXPECT_EQ(parse_number<int>("12"), 12);
    EXPECT_EQ(parse_number<int>("12x"), std::nullopt);
    EXPECT_EQ(parse_number<unsigned char>("256"), std::nullopt);
}

TEST(Cgroup, FindsHybridHierarchies) {
    const auto all = parse_hierarchies(
        "21 20 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "22 21 0:21 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
        "23 21 0:22 / /sys/fs/cgroup/net_cls,net_prio rw shared:3 - cgroup cgroup "
        "rw,net_cls,net_prio\n"
        "24 21 0:23 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
        "rw,release_agent=/x/y,name=systemd\n"
        "25 21 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
        "26 21 0:21 / /srv/again rw - cgroup cgroup rw,cpu\n");
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].mount, "/sys/fs/cgroup/cpu");
    EXPECT_EQ(owner_of(all, "net_prio")->name, "net_cls,net_prio");
    EXPECT_EQ(all[1].options, "net_cls,net_prio");
    EXPECT_EQ(all[2].options, "none,name=systemd");
    ASSERT_NE(unified_of(all), nullptr);
    EXPECT_EQ(unified_of(all)->name, "unified");
    EXPECT_EQ(owner_of(all, "memory"), nullptr);
}

TEST(Cgroup, FindsThisHostsControllers) {
    for (const Hierarchy& hierarchy : find_hierarchies()) {
        EXPECT_TRUE(hierarchy.mount.starts_with('/'));
        for (const std::string& controller : hierarchy.controllers)
            EXPECT_EQ(controller.find_first_not_of("abcdefghijklmnopqrstuvwxyz_=-0123456789"),
                      std::string::npos)
                << controller;
    }
}

TEST(DeviceRule, IsWrittenAsTheV1ListWantsIt) {
    EXPECT_EQ((DeviceRule{.type = 'c', .major = 1, .minor = 3}.v1_text()), "c 1:3 rwm");
    EXPECT_EQ((DeviceRule{.type = 'a', .major = {}, .minor = {}, .access = kDeviceMknod}.v1_text()),
              "a *:* m");
}

constexpr DeviceRule kAllowAll{.type = 'a', .major = {}, .minor = {}};
constexpr DeviceRule kDenyAll{.allow = false, .type = 'a', .major = {}, .minor = {}};
constexpr DeviceRule kMakeAll{.type = 'a', .major = {}, .minor = {}, .access = kDeviceMknod};

DeviceRule deny(char type, std::optional<unsigned> major, std::optional<unsigned> minor,
                unsigned access = kDeviceRead | kDeviceWrite | kDeviceMknod) {
    return {.allow = false, .type = type, .major = major, .minor = minor, .access = access};
}

using Lines = std::vector<std::string>;

// The kernel reads "a" as all devices with all access.
TEST(DeviceRule, BothTypesAreTwoLinesOfAV1List) {
    const DeviceList list = v1_list({kMakeAll, device_rule('b', 7, 1, true)});
    EXPECT_FALSE(list.allows_rest);
    EXPECT_EQ(list.exceptions, (Lines{"b *:* m", "b 7:1 rm", "c *:* m"}));
}

TEST(DeviceRule, AV1ListKeepsTheOrder) {
    const DeviceRule random = device_rule('c', 1, 9, false);
    EXPECT_EQ(v1_list({random, deny('c', 1, 9)}).exceptions, Lines{});
    EXPECT_EQ(v1_list({deny('c', 1, 9), random}).exceptions, Lines{"c 1:9 rwm"});
    EXPECT_EQ(v1_list({random, deny('c', 1, 9, kDeviceWrite)}).exceptions, Lines{"c 1:9 rm"});
    EXPECT_EQ(v1_list({random, deny('c', {}, {})}).exceptions, Lines{});
    EXPECT_EQ(v1_list({random, kDenyAll, device_rule('c', 1, 3, false)}).exceptions,
              Lines{"c 1:3 rwm"});
    const DeviceList open = v1_list({random, kAllowAll, deny('b', {}, {})});
    EXPECT_TRUE(open.allows_rest);
    EXPECT_EQ(open.exceptions, Lines{"b *:* rwm"});
}

// To make a node that cannot be opened is of no use, so a wide rule of that kind may stay.
TEST(DeviceRule, AV1ListRefusesWhatItWouldLose) {
    EXPECT_EQ(v1_list({kMakeAll, deny('c', 1, 9)}).exceptions, (Lines{"b *:* m", "c *:* m"}));
    const DeviceRule pty{.type = 'c', .major = 136, .minor = {}};
    EXPECT_THROW((void)v1_list({pty, deny('c', 136, 2)}), Error);
    EXPECT_THROW((void)v1_list({kAllowAll, deny('c', {}, {}), pty}), Error);
}

// Runs the few instructions that device_program() uses.
bool allows(const std::vector<bpf_insn>& program, unsigned type, unsigned access, unsigned major,
            unsigned minor) {
    const std::uint32_t context[3] = {access << 16 | type, major, minor};
    std::uint64_t r[11] = {};
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        const bpf_insn& i = program[pc];
        const auto value = static_cast<std::uint32_t>(i.imm);
        switch (i.code) {
            case BPF_LDX | BPF_MEM | BPF_W: r[i.dst_reg] = context[i.off / 4]; break;
            case BPF_ALU | BPF_MOV | BPF_X: r[i.dst_reg] = r[i.src_reg] & 0xffffffffU; break;
            case BPF_ALU | BPF_AND | BPF_K:
                r[i.dst_reg] = (r[i.dst_reg] & value) & 0xffffffffU;
                break;
            case BPF_ALU | BPF_RSH | BPF_K:
                r[i.dst_reg] = (r[i.dst_reg] & 0xffffffffU) >> value;
                break;
            case BPF_JMP32 | BPF_JNE | BPF_K:
                if ((r[i.dst_reg] & 0xffffffffU) != value) pc += static_cast<std::size_t>(i.off);
                break;
            case BPF_JMP | BPF_JNE | BPF_K:
                if (r[i.dst_reg] != value) pc += static_cast<std::size_t>(i.off);
                break;
            case BPF_JMP | BPF_JSET | BPF_K:
                if ((r[i.dst_reg] & value) != 0) pc += static_cast<std::size_t>(i.off);
                break;
            case BPF_JMP | BPF_JA: pc += static_cast<std::size_t>(i.off); break;
            case BPF_ALU64 | BPF_MOV | BPF_K: r[i.dst_reg] = value; break;
            case BPF_JMP | BPF_EXIT: return r[0] == 1;
            default: ADD_FAILURE() << "unknown instruction " << unsigned{i.code}; return false;
        }
    }
    ADD_FAILURE() << "the program runs off its end";
    return false;
}

TEST(DeviceProgram, AllowsWhatIsListedAndNothingElse) {
    const auto program =
        device_program({{.type = 'c', .major = 1, .minor = 3},
                        {.type = 'c', .major = 136, .minor = std::nullopt},
                        {.type = 'b', .major = 7, .minor = 0, .access = kDeviceRead},
                        {.type = 'a', .major = {}, .minor = {}, .access = kDeviceMknod}});
    constexpr unsigned c = BPF_DEVCG_DEV_CHAR, b = BPF_DEVCG_DEV_BLOCK;
    constexpr unsigned read = BPF_DEVCG_ACC_READ, write = BPF_DEVCG_ACC_WRITE;
    EXPECT_TRUE(allows(program, c, read | write, 1, 3));
    EXPECT_FALSE(allows(program, b, read, 1, 3));
    EXPECT_FALSE(allows(program, c, read, 1, 4));
    EXPECT_TRUE(allows(program, c, read, 136, 77));
    EXPECT_TRUE(allows(program, b, read, 7, 0));
    EXPECT_FALSE(allows(program, b, read | write, 7, 0));
    EXPECT_TRUE(allows(program, b, BPF_DEVCG_ACC_MKNOD, 8, 0));
    EXPECT_FALSE(allows(program, b, BPF_DEVCG_ACC_MKNOD | read, 8, 0));
}

TEST(DeviceProgram, TheLastRuleThatMatchesDecides) {
    constexpr unsigned c = BPF_DEVCG_DEV_CHAR, b = BPF_DEVCG_DEV_BLOCK;
    constexpr unsigned read = BPF_DEVCG_ACC_READ, write = BPF_DEVCG_ACC_WRITE;
    const auto denied = device_program({{.type = 'c', .major = 1, .minor = {}}, deny('c', 1, 9)});
    EXPECT_TRUE(allows(denied, c, read, 1, 8));
    EXPECT_FALSE(allows(denied, c, read, 1, 9));
    const auto again = device_program({deny('c', 1, 9), {.type = 'c', .major = 1, .minor = 9}});
    EXPECT_TRUE(allows(again, c, read | write, 1, 9));
    const auto half =
        device_program({{.type = 'c', .major = 1, .minor = 9}, deny('c', 1, 9, kDeviceWrite)});
    EXPECT_TRUE(allows(half, c, read, 1, 9));
    EXPECT_FALSE(allows(half, c, write, 1, 9));
    EXPECT_FALSE(allows(half, c, read | write, 1, 9));
    const auto parts =
        device_program({{.type = 'c', .major = 1, .minor = 9, .access = kDeviceRead},
                        {.type = 'c', .major = 1, .minor = {}, .access = kDeviceWrite}});
    EXPECT_TRUE(allows(parts, c, read | write, 1, 9));
    const auto open = device_program({deny('b', 8, 0), kAllowAll, deny('b', {}, {})});
    EXPECT_TRUE(allows(open, c, read | write, 4, 5));
    EXPECT_FALSE(allows(open, b, read, 8, 0));
}

// The kernel's verifier refuses a program with instructions that nothing leads to.
TEST(DeviceProgram, HasNothingBehindARuleAboutEverything) {
    EXPECT_EQ(device_program({kAllowAll}).size(), device_program({kDenyAll}).size());
    EXPECT_EQ(device_program({device_rule('c', 1, 3, false), kAllowAll}).size(),
              device_program({kAllowAll}).size());
}

struct Inner {
    std::string text;
    std::optional<std::uint32_t> number;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("text", self.text);
        visit("number", self.number);
    }
};
struct Outer {
    std::uint64_t big = 0;
    bool flag = false;
    std::vector<Inner> items;
    template <typename Self, typename Visitor>
    static void fields(Self& self, Visitor& visit) {
        visit("big", self.big);
        visit("flag", self.flag);
        visit("items", self.items);
    }
};

TEST(Codec, ReadsWhatItWrote) {
    const Outer out{.big = 1ULL << 40, .flag = true, .items = {{"abcde", 7}, {"", std::nullopt}}};
    const auto in = decode<Outer>(encode(out), "test");
    EXPECT_EQ(in.big, out.big);
    EXPECT_TRUE(in.flag);
    ASSERT_EQ(in.items.size(), 2U);
    EXPECT_EQ(in.items[0].text, "abcde");
    EXPECT_EQ(in.items[0].number, 7U);
    EXPECT_EQ(in.items[1].number, std::nullopt);
}

TEST(Codec, RefusesEveryCutAndEveryRest) {
    const std::string whole = encode(Outer{.big = 1, .flag = true, .items = {{"abc", 7}}});
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW((void)decode<Outer>(whole.substr(0, size), "test"), Error) << size;
    EXPECT_THROW((void)decode<Outer>(whole + std::string(4, '\0'), "test"), Error);
    std::string lying = whole;
    lying[12] = '\x7f';  // the array's count
    EXPECT_THROW((void)decode<Outer>(lying, "test"), Error);
}

TEST(Codec, RefusesAStringThatIsLongerThanTheData) {
    try {
        (void)decode<Inner>(std::string("\xff\xff\xff\xffxxxx", 8), "test");
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("field 'text'"));
    }
}

TEST(Netlink, ParsesAddresses) {
    EXPECT_EQ(parse_mac("00:17:4e:9f:36:f8")->at(5), 0xf8);
    EXPECT_FALSE(parse_mac("00:17:4e:9f:36"));
    EXPECT_FALSE(parse_mac("00:17:4e:9f:36:zz"));
    EXPECT_EQ(parse_address("10.0.0.1")->prefix, 32U);
    EXPECT_EQ(parse_address("fd00::1")->family, AF_INET6);
    EXPECT_FALSE(parse_address("10.0.0.256"));
}

TEST(Capability, KnowsNamesAndNumbers) {
    EXPECT_EQ(capability_number("sys_admin"), 21U);
    EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), 21U);
    EXPECT_EQ(capability_number("nonsense"), std::nullopt);
    EXPECT_EQ(capability_name(21), "sys_admin");
}

TEST(ExitStatus, NamesTheSignal) {
    EXPECT_EQ((ExitStatus{.signaled = false, .value = 3}.text()), "exit status 3");
    EXPECT_EQ((ExitStatus{.signaled = true, .value = 9}.text()), "killed by signal 9 (KILL)");
    EXPECT_EQ(signal_name(SIGRTMIN + 3), "RTMIN+3");
}

TEST(TextTest, ShowsWhatATerminalWouldObey) {
    EXPECT_EQ(shown("plain \xc3\xbc \xe4\xb8\xad \xf0\x9f\x98\x80"),
              "plain \xc3\xbc \xe4\xb8\xad \xf0\x9f\x98\x80");
    EXPECT_EQ(shown("a\x1b[2J\n\t\x7f"), "a\\x1b[2J\\x0a\\x09\\x7f");
    EXPECT_EQ(shown("\xc2\x9b\xc2\x80\xc2\x9f\xc2\xa0"),
              "\\xc2\\x9b\\xc2\\x80\\xc2\\x9f"
              "\xc2\xa0");
    // No UTF-8: a lone byte, a cut and an overlong form, half of UTF-16, beyond U+10FFFF.
    EXPECT_EQ(shown("\xff\x9b"), "\\xff\\x9b");
    EXPECT_EQ(shown("\xe4\xb8"), "\\xe4\\xb8");
    EXPECT_EQ(shown("\xc0\x9b"), "\\xc0\\x9b");
    EXPECT_EQ(shown("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");
    EXPECT_EQ(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");
    EXPECT_EQ(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(shown(std::string("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(shown_lines("a\tb\nc\r\x1b"), "a\tb\nc\\x0d\\x1b");
}

}  // namespace lxvirt::base
