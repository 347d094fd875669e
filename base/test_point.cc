#include "base/test_point.hh"

#ifdef LXVIRT_TEST_POINTS

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/fd.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

// Counts the points that this process has passed since its start or begin_test_program().
struct Progress {
    std::string program = program_invocation_short_name;
    unsigned passed = 0;
};

Progress& progress() {
    static Progress present;
    return present;
}

// Holds the parsed value of LXVIRT_KILL_AT or LXVIRT_STOP_AT.
struct Place {
    std::string program, where;
};

// Returns the place that the environment variable names, or nothing if the variable is unset.
std::optional<Place> wanted(const char* variable) {
    const char* const value = std::getenv(variable);
    if (value == nullptr) return std::nullopt;
    const std::string text = value;
    const auto colon = text.find(':');
    if (colon == std::string::npos) return Place{"lxsh", text};
    return Place{text.substr(0, colon), text.substr(colon + 1)};
}

bool is_at(const char* variable, std::string_view name) {
    const auto place = wanted(variable);
    return place && place->program == progress().program &&
           (place->where == name || parse_number<unsigned>(place->where) == progress().passed);
}

// Appends this point's line to the file of LXVIRT_POINTS. A failed write is ignored, because inside
// a container's mounts the path may not exist; the test then finds the process by other means.
// Returns false only where `flags` has O_EXCL and the file exists: then another process has already
// stopped there.
bool record_point(std::string_view name, int flags) {
    const char* const path = std::getenv("LXVIRT_POINTS");
    if (path == nullptr) return true;
    const UniqueFd file(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0600));
    const std::string line =
        fmt::format("{} {} {} {}\n", progress().program, ::getpid(), progress().passed, name);
    if (file) (void)!::write(file.get(), line.data(), line.size());
    return file || errno != EEXIST;
}

}  // namespace

void test_point(std::string_view name) {
    ++progress().passed;
    const int error = errno;
    // A process that is started to undo the work of a stopped one must not stop too, or the test
    // would wait for ever: only the first process that creates the file stops.
    if (is_at("LXVIRT_STOP_AT", name) && record_point(name, O_EXCL))
        (void)::kill(::getpid(), SIGSTOP);
    if (is_at("LXVIRT_KILL_AT", name)) {
        (void)record_point(name, 0);
        (void)::kill(::getpid(), SIGKILL);
        // PID 1 of a pid namespace ignores a SIGKILL that it sends to itself (pid_namespaces(7)),
        // but a fault kills it.
        __builtin_trap();
    }
    errno = error;
}

void begin_test_program(const char* name) {
    progress() = {name, 0};
}

std::vector<std::string> test_environment() {
    std::vector<std::string> environment;
    for (const char* variable : {"LXVIRT_KILL_AT", "LXVIRT_STOP_AT"}) {
        auto place = wanted(variable);
        if (!place) continue;
        // execve() of the same program resets the count, so the points that were passed before it
        // are subtracted.
        const auto number = parse_number<unsigned>(place->where);
        if (number && place->program == progress().program)
            place->where = std::to_string(*number - std::min(*number, progress().passed));
        environment.push_back(fmt::format("{}={}:{}", variable, place->program, place->where));
    }
    if (const char* const path = std::getenv("LXVIRT_POINTS"))
        environment.push_back(fmt::format("LXVIRT_POINTS={}", path));
    return environment;
}

}  // namespace lxvirt::base

#endif
