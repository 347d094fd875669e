// net-update of <dhcp> and <dns>: finds the entry that a fragment means, and has libvirt's words
// for a fragment that means none or several.
#include <fmt/format.h>

#include <algorithm>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/network/change.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Returns the <ip> that is meant: that at the index, else the one with DHCP, else the first of
// IPv4, else the first.
NetworkIp& select_ip(const Change& change, std::string_view what) {
    std::vector<NetworkIp>& ips = change.network.ips;
    if (change.parent_index >= 0) {
        if (static_cast<std::size_t>(change.parent_index) < ips.size())
            return ips[static_cast<std::size_t>(change.parent_index)];
        base::fail(ErrorCode::operation_invalid,
                   "couldn't update dhcp {} entry - no <ip> element found at index {} in network "
                   "'{}'",
                   what, change.parent_index, change.network.name);
    }
    if (ips.empty())
        base::fail(ErrorCode::operation_invalid,
                   "couldn't update dhcp {} entry - no <ip> element found in network '{}'", what,
                   change.network.name);
    const auto with_dhcp =
        std::find_if(ips.begin(), ips.end(), [](const NetworkIp& ip) { return !ip.dhcp.empty(); });
    if (with_dhcp != ips.end()) return *with_dhcp;
    const auto v4 =
        std::find_if(ips.begin(), ips.end(), [](const NetworkIp& ip) { return !ip.v6(); });
    return v4 != ips.end() ? *v4 : ips.front();
}

// Throws operation_invalid if another subnet of the same family has DHCP already: dnsmasq is given
// one subnet of each.
void require_only_dhcp(const Change& change, const NetworkIp& ip) {
    if (!change.adds()) return;
    for (const NetworkIp& other : change.network.ips)
        if (&other != &ip && other.v6() == ip.v6() && !other.dhcp.empty())
            base::fail(ErrorCode::operation_invalid,
                       "dhcp is supported only for a single {} address on each network",
                       ip.v6() ? "IPv6" : "IPv4");
}

// Writes an absent value as "(null)", as libvirt does: programs compare these texts.
std::string host_text(const DhcpHost& host, bool v6) {
    const auto value = [](const std::string& text) { return text.empty() ? "(null)" : text; };
    return fmt::format("<host {}='{}' name='{}' ip='{}'/>", v6 ? "id" : "mac",
                       value(v6 ? host.id : host.mac), value(host.name), value(host.ip));
}

// Says whether two spellings mean the same hardware address; false if the first is no address.
bool same_mac(const std::string& a, const std::string& b) {
    const auto first = to_mac(a);
    return first && first == to_mac(b);
}

// Says whether two entries agree in any of the fields that name a client.
bool meets(const DhcpHost& a, const DhcpHost& b) {
    return same_mac(a.mac, b.mac) || (!a.id.empty() && a.id == b.id) ||
           (!a.name.empty() && a.name == b.name) || (!a.ip.empty() && a.ip == b.ip);
}

// Says whether a host has all the fields that `key` has.
bool matches(const DhcpHost& host, const DhcpHost& key) {
    return (key.mac.empty() || same_mac(host.mac, key.mac)) &&
           (key.id.empty() || host.id == key.id) && (key.name.empty() || host.name == key.name) &&
           (key.ip.empty() || host.ip == key.ip);
}

// Says whether two ranges agree at both ends; the lease does not count.
bool same_range(const DhcpRange& a, const DhcpRange& b) {
    return a.start == b.start && a.end == b.end;
}

// Says whether two records have a name in common.
bool shares_name(const DnsHost& a, const DnsHost& b) {
    return std::any_of(
        a.hostnames.begin(), a.hostnames.end(),
        [&b](const std::string& name) {
            return std::find(b.hostnames.begin(), b.hostnames.end(), name) != b.hostnames.end();
        });
}

// Says whether a record agrees with all fields that `key` gives.
bool matches(const DnsSrv& srv, const DnsSrv& key) {
    const auto text = [](const std::string& value, const std::string& wanted) {
        return wanted.empty() || value == wanted;
    };
    const auto number = [](const std::optional<unsigned>& value,
                           const std::optional<unsigned>& wanted) {
        return !wanted || value == wanted;
    };
    return text(srv.service, key.service) && text(srv.protocol, key.protocol) &&
           text(srv.domain, key.domain) && text(srv.target, key.target) &&
           number(srv.port, key.port) && number(srv.priority, key.priority) &&
           number(srv.weight, key.weight);
}

// Says what a fragment has to contain: an entry to be deleted is given by what identifies it.
Given given(const Change& change) {
    return change.deletes() ? Given::key : Given::whole;
}

}  // namespace

void update_dhcp_host(const Change& change) {
    NetworkIp& ip = select_ip(change, "host");
    const std::string& name = change.network.name;
    require_element(change, "host");
    // The family is checked before the entry is parsed, because libvirt has its own words for that
    // error.
    const auto address = to_ip_address(string_attribute(change.element, "ip"));
    if (address && address->v6 != ip.v6())
        base::fail(ErrorCode::operation_invalid,
                   "the address family of a host entry IP must match the address family of the "
                   "dhcp element's parent");
    const DhcpHost host = parse_dhcp_host(change.element, name, ip, given(change));
    require_only_dhcp(change, ip);
    auto& hosts = ip.dhcp.hosts;
    // An entry to delete must agree in all given fields; an entry to add or to change must meet
    // another in one.
    const auto found = std::find_if(hosts.begin(), hosts.end(), [&](const DhcpHost& other) {
        return change.deletes() ? matches(other, host) : meets(other, host);
    });
    if (change.adds()) {
        if (found != hosts.end())
            base::fail(ErrorCode::operation_invalid,
                       "there is an existing dhcp host entry in network '{}' that matches \"{}\"",
                       name, host_text(host, ip.v6()));
        return change.add(hosts, host);
    }
    if (found == hosts.end()) {
        if (change.deletes())
            base::fail(ErrorCode::operation_invalid,
                       "couldn't locate a matching dhcp host entry in network '{}'", name);
        // libvirt writes "unknown" in this text and "(null)" in others.
        const auto value = [](const std::string& text) { return text.empty() ? "unknown" : text; };
        base::fail(ErrorCode::operation_invalid,
                   "couldn't locate an existing dhcp host entry with \"mac='{}'\" \"name='{}'\" "
                   "\"ip='{}'\" in network '{}'",
                   value(host.mac), value(host.name), value(host.ip), name);
    }
    if (change.deletes())
        hosts.erase(found);
    else
        *found = host;
}

void update_dhcp_range(const Change& change) {
    NetworkIp& ip = select_ip(change, "range");
    const std::string& name = change.network.name;
    require_element(change, "range");
    const DhcpRange range = parse_dhcp_range(change.element, name, ip);
    // The entry is parsed before modify is refused, so that a faulty fragment gets the same error
    // as in libvirt.
    refuse_modify(change, "dhcp ranges");
    require_only_dhcp(change, ip);
    auto& ranges = ip.dhcp.ranges;
    const auto found = std::find_if(ranges.begin(), ranges.end(), [&range](const DhcpRange& other) {
        return same_range(other, range);
    });
    if (change.adds()) {
        if (found != ranges.end())
            base::fail(ErrorCode::operation_invalid,
                       "there is an existing dhcp range entry in network '{}' that matches "
                       "\"<range start='{}' end='{}'/>\"",
                       name, range.start, range.end);
        return change.add(ranges, range);
    }
    if (found == ranges.end())
        base::fail(ErrorCode::operation_invalid,
                   "couldn't locate a matching dhcp range entry in network '{}'", name);
    ranges.erase(found);
}

void update_dns_host(const Change& change) {
    const std::string& name = change.network.name;
    require_element(change, "host");
    refuse_modify(change, "DNS HOST records");
    const DnsHost host = parse_dns_host(change.element, name, given(change));
    auto& hosts = change.network.dns.hosts;
    // A name may have several addresses, but an address has one record.
    const auto is_meant = [&](const DnsHost& other) {
        return (!host.ip.empty() && other.ip == host.ip) ||
               (change.deletes() && shares_name(other, host));
    };
    const auto count = std::count_if(hosts.begin(), hosts.end(), is_meant);
    if (change.adds()) {
        if (count != 0)
            base::fail(ErrorCode::operation_invalid,
                       "there is already at least one DNS HOST record with a matching field in "
                       "network {}",
                       name);
        return change.add(hosts, host);
    }
    if (count == 0)
        base::fail(ErrorCode::operation_invalid,
                   "couldn't locate a matching DNS HOST record in network {}", name);
    if (count > 1)
        base::fail(ErrorCode::operation_invalid,
                   "multiple matching DNS HOST records were found in network {}", name);
    hosts.erase(std::find_if(hosts.begin(), hosts.end(), is_meant));
}

void update_dns_txt(const Change& change) {
    const std::string& name = change.network.name;
    require_element(change, "txt");
    refuse_modify(change, "DNS TXT records");
    const DnsTxt txt = parse_dns_txt(change.element, name, given(change));
    auto& txts = change.network.dns.txts;
    // The name alone identifies a record here, though the DNS allows several.
    const auto found = std::find_if(txts.begin(), txts.end(),
                                    [&txt](const DnsTxt& other) { return other.name == txt.name; });
    if (change.adds()) {
        if (found != txts.end())
            base::fail(ErrorCode::operation_invalid,
                       "there is already a DNS TXT record with name '{}' in network {}", txt.name,
                       name);
        return change.add(txts, txt);
    }
    if (found == txts.end())
        base::fail(ErrorCode::operation_invalid,
                   "couldn't locate a matching DNS TXT record in network {}", name);
    txts.erase(found);
}

void update_dns_srv(const Change& change) {
    const std::string& name = change.network.name;
    require_element(change, "srv");
    refuse_modify(change, "DNS SRV records");
    const DnsSrv srv = parse_dns_srv(change.element, name, given(change));
    auto& srvs = change.network.dns.srvs;
    // Fields that the fragment lacks match every record.
    const auto is_meant = [&srv](const DnsSrv& other) { return matches(other, srv); };
    const auto count = std::count_if(srvs.begin(), srvs.end(), is_meant);
    if (change.adds()) {
        if (count != 0)
            base::fail(ErrorCode::operation_invalid,
                       "there is already at least one DNS SRV record matching all specified "
                       "fields in network {}",
                       name);
        return change.add(srvs, srv);
    }
    if (count == 0)
        base::fail(ErrorCode::operation_invalid,
                   "couldn't locate a matching DNS SRV record in network {}", name);
    if (count > 1)
        base::fail(ErrorCode::operation_invalid,
                   "multiple DNS SRV records matching all specified fields were found in network "
                   "{}",
                   name);
    srvs.erase(std::find_if(srvs.begin(), srvs.end(), is_meant));
}

}  // namespace lxvirt::xml
