#include "base/netlink/base_chains.hh"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <iterator>

#include "base/error.hh"
#include "base/netlink/attributes.hh"
#include "base/netlink/netlink.hh"

namespace lxvirt::base {

namespace {

NetlinkMessage dump(std::uint16_t what) {
    NetlinkMessage message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what),
                           NLM_F_DUMP);
    message.fixed(nfgenmsg{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = 0});
    return message;
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

// A chain of the kernel's list.
struct Chain : DroppingChain {
    bool has_hook = false;
    bool drops = false;  // at one of the two hooks
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
                each_attribute(static_cast<const rtattr*>(RTA_DATA(part)),
                               static_cast<int>(RTA_PAYLOAD(part)),
                               [&](unsigned inner, const rtattr* value) {
                                   if (inner == NFTA_HOOK_HOOKNUM) hook = number_of(value);
                               });
                break;
            default: break;
        }
    });
    chain.input = hook == NF_INET_LOCAL_IN;
    chain.has_hook = hook != NF_INET_NUMHOOKS;
    chain.drops =
        policy == NF_DROP && (chain.input || hook == NF_INET_FORWARD) && !chain.family.empty();
    return chain;
}

// Says whether the bytes of a rule have the name as a whole string of the kernel's. The byte before
// it is the high one of an attribute's type.
bool names(const nlmsghdr* header, const std::string& device) {
    const std::string_view bytes(reinterpret_cast<const char*>(header), header->nlmsg_len);
    const std::string text = '\0' + device + '\0';
    return bytes.find(text) != std::string_view::npos;
}

void find_device(Netlink& netlink, const std::string& device, std::vector<Chain>& chains) {
    NetlinkMessage message = dump(NFT_MSG_GETRULE);
    netlink.request(message, "list the rules of nftables", [&](const nlmsghdr* header) {
        if (!names(header, device)) return;
        const std::string family = family_of(header);
        std::string table, name;
        each_attribute_of<nfgenmsg>(header, [&](unsigned type, const rtattr* part) {
            if (type == NFTA_RULE_TABLE) table = text_of(part);
            if (type == NFTA_RULE_CHAIN) name = text_of(part);
        });
        const auto is_of_table = [&](const Chain& chain) {
            return chain.family == family && chain.table == table;
        };
        const bool in_base = std::any_of(chains.begin(), chains.end(), [&](const Chain& chain) {
            return is_of_table(chain) && chain.name == name && chain.has_hook;
        });
        for (Chain& chain : chains)
            if (is_of_table(chain) && (!in_base || chain.name == name)) chain.names_device = true;
    });
}

}  // namespace

std::string DroppingChain::text() const {
    return fmt::format("{} {} {}", family, table, name);
}

std::vector<DroppingChain> dropping_chains(const std::string& device) {
    std::vector<Chain> chains;
    const auto drops = [](const Chain& chain) { return chain.drops; };
    try {
        Netlink netlink(NETLINK_NETFILTER);
        NetlinkMessage message = dump(NFT_MSG_GETCHAIN);
        netlink.request(message, "list the chains of nftables",
                        [&](const nlmsghdr* header) { chains.push_back(chain_of(header)); });
        if (std::any_of(chains.begin(), chains.end(), drops)) find_device(netlink, device, chains);
    } catch (const SystemError& error) {
        // What a kernel without nftables answers.
        if (error.error() != EPROTONOSUPPORT && error.error() != EOPNOTSUPP &&
            error.error() != EINVAL)
            throw;
    }
    std::vector<DroppingChain> dropping;
    std::copy_if(chains.begin(), chains.end(), std::back_inserter(dropping), drops);
    return dropping;
}

}  // namespace lxvirt::base
