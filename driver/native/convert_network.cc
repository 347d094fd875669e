// Converts lxc.net.N.* and lxc.network.*: each NIC becomes an interface or a host device.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "xml/document/values.hh"

namespace lxvirt::driver::native {

namespace {

// Returns today's name of an option that lxc 2.0 and older spelled otherwise.
std::string modern_option(std::string_view option) {
    if (option == "ipv4" || option == "ipv6") return fmt::format("{}.address", option);
    if (option == "macvlan_mode") return "macvlan.mode";
    if (option == "veth_pair") return "veth.pair";
    return std::string(option);
}

// An option of a NIC: its name without "lxc.net.N.", and its line.
struct Option {
    std::string name;  // "link", "ipv4.address"
    const Line* line = nullptr;
};
using Nic = std::vector<Option>;

// Collects the NICs in the order of their numbers, and legacy ones in the order of their `type`
// lines.
class NicReader {
  public:
    explicit NicReader(Context& context) {
        // Reads all lines of the configuration; an empty "lxc.net =" clears the NICs before it.
        for (const Line& line : context.lines()) {
            const std::string_view name = line.name;
            if (name == "net" || name == "network") {
                context.exact(line);
                nics_.clear();
            } else if (name.starts_with("net.")) {
                context.exact(line);
                numbered(context, line, name.substr(4));
            } else if (name.starts_with("network.")) {
                context.exact(line);
                legacy(context, line, name.substr(8));
            }
        }
    }
    [[nodiscard]] const std::map<unsigned, Nic>& nics() const { return nics_; }

  private:
    // Reads lxc.net.NUMBER.OPTION.
    void numbered(Context& context, const Line& line, std::string_view rest) {
        const auto dot = rest.find('.');
        const auto number = base::parse_number<unsigned>(rest.substr(0, dot));
        if (!number) return context.untranslated(line, "not lxc.net.NUMBER.OPTION");
        if (dot == std::string_view::npos)
            nics_.erase(*number);  // "lxc.net.0 =" clears the NIC
        else
            nics_[*number].push_back({modern_option(rest.substr(dot + 1)), &line});
    }

    // Reads lxc.network.OPTION, which belongs to the NIC that the last lxc.network.type opened.
    void legacy(Context& context, const Line& line, std::string_view rest) {
        const auto dot = rest.find('.');
        if (base::parse_number<unsigned>(rest.substr(0, dot))) return numbered(context, line, rest);
        if (rest == "type") last_ = nics_.empty() ? 0 : nics_.rbegin()->first + 1;
        // This is the number of the NIC that the last lxc.network.type opened.
        if (rest != "type" && nics_.find(last_) == nics_.end())
            return context.untranslated(line, "no lxc.network.type opened a NIC before it");
        nics_[last_].push_back({modern_option(rest), &line});
    }

    std::map<unsigned, Nic> nics_;
    unsigned last_ = 0;
};

// Returns the prefix of an IPv4 address without one, by its class, as lxc does.
unsigned class_prefix(const std::string& address) {
    const auto first = base::parse_number<unsigned>(address.substr(0, address.find('.')));
    if (!first || *first < 128) return 8;
    return *first < 192 ? 16 : *first < 224 ? 24 : 0;
}

// The options of <lx:interface> that have an effect when the container runs.
constexpr std::string_view kActedUpon[] = {"script.up",        "script.down",     "ipvlan.mode",
                                           "ipvlan.isolation", "veth.mode",       "veth.ipv4.route",
                                           "veth.ipv6.route",  "veth.n_rxqueues", "veth.n_txqueues",
                                           "ipv4.gateway",     "ipv6.gateway",    "vlan.id"};

// Converts one NIC.
class NicConverter {
  public:
    NicConverter(Context& context, const Nic& nic) : context_(context), nic_(nic) {}

    // Adds the NIC to the domain. The type 'empty' sets `own_network`, 'none' sets `host_network`.
    void convert(bool& own_network, bool& host_network) {
        const Line* type = take("type");
        const std::string kind = type == nullptr ? "" : type->value;
        // lxc leaves a NIC down unless its flags say "up".
        interface_.link_up = false;
        if (kind == "veth" || kind == "macvlan" || kind == "ipvlan" || kind == "vlan") {
            take_interface(*type, kind);
        } else if (kind == "phys") {
            take_hostdev(*type);
        } else if (kind == "empty") {
            own_network = true;
        } else if (kind == "none") {
            host_network = true;
        } else {
            const Line& line = *nic_.front().line;
            context_.untranslated(line, kind.empty()
                                            ? "this NIC has no type"
                                            : fmt::format("no NIC has the type '{}'", kind));
        }
        finish(!kind.empty() && kind != "empty" && kind != "none");
    }

  private:
    // Returns the last line of an option and marks all its lines as taken.
    const Line* take(std::string_view name) {
        const Line* last = nullptr;
        for (const Option& option : nic_) {
            if (option.name != name) continue;
            taken_.push_back(option.line);
            last = option.line;
        }
        return last == nullptr || last->value.empty() ? nullptr : last;
    }

    // Returns the value that take() finds; empty where there is none.
    std::string value(std::string_view name) {
        const Line* line = take(name);
        return line == nullptr ? "" : line->value;
    }

    // Fills the interface from a veth, macvlan or ipvlan. A veth without a link has an end on the
    // host that is in no bridge, which is libvirt's type 'ethernet'.
    void take_interface(const Line& type, const std::string& kind) {
        interface_.source = value("link");
        if (kind == "veth") {
            interface_.type = interface_.source.empty() ? xml::InterfaceType::ethernet
                                                        : xml::InterfaceType::bridge;
        } else {
            interface_.type = xml::InterfaceType::direct;
            if (interface_.source.empty())
                context_.untranslated(type, "there is no 'link', the host's device below it");
            if (kind == "ipvlan") take_ipvlan(type);
            if (kind == "vlan" && !take_vlan_link(type)) return;
            interface_.mode = macvlan_mode(kind);
        }
        take_common();
        if (kind != "veth" && interface_.source.empty()) return;
        is_interface_ = true;
    }

    // An ipvlan is told from a macvlan by this option, which is therefore always stored; lxc's
    // default mode is l3.
    void take_ipvlan(const Line& type) {
        const std::string mode = value("ipvlan.mode");
        options_.push_back({"ipvlan.mode", mode.empty() ? "l3" : mode});
        context_.kept(type, "as <lx:interface> of a direct interface");
    }

    // A VLAN on a device of the host is told from a macvlan by this option.
    bool take_vlan_link(const Line& type) {
        const auto id = xml::to_unsigned_any_base(value("vlan.id"));
        if (!id || *id > 4094) {
            context_.untranslated(type, "there is no vlan.id up to 4094");
            return false;
        }
        options_.push_back({"vlan.id", std::to_string(*id)});
        context_.kept(type, "as <lx:interface> of a direct interface");
        return true;
    }

    // lxc's default mode of a macvlan is private.
    xml::DirectMode macvlan_mode(const std::string& kind) {
        const std::string mode = kind == "macvlan" ? value("macvlan.mode") : "bridge";
        if (mode == "vepa") return xml::DirectMode::vepa;
        if (mode == "bridge") return xml::DirectMode::bridge;
        if (mode == "passthru") return xml::DirectMode::passthrough;
        return xml::DirectMode::private_;
    }

    // Takes the options that interfaces of all types have.
    void take_common() {
        interface_.guest = value("name");
        if (const Line* line = take("veth.pair")) interface_.target = line->value;
        if (const Line* line = take("flags")) interface_.link_up = !line->value.empty();
        if (const Line* line = take("mtu")) {
            interface_.mtu = base::parse_number<unsigned>(line->value);
            if (!interface_.mtu) context_.untranslated(*line, "not a number");
        }
        if (const Line* line = take("hwaddr")) take_mac(*line);
        if (const Line* line = take("veth.vlan.id")) {
            // lxc's "none" takes the port out of the bridge's default VLAN, which libvirt's <vlan>
            // cannot express.
            if (line->value == "none")
                keep_option("veth.vlan.id", *line, "no VLAN for what has no tag");
            else
                take_vlan(*line, false);
        }
        for (const Option& option : nic_)
            if (option.name == "veth.vlan.tagged.id") {
                taken_.push_back(option.line);
                take_vlan(*option.line, true);
            }
        take_addresses("ipv4", interface_.ips, interface_.routes);
        take_addresses("ipv6", interface_.ips, interface_.routes);
    }

    // Converts a hardware address in which each 'x' is a random digit, as lxc fills it in.
    void take_mac(const Line& line) {
        const auto mac = filled_mac(line.value);
        if (!mac) return context_.untranslated(line, "not a hardware address");
        interface_.mac = *mac;
    }
    static std::optional<std::string> filled_mac(std::string mac) {
        std::size_t place = 0;
        std::string digits;
        for (char& c : mac) {
            if (c != 'x' && c != 'X') continue;
            // Only the second half of random_mac() is random; the first is a vendor's prefix.
            if (place == digits.size()) {
                digits = xml::random_mac().substr(9);
                std::erase(digits, ':');
                place = 0;
            }
            c = digits[place++];
            // The second digit of all says what kind of address it is: a station's has an even one.
            if (&c == &mac[1]) c = "02468ace"[static_cast<unsigned char>(c) % 8];
        }
        const auto parsed = xml::to_mac(mac);
        if (!parsed) return std::nullopt;
        return xml::mac_text(*parsed);
    }

    // Adds a VLAN; tagged ones make the port a trunk.
    void take_vlan(const Line& line, bool tagged) {
        const auto id = base::parse_number<unsigned>(line.value);
        if (!id || *id > 4094) return context_.untranslated(line, "not a VLAN number");
        if (!interface_.vlan) interface_.vlan.emplace();
        std::vector<xml::VlanTag>& tags = interface_.vlan->tags;
        // The untagged VLAN was read first; beside tagged ones it is the native one.
        if (tagged && !interface_.vlan->trunk && !tags.empty())
            tags.front().native_mode = "untagged";
        interface_.vlan->trunk = interface_.vlan->trunk || tagged;
        tags.push_back({*id, {}});
    }

    // Takes the addresses of one family, "ipv4" or "ipv6", and the gateway.
    void take_addresses(const std::string& family, std::vector<xml::IpAddress>& ips,
                        std::vector<xml::Route>& routes) {
        for (const Option& option : nic_) {
            if (option.name != family + ".address") continue;
            taken_.push_back(option.line);
            take_address(*option.line, family, ips);
        }
        if (const Line* line = take(family + ".gateway")) take_gateway(*line, family, routes);
    }

    // Converts ADDRESS[/PREFIX] [BROADCAST]. An IPv6 address without a prefix gets 64.
    void take_address(const Line& line, const std::string& family,
                      std::vector<xml::IpAddress>& ips) {
        const auto words = base::split_words(line.value);
        const std::string text(words.empty() ? "" : words[0]);
        const auto slash = text.find('/');
        xml::IpAddress ip{family, text.substr(0, slash), std::nullopt, {}};
        ip.prefix = slash != std::string::npos
                        ? base::parse_number<unsigned>(std::string_view(text).substr(slash + 1))
                    : family == "ipv4" ? class_prefix(ip.address)
                                       : 64;
        const auto parsed = xml::to_ip_address(ip.address);
        if (!parsed || parsed->v6 != (family == "ipv6") || !ip.prefix ||
            *ip.prefix > parsed->bits())
            return context_.untranslated(line, fmt::format("not an {} address", family));
        if (ip.address == "::")
            return context_.untranslated(line, "the kernel gives no device the address '::'");
        if (words.size() > 1)
            context_.approximated(line, "the broadcast address is the kernel's own");
        if (slash == std::string::npos && family == "ipv4")
            judge_class(line, ip.address, *ip.prefix);
        ips.push_back(std::move(ip));
    }

    // lxc looks at the byte of an address that the machine has in front: on x86 the last one.
    void judge_class(const Line& line, const std::string& address, unsigned prefix) {
        const unsigned lxcs = class_prefix(address.substr(address.rfind('.') + 1));
        if (lxcs == prefix) return;
        context_.approximated(
            line, fmt::format("with the prefix {} of its class; lxc on this machine takes {}, "
                              "by the address's last number",
                              prefix, lxcs));
    }

    // Adds the default route. 'auto' is the bridge's address at this moment, 'dev' a route without
    // a gateway.
    void take_gateway(const Line& line, const std::string& family,
                      std::vector<xml::Route>& routes) {
        const bool v6 = family == "ipv6";
        std::string gateway = line.value;
        if (gateway == "dev") {
            keep_option(family + ".gateway", line, "a route without a gateway");
            return;
        }
        if (gateway == "auto") {
            const auto found = context_.facts.address(interface_.source, v6);
            if (!found)
                return context_.untranslated(
                    line, fmt::format("the host's '{}' has no address to take", interface_.source));
            gateway = *found;
            context_.approximated(
                line, fmt::format("as '{}', the address of '{}' now", gateway, interface_.source));
        }
        const auto parsed = xml::to_ip_address(gateway);
        if (!parsed || parsed->v6 != v6)
            return context_.untranslated(line, fmt::format("not an {} address", family));
        xml::Route route;
        route.family = family;
        route.address = v6 ? "::" : "0.0.0.0";
        if (v6) route.prefix = 0;
        route.gateway = gateway;
        routes.push_back(std::move(route));
    }

    // Stores an option in <lx:interface>; `what` says what has no effect where the option has none.
    void keep_option(const std::string& name, const Line& line, std::string_view what) {
        options_.push_back({name, line.value});
        const bool acted =
            std::find(std::begin(kActedUpon), std::end(kActedUpon), name) != std::end(kActedUpon);
        context_.kept(line, acted
                                ? "as <lx:interface>"
                                : fmt::format("as <lx:interface>, which this release does not act "
                                              "upon: {}",
                                              what));
    }

    // Converts a device of the host, which moves into the container.
    void take_hostdev(const Line& type) {
        const std::string source = value("link");
        if (source.empty()) return context_.untranslated(type, "there is no 'link', the device");
        xml::Hostdev device;
        device.type = xml::HostdevType::net;
        device.source = source;
        take_addresses("ipv4", device.ips, device.routes);
        take_addresses("ipv6", device.ips, device.routes);
        (void)take("flags");
        xml::ContainerHostdev seen{.source = source, .name = {}, .mac = {}, .mtu = {}};
        if (const Line* line = take("name"); line != nullptr && line->value != source) {
            seen.name = line->value;
            context_.kept(*line, "as <lx:hostdev>");
        }
        if (const Line* line = take("hwaddr")) {
            seen.mac = filled_mac(line->value).value_or("");
            if (seen.mac.empty())
                context_.untranslated(*line, "not a hardware address");
            else
                context_.kept(*line, "as <lx:hostdev>");
        }
        if (const Line* line = take("mtu")) {
            seen.mtu = base::parse_number<unsigned>(line->value);
            if (seen.mtu)
                context_.kept(*line, "as <lx:hostdev>");
            else
                context_.untranslated(*line, "not a number");
        }
        if (!seen.name.empty() || !seen.mac.empty() || seen.mtu)
            context_.domain.container.hostdevs.push_back(std::move(seen));
        context_.domain.hostdevs.push_back(std::move(device));
    }

    // Stores options that have no element with the interface, and judges all others.
    void finish(bool is_nic) {
        for (const Option& option : nic_) {
            if (std::find(taken_.begin(), taken_.end(), option.line) != taken_.end()) continue;
            if (option.line->value.empty()) continue;
            if (is_interface_ && is_kept_option(option.name))
                keep_option(option.name, *option.line, "libvirt's XML has no place for it");
            else if (is_nic || option.name != "flags")
                context_.untranslated(*option.line, is_nic
                                                        ? "this type of NIC has no such option"
                                                        : "there is no NIC that it could be about");
        }
        if (!is_interface_) return;
        const auto index = static_cast<unsigned>(context_.domain.interfaces.size());
        context_.domain.interfaces.push_back(std::move(interface_));
        if (!options_.empty())
            context_.domain.container.interfaces.push_back(
                {.index = index, .guard = {}, .options = options_});
    }

    Context& context_;
    const Nic& nic_;
    std::vector<const Line*> taken_;
    xml::Interface interface_;
    std::vector<xml::ContainerSetting> options_;
    bool is_interface_ = false;
};

}  // namespace

bool is_kept_option(std::string_view name) {
    return base::contains_word(
        "veth.mode veth.n_rxqueues veth.n_txqueues veth.ipv4.route veth.ipv6.route veth.vlan.id "
        "ipvlan.mode ipvlan.isolation vlan.id l2proxy script.up script.down ipv4.gateway "
        "ipv6.gateway",
        name);
}

void convert_network(Context& context) {
    const NicReader reader(context);
    bool own = false, host = false;
    for (const auto& [number, nic] : reader.nics()) NicConverter(context, nic).convert(own, host);
    // lxc makes an empty network namespace where no NIC is configured, since 1.0.
    if (reader.nics().empty()) own = true;
    if (host && !context.domain.interfaces.empty()) own = true;
    if (own && !host) context.domain.features.privnet = true;
}

}  // namespace lxvirt::driver::native
