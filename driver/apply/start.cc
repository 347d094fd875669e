// --start and --wait.
#include <algorithm>
#include <thread>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/apply/run.hh"
#include "driver/network/live.hh"
#include "driver/store/live.hh"
#include "driver/store/state.hh"

namespace lxvirt::driver {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds(50);

// Interfaces that dnsmasq gives an address.
std::vector<const xml::Interface*> addressed(const Root& root, const xml::Domain& domain) {
    std::vector<const xml::Interface*> found;
    for (const xml::Interface& interface : domain.interfaces) {
        if (interface.type != xml::InterfaceType::network) continue;
        const auto network = read_live_network(root, interface.source);
        if (network && std::any_of(network->network.ips.begin(), network->network.ips.end(),
                                   [](const xml::NetworkIp& ip) { return !ip.dhcp.empty(); }))
            found.push_back(&interface);
    }
    return found;
}

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
        } catch (const base::Exception& error) {
            fail(item, error.message());
        }
    }
}

void ApplyRun::start_one(ApplyItem& item) {
    const ObjectDocument& document = item.document;
    const std::string& name = document.name();
    if (document.kind() == ObjectKind::domain) {
        if (root_.running(name)) return;
        if (!options_.dry_run) connection_.start({name, document.uuid(), -1}, {});
    } else {
        const auto live = read_live_network_head(root_, name);
        if (live && live->running && live->current()) return;
        if (!options_.dry_run) connection_.networks().start({name, document.uuid()});
    }
    ++summary_.started;
    tell_(
        {.act = ApplyAct::started, .kind = document.kind(), .name = name, .file = document.file()});
}

void ApplyRun::wait() {
    const Clock::time_point end = Clock::now() + options_.timeout;
    for (ApplyItem& item : items_) {
        if (item.failed || item.document.kind() != ObjectKind::domain) continue;
        try {
            await_addresses(item, end);
        } catch (const base::Exception& error) {
            fail(item, error.message());
        }
    }
}

void ApplyRun::await_addresses(ApplyItem& item, Clock::time_point end) {
    const std::string& name = item.document.name();
    const DomainRef domain{name, item.document.uuid(), -1};
    const auto live = root_.running(name) ? read_live(root_, name) : std::nullopt;
    if (!live) {
        if (!options_.start) return;  // nobody asked for it to run
        base::fail(base::ErrorCode::operation_failed, "domain '{}' has ended: {}", name,
                   read_state(root_, name).detail);
    }
    for (const xml::Interface* interface : addressed(root_, live->domain)) {
        for (;;) {
            if (!root_.running(name))
                base::fail(base::ErrorCode::operation_failed,
                           "domain '{}' ended before it had an address: {}", name,
                           read_state(root_, name).detail);
            if (has_address(connection_.interface_addresses(domain, AddressSource::agent),
                            interface->mac))
                break;
            if (Clock::now() >= end)
                base::fail(base::ErrorCode::operation_timeout,
                           "domain '{}': interface {} has got no address from network '{}' in {} "
                           "seconds",
                           name, interface->mac, interface->source, options_.timeout.count());
            std::this_thread::sleep_for(kPause);
        }
    }
}

}  // namespace lxvirt::driver
