// Parses <domain> and <dns>: what dnsmasq answers.
#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/network/parts.hh"

namespace lxvirt::xml {

namespace {

// Throws xml_detail where `text` cannot stand between commas and blanks in dnsmasq's files.
void require_plain(const Element& element, std::string_view what, std::string_view text) {
    require_one_line(element, what, text);
    if (text.find_first_of(" ,#\"\\") == std::string_view::npos) return;
    element.fail(ErrorCode::xml_detail, fmt::format("prohibited character in {} '{}'", what, text),
                 "no blank, comma, quote, backslash or #");
}

// Reads <forwarder>: a server, a domain, or both.
DnsForwarder parse_forwarder(const Element& element, const std::string& network) {
    DnsForwarder forwarder;
    forwarder.domain = string_attribute(element, "domain");
    require_plain(element, "forwarder domain", forwarder.domain);
    const auto text = element.attribute("addr");
    if (!text && forwarder.domain.empty())
        element.fail(ErrorCode::xml_error,
                     "Invalid forwarder element, must contain at least one of addr or domain",
                     "<forwarder addr='192.0.2.53'/>");
    if (!text) return forwarder;
    const auto address = to_ip_address(*text);
    if (!address)
        element.fail(
            ErrorCode::xml_error,
            fmt::format("Invalid forwarder IP address '{}' in network '{}'", *text, network),
            "an IPv4 or IPv6 address");
    forwarder.addr = address->text();
    return forwarder;
}

// Reads a number of <srv>, at least `least` and at most 65535; the number has a meaning only with a
// target.
std::optional<unsigned> srv_number(const Element& element, const DnsSrv& srv, std::string_view name,
                                   std::string_view called, unsigned least,
                                   const std::string& network) {
    const auto text = element.attribute(name);
    if (!text) return std::nullopt;
    const auto value = to_unsigned(*text);
    if (!value || *value < least || *value > 65535)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("{} attribute for service '{}' in network '{}'", called,
                                 srv.service, network),
                     fmt::format("{} is {} to 65535", name, least));
    if (srv.target.empty())
        element.fail(ErrorCode::xml_detail,
                     fmt::format("DNS SRV {} attribute not permitted without target for service "
                                 "'{}' in network '{}'",
                                 name, srv.service, network),
                     "add target='HOST'");
    if (*value == 0) return std::nullopt;  // dnsmasq's default
    return static_cast<unsigned>(*value);
}

}  // namespace

// Reads <txt>: a name that stands before a comma, and any text on one line. With Given::key the
// name alone identifies the record.
DnsTxt parse_dns_txt(const Element& element, const std::string& network, Given given) {
    DnsTxt txt;
    txt.name = string_attribute(element, "name");
    const std::string_view hint = "<txt name='example' value='some text'/>";
    if (txt.name.empty())
        element.fail(
            ErrorCode::xml_detail,
            fmt::format("missing required name attribute in DNS TXT record of network {}", network),
            hint);
    if (txt.name.find_first_of(" ,#\"\\\n") != std::string::npos)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("prohibited character in DNS TXT record name '{}' of network {}",
                                 txt.name, network),
                     hint);
    txt.value = string_attribute(element, "value");
    require_one_line(element, "DNS TXT record", txt.name + txt.value);
    if (txt.value.empty() && given == Given::whole)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("missing required value attribute in DNS TXT record named '{}' of "
                                 "network {}",
                                 txt.name, network),
                     hint);
    return txt;
}

// Reads <srv>. No field may contain what separates fields in dnsmasq's configuration.
DnsSrv parse_dns_srv(const Element& element, const std::string& network, Given given) {
    DnsSrv srv;
    const std::string_view hint =
        "<srv service='ldap' protocol='tcp' target='server.example.com' port='389'/>";
    srv.service = string_attribute(element, "service");
    if (srv.service.empty() && given == Given::whole)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("missing required service attribute in DNS SRV record of network "
                                 "'{}'",
                                 network),
                     hint);
    srv.protocol = string_attribute(element, "protocol");
    if (srv.protocol.empty() && given == Given::whole)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("missing required protocol attribute in DNS SRV record '{}' of "
                                 "network '{}'",
                                 srv.service, network),
                     hint);
    srv.domain = string_attribute(element, "domain");
    srv.target = string_attribute(element, "target");
    for (const std::string& text : {srv.service, srv.protocol, srv.domain, srv.target})
        require_plain(element, "DNS SRV record", text);
    srv.port = srv_number(element, srv, "port", "invalid DNS SRV port", 1, network);
    srv.priority = srv_number(element, srv, "priority", "Invalid DNS SRV priority", 0, network);
    srv.weight = srv_number(element, srv, "weight", "invalid DNS SRV weight", 0, network);
    return srv;
}

// Reads <host>: an address with at least one name. With Given::key one of the two suffices.
DnsHost parse_dns_host(const Element& element, const std::string& network, Given given) {
    DnsHost host;
    const std::string_view hint = "<host ip='192.0.2.7'><hostname>printer</hostname></host>";
    const auto text = element.attribute("ip");
    if (!text && given == Given::whole)
        element.fail(ErrorCode::xml_detail,
                     fmt::format("Missing IP address in network '{}' DNS HOST record", network),
                     hint);
    if (text) {
        const auto address = to_ip_address(*text);
        if (!address)
            element.fail(ErrorCode::xml_detail,
                         fmt::format("Invalid IP address in network '{}' DNS HOST record", network),
                         fmt::format("'{}' is no IPv4 or IPv6 address", *text));
        host.ip = address->text();
    }
    for (const Element& child : element.children("hostname")) {
        std::string name = child.text();
        if (name.empty())
            child.fail(ErrorCode::xml_detail,
                       fmt::format("Missing hostname in network '{}' DNS HOST record", network),
                       hint);
        require_plain(child, "host name", name);
        host.hostnames.push_back(std::move(name));
    }
    if (host.hostnames.empty() && (given == Given::whole || host.ip.empty()))
        element.fail(
            ErrorCode::xml_detail,
            given == Given::whole
                ? fmt::format("Missing hostname in network '{}' DNS HOST record", network)
                : fmt::format("Missing ip and hostname in network '{}' DNS HOST record", network),
            hint);
    return host;
}

// Reads <domain> and <dns>. <dns enable='no'> with content is refused, as in libvirt.
void parse_dns(const Element& root, Network& out) {
    if (const Element domain = root.child("domain")) {
        DnsDomain parsed;
        parsed.name = string_attribute(domain, "name");
        parsed.local_only = enum_attribute(domain, "localOnly", kYesNo);
        require_plain(domain, "domain name", parsed.name);
        // libvirt ignores such an element without a word.
        if (parsed.name.empty())
            root.document().notice(domain, "<domain> without a name was left out");
        else
            out.domain = parsed;
    }
    const Element dns = root.child("dns");
    if (!dns) return;
    out.dns.enable = enum_attribute(dns, "enable", kYesNo);
    out.dns.forward_plain_names = enum_attribute(dns, "forwardPlainNames", kYesNo);
    for (const Element& element : dns.children("forwarder"))
        out.dns.forwarders.push_back(parse_forwarder(element, out.name));
    for (const Element& element : dns.children("txt"))
        out.dns.txts.push_back(parse_dns_txt(element, out.name, Given::whole));
    for (const Element& element : dns.children("srv"))
        out.dns.srvs.push_back(parse_dns_srv(element, out.name, Given::whole));
    for (const Element& element : dns.children("host"))
        out.dns.hosts.push_back(parse_dns_host(element, out.name, Given::whole));
    const bool has_data = !out.dns.forwarders.empty() || !out.dns.txts.empty() ||
                          !out.dns.srvs.empty() || !out.dns.hosts.empty();
    if (out.dns.enable == false && has_data)
        dns.fail(ErrorCode::xml_error, fmt::format("Extra data in disabled network '{}'", out.name),
                 "remove enable='no', or what is inside <dns>");
}

}  // namespace lxvirt::xml
