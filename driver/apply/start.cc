// --start and --wait: starts what does not run, networks first, and waits until running domains
// have the addresses that dnsmasq leases.
#include <algorithm>
#include <thread>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/apply/run.hh"
#include "xml/domain/parse.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

using Clock = std::chrono::steady_clock;
// Time between two looks at a domain's addresses.
constexpr auto kPause = std::chrono::milliseconds(50);

// Returns the interfaces on networks with <dhcp>: only they get an address, so only they are waited
// for.
std::vector<xml::Interface> addressed(const Connection& connection, const xml::Domain& domain) {
    std::vector<xml::Interface> found;
    const Networks& networks = connection.networks();
    for (const xml::Interface& interface : domain.interfaces) {
        if (interface.type != xml::InterfaceType::network) continue;
        const std::string text = networks.xml_desc({interface.source, ""});
        const xml::Network network =
            xml::parse_network(text, {.file = interface.source, .defaults = false, .live = true})
                .network;
        if (std::any_of(network.ips.begin(), network.ips.end(),
                        [](const xml::NetworkIp& ip) { return !ip.dhcp.empty(); }))
            found.push_back(interface);
    }
    return found;
}

// Returns whether the interface with this hardware address has an address other than a link-local
// one of IPv6, which every link has.
bool has_address(const std::vector<InterfaceAddresses>& all, const std::string& mac) {
    for (const InterfaceAddresses& one : all)
        if (one.mac == mac)
            for (const InterfaceAddress& address : one.addresses)
                if (!address.ip.starts_with("fe80:")) return true;
    return false;
}

}  // namespace

void ApplyRun::start() {
    for (ApplyItem& item : items_) {
        if (item.failed) continue;
        try {
            start_one(item);
        } catch (const std::exception& error) {
            fail(item, base::message_of(error));
        }
    }
}

void ApplyRun::start_one(ApplyItem& item) {
    const ObjectDocument& document = item.document;
    const std::string& name = document.name();
    if (is_active(connection_, document.kind(), name)) return;
    if (!options_.dry_run) {
        if (document.kind() == ObjectKind::domain)
            // The logs of the domain and of the network have the notices, too.
            (void)connection_.start({name, document.uuid(), -1});
        else
            (void)connection_.networks().start({name, document.uuid()});
    }
    ++summary_.started;
    on_event_(
        {.act = ApplyAct::started, .kind = document.kind(), .name = name, .file = document.file()});
}

void ApplyRun::wait() {
    const Clock::time_point end = Clock::now() + options_.timeout;
    for (ApplyItem& item : items_) {
        if (item.failed || item.document.kind() != ObjectKind::domain) continue;
        try {
            await_addresses(item, end);
        } catch (const std::exception& error) {
            fail(item, base::message_of(error));
        }
    }
}

// Waits until each interface has an address. Throws operation_failed if the domain ends meanwhile,
// operation_timeout at `end`.
void ApplyRun::await_addresses(ApplyItem& item, Clock::time_point end) {
    const std::string& name = item.document.name();
    const DomainRef domain{name, item.document.uuid(), -1};
    const auto is_running = [&] { return is_active(connection_, ObjectKind::domain, name); };
    const auto why_ended = [&] { return connection_.status(domain).detail; };
    if (!is_running()) {
        if (!options_.start) return;  // nobody asked for it to run
        base::fail(base::ErrorCode::operation_failed, "domain '{}' has ended: {}", name,
                   why_ended());
    }
    const std::string text = connection_.xml_desc(domain);
    const xml::Domain live =
        xml::parse_domain(text, {.file = name, .defaults = false, .live = true}).domain;
    for (const xml::Interface& interface : addressed(connection_, live)) {
        for (;;) {
            if (!is_running())
                base::fail(base::ErrorCode::operation_failed,
                           "domain '{}' ended before it had an address: {}", name, why_ended());
            if (has_address(connection_.interface_addresses(domain, AddressSource::agent),
                            interface.mac))
                break;
            if (Clock::now() >= end)
                base::fail(base::ErrorCode::operation_timeout,
                           "domain '{}': interface {} has got no address from network '{}' in {} "
                           "seconds",
                           name, interface.mac, interface.source, options_.timeout.count());
            std::this_thread::sleep_for(kPause);
        }
    }
}

}  // namespace lxvirt::driver
