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

struct Progress {
    std::string program = program_invocation_short_name;
    unsigned passed = 0;
};

Progress& progress() {
    static Progress present;
    return present;
}

struct Place {
    std::string program, where;
};

// Of a variable; nothing where it is not set.
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

// Failing, as in a container's own mounts, the test has other ways to tell. False where it was to
// be the first.
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
    // Whoever is called to undo its work goes on, or the test would wait for that.
    if (is_at("LXVIRT_STOP_AT", name) && record_point(name, O_EXCL))
        (void)::kill(::getpid(), SIGSTOP);
    if (is_at("LXVIRT_KILL_AT", name)) {
        (void)record_point(name, 0);
        (void)::kill(::getpid(), SIGKILL);
        // The first process of a pid namespace does not take it from itself, but a fault it does.
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
        // A program that executes itself goes on counting.
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
