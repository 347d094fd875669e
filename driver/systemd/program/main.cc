// lxc_scope start UNIT SLICE PID DESCRIPTION
// Asks systemd for a delegated scope with the process PID in it, and prints the scope's control
// group.
//
// lxc_scope register MACHINE UUID LEADER
// Registers a container with systemd-machined, or registers it again after a reboot.
//
// The driver runs this program on hosts whose PID 1 is systemd (driver/systemd/scope.hh). The
// interfaces are org.freedesktop.systemd1(5) and org.freedesktop.machine1(5). The program has no
// time limit of its own: the driver kills it. If systemd reads a request only after that, it
// refuses it, because one of the processes to be put into the scope is lxc_scope, which is gone by
// then.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/bus/bus.hh"
#include "base/text/text.hh"

namespace {

using namespace lxvirt::base::bus;
using lxvirt::base::parse_number;

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kSystemdPath = "/org/freedesktop/systemd1";
constexpr const char* kSystemdManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kMachined = "org.freedesktop.machine1";
constexpr const char* kMachinedPath = "/org/freedesktop/machine1";
constexpr const char* kMachinedManager = "org.freedesktop.machine1.Manager";

// --- start

// The job that systemd makes of the request, and its result once the job is done.
struct Job {
    std::string path, result;
};

// Receives the signal JobRemoved, of every job that ends.
int on_job_removed(sd_bus_message* message, void* data, sd_bus_error*) {
    Job& job = *static_cast<Job*>(data);
    std::uint32_t id = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && job.path == path)
        job.result = result;
    return 0;
}

void await_job(sd_bus* bus, const Job& job) {
    while (job.result.empty()) {
        const int processed = sd_bus_process(bus, nullptr);
        check(processed, "hear from systemd");
        if (processed == 0) check(sd_bus_wait(bus, UINT64_MAX), "hear from systemd");
    }
    if (job.result != "done") throw std::runtime_error("systemd says '" + job.result + "'");
}

// The unit that stops containers at the shutdown of the host, each in its own way: scopes must be
// stopped after it.
constexpr const char* kBefore = "lxvirt-shutdown.service";

void append_properties(sd_bus_message* message, const std::string& slice, std::uint32_t pid,
                       const std::string& description) {
    check(sd_bus_message_open_container(message, 'a', "(sv)"), "properties");
    check(sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)",  //
                                "Description", "s", description.c_str(),  //
                                "Slice", "s", slice.c_str(),              //
                                "Delegate", "b", 1,                       //
                                // lxc_scope is put into the scope, too. If the helper dies at this
                                // moment, the scope would otherwise begin empty, and systemd would
                                // never be told that it became empty.
                                "PIDs", "au", 2, pid, static_cast<std::uint32_t>(::getpid()),
                                // Limits are the domain's, written below the scope.
                                "TasksMax", "t", UINT64_MAX,
                                // A scope that failed must not stay.
                                "CollectMode", "s", "inactive-or-failed",  //
                                "Before", "as", 1, kBefore),
          "properties");
    check(sd_bus_message_close_container(message), "properties");
}

std::string group_of(sd_bus* bus, const std::string& unit) {
    char* path = nullptr;
    check(sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path), "unit");
    const std::unique_ptr<char, decltype(&std::free)> owned_path(path, std::free);
    BusError error;
    char* group = nullptr;
    const int result =
        sd_bus_get_property_string(bus, kSystemd, path, "org.freedesktop.systemd1.Scope",
                                   "ControlGroup", &error.error, &group);
    if (result < 0) throw error.with("its control group", result);
    const std::unique_ptr<char, decltype(&std::free)> owned_group(group, std::free);
    if (*group == '\0') throw std::runtime_error("systemd gave it no control group");
    return group;
}

void start(const std::string& unit, const std::string& slice, std::uint32_t pid,
           const std::string& description) {
    const Bus bus = open_bus();
    Job job;
    check(sd_bus_match_signal(bus.get(), nullptr, kSystemd, kSystemdPath, kSystemdManager,
                              "JobRemoved", on_job_removed, &job),
          "listen to systemd");
    (void)call(bus.get(),
               new_call(bus.get(), kSystemd, kSystemdPath, kSystemdManager, "Subscribe").get(),
               "Subscribe");
    const Message message =
        new_call(bus.get(), kSystemd, kSystemdPath, kSystemdManager, "StartTransientUnit");
    check(sd_bus_message_append(message.get(), "ss", unit.c_str(), "fail"), "unit");
    append_properties(message.get(), slice, pid, description);
    check(sd_bus_message_append(message.get(), "a(sa(sv))", 0), "properties");
    const Message reply = call(bus.get(), message.get(), "StartTransientUnit");
    const char* path = nullptr;
    check(sd_bus_message_read(reply.get(), "o", &path), "answer of systemd");
    job.path = path;
    await_job(bus.get(), job);
    (void)std::printf("%s\n", group_of(bus.get(), unit).c_str());
}

// --- register

std::array<std::uint8_t, 16> uuid_bytes(std::string_view text) {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') continue;
        const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0 || digits == 32) throw std::runtime_error("no UUID");
        bytes[digits / 2] = static_cast<std::uint8_t>(bytes[digits / 2] * 16 + value);
        ++digits;
    }
    return bytes;
}

void register_machine(const std::string& machine, std::string_view uuid, std::uint32_t leader) {
    const Bus bus = open_bus();
    // machined may know the machine from the boot before; if not, it answers with an error.
    const Message old =
        new_call(bus.get(), kMachined, kMachinedPath, kMachinedManager, "UnregisterMachine");
    check(sd_bus_message_append(old.get(), "s", machine.c_str()), "machine");
    (void)sd_bus_call(bus.get(), old.get(), 0, nullptr, nullptr);

    const Message message =
        new_call(bus.get(), kMachined, kMachinedPath, kMachinedManager, "RegisterMachine");
    const auto id = uuid_bytes(uuid);
    check(sd_bus_message_append(message.get(), "s", machine.c_str()), "machine");
    check(sd_bus_message_append_array(message.get(), 'y', id.data(), id.size()), "machine");
    check(sd_bus_message_append(message.get(), "ssus", "libvirt-lxc", "container", leader, ""),
          "machine");
    (void)call(bus.get(), message.get(), "RegisterMachine");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    try {
        if (command == "start" && argc == 6) {
            start(argv[2], argv[3], parse_number<std::uint32_t>(argv[4]).value_or(0), argv[5]);
            return 0;
        }
        if (command == "register" && argc == 5) {
            register_machine(argv[2], argv[3], parse_number<std::uint32_t>(argv[4]).value_or(0));
            return 0;
        }
        (void)std::fprintf(stderr, "lxc_scope is called by lxsh and lxc_agent, not by hand\n");
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 2;
}
