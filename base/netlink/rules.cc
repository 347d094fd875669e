#include "base/netlink/rules.hh"

#include <linux/fib_rules.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

#include "base/error.hh"
#include "base/netlink/attributes.hh"

namespace lxvirt::base {

namespace {

// Builds the request that adds or removes `rule`.
NetlinkMessage message_of(std::uint16_t type, std::uint16_t flags, const RoutingRule& rule) {
    fib_rule_hdr header{};
    header.family = rule.v6 ? AF_INET6 : AF_INET;
    header.action = rule.blackhole ? FR_ACT_BLACKHOLE : FR_ACT_TO_TBL;
    header.table = rule.blackhole ? RT_TABLE_UNSPEC : RT_TABLE_MAIN;
    std::optional<NetAddress> destination;
    if (!rule.destination.empty()) {
        destination = parse_address(rule.destination);
        if (!destination)
            fail(ErrorCode::internal_error, "'{}' is not an IP address", rule.destination);
        header.dst_len = static_cast<std::uint8_t>(rule.prefix);
    }
    NetlinkMessage message(type, flags);
    message.fixed(header).attribute(FRA_PRIORITY, rule.priority);
    if (!rule.in_device.empty()) message.attribute(FRA_IIFNAME, rule.in_device);
    if (destination) message.attribute(FRA_DST, destination->bytes.data(), destination->size());
    if (rule.mask != 0) message.attribute(FRA_FWMARK, rule.mark).attribute(FRA_FWMASK, rule.mask);
    return message;
}

// Returns a word for errors: "iif virbr0 to 10.0.0.0/24".
std::string text_of(const RoutingRule& rule) {
    std::string text = fmt::format("priority {}", rule.priority);
    if (!rule.in_device.empty()) text += " iif " + rule.in_device;
    if (!rule.destination.empty()) text += fmt::format(" to {}/{}", rule.destination, rule.prefix);
    return text;
}

// Returns the rule of a message; nothing where it has another selector or action than a RoutingRule.
std::optional<RoutingRule> rule_of(const nlmsghdr* header) {
    const auto* entry = static_cast<const fib_rule_hdr*>(NLMSG_DATA(header));
    if (entry->family != AF_INET && entry->family != AF_INET6) return std::nullopt;
    RoutingRule rule;
    rule.v6 = entry->family == AF_INET6;
    rule.blackhole = entry->action == FR_ACT_BLACKHOLE;
    if (!rule.blackhole && (entry->action != FR_ACT_TO_TBL || entry->table != RT_TABLE_MAIN))
        return std::nullopt;
    if (entry->src_len != 0 || (entry->flags & FIB_RULE_INVERT) != 0) return std::nullopt;
    bool simple = true;
    each_attribute_of<fib_rule_hdr>(header, [&](unsigned type, const rtattr* part) {
        switch (type) {
            case FRA_PRIORITY: rule.priority = value_of<std::uint32_t>(part); break;
            case FRA_IIFNAME: rule.in_device = base::text_of(part); break;
            case FRA_FWMARK: rule.mark = value_of<std::uint32_t>(part); break;
            case FRA_FWMASK: rule.mask = value_of<std::uint32_t>(part); break;
            case FRA_OIFNAME: simple = false; break;
            case FRA_DST: {
                NetAddress address;
                address.family = entry->family;
                std::memcpy(address.bytes.data(), RTA_DATA(part),
                            std::min(address.size(), std::size_t{RTA_PAYLOAD(part)}));
                rule.destination = format_address(address);
                rule.prefix = entry->dst_len;
                break;
            }
            default: break;
        }
    });
    if (!simple) return std::nullopt;
    return rule;
}

}  // namespace

void add_routing_rule(Netlink& netlink, const RoutingRule& rule) {
    NetlinkMessage message = message_of(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
    netlink.request(message, fmt::format("add the routing rule '{}'", text_of(rule)));
}

void delete_routing_rule(Netlink& netlink, const RoutingRule& rule) {
    NetlinkMessage message = message_of(RTM_DELRULE, 0, rule);
    netlink.request(message, fmt::format("remove the routing rule '{}'", text_of(rule)));
}

// A dump of family AF_UNSPEC has the rules of both families.
std::vector<RoutingRule> routing_rules(Netlink& netlink) {
    std::vector<RoutingRule> all;
    NetlinkMessage message(RTM_GETRULE, NLM_F_DUMP);
    message.fixed(fib_rule_hdr{});
    netlink.request(message, "list the routing rules", [&](const nlmsghdr* header) {
        if (auto rule = rule_of(header)) all.push_back(std::move(*rule));
    });
    return all;
}

}  // namespace lxvirt::base
