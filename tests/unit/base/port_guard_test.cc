// The program that guards a bridge port, run by the kernel on frames made here (BPF_PROG_TEST_RUN).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/netlink/port_guard.hh"

namespace lxvirt::base {
namespace {

using Bytes = std::string;

Bytes bytes(std::initializer_list<int> values) {
    Bytes made;
    for (const int value : values) made += static_cast<char>(value);
    return made;
}

constexpr const char* kOwn = "52:54:00:00:00:01";

Bytes frame(const Bytes& target, int type, const Bytes& data,
            const Bytes& source = bytes({0x52, 0x54, 0, 0, 0, 1})) {
    Bytes made = target + source + bytes({type >> 8, type & 255}) + data;
    if (made.size() < 60) made.resize(60);
    return made;
}
const Bytes kNeighbour = bytes({0x52, 0x54, 0, 0, 0, 2});

Bytes udp(int from, int to) {
    return bytes({from >> 8, from & 255, to >> 8, to & 255, 0, 16, 0, 0}) + Bytes(8, 'x');
}
Bytes ipv4(int protocol, const Bytes& data, int words = 5, int fragment = 0) {
    return bytes({0x40 + words,
                  0,
                  0,
                  60,
                  0,
                  1,
                  fragment >> 8,
                  fragment & 255,
                  64,
                  protocol,
                  0,
                  0,
                  10,
                  0,
                  0,
                  5,
                  10,
                  0,
                  0,
                  6}) +
           Bytes(static_cast<std::size_t>(words - 5) * 4, '\1') + data;
}
Bytes ipv6(int next, const Bytes& data) {
    return bytes({0x60, 0, 0, 0, 0, 60, next, 255}) + Bytes(32, '\xfe') + data;
}
Bytes icmpv6(int type) {
    return bytes({type, 0, 0, 0}) + Bytes(12, '\0');
}
// An extension header of eight or more bytes.
Bytes header(int next, int more = 0) {
    return bytes({next, more}) + Bytes(6 + static_cast<std::size_t>(more) * 8, '\0');
}

class PortGuardTest : public ::testing::Test {
  protected:
    // Returns the result of the program: TC_ACT_SHOT, or TC_ACT_UNSPEC for what passes.
    int run(const PortGuard& guard, const Bytes& data) {
        const UniqueFd program = load_port_guard(guard);
        Bytes out(4096, '\0');
        __sk_buff context{};
        bpf_attr test{};
        test.test.prog_fd = static_cast<std::uint32_t>(program.get());
        test.test.data_in = reinterpret_cast<std::uintptr_t>(data.data());
        test.test.data_size_in = static_cast<std::uint32_t>(data.size());
        test.test.data_out = reinterpret_cast<std::uintptr_t>(out.data());
        test.test.data_size_out = static_cast<std::uint32_t>(out.size());
        test.test.ctx_in = test.test.ctx_out = reinterpret_cast<std::uintptr_t>(&context);
        test.test.ctx_size_in = test.test.ctx_size_out = sizeof context;
        if (::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &test, sizeof test) != 0)
            fail_errno("run the guard");
        mark_ = context.mark;
        return static_cast<int>(test.test.retval);
    }
    bool drops(const PortGuard& guard, const Bytes& data) {
        return run(guard, data) == TC_ACT_SHOT;
    }
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "a BPF program needs a privilege";
    }
    std::uint32_t mark_ = 0;
    const PortGuard all_{.bpdu = true, .ra = true, .dhcp = true, .address = {}};
};

TEST_F(PortGuardTest, DropsBpdus) {
    const Bytes stp = frame(bytes({1, 0x80, 0xc2, 0, 0, 0}), 38, bytes({0x42, 0x42, 3}));
    const Bytes pvst = frame(bytes({1, 0, 0x0c, 0xcc, 0xcc, 0xcd}), 50, bytes({0xaa, 0xaa, 3}));
    for (const Bytes& data : {stp, pvst}) {
        EXPECT_TRUE(drops({.bpdu = true, .address = {}}, data));
        EXPECT_FALSE(drops({.ra = true, .dhcp = true, .address = {}}, data));
    }
    EXPECT_FALSE(drops(all_, frame(bytes({1, 0x80, 0xc2, 0, 0, 0x0e}), 0x88cc, "")));
}

TEST_F(PortGuardTest, DropsAnswersOfDhcpServers) {
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(67, 68)))));
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(999, 68), 15))));
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(17, udp(547, 546)))));
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(60, header(17, 3) + udp(547, 546)))));
    // Requests, other ports, other protocols, and later fragments.
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(68, 67)))));
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(68, 67), 15))));
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x0800, ipv4(6, udp(67, 68)))));
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(67, 68), 5, 185))));
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x0800, ipv4(17, udp(67, 68), 5, 0x2000))));
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(17, udp(546, 547)))));
    EXPECT_FALSE(
        drops({.ra = true, .address = {}}, frame(kNeighbour, 0x86dd, ipv6(17, udp(547, 546)))));
}

TEST_F(PortGuardTest, DropsRouterAdvertisements) {
    const int hop = 0, fragment = 44, icmp = 58;
    for (const int type : {134, 137}) {
        EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(icmp, icmpv6(type)))));
        EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd,
                                      ipv6(hop, header(60) + header(icmp, 2) + icmpv6(type)))));
        EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd,
                                      ipv6(fragment, header(60) + header(icmp) + icmpv6(type)))));
        EXPECT_FALSE(drops({.dhcp = true, .address = {}},
                           frame(kNeighbour, 0x86dd, ipv6(icmp, icmpv6(type)))));
    }
    // Solicitations, advertisements of neighbours, echoes.
    for (const int type : {133, 135, 136, 128, 143})
        EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(icmp, icmpv6(type)))));
    // More headers than anybody needs, and a header that is not whole.
    Bytes many;
    for (int i = 0; i < 9; ++i) many += header(60);
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(60, many + icmpv6(134)))));
    EXPECT_TRUE(drops(all_, frame(kNeighbour, 0x86dd, ipv6(60, header(icmp, 200)))));
}

TEST_F(PortGuardTest, KnowsTheOwnAddress) {
    const PortGuard guard{.mac = true, .address = kOwn};
    EXPECT_FALSE(drops(guard, frame(kNeighbour, 0x0800, ipv4(1, ""))));
    EXPECT_TRUE(drops(guard, frame(kNeighbour, 0x0800, ipv4(1, ""), kNeighbour)));
    EXPECT_TRUE(drops(guard, frame(kNeighbour, 0x0806, "", bytes({0x52, 0x54, 0, 0, 1, 1}))));
    EXPECT_THROW((void)port_guard_program({.mac = true, .address = "x"}), Error);
}

// ARP for Ethernet and IPv4, of the container's hardware address unless another is given.
Bytes arp(int operation, const Bytes& sender, const Bytes& mac = bytes({0x52, 0x54, 0, 0, 0, 1}),
          const Bytes& target = bytes({10, 0, 0, 9})) {
    return bytes({0, 1, 8, 0, 6, 4, 0, operation}) + mac + sender + Bytes(6, '\0') + target;
}
const Bytes kAny = Bytes(16, '\0');
// fe80::5054:ff:fe00:1, which is made of the hardware address.
const Bytes kLinkLocal = bytes({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0, 0, 1});
const Bytes kGlobal = bytes({0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5});
const Bytes kForeign = bytes({0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6});
Bytes ipv6_from(const Bytes& source, int next, const Bytes& data) {
    return bytes({0x60, 0, 0, 0, 0, 60, next, 255}) + source + Bytes(16, '\1') + data;
}
Bytes ipv4_from(const Bytes& source, int protocol, const Bytes& data) {
    return ipv4(protocol, data).replace(12, 4, source);
}

TEST_F(PortGuardTest, LetsOwnAddressesPass) {
    const PortGuard guard{
        .ip = true, .address = kOwn, .addresses = {"10.0.0.5", "10.0.0.7", "fd77::5"}};
    const auto sends = [&](int type, const Bytes& data) {
        return !drops(guard, frame(kNeighbour, type, data));
    };
    EXPECT_TRUE(sends(0x0800, ipv4(1, "")));
    EXPECT_TRUE(sends(0x0800, ipv4_from(bytes({10, 0, 0, 7}), 6, "")));
    EXPECT_FALSE(sends(0x0800, ipv4_from(bytes({10, 0, 0, 6}), 6, "")));
    // Without an address: a question for one.
    EXPECT_TRUE(sends(0x0800, ipv4_from(Bytes(4, '\0'), 17, udp(68, 67))));
    EXPECT_FALSE(sends(0x0800, ipv4_from(Bytes(4, '\0'), 17, udp(68, 53))));
    EXPECT_FALSE(sends(0x0800, ipv4_from(Bytes(4, '\0'), 6, udp(68, 67))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kAny, 58, icmpv6(135))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kLinkLocal, 58, icmpv6(133))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kGlobal, 6, "")));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kForeign, 6, "")));
    EXPECT_FALSE(sends(0x86dd, ipv6(6, "")));
    // ARP is another guard's; what else might carry IP does not pass.
    EXPECT_TRUE(sends(0x0806, arp(2, bytes({10, 0, 0, 6}))));
    EXPECT_FALSE(sends(0x8100, bytes({0, 1, 8, 0}) + ipv4(1, "")));
    EXPECT_THROW((void)port_guard_program({.ip = true, .address = kOwn, .addresses = {"x"}}),
                 Error);
}

TEST_F(PortGuardTest, LetsNobodySpeakForOthers) {
    const PortGuard guard{.arp = true, .address = kOwn, .addresses = {"10.0.0.5", "fd77::5"}};
    const auto sends = [&](int type, const Bytes& data) {
        return !drops(guard, frame(kNeighbour, type, data));
    };
    for (const int operation : {1, 2}) {
        EXPECT_TRUE(sends(0x0806, arp(operation, bytes({10, 0, 0, 5}))));
        // A probe for the own address; one for another's keeps a neighbour from taking that.
        const Bytes mac = bytes({0x52, 0x54, 0, 0, 0, 1});
        EXPECT_TRUE(sends(0x0806, arp(operation, Bytes(4, '\0'), mac, bytes({10, 0, 0, 5}))));
        EXPECT_FALSE(sends(0x0806, arp(operation, Bytes(4, '\0'))));
        EXPECT_FALSE(sends(0x0806, arp(operation, bytes({10, 0, 0, 6}))));
        EXPECT_FALSE(sends(0x0806, arp(operation, bytes({10, 0, 0, 5}), kNeighbour)));
    }
    EXPECT_FALSE(sends(0x0806, arp(2, bytes({10, 0, 0, 5})).replace(1, 1, "\6")));
    EXPECT_TRUE(sends(0x0800, ipv4_from(bytes({10, 0, 0, 6}), 6, "")));
    const auto about = [](const Bytes& target, int type = 136) {
        return bytes({type, 0, 0, 0, 0, 0, 0, 0}) + target;
    };
    // Questions: for anybody from an own address; from no address after the own ones only.
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kGlobal, 58, about(kForeign, 135))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kLinkLocal, 58, about(kForeign, 135))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kForeign, 58, about(kForeign, 135))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kForeign, 58, about(kGlobal, 135))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kAny, 58, about(kGlobal, 135))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kAny, 58, about(kLinkLocal, 135))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kAny, 58, about(kForeign, 135))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kGlobal, 58, about(kGlobal))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kLinkLocal, 58, about(kLinkLocal))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kGlobal, 58, about(kForeign))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kForeign, 58, about(kGlobal))));
    EXPECT_FALSE(sends(0x86dd, ipv6_from(kGlobal, 60, header(58, 1) + about(kForeign))));
    for (const int type : {133, 134, 137}) {
        EXPECT_TRUE(sends(0x86dd, ipv6_from(kLinkLocal, 58, icmpv6(type))));
        EXPECT_FALSE(sends(0x86dd, ipv6_from(kForeign, 58, icmpv6(type))));
    }
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kAny, 58, icmpv6(133))));
    EXPECT_TRUE(sends(0x86dd, ipv6_from(kForeign, 58, icmpv6(128))));
}

// The kernel takes the first tag off before the program runs.
TEST_F(PortGuardTest, LetsNothingHideBehindAnotherTag) {
    for (const int tag : {0x8100, 0x88a8, 0x9100}) {
        const Bytes tagged = frame(kNeighbour, tag, bytes({0, 0, 0x86, 0xdd}) + ipv6(6, ""));
        EXPECT_TRUE(drops({.ra = true, .address = {}}, tagged));
        EXPECT_TRUE(drops({.dhcp = true, .address = {}}, tagged));
        EXPECT_TRUE(drops({.ip = true, .address = kOwn}, tagged));
        EXPECT_TRUE(drops({.arp = true, .address = kOwn}, tagged));
        EXPECT_FALSE(drops({.bpdu = true, .mac = true, .address = kOwn}, tagged));
    }
}

TEST_F(PortGuardTest, TakesGuardsInEachCombination) {
    for (unsigned bits = 0; bits < 64; ++bits)
        for (const bool with_v4 : {false, true}) {
            PortGuard guard{.bpdu = (bits & 1) != 0, .address = kOwn, .addresses = {"fd77::5"}};
            guard.ra = (bits & 2) != 0;
            guard.dhcp = (bits & 4) != 0;
            guard.mac = (bits & 8) != 0;
            guard.ip = (bits & 16) != 0;
            guard.arp = (bits & 32) != 0;
            if (with_v4) guard.addresses.emplace_back("10.0.0.5");
            EXPECT_FALSE(drops(guard, frame(kNeighbour, 0x86dd, ipv6_from(kGlobal, 6, ""))))
                << bits;
        }
    PortGuard many{.ip = true, .arp = true, .address = kOwn};
    for (int i = 0; i < 256; ++i) many.addresses.push_back(fmt::format("fd77::{:x}", i));
    EXPECT_FALSE(drops(many, frame(kNeighbour, 0x86dd, ipv6_from(kGlobal, 6, ""))));
}

TEST_F(PortGuardTest, MarksWhatPasses) {
    const PortGuard guard{.bpdu = true, .address = {}, .mark = 0x40000000};
    EXPECT_FALSE(drops(guard, frame(kNeighbour, 0x0800, ipv4(1, ""))));
    EXPECT_EQ(mark_, 0x40000000U);
    EXPECT_FALSE(drops({.address = {}, .mark = 1}, frame(kNeighbour, 0x86dd, ipv6(6, ""))));
    EXPECT_EQ(mark_, 1U);
    EXPECT_FALSE(drops(all_, frame(kNeighbour, 0x0800, ipv4(1, ""))));
    EXPECT_EQ(mark_, 0U);
}

}  // namespace
}  // namespace lxvirt::base
