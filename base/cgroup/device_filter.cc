#include "base/cgroup/device_filter.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <map>
#include <tuple>

#include "base/bpf.hh"
#include "base/cgroup/tree.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

constexpr bpf_insn instruction(unsigned code, std::uint8_t to, std::uint8_t from,
                               std::int16_t offset, std::int32_t value) {
    bpf_insn made{};
    made.code = static_cast<std::uint8_t>(code);
    made.dst_reg = to & 0xfU;
    made.src_reg = from & 0xfU;
    made.off = offset;
    made.imm = value;
    return made;
}
constexpr bpf_insn load(std::uint8_t to, std::int16_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, offset, 0);
}
constexpr bpf_insn move_register(std::uint8_t to, std::uint8_t from) {
    return instruction(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn alu(unsigned operation, std::uint8_t to, std::int32_t value) {
    return instruction(BPF_ALU | operation | BPF_K, to, 0, 0, value);
}
constexpr unsigned kUnlessEqual = BPF_JMP32 | BPF_JNE | BPF_K;
constexpr unsigned kUnlessZero = BPF_JMP | BPF_JNE | BPF_K;
// Skips the next `skip` instructions unless the register equals `value`.
constexpr bpf_insn unless_equal(std::uint8_t reg, std::uint32_t value, std::int16_t skip) {
    return instruction(kUnlessEqual, reg, 0, skip, static_cast<std::int32_t>(value));
}
constexpr bpf_insn skip_if_any_bit(std::uint8_t reg, std::uint32_t bits, std::int16_t skip) {
    return instruction(BPF_JMP | BPF_JSET | BPF_K, reg, 0, skip, static_cast<std::int32_t>(bits));
}
constexpr bpf_insn skip(std::int16_t count) {
    return instruction(BPF_JMP | BPF_JA, 0, 0, count, 0);
}
constexpr bpf_insn set_result(std::int32_t value) {
    return instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
}
constexpr bpf_insn leave() {
    return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

// Converts our bits, which have the order of "rwm", to the kernel's.
std::uint32_t kernel_access(std::uint32_t access) {
    std::uint32_t bits = 0;
    if ((access & kDeviceMknod) != 0) bits |= BPF_DEVCG_ACC_MKNOD;
    if ((access & kDeviceRead) != 0) bits |= BPF_DEVCG_ACC_READ;
    if ((access & kDeviceWrite) != 0) bits |= BPF_DEVCG_ACC_WRITE;
    return bits;
}

// Appends the checks of one rule; each jumps over the rest of the rule where it does not match. r2
// is the type, r3 has the bits of the access that no rule has decided yet, r4 and r5 are the numbers
// (linux/bpf.h, bpf_cgroup_dev_ctx).
void append_rule(std::vector<bpf_insn>& program, const DeviceRule& rule) {
    std::vector<bpf_insn> checks;
    const std::uint32_t bits = kernel_access(rule.access);
    if (rule.type != 'a')
        checks.push_back(unless_equal(
            BPF_REG_2, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 0));
    if (rule.major) checks.push_back(unless_equal(BPF_REG_4, *rule.major, 0));
    if (rule.minor) checks.push_back(unless_equal(BPF_REG_5, *rule.minor, 0));
    const std::size_t jumps = checks.size();
    if (rule.allow) {
        checks.push_back(alu(BPF_AND, BPF_REG_3, static_cast<std::int32_t>(~bits)));
        checks.push_back(instruction(kUnlessZero, BPF_REG_3, 0, 2, 0));
        checks.push_back(set_result(1));
    } else {
        checks.push_back(skip_if_any_bit(BPF_REG_3, bits, 1));
        checks.push_back(skip(2));
        checks.push_back(set_result(0));
    }
    checks.push_back(leave());
    // Only now is it known how far each check has to jump.
    for (std::size_t at = 0; at < jumps; ++at)
        checks[at].off = static_cast<std::int16_t>(checks.size() - at - 1);
    program.insert(program.end(), checks.begin(), checks.end());
}

// Identifies our program among those that others attached, for example systemd.
constexpr std::string_view kProgramName = "lxvirt_devices";

// Returns the program of our name that is attached to the group, or an invalid descriptor.
UniqueFd attached_program(Fd group) {
    std::array<std::uint32_t, 64> ids{};  // the kernel's most (BPF_CGROUP_MAX_PROGS)
    bpf_attr query{};
    query.query.target_fd = static_cast<std::uint32_t>(group.get());
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    query.query.prog_cnt = ids.size();
    if (bpf(BPF_PROG_QUERY, query) != 0) fail_errno("list the device filters of the group");
    for (std::uint32_t i = 0; i < query.query.prog_cnt; ++i) {
        bpf_attr open{};
        open.prog_id = ids[i];
        UniqueFd program(bpf(BPF_PROG_GET_FD_BY_ID, open));  // detached meanwhile
        if (!program) continue;                              // gone meanwhile
        bpf_prog_info facts{};
        bpf_attr info{};
        info.info.bpf_fd = static_cast<std::uint32_t>(program.get());
        info.info.info_len = sizeof facts;
        info.info.info = reinterpret_cast<std::uintptr_t>(&facts);
        if (bpf(BPF_OBJ_GET_INFO_BY_FD, info) == 0 && kProgramName == facts.name) return program;
    }
    return {};
}

std::vector<std::string> sorted_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n'))
        if (!line.empty()) lines.emplace_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> listed_rules(const std::string& group) {
    return sorted_lines(read_file(group + "/devices.list"));
}

// Allows `lines` in the group at `inner`, and in those groups below it that have the list `before`;
// what a group has restricted itself stays restricted.
void allow_inside(const std::string& inner, const std::vector<std::string>& before,
                  const std::vector<std::string>& lines) {
    bool is_top = true;
    visit_groups(inner, [&](Fd group) {
        const auto listed = read_group_file(group, "devices.list");
        if (!listed || (!is_top && sorted_lines(*listed) != before)) return false;
        is_top = false;
        for (const std::string& line : lines) write_group_file(group, "devices.allow", line);
        return true;
    });
}

// The devices that an exception is about; an absent number is any.
struct Place {
    char type;
    std::optional<std::uint32_t> major, minor;
    bool operator<(const Place& other) const {
        return std::tie(type, major, minor) < std::tie(other.type, other.major, other.minor);
    }
    [[nodiscard]] bool covers(const Place& other) const {
        return type == other.type && (!major || major == other.major) &&
               (!minor || minor == other.minor);
    }
    [[nodiscard]] bool meets(const Place& other) const {
        return type == other.type && (!major || !other.major || major == other.major) &&
               (!minor || !other.minor || minor == other.minor);
    }
};

// Takes the access of a rule away from exceptions that earlier rules have made.
void narrow(std::map<Place, unsigned>& exceptions, const Place& place, const DeviceRule& rule) {
    for (auto at = exceptions.begin(); at != exceptions.end();) {
        auto& [other, access] = *at;
        const unsigned both = place.meets(other) ? access & rule.access : 0;
        if (place.covers(other))
            access &= ~both;
        else if ((both & ~kDeviceMknod) != 0 || (both != 0 && rule.allow))
            fail(ErrorCode::config_unsupported,
                 "the device rule '{} {}' is about a part of what an earlier rule {}, which a host "
                 "with control groups v1 cannot do: name the parts in rules of their own",
                 rule.allow ? "allow" : "deny", rule.v1_text(), rule.allow ? "denies" : "allows");
        at = access == 0 ? exceptions.erase(at) : std::next(at);
    }
}

}  // namespace

bool DeviceRule::is_whole() const {
    return type == 'a' && !major && !minor && access == (kDeviceRead | kDeviceWrite | kDeviceMknod);
}

std::string DeviceRule::v1_text() const {
    const auto number = [](const std::optional<std::uint32_t>& value) {
        return value ? std::to_string(*value) : std::string("*");
    };
    std::string text = fmt::format("{} {}:{} ", type, number(major), number(minor));
    if ((access & kDeviceRead) != 0) text += 'r';
    if ((access & kDeviceWrite) != 0) text += 'w';
    if ((access & kDeviceMknod) != 0) text += 'm';
    return text;
}

// An "a" in a v1 file means every device with every access, whatever follows it, so another rule for
// both types becomes one line for each.
DeviceList v1_list(const std::vector<DeviceRule>& rules) {
    DeviceList list;
    std::map<Place, unsigned> exceptions;
    for (const DeviceRule& rule : rules) {
        if (rule.is_whole()) {
            list.allows_rest = rule.allow;
            exceptions.clear();
            continue;
        }
        for (const char type : {'b', 'c'}) {
            if (rule.type != 'a' && rule.type != type) continue;
            const Place place{type, rule.major, rule.minor};
            if (rule.allow == list.allows_rest)
                narrow(exceptions, place, rule);
            else
                exceptions[place] |= rule.access;
        }
    }
    for (const auto& [place, access] : exceptions)
        list.exceptions.push_back(DeviceRule{
            .type = place.type, .major = place.major, .minor = place.minor, .access = access}
                                      .v1_text());
    std::sort(list.exceptions.begin(), list.exceptions.end());
    return list;
}

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules) {
    std::vector<bpf_insn> program{
        load(BPF_REG_2, offsetof(bpf_cgroup_dev_ctx, access_type)),
        move_register(BPF_REG_3, BPF_REG_2),
        alu(BPF_AND, BPF_REG_2, 0xffff),
        alu(BPF_RSH, BPF_REG_3, 16),
        load(BPF_REG_4, offsetof(bpf_cgroup_dev_ctx, major)),
        load(BPF_REG_5, offsetof(bpf_cgroup_dev_ctx, minor)),
    };
    // The last rule that matches decides, so the program looks at it first. Behind a rule about
    // everything nothing can be reached, which the kernel's verifier would refuse.
    for (std::size_t at = rules.size(); at-- != 0;) {
        if (rules[at].is_whole()) {
            program.push_back(set_result(rules[at].allow ? 1 : 0));
            program.push_back(leave());
            return program;
        }
        append_rule(program, rules[at]);
    }
    program.push_back(set_result(0));
    program.push_back(leave());
    return program;
}

UniqueFd attach_device_program(Fd group, const std::vector<DeviceRule>& rules, Fd replace) {
    UniqueFd fd = load_bpf(BPF_PROG_TYPE_CGROUP_DEVICE, device_program(rules), kProgramName);
    if (!fd) fail_errno("load the device filter ({} rules)", rules.size());
    bpf_attr attach{};
    attach.target_fd = static_cast<std::uint32_t>(group.get());
    attach.attach_bpf_fd = static_cast<std::uint32_t>(fd.get());
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    if (replace.valid()) {
        attach.attach_flags |= BPF_F_REPLACE;
        attach.replace_bpf_fd = static_cast<std::uint32_t>(replace.get());
    }
    if (bpf(BPF_PROG_ATTACH, attach) != 0) fail_errno("attach the device filter to the group");
    return fd;
}

void replace_device_program(Fd group, const std::vector<DeviceRule>& rules) {
    (void)attach_device_program(group, rules, attached_program(group));
}

void write_device_list(const std::string& group, const std::vector<DeviceRule>& rules) {
    const DeviceList list = v1_list(rules);
    write_value(group + (list.allows_rest ? "/devices.allow" : "/devices.deny"), "a");
    for (const std::string& line : list.exceptions)
        write_value(group + (list.allows_rest ? "/devices.deny" : "/devices.allow"), line);
}

void change_device_list(const std::string& group, const std::string& inner,
                        const std::vector<DeviceRule>& rules) {
    const DeviceList list = v1_list(rules);
    if (list.allows_rest) {
        // The kernel does not list what is denied. To deny once more changes nothing.
        for (const std::string& line : list.exceptions) write_value(group + "/devices.deny", line);
        return;
    }
    const std::vector<std::string> before = listed_rules(group);
    const std::vector<std::string> before_inside = listed_rules(inner);
    const std::vector<std::string>& after = list.exceptions;
    std::vector<std::string> refused, allowed;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(refused));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(allowed));
    for (const std::string& line : refused) write_value(group + "/devices.deny", line);
    if (allowed.empty()) return;
    for (const std::string& line : allowed) write_value(group + "/devices.allow", line);
    allow_inside(inner, before_inside, allowed);
}

}  // namespace lxvirt::base
