// The keys of the undo record: proto, host, container, address, mac, definition.
#include "driver/device/publish.hh"

#include "base/error.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "driver/device/hotplug_parts.hh"
#include "driver/network/life.hh"
#include "driver/network/ports.hh"
#include "driver/plan/compile.hh"
#include "driver/store/journal.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"
#include "xml/domain/publications.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;
using base::test_point;

constexpr const char* kPublish = "publish";
constexpr const char* kEnd = "end-publication";

// Returns the position of the interface that `device` names; an empty name means the only one on a
// network.
std::size_t interface_meant(const xml::Domain& domain, const std::string& device) {
    const std::vector<xml::Interface>& all = domain.interfaces;
    if (!device.empty()) {
        const xml::Interface* const found = xml::find_interface(domain, device);
        if (found == nullptr)
            base::fail(ErrorCode::device_missing, "domain '{}' has no interface '{}'", domain.name,
                       device);
        return static_cast<std::size_t>(found - all.data());
    }
    std::optional<std::size_t> only;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].type != xml::InterfaceType::network) continue;
        if (only)
            base::fail(
                ErrorCode::invalid_arg,
                "domain '{}' has several interfaces on networks, so say which one is meant: {} "
                "is the first",
                domain.name, all[*only].mac);
        only = i;
    }
    if (!only)
        base::fail(ErrorCode::device_missing, "domain '{}' has no interface on a network",
                   domain.name);
    return *only;
}

// Changes one definition and returns the interface that is meant.
xml::Interface change_domain(xml::Domain& domain, const PublicationChange& change) {
    if (!change.remove) {
        const std::size_t index = interface_meant(domain, change.device);
        xml::add_publication(domain, index, change.publication);
        return domain.interfaces[index];
    }
    const auto index = xml::remove_publication(domain, change.publication);
    if (!index)
        base::fail(ErrorCode::device_missing, "domain '{}' does not publish {}", domain.name,
                   xml::publication_text(change.publication));
    return domain.interfaces.at(*index);
}

// Makes lxnetd publish what the live definition says of the interface.
bool carry_out(const Root& root, const LiveState& live, const xml::Interface& interface) {
    return republish_port(root, owner_of_port(live.domain, interface, live.helper), interface);
}

void write_record(const Root& root, const std::string& name, const PublicationChange& change,
                  const xml::Interface& interface, const std::optional<std::string>& definition) {
    Pending pending;
    pending.operation = change.remove ? kEnd : kPublish;
    pending.values = {{"proto", change.publication.proto},
                      {"host", std::to_string(change.publication.host)},
                      {"container", std::to_string(change.publication.container)},
                      {"address", change.publication.address},
                      {"mac", interface.mac}};
    if (definition) pending.values.emplace_back("definition", *definition);
    write_pending(root, name, pending);
}

// Takes back a publication that could not be completed. What cannot be undone now stays in the
// record, and the next command undoes it; a log line says why.
void take_back(const Root& root, const LiveState& before,
               const xml::Interface& interface) noexcept {
    try {
        (void)carry_out(root, before, interface);
        write_live(root, before);
        clear_pending(root, before.domain.name);
    } catch (const base::Exception& error) {
        log_line(root, before.domain.name, error.message());
    }
}

void publish_live(const Root& root, const LiveState& before, const PublicationChange& change,
                  const std::optional<std::string>& definition) {
    const std::string& name = before.domain.name;
    LiveState live = before;
    const xml::Interface interface = change_domain(live.domain, change);
    write_record(root, name, change, interface, definition);
    test_point("publish-written-down");
    try {
        if (!carry_out(root, live, interface)) fail_inactive(interface.source);
        test_point("publish-port");
        write_live(root, live);
        test_point("publish-live");
        if (definition) Definitions(root).update_text(name, *definition);
        test_point("publish-definition");
    } catch (const base::Exception&) {
        take_back(root, before, interface);
        throw;
    }
    clear_pending(root, name);
}

void end_live(const Root& root, const Originals& originals, const PublicationChange& change,
              const std::optional<std::string>& definition) {
    const LiveState& before = *originals.live;
    const std::string& name = before.domain.name;
    LiveState live = before;
    const xml::Interface interface = change_domain(live.domain, change);
    write_record(root, name, change, interface, definition);
    test_point("publish-written-down");
    try {
        if (definition) Definitions(root).update_text(name, *definition);
        write_live(root, live);
        test_point("publish-live");
        (void)carry_out(root, live, interface);
    } catch (const base::Exception&) {
        // The port is given up last, so it is still held.
        if (definition) Definitions(root).update_text(name, originals.definition_text);
        write_live(root, before);
        clear_pending(root, name);
        throw;
    }
    clear_pending(root, name);
}

}  // namespace

void publish(const Root& root, const DomainRef& domain, const PublicationChange& change,
             Affect flags) {
    Originals originals = begin_change(root, domain.name, flags);
    std::optional<std::string> text;
    if (originals.definition) {
        (void)change_domain(*originals.definition, change);
        text = xml::format_domain(*originals.definition);
    }
    if (!originals.live)
        Definitions(root).update_text(domain.name, *text);
    else if (change.remove)
        end_live(root, originals, change, text);
    else
        publish_live(root, *originals.live, change, text);
}

void settle_publication(const Root& root, const std::string& name, const Pending& pending) {
    const bool ends = pending.operation == kEnd;
    if (!ends && pending.operation != kPublish) return;
    auto live = read_live(root, name);
    if (!live) return;
    const auto port = [&](std::string_view key) {
        return base::parse_number<std::uint16_t>(pending.value(key)).value_or(0);
    };
    const xml::ContainerPublication publication{.proto = pending.value("proto"),
                                                .host = port("host"),
                                                .container = port("container"),
                                                .address = pending.value("address")};
    const bool was_live = xml::remove_publication(live->domain, publication).has_value();
    if (ends) {
        if (pending.has("definition"))
            Definitions(root).update_text(name, pending.value("definition"));
    } else if (pending.has("definition")
                   ? Definitions(root).text(name) == pending.value("definition")
                   : was_live) {
        return;
    }
    if (const xml::Interface* const interface =
            xml::find_interface(live->domain, pending.value("mac")))
        (void)carry_out(root, *live, *interface);
    write_live(root, *live);
}

}  // namespace lxvirt::driver
