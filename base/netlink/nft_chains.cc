#include "base/netlink/nft_chains.hh"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/error.hh"
#include "base/netlink/attributes.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

namespace {

// A change of the rules during a list makes the kernel mark what follows; the list then begins again.
constexpr int kMostLists = 20;

NetlinkMessage message_of(std::uint16_t what, std::uint16_t flags, int family = AF_UNSPEC) {
    NetlinkMessage message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what), flags);
    message.fixed(
        nfgenmsg{.nfgen_family = static_cast<__u8>(family), .version = NFNETLINK_V0, .res_id = 0});
    return message;
}

int family_number(const std::string& family) {
    return family == "ip6" ? NFPROTO_IPV6 : family == "ip" ? NFPROTO_IPV4 : NFPROTO_INET;
}

// Calls `take` with each answer to a list, after `begin`; both again where the rules changed
// meanwhile.
void list(Netlink& netlink, NetlinkMessage& message, const std::string& words,
          const std::function<void()>& begin, const std::function<void(const nlmsghdr*)>& take) {
    for (int tries = 1;; ++tries) {
        begin();
        bool whole = true;
        netlink.request(message, words, [&](const nlmsghdr* header) {
            whole = whole && (header->nlmsg_flags & NLM_F_DUMP_INTR) == 0;
            take(header);
        });
        if (whole || tries == kMostLists) return;
    }
}

// Lists the rules of a table; none where there is no such table.
void list_rules(Netlink& netlink, const std::string& family, const std::string& table,
                const std::function<void()>& begin,
                const std::function<void(const nlmsghdr*)>& take) {
    NetlinkMessage message = message_of(NFT_MSG_GETRULE, NLM_F_DUMP, family_number(family));
    message.attribute(NFTA_RULE_TABLE, table);
    try {
        list(netlink, message, fmt::format("list the rules of table {} {}", family, table), begin,
             take);
    } catch (const SystemError& error) {
        if (error.error() != ENOENT) throw;
    }
}

// Returns the family's word of nft(8); "" for families that no routed packet passes.
std::string family_of(const nlmsghdr* header) {
    switch (static_cast<const nfgenmsg*>(NLMSG_DATA(header))->nfgen_family) {
        case NFPROTO_IPV4: return "ip";
        case NFPROTO_IPV6: return "ip6";
        case NFPROTO_INET: return "inet";
        default: return "";
    }
}

// Numbers of nfnetlink are in network order.
std::uint32_t number_of(const rtattr* attribute) {
    return ntohl(value_of<std::uint32_t>(attribute));
}

// The attributes that an attribute holds.
const rtattr* first_of(const rtattr* part) {
    return static_cast<const rtattr*>(RTA_DATA(part));
}
int payload_of(const rtattr* part) {
    return static_cast<int>(RTA_PAYLOAD(part));
}

// A base chain of the kernel's list.
struct Chain : DroppingChain {
    bool has_hook = false;
    bool drops = false;
};

Chain chain_of(const nlmsghdr* header) {
    Chain chain;
    chain.family = family_of(header);
    std::uint32_t policy = NF_ACCEPT, hook = NF_INET_NUMHOOKS;
    each_attribute_of<nfgenmsg>(header, [&](unsigned type, const rtattr* part) {
        switch (type) {
            case NFTA_CHAIN_TABLE: chain.table = text_of(part); break;
            case NFTA_CHAIN_NAME: chain.name = text_of(part); break;
            case NFTA_CHAIN_POLICY: policy = number_of(part); break;
            case NFTA_CHAIN_HOOK:
                each_attribute(first_of(part), payload_of(part),
                               [&](unsigned inner, const rtattr* value) {
                                   if (inner == NFTA_HOOK_HOOKNUM) hook = number_of(value);
                               });
                break;
            default: break;
        }
    });
    chain.input = hook == NF_INET_LOCAL_IN;
    chain.has_hook = (chain.input || hook == NF_INET_FORWARD) && !chain.family.empty();
    chain.drops = policy == NF_DROP;
    return chain;
}

// Says whether the bytes of a rule have the name as a whole string of the kernel's. The byte before
// it is the high one of an attribute's type.
bool names(const nlmsghdr* header, const std::string& device) {
    const std::string_view bytes(reinterpret_cast<const char*>(header), header->nlmsg_len);
    const std::string text = '\0' + device + '\0';
    return bytes.find(text) != std::string_view::npos;
}

// The verdict of an expression "immediate".
struct Verdict {
    std::uint32_t code = NF_ACCEPT;
    std::string chain;  // of a jump
};

std::optional<Verdict> verdict_of(const rtattr* expression) {
    std::optional<Verdict> verdict;
    each_attribute(first_of(expression), payload_of(expression),
                   [&](unsigned type, const rtattr* part) {
                       if (type != NFTA_IMMEDIATE_DATA) return;
                       each_attribute(first_of(part), payload_of(part),
                                      [&](unsigned kind, const rtattr* value) {
                                          if (kind != NFTA_DATA_VERDICT) return;
                                          verdict.emplace();
                                          each_attribute(first_of(value), payload_of(value),
                                                         [&](unsigned field, const rtattr* code) {
                                                             if (field == NFTA_VERDICT_CODE)
                                                                 verdict->code = number_of(code);
                                                             if (field == NFTA_VERDICT_CHAIN)
                                                                 verdict->chain = text_of(code);
                                                         });
                                      });
                   });
    return verdict;
}

// What a rule says of itself.
struct Rule {
    std::string chain, comment;
    std::string jump;  // the chain that it jumps or goes to
    std::uint64_t handle = 0;
    bool names_device = false;
    // The verdict on each packet; all are false for a rule with a condition.
    bool drops = false, accepts = false, returns = false, jumps = false, goes = false;
};

// Notes where the expressions of a rule lead. A target is what iptables has no own expression for.
void look_at_expressions(const rtattr* expressions, Rule& rule) {
    bool has_condition = false;
    const auto look = [&](const std::string& name, const rtattr* data) {
        if (name == "counter" || name == "log") return;
        std::string target;
        std::optional<Verdict> verdict;
        if (name == "target")
            each_attribute(first_of(data), payload_of(data),
                           [&](unsigned type, const rtattr* part) {
                               if (type == NFTA_TARGET_NAME) target = text_of(part);
                           });
        if (name == "immediate") verdict = verdict_of(data);
        if (verdict) rule.jump = verdict->chain;
        const auto says = [&](int code) {
            return verdict && verdict->code == static_cast<std::uint32_t>(code);
        };
        if (name == "reject" || target == "REJECT" || target == "DROP" || says(NF_DROP))
            rule.drops = true;
        else if (says(NF_ACCEPT))
            rule.accepts = true;
        else if (says(NFT_RETURN))
            rule.returns = true;
        else if (says(NFT_JUMP))
            rule.jumps = true;
        else if (says(NFT_GOTO))
            rule.goes = true;
        else
            has_condition = true;
    };
    each_attribute(first_of(expressions), payload_of(expressions),
                   [&](unsigned, const rtattr* element) {
                       std::string name;
                       const rtattr* data = nullptr;
                       each_attribute(first_of(element), payload_of(element),
                                      [&](unsigned type, const rtattr* part) {
                                          if (type == NFTA_EXPR_NAME) name = text_of(part);
                                          if (type == NFTA_EXPR_DATA) data = part;
                                      });
                       if (data != nullptr || name == "reject") look(name, data);
                   });
    if (has_condition) rule.drops = rule.accepts = rule.returns = rule.jumps = rule.goes = false;
}

// The user data of a rule are nft's: type, length and value of each, of which type 0 is the comment.
std::string comment_of(const rtattr* data) {
    std::string_view rest(static_cast<const char*>(RTA_DATA(data)), RTA_PAYLOAD(data));
    while (rest.size() >= 2) {
        const auto type = static_cast<unsigned char>(rest[0]);
        const std::string_view value = rest.substr(2, static_cast<unsigned char>(rest[1]));
        if (type == 0) return std::string(value.substr(0, value.find('\0')));
        rest.remove_prefix(2 + value.size());
    }
    return {};
}

Rule rule_of(const nlmsghdr* header) {
    Rule rule;
    each_attribute_of<nfgenmsg>(header, [&](unsigned type, const rtattr* part) {
        switch (type) {
            case NFTA_RULE_CHAIN: rule.chain = text_of(part); break;
            case NFTA_RULE_HANDLE: rule.handle = be64toh(value_of<std::uint64_t>(part)); break;
            case NFTA_RULE_USERDATA: rule.comment = comment_of(part); break;
            case NFTA_RULE_EXPRESSIONS: look_at_expressions(part, rule); break;
            default: break;
        }
    });
    return rule;
}

// The rules of one table, by their chains, in their order.
using Rules = std::map<std::string, std::vector<Rule>>;

Rules rules_of(Netlink& netlink, const std::string& family, const std::string& table,
               const std::string& device = {}) {
    Rules rules;
    list_rules(
        netlink, family, table, [&] { rules.clear(); },
        [&](const nlmsghdr* header) {
            Rule rule = rule_of(header);
            rule.names_device = !device.empty() && names(header, device);
            rules[rule.chain].push_back(std::move(rule));
        });
    return rules;
}

// How a packet that no rule with a condition has taken leaves a chain, and the place before that.
struct Way {
    enum { back, dropped, accepted } out = back;
    ChainPlace end;
};

// The kernel refuses jumps in a circle, and more than 16 in each other (NFT_JUMP_STACK_SIZE).
Way way_through(const Rules& rules, const std::string& chain, int depth = 0) {
    const auto found = rules.find(chain);
    if (found == rules.end() || depth > 2 * 16) return {Way::back, {chain, 0}};
    for (const Rule& rule : found->second) {
        const ChainPlace here{chain, rule.handle};
        if (rule.drops) return {Way::dropped, here};
        if (rule.accepts) return {Way::accepted, here};
        if (rule.returns) return {Way::back, here};
        if (!rule.jumps && !rule.goes) continue;
        Way way = way_through(rules, rule.jump, depth + 1);
        if (way.out != Way::back || rule.goes) return way;
    }
    return {Way::back, {chain, 0}};
}

// Notes in the base chains of one table what its rules say.
void look_at_rules(Netlink& netlink, const std::string& device, std::vector<Chain*>& chains) {
    const Rules rules = rules_of(netlink, chains.front()->family, chains.front()->table, device);
    const auto is_base = [&](const std::string& name) {
        return std::any_of(chains.begin(), chains.end(),
                           [&](const Chain* chain) { return chain->name == name; });
    };
    for (Chain* chain : chains) {
        const Way way = way_through(rules, chain->name);
        chain->drops = way.out == Way::dropped || (way.out == Way::back && chain->drops);
        chain->end = way.end;
        for (const auto& [name, all] : rules)
            if (name == chain->name || !is_base(name))
                chain->names_device = chain->names_device ||
                                      std::any_of(all.begin(), all.end(), [](const Rule& rule) {
                                          return rule.names_device;
                                      });
    }
}

// Says whether an error is what a kernel without nftables answers.
bool is_without_nftables(const SystemError& error) {
    return error.error() == EPROTONOSUPPORT || error.error() == EOPNOTSUPP ||
           error.error() == EINVAL;
}

}  // namespace

std::string DroppingChain::text() const {
    return fmt::format("{} {} {}", family, table, name);
}

std::vector<DroppingChain> dropping_chains(
    const std::string& device, const std::function<bool(const std::string& table)>& is_foreign) {
    std::vector<Chain> chains;
    try {
        Netlink netlink(NETLINK_NETFILTER);
        NetlinkMessage message = message_of(NFT_MSG_GETCHAIN, NLM_F_DUMP);
        list(
            netlink, message, "list the chains of nftables", [&] { chains.clear(); },
            [&](const nlmsghdr* header) {
                Chain chain = chain_of(header);
                if (chain.has_hook && is_foreign(chain.table)) chains.push_back(std::move(chain));
            });
        std::map<std::pair<std::string, std::string>, std::vector<Chain*>> tables;
        for (Chain& chain : chains) tables[{chain.family, chain.table}].push_back(&chain);
        for (auto& [place, of_table] : tables) look_at_rules(netlink, device, of_table);
    } catch (const SystemError& error) {
        if (!is_without_nftables(error)) throw;
    }
    std::vector<DroppingChain> dropping;
    std::copy_if(chains.begin(), chains.end(), std::back_inserter(dropping),
                 [](const Chain& chain) { return chain.drops; });
    return dropping;
}

std::vector<CommentedRule> commented_rules(const std::string& family, const std::string& table,
                                           const std::string& comment, const std::string& prefix) {
    std::vector<CommentedRule> found;
    try {
        Netlink netlink(NETLINK_NETFILTER);
        for (const auto& [chain, rules] : rules_of(netlink, family, table))
            for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
                if (rule->comment != comment) continue;
                const auto behind = std::find_if(rule, rules.end(), [&](const Rule& one) {
                    return !one.comment.starts_with(prefix);
                });
                found.push_back(
                    {chain, rule->handle, {chain, behind == rules.end() ? 0 : behind->handle}});
            }
    } catch (const SystemError& error) {
        if (!is_without_nftables(error)) throw;
    }
    return found;
}

}  // namespace lxvirt::base
