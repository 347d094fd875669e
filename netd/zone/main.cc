// lxc_zone add BRIDGE ZONE...
// Puts a bridge into the first of the zones that firewalld knows, and prints that zone.
//
// lxc_zone remove BRIDGE ZONE...
// Takes the bridge out of firewalld's zones again if it is in one of these.
//
// lxnetd runs this program where firewalld has its table (netd/zone_keeper.hh). The interface is
// org.fedoraproject.FirewallD1.zone (firewalld.dbus(5)); what it changes lasts until firewalld ends.
// The program has no time limit of its own: lxnetd kills it.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/bus/bus.hh"

namespace {

using namespace lxvirt::base::bus;

// A firewalld that does not run must not be started by this.
Message zone_call(sd_bus* bus, const char* method) {
    Message message = new_call(bus, "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1",
                               "org.fedoraproject.FirewallD1.zone", method);
    check(sd_bus_message_set_auto_start(message.get(), 0), method);
    return message;
}

std::vector<std::string> known_zones(sd_bus* bus) {
    const Message reply = call(bus, zone_call(bus, "getZones").get(), "getZones");
    std::vector<std::string> zones;
    check(sd_bus_message_enter_container(reply.get(), 'a', "s"), "answer of firewalld");
    const char* zone = nullptr;
    for (;;) {
        const int result = sd_bus_message_read(reply.get(), "s", &zone);
        check(result, "answer of firewalld");
        if (result == 0) return zones;
        zones.emplace_back(zone);
    }
}

// Calls a method with a zone and an interface.
void change(sd_bus* bus, const char* method, const std::string& zone, const std::string& bridge) {
    const Message message = zone_call(bus, method);
    check(sd_bus_message_append(message.get(), "ss", zone.c_str(), bridge.c_str()), method);
    (void)call(bus, message.get(), method);
}

void add(const std::string& bridge, const std::vector<std::string>& zones) {
    const Bus bus = open_bus();
    const std::vector<std::string> known = known_zones(bus.get());
    const auto is_known = [&](const std::string& zone) {
        return std::find(known.begin(), known.end(), zone) != known.end();
    };
    const auto zone = std::find_if(zones.begin(), zones.end(), is_known);
    if (zone == zones.end())
        throw std::runtime_error("firewalld has no zone '" + zones.front() +
                                 "'; 'firewall-cmd --reload' makes it read new ones");
    change(bus.get(), "changeZoneOfInterface", *zone, bridge);
    (void)std::printf("%s\n", zone->c_str());
}

void remove(const std::string& bridge, const std::vector<std::string>& zones) {
    const Bus bus = open_bus();
    const Message message = zone_call(bus.get(), "getZoneOfInterface");
    check(sd_bus_message_append(message.get(), "s", bridge.c_str()), "getZoneOfInterface");
    const Message reply = call(bus.get(), message.get(), "getZoneOfInterface");
    const char* zone = nullptr;
    check(sd_bus_message_read(reply.get(), "s", &zone), "answer of firewalld");
    if (std::find(zones.begin(), zones.end(), zone) == zones.end()) return;
    change(bus.get(), "removeInterface", zone, bridge);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (argc < 4 || (command != "add" && command != "remove")) {
        (void)std::fprintf(stderr, "lxc_zone is called by lxnetd, not by hand\n");
        return 2;
    }
    try {
        const std::vector<std::string> zones(argv + 3, argv + argc);
        if (command == "add")
            add(argv[2], zones);
        else
            remove(argv[2], zones);
        return 0;
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
