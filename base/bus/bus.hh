// Calls over the system bus, by sd-bus (sd-bus(3)). For the short-lived programs that speak to it,
// lxc_scope and lxc_zone: libsystemd is linked by them alone. Errors are std::runtime_error with
// words for the caller's log.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <stdexcept>

namespace lxvirt::base::bus {

// Throws where a function of sd-bus returned a negative errno; `what` begins the words.
void check(int result, const char* what);

// Owns an error of sd-bus and words it.
struct BusError {
    BusError() = default;
    BusError(const BusError&) = delete;
    BusError& operator=(const BusError&) = delete;
    ~BusError() { sd_bus_error_free(&error); }
    [[nodiscard]] std::runtime_error with(const char* what, int result) const;
    sd_bus_error error{};
};

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

// Connects to the system bus.
[[nodiscard]] Bus open_bus();
[[nodiscard]] Message new_call(sd_bus* bus, const char* service, const char* path,
                               const char* interface, const char* method);
// Sends a call and returns the answer; an error that the service answers is thrown. `method` begins
// the words.
[[nodiscard]] Message call(sd_bus* bus, sd_bus_message* message, const char* method);

}  // namespace lxvirt::base::bus
