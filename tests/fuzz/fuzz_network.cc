// libFuzzer target for networks, their ports and their updates: whatever the bytes, the parser
// accepts or throws base::Error; what it accepts is printed as something it reads back the same,
// and becomes text for dnsmasq and nftables. Lease files are read from the same bytes. Built with
// -Dfuzzing=true (clang); tests/unit/xml replays corpus/network and all goldens through it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "netd/dnsmasq_config.hh"
#include "netd/leases.hh"
#include "netd/ruleset.hh"
#include "xml/check_document.hh"
#include "xml/network/document.hh"
#include "xml/network/update.hh"

namespace {

using namespace lxvirt;

void check_network(std::string_view text, bool live) {
    xml::Network network;
    try {
        network = xml::parse_network(text, {.live = live}).network;
    } catch (const base::Error&) {
        return;  // refused: fine
    }
    const std::string once = xml::format_network(network, {.live = live});
    // What was accepted must be accepted again: an Error here ends the run.
    const xml::Network again = xml::parse_network(once, {.live = live}).network;
    if (xml::format_network(again, {.live = live}) != once) std::abort();
    (void)netd::dnsmasq_config(network, {});
    (void)netd::dnsmasq_hosts(network);
    (void)netd::dnsmasq_addn_hosts(network);
    (void)netd::ruleset(network);
}

void check_port(std::string_view text) {
    xml::NetworkPort port;
    try {
        port = xml::parse_network_port(text).port;
    } catch (const base::Error&) {
        return;
    }
    const std::string once = xml::format_network_port(port);
    if (xml::format_network_port(xml::parse_network_port(once).port) != once) std::abort();
}

void check_updates(std::string_view fragment) {
    static const xml::Network kNetwork =
        xml::parse_network(
            "<network><name>x</name><forward mode='nat'/><bridge name='x'/>"
            "<dns><txt name='a' value='b'/></dns>"
            "<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' "
            "end='10.0.0.9'/></dhcp></ip></network>")
            .network;
    for (int section = 4; section <= 12; ++section)
        for (int command = 1; command <= 4; ++command) try {
                xml::Network network = kNetwork;
                (void)xml::update_network(network, static_cast<xml::UpdateCommand>(command),
                                          static_cast<xml::UpdateSection>(section), -1, fragment);
            } catch (const base::Error&) {
                // refused: fine
            }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_network(text, false);
    check_network(text, true);
    check_port(text);
    check_updates(text);
    (void)xml::check_document(text, {.file = "x.xml"});
    (void)netd::parse_leases(text, "leases");
    return 0;
}
