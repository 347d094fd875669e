#include "base/bus/bus.hh"

#include <cstring>
#include <string>

namespace lxvirt::base::bus {

void check(int result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(-result));
}

std::runtime_error BusError::with(const char* what, int result) const {
    const char* text = error.message != nullptr ? error.message : std::strerror(-result);
    return std::runtime_error(std::string(what) + ": " + text);
}

Bus open_bus() {
    sd_bus* bus = nullptr;
    check(sd_bus_open_system(&bus), "connect to the system bus");
    return {bus, sd_bus_flush_close_unref};
}

Message new_call(sd_bus* bus, const char* service, const char* path, const char* interface,
                 const char* method) {
    sd_bus_message* message = nullptr;
    check(sd_bus_message_new_method_call(bus, &message, service, path, interface, method), method);
    return {message, sd_bus_message_unref};
}

Message call(sd_bus* bus, sd_bus_message* message, const char* method) {
    BusError error;
    sd_bus_message* reply = nullptr;
    const int result = sd_bus_call(bus, message, 0, &error.error, &reply);
    if (result < 0) throw error.with(method, result);
    return {reply, sd_bus_message_unref};
}

}  // namespace lxvirt::base::bus
