#include "base/netlink/port_guard.hh"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>

#include "base/bpf.hh"
#include "base/error.hh"

namespace lxvirt::base {

namespace {

// Where the program keeps the bytes of a packet: below the frame pointer. Each load begins there.
constexpr std::int16_t kBytes = -64;
// r6 holds the context, r7 a place in the packet, r8 and r9 values.
constexpr std::uint8_t kContext = BPF_REG_6, kPlace = BPF_REG_7, kValue = BPF_REG_8;
constexpr std::uint8_t kLength = BPF_REG_9;
// More extension headers than this have no honest use; RFC 7113 lets a guard drop such packets.
constexpr int kMostHeaders = 8;
constexpr int kEthernet = 14, kIpv6Header = 40;  // lengths in bytes

// Collects instructions; jumps go to labels, which are resolved at the end.
class Program {
  public:
    void add(unsigned code, std::uint8_t to, std::uint8_t from, std::int16_t offset,
             std::int32_t value) {
        bpf_insn made{};
        made.code = static_cast<std::uint8_t>(code);
        made.dst_reg = to & 0xfU;
        made.src_reg = from & 0xfU;
        made.off = offset;
        made.imm = value;
        code_.push_back(made);
    }
    void set(std::uint8_t to, std::int32_t value) {
        add(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
    }
    void copy(std::uint8_t to, std::uint8_t from) {
        add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
    }
    void alu(unsigned operation, std::uint8_t to, std::int32_t value) {
        add(BPF_ALU64 | operation | BPF_K, to, 0, 0, value);
    }
    // Reads from the loaded bytes; `size` is BPF_B, BPF_H or BPF_W.
    void read(unsigned size, std::uint8_t to, int at) {
        add(BPF_LDX | BPF_MEM | size, to, BPF_REG_10, static_cast<std::int16_t>(kBytes + at), 0);
    }
    // Jumps if the lower 32 bits of the register compare so with `value`; BPF_JEQ, BPF_JNE.
    void jump_if(unsigned comparison, std::uint8_t reg, std::uint32_t value,
                 const std::string& label) {
        jumps_.emplace_back(code_.size(), label);
        add(BPF_JMP32 | comparison | BPF_K, reg, 0, 0, static_cast<std::int32_t>(value));
    }
    void jump(const std::string& label) {
        jumps_.emplace_back(code_.size(), label);
        add(BPF_JMP | BPF_JA, 0, 0, 0, 0);
    }
    void label(const std::string& name) { labels_[name] = code_.size(); }
    // Loads `length` bytes from the packet, from r7 on; jumps to `failed` where there are not so many.
    void load(int length, const std::string& failed) {
        copy(BPF_REG_1, kContext);
        copy(BPF_REG_2, kPlace);
        copy(BPF_REG_3, BPF_REG_10);
        alu(BPF_ADD, BPF_REG_3, kBytes);
        set(BPF_REG_4, length);
        add(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
        jump_if(BPF_JNE, BPF_REG_0, 0, failed);
    }
    [[nodiscard]] std::vector<bpf_insn> finish() {
        for (const auto& [place, label] : jumps_)
            code_[place].off = static_cast<std::int16_t>(labels_.at(label) - place - 1);
        return std::move(code_);
    }

  private:
    std::vector<bpf_insn> code_;
    std::vector<std::pair<std::size_t, std::string>> jumps_;
    std::map<std::string, std::size_t> labels_;
};

// Returns two bytes of an address as a load of that size sees them; `at` counts from 0 to 2.
std::uint32_t half(const MacAddress& mac, int at) {
    std::uint16_t value = 0;
    std::memcpy(&value, mac.data() + static_cast<std::ptrdiff_t>(at) * 2, sizeof value);
    return value;
}

// Drops frames to the address, which stands at the beginning of the frame.
void drop_target(Program& program, const MacAddress& mac, const std::string& next) {
    for (int i = 0; i < 3; ++i) {
        program.read(BPF_H, kValue, 2 * i);
        program.jump_if(i < 2 ? BPF_JNE : BPF_JEQ, kValue, half(mac, i), i < 2 ? next : "drop");
    }
    program.label(next);
}

// Drops UDP packets to a port; r7 is the place of the UDP header.
void drop_udp(Program& program, std::uint16_t port) {
    program.load(4, "pass");
    program.read(BPF_H, kValue, 2);
    program.jump_if(BPF_JEQ, kValue, htons(port), "drop");
    program.jump("pass");
}

// The addresses that a container may use, as the program compares them.
struct Own {
    MacAddress mac{};
    std::vector<NetAddress> v4, v6;
};

Own own_addresses(const PortGuard& guard) {
    Own own;
    if (!guard.mac && !guard.ip && !guard.arp) return own;
    const auto mac = parse_mac(guard.address);
    if (!mac) fail(ErrorCode::internal_error, "'{}' is not a mac address", guard.address);
    own.mac = *mac;
    own.v6.push_back(address_of_mac(*parse_address("fe80::"), *mac));
    for (const std::string& text : guard.addresses) {
        const auto address = parse_address(text);
        if (!address) fail(ErrorCode::internal_error, "'{}' is not an IP address", text);
        (address->family == AF_INET ? own.v4 : own.v6).push_back(*address);
    }
    return own;
}

// Jumps to `found` where the loaded bytes at `at` are the address. They are compared by steps of
// two bytes, since the stack is read at multiples of a value's size only. `name` makes labels.
void jump_if_address(Program& program, int at, const NetAddress& address, const std::string& found,
                     const std::string& name) {
    const int steps = static_cast<int>(address.size()) / 2;
    for (int i = 0; i < steps; ++i) {
        std::uint16_t value = 0;
        std::memcpy(&value, address.bytes.data() + static_cast<std::ptrdiff_t>(i) * 2,
                    sizeof value);
        program.read(BPF_H, kLength, at + 2 * i);
        program.jump_if(i + 1 < steps ? BPF_JNE : BPF_JEQ, kLength, value,
                        i + 1 < steps ? name : found);
    }
    program.label(name);
}

void jump_if_own(Program& program, int at, const std::vector<NetAddress>& own,
                 const std::string& found, const std::string& name) {
    for (std::size_t i = 0; i < own.size(); ++i)
        jump_if_address(program, at, own[i], found, fmt::format("{}{}", name, i));
}

// Drops frames whose loaded bytes at `at` are not the own hardware address.
void require_mac(Program& program, int at, const MacAddress& mac) {
    for (int i = 0; i < 3; ++i) {
        program.read(BPF_H, kValue, at + 2 * i);
        program.jump_if(BPF_JNE, kValue, half(mac, i), "drop");
    }
}

// Lets ARP for Ethernet and IPv4 pass whose sender is the container, with an own address or, while
// it asks whether anybody has an own address, with none: a probe of another would keep a neighbour
// from taking it (RFC 5227).
void add_arp(Program& program, const Own& own) {
    constexpr int sender = 8, sender_address = 14, target_address = 24;
    program.set(kPlace, kEthernet);
    program.load(28, "drop");
    program.read(BPF_W, kValue, 0);
    program.jump_if(BPF_JNE, kValue, htonl(ARPHRD_ETHER << 16 | ETH_P_IP), "drop");
    program.read(BPF_H, kValue, 4);
    program.jump_if(BPF_JNE, kValue, htons(6 << 8 | 4), "drop");
    require_mac(program, sender, own.mac);
    jump_if_own(program, sender_address, own.v4, "pass", "arp");
    jump_if_address(program, sender_address, {.family = AF_INET}, "probe", "no-probe");
    program.jump("drop");
    program.label("probe");
    jump_if_own(program, target_address, own.v4, "pass", "probed");
    program.jump("drop");
}

// Sets r7 to the end of the IPv4 header, whose length counts words of four bytes.
void skip_ipv4_header(Program& program) {
    program.read(BPF_B, kPlace, 0);
    program.alu(BPF_AND, kPlace, 15);
    program.alu(BPF_LSH, kPlace, 2);
    program.alu(BPF_ADD, kPlace, kEthernet);
}

// Jumps where the packet is not UDP or not the first fragment.
void jump_if_not_udp(Program& program, const std::string& other) {
    constexpr std::uint16_t offset_of_fragment = 0x1fff;
    program.read(BPF_B, kValue, 9);
    program.jump_if(BPF_JNE, kValue, IPPROTO_UDP, other);
    program.read(BPF_H, kValue, 6);
    program.alu(BPF_AND, kValue, htons(offset_of_fragment));
    program.jump_if(BPF_JNE, kValue, 0, other);
    skip_ipv4_header(program);
}

void add_ipv4(Program& program, const PortGuard& guard, const Own& own) {
    constexpr std::uint16_t server_answers = 68, requests = 67;
    constexpr int source = 12;
    program.set(kPlace, kEthernet);
    program.load(20, guard.ip ? "drop" : "pass");
    if (guard.ip) {
        jump_if_own(program, source, own.v4, "own-ipv4", "ipv4-");
        // Without an address a host may only ask for one.
        program.read(BPF_W, kValue, source);
        program.jump_if(BPF_JNE, kValue, 0, "drop");
        jump_if_not_udp(program, "drop");
        program.load(4, "drop");
        program.read(BPF_H, kValue, 2);
        program.jump_if(BPF_JNE, kValue, htons(requests), "drop");
        program.jump("pass");
        if (own.v4.empty()) return;
        program.label("own-ipv4");
    }
    if (!guard.dhcp) return program.jump("pass");
    jump_if_not_udp(program, "pass");
    drop_udp(program, server_answers);
}

// Drops neighbour discovery for others: a message from a foreign address, which its options would
// bind to a hardware address, an advertisement of one, and a question from nobody after one, which
// would keep a neighbour from taking it (RFC 4862, 5.4.3). r7 is the place of the ICMPv6 header, r8
// holds its type.
void add_neighbour_discovery(Program& program, const Own& own) {
    constexpr std::uint32_t first = 133, last = 137, solicitation = 135, advertisement = 136;
    constexpr int target = 8, source = 8;
    for (std::uint32_t type = first; type <= last; ++type)
        if (type != solicitation && type != advertisement)
            program.jump_if(BPF_JEQ, kValue, type, "discovery");
    program.jump_if(BPF_JEQ, kValue, solicitation, "solicitation");
    program.jump_if(BPF_JNE, kValue, advertisement, "pass");
    program.load(24, "drop");
    jump_if_own(program, target, own.v6, "discovery", "target");
    program.jump("drop");
    program.label("solicitation");
    program.load(24, "drop");
    jump_if_own(program, target, own.v6, "discovery", "asked");
    const auto load_header = [&] {
        program.set(kPlace, kEthernet);
        program.load(kIpv6Header, "drop");
    };
    load_header();
    jump_if_own(program, source, own.v6, "pass", "asker");
    program.jump("drop");
    program.label("discovery");
    load_header();
    jump_if_own(program, source, own.v6, "pass", "speaker");
    jump_if_address(program, source, {.family = AF_INET6}, "pass", "unspecified-speaker");
    program.jump("drop");
}

void add_icmpv6(Program& program, const PortGuard& guard, const Own& own) {
    constexpr std::uint32_t advertisement = 134, redirect = 137;
    program.label("icmpv6");
    program.load(1, "drop");
    program.read(BPF_B, kValue, 0);
    if (guard.ra)
        for (const std::uint32_t type : {advertisement, redirect})
            program.jump_if(BPF_JEQ, kValue, type, "drop");
    if (guard.arp)
        add_neighbour_discovery(program, own);
    else
        program.jump("pass");
}

// Walks the extension headers, behind which an advertisement might hide (RFC 7113).
void add_ipv6(Program& program, const PortGuard& guard, const Own& own) {
    constexpr std::uint16_t server_answers = 546, offset_of_fragment = 0xfff8;
    constexpr int source = 8;
    const bool walks = guard.ra || guard.dhcp || guard.arp;
    program.set(kPlace, kEthernet);
    program.load(kIpv6Header, guard.ip ? "drop" : "pass");
    if (guard.ip) {
        jump_if_own(program, source, own.v6, "own-ipv6", "ipv6-");
        jump_if_address(program, source, {.family = AF_INET6}, "own-ipv6", "unspecified");
        program.jump("drop");
        program.label("own-ipv6");
    }
    if (!walks) return program.jump("pass");
    program.read(BPF_B, kValue, 6);
    program.set(kPlace, kEthernet + kIpv6Header);
    for (int i = 0; i < kMostHeaders; ++i) {
        const std::string options = fmt::format("options{}", i), next = fmt::format("next{}", i);
        program.jump_if(BPF_JEQ, kValue, IPPROTO_ICMPV6, "icmpv6");
        program.jump_if(BPF_JEQ, kValue, IPPROTO_UDP, "udpv6");
        for (const std::uint32_t header : {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS})
            program.jump_if(BPF_JEQ, kValue, header, options);
        program.jump_if(BPF_JNE, kValue, IPPROTO_FRAGMENT, "pass");
        // Only a first fragment has the headers; the receiver needs it for all the others.
        program.load(8, "drop");
        program.read(BPF_H, kLength, 2);
        program.alu(BPF_AND, kLength, htons(offset_of_fragment));
        program.jump_if(BPF_JNE, kLength, 0, "pass");
        program.read(BPF_B, kValue, 0);
        program.alu(BPF_ADD, kPlace, 8);
        program.jump(next);
        program.label(options);
        program.load(2, "drop");
        program.read(BPF_B, kValue, 0);
        program.read(BPF_B, kLength, 1);
        program.alu(BPF_ADD, kLength, 1);
        program.alu(BPF_LSH, kLength, 3);
        program.add(BPF_ALU64 | BPF_ADD | BPF_X, kPlace, kLength, 0, 0);
        program.label(next);
    }
    program.jump("drop");
    add_icmpv6(program, guard, own);
    program.label("udpv6");
    // Nothing may stand behind a jump that nothing reaches.
    if (guard.dhcp)
        drop_udp(program, server_answers);
    else
        program.jump("pass");
}

tcmsg header_of(int index, std::uint32_t parent, std::uint32_t info) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = index;
    header.tcm_parent = parent;
    header.tcm_info = info;
    return header;
}

}  // namespace

NetAddress address_of_mac(const NetAddress& prefix, const MacAddress& mac) {
    NetAddress made = prefix;
    made.family = AF_INET6;
    made.prefix = 64;
    // The bit that says "given by the maker" is turned round, and ff:fe goes into the middle.
    const std::array<unsigned char, 8> id{static_cast<unsigned char>(mac[0] ^ 2U),
                                          mac[1],
                                          mac[2],
                                          0xff,
                                          0xfe,
                                          mac[3],
                                          mac[4],
                                          mac[5]};
    std::copy(id.begin(), id.end(), made.bytes.begin() + 8);
    return made;
}

std::vector<bpf_insn> port_guard_program(const PortGuard& guard) {
    const Own own = own_addresses(guard);
    Program program;
    program.copy(kContext, BPF_REG_1);
    program.set(kPlace, 0);
    program.load(kEthernet, "pass");
    if (guard.bpdu) {
        drop_target(program, {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}, "no-stp");
        drop_target(program, {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd}, "no-pvst");
    }
    if (guard.mac) require_mac(program, 6, own.mac);
    const bool ipv4 = guard.dhcp || guard.ip;
    const bool ipv6 = guard.ra || guard.dhcp || guard.ip || guard.arp;
    program.read(BPF_H, kValue, 12);
    if (ipv4) program.jump_if(BPF_JEQ, kValue, htons(ETH_P_IP), "ipv4");
    if (ipv6) program.jump_if(BPF_JEQ, kValue, htons(ETH_P_IPV6), "ipv6");
    if (guard.arp)
        program.jump_if(BPF_JEQ, kValue, htons(ETH_P_ARP), "arp");
    else if (guard.ip)
        program.jump_if(BPF_JEQ, kValue, htons(ETH_P_ARP), "pass");
    // The kernel has taken the first VLAN tag off. A receiver takes off any number of tags of VLAN 0,
    // so a second one would hide what the guard looks for.
    if (ipv4 || ipv6)
        for (const int tag : {ETH_P_8021Q, ETH_P_8021AD, ETH_P_QINQ1})
            program.jump_if(BPF_JEQ, kValue, htons(static_cast<std::uint16_t>(tag)), "drop");
    program.jump(guard.ip ? "drop" : "pass");
    if (guard.arp) {
        program.label("arp");
        add_arp(program, own);
    }
    if (ipv4) {
        program.label("ipv4");
        add_ipv4(program, guard, own);
    }
    if (ipv6) {
        program.label("ipv6");
        add_ipv6(program, guard, own);
    }
    // Not every program jumps here: the kernel refuses instructions that nothing reaches.
    program.label("pass");
    if (guard.mark != 0) {
        constexpr std::int16_t mark = offsetof(__sk_buff, mark);
        program.add(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, kContext, mark, 0);
        program.add(BPF_ALU | BPF_OR | BPF_K, BPF_REG_1, 0, 0,
                    static_cast<std::int32_t>(guard.mark));
        program.add(BPF_STX | BPF_MEM | BPF_W, kContext, BPF_REG_1, mark, 0);
    }
    program.set(BPF_REG_0, TC_ACT_UNSPEC);
    program.add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    if (guard.drops()) {
        program.label("drop");
        program.set(BPF_REG_0, TC_ACT_SHOT);
        program.add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    }
    return program.finish();
}

UniqueFd load_port_guard(const PortGuard& guard) {
    UniqueFd fd = load_bpf(BPF_PROG_TYPE_SCHED_CLS, port_guard_program(guard), "lxvirt_port");
    if (!fd && errno == ENOSYS)
        fail(ErrorCode::config_unsupported,
             "guard a bridge port: this kernel has no CONFIG_BPF_SYSCALL");
    if (!fd) fail_errno("load the guard of a bridge port");
    return fd;
}

void guard_port(Netlink& netlink, int port, const PortGuard& guard) {
    constexpr const char* what = "guard a bridge port";
    constexpr std::uint32_t ingress = 0xffff0000;
    // Before the filter that limits the bandwidth (traffic.cc), which has the priority 2.
    const std::uint32_t place = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
    const UniqueFd program = load_port_guard(guard);
    NetlinkMessage discipline(RTM_NEWQDISC, NLM_F_CREATE);
    tcmsg header = header_of(port, TC_H_INGRESS, 0);
    header.tcm_handle = ingress;
    discipline.fixed(header).attribute(TCA_KIND, std::string("ingress"));
    NetlinkMessage filter(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE);
    header = header_of(port, ingress, place);
    header.tcm_handle = 1;
    filter.fixed(header).attribute(TCA_KIND, std::string("bpf"));
    const std::size_t options = filter.begin(TCA_OPTIONS);
    filter.attribute(TCA_BPF_FD, static_cast<std::uint32_t>(program.get()))
        .attribute(TCA_BPF_NAME, std::string("lxvirt_port"))
        .attribute(TCA_BPF_FLAGS, std::uint32_t{TCA_BPF_FLAG_ACT_DIRECT});
    filter.end(options);
    try {
        netlink.request(discipline, what);
        netlink.request(filter, what);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT && error.error() != EOPNOTSUPP) throw;
        fail(ErrorCode::config_unsupported,
             "{}: this kernel has no CONFIG_NET_SCH_INGRESS or no CONFIG_NET_CLS_BPF", what);
    }
}

}  // namespace lxvirt::base
