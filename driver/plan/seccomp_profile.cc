// Parses lxc's profiles of system call filters (lxc.container.conf(5), lxc.seccomp.profile). The
// first line is the version and the second the policy, with an action in version 2. Version 1 lists
// the numbers of allowed calls; version 2 has a rule for each line, sections for architectures, and
// conditions on arguments.

#include "driver/plan/seccomp_profile.hh"

#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/error.hh"
#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

using base::SeccompAction;
using base::SeccompArgument;
using base::SeccompCompare;
using base::SeccompRule;
using base::SeccompVerdict;

constexpr unsigned kMaxErrno = 4095;  // the kernel's largest errno

// Pairs lxc's two spellings of a comparison with ours.
struct Comparison {
    std::string_view word, sign;
    SeccompCompare compare;
};
constexpr Comparison kComparisons[] = {
    {"SCMP_CMP_NE", "!=", SeccompCompare::ne},
    {"SCMP_CMP_LT", "<", SeccompCompare::lt},
    {"SCMP_CMP_LE", "<=", SeccompCompare::le},
    {"SCMP_CMP_EQ", "==", SeccompCompare::eq},
    {"SCMP_CMP_GE", ">=", SeccompCompare::ge},
    {"SCMP_CMP_GT", ">", SeccompCompare::gt},
    {"SCMP_CMP_MASKED_EQ", "&=", SeccompCompare::masked_eq},
};

// Parses a number as lxc does: decimal, hexadecimal after 0x, octal after a leading 0.
std::optional<std::uint64_t> number_of(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X"))
        return base::parse_number<std::uint64_t>(text.substr(2), 16);
    const bool octal = text.size() > 1 && text.front() == '0';
    return base::parse_number<std::uint64_t>(text, octal ? 8 : 10);
}

// Reads one profile line by line, and knows the line for errors.
class Reader {
  public:
    Reader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    SeccompProfile read() {
        const auto version = next_line();
        if (!version || (*version != "1" && *version != "2"))
            refuse("the first line is the version of the policy, 1 or 2");
        const auto policy = next_line();
        if (!policy) refuse("the second line is 'allowlist' or 'denylist'");
        if (*version == "1")
            read_numbers(*policy);
        else
            read_calls(*policy);
        return std::move(made_);
    }

  private:
    // Throws config_unsupported with file and line.
    [[noreturn]] void refuse(const std::string& text) const {
        base::fail(base::ErrorCode::config_unsupported, "{}:{}: {}", file_, line_, text);
    }

    // Records something that a reader of the profile should know and that is no error.
    void log(const std::string& text) {
        made_.log_lines.push_back(fmt::format("{}:{}: {}", file_, line_, text));
    }

    // Returns the next line without comment and blanks around it; empty lines are passed over.
    std::optional<std::string_view> next_line() {
        while (!rest_.empty()) {
            const std::string_view line = rest_.substr(0, rest_.find('\n'));
            rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
            ++line_;
            const auto content = base::trim(line.substr(0, line.find('#')));
            if (!content.empty()) return content;
        }
        return std::nullopt;
    }

    // --- version 1: every call that is not listed kills the process

    // Reads the numbers, which are those of this machine's architecture.
    void read_numbers(std::string_view policy) {
        if (policy != "allowlist" && policy != "whitelist")
            refuse(fmt::format("'{}': a policy of version 1 is an 'allowlist'", policy));
        made_.policy.otherwise = {SeccompAction::kill, 0};
        while (const auto line = next_line()) {
            SeccompRule rule;
            rule.number = base::parse_number<int>(base::split_words(*line).front());
            if (!rule.number || *rule.number < 0)
                refuse(fmt::format("'{}' is not the number of a system call", *line));
            made_.policy.rules.push_back(std::move(rule));
        }
    }

    // --- version 2

    // Reads the policy and the rules. The policy's own action is for calls without a rule; a rule
    // without an action allows or kills, the opposite of the policy.
    void read_calls(std::string_view line) {
        const auto words = base::split_words(line);
        const bool deny = words[0] == "denylist" || words[0] == "blacklist";
        if (!deny && words[0] != "allowlist" && words[0] != "whitelist")
            refuse(fmt::format("'{}' is no policy: 'allowlist' or 'denylist'", words[0]));
        const SeccompVerdict allow, kill{SeccompAction::kill, 0};
        usual_ = deny ? kill : allow;
        made_.policy.otherwise = verdict({words.begin() + 1, words.end()}, deny ? allow : kill);
        made_.policy.architectures = base::compatible_architectures();
        while (const auto next = next_line()) read_line(*next);
    }

    // Reads a section or a rule. "reject_force_umount" is lxc's name for one fixed rule.
    void read_line(std::string_view line) {
        if (line.front() == '[') return enter_section(line);
        const auto words = base::split_words(line.substr(0, line.find('[')));
        SeccompRule rule;
        rule.call = words[0];
        rule.architecture = section_;
        if (words[0] == "reject_force_umount") {
            rule.call = "umount2";
            rule.verdict = {SeccompAction::errno_, EACCES};
            rule.arguments = {{1, SeccompCompare::masked_eq, MNT_FORCE, MNT_FORCE}};
        } else {
            rule.verdict = verdict({words.begin() + 1, words.end()}, usual_);
            rule.arguments = conditions(line);
        }
        // lxc passes over such a call, too: profiles are written for many kernels.
        if (!base::is_system_call(rule.call))
            log(fmt::format("this machine knows no system call '{}': not filtered", rule.call));
        else
            made_.policy.rules.push_back(std::move(rule));
    }

    // Begins a section; its rules are for one architecture, or for all after [all].
    void enter_section(std::string_view line) {
        if (line.back() != ']') refuse(fmt::format("'{}': ']' is missing", line));
        std::string name(base::trim(line.substr(1, line.size() - 2)));
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (name != "all" && !base::is_seccomp_architecture(name))
            refuse(
                fmt::format("[{}] is no architecture: [all], [x86_64], [x86], [arm64] ...", name));
        section_ = name == "all" ? "" : name;
    }

    // Returns the action that the words after a call or policy name; without words, `without`.
    [[nodiscard]] SeccompVerdict verdict(const std::vector<std::string_view>& words,
                                         const SeccompVerdict& without) const {
        if (words.empty()) return without;
        if (words[0] == "errno") {
            const auto error =
                words.size() > 1 ? base::parse_number<unsigned>(words[1]) : std::nullopt;
            if (!error || *error > kMaxErrno) refuse("errno takes a number, 'errno 1'");
            return {SeccompAction::errno_, static_cast<std::uint16_t>(*error)};
        }
        if (words[0] == "kill") return {SeccompAction::kill, 0};
        if (words[0] == "trap") return {SeccompAction::trap, 0};
        if (words[0] == "allow") return {SeccompAction::allow, 0};
        if (words[0] == "log") return {SeccompAction::log, 0};
        if (words[0] == "notify")
            refuse(
                "the action 'notify' is not supported: no one would answer the call; say "
                "'errno 1' or 'allow'");
        refuse(fmt::format("'{}' is no action: errno N, kill, trap, allow or log", words[0]));
    }

    // Parses conditions such as "[0,4,SCMP_CMP_EQ][1,8,&=,12]".
    [[nodiscard]] std::vector<SeccompArgument> conditions(std::string_view line) const {
        std::vector<SeccompArgument> all;
        for (auto open = line.find('['); open != std::string_view::npos;
             open = line.find('[', open + 1)) {
            const auto close = line.find(']', open);
            if (close == std::string_view::npos)
                refuse(fmt::format("'{}': ']' is missing", line.substr(open)));
            all.push_back(condition(line.substr(open + 1, close - open - 1)));
        }
        return all;
    }

    // Parses one condition without the brackets. A system call has six arguments.
    [[nodiscard]] SeccompArgument condition(std::string_view text) const {
        const auto wrong = [&](std::string_view why) {
            refuse(
                fmt::format("[{}]: {}; right is [INDEX,VALUE,COMPARISON] or "
                            "[INDEX,VALUE,SCMP_CMP_MASKED_EQ,MASK]",
                            text, why));
        };
        auto fields = base::split(text, ',');
        if (fields.size() < 3 || fields.size() > 4) wrong("not three or four fields");
        for (std::string_view& field : fields) field = base::trim(field);
        const auto index = base::parse_number<unsigned>(fields[0]);
        const auto value = number_of(fields[1]);
        const auto* const known = std::find_if(
            std::begin(kComparisons), std::end(kComparisons),
            [&](const Comparison& c) { return fields[2] == c.word || fields[2] == c.sign; });
        if (!index || *index > 5) wrong("an argument's index is 0 to 5");
        if (!value) wrong("the value is not a number");
        if (known == std::end(kComparisons)) wrong(fmt::format("'{}' compares nothing", fields[2]));
        const bool masked = known->compare == SeccompCompare::masked_eq;
        const auto mask = fields.size() == 4 ? number_of(fields[3]) : std::nullopt;
        if (masked && !mask) wrong("SCMP_CMP_MASKED_EQ needs a mask");
        if (!masked && fields.size() == 4) wrong("only SCMP_CMP_MASKED_EQ has a mask");
        return {*index, known->compare, *value, mask.value_or(0)};
    }

    std::string_view rest_;
    const std::string& file_;
    int line_ = 0;
    SeccompProfile made_;
    SeccompVerdict usual_;  // for a call without an action
    std::string section_;
};

}  // namespace

SeccompProfile parse_seccomp_profile(std::string_view text, const std::string& file) {
    return Reader(text, file).read();
}

}  // namespace lxvirt::driver
