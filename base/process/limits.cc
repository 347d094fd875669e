#include "base/process/limits.hh"

#include <algorithm>
#include <cerrno>

#include "base/error.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

constexpr rlim_t kInfinite = RLIM_INFINITY;

// A limit with its fixed values, which docs/lxvirt-domain.5 lists.
struct FixedLimit {
    std::string_view name;
    int resource;
    rlim_t soft, hard;
    // The kernel computes the value from the machine's memory; the host's PID 1 has it.
    bool of_host = false;
};

constexpr FixedLimit kLimits[] = {
    {"as", RLIMIT_AS, kInfinite, kInfinite},
    {"core", RLIMIT_CORE, 0, kInfinite},
    {"cpu", RLIMIT_CPU, kInfinite, kInfinite},
    {"data", RLIMIT_DATA, kInfinite, kInfinite},
    {"fsize", RLIMIT_FSIZE, kInfinite, kInfinite},
    {"locks", RLIMIT_LOCKS, kInfinite, kInfinite},
    {"memlock", RLIMIT_MEMLOCK, 8U << 20, 8U << 20},
    {"msgqueue", RLIMIT_MSGQUEUE, 819200, 819200},
    {"nice", RLIMIT_NICE, 0, 0},
    {"nofile", RLIMIT_NOFILE, 1024, 524288},
    {"nproc", RLIMIT_NPROC, kInfinite, kInfinite, true},
    {"rss", RLIMIT_RSS, kInfinite, kInfinite},
    {"rtprio", RLIMIT_RTPRIO, 0, 0},
    {"rttime", RLIMIT_RTTIME, kInfinite, kInfinite},
    {"sigpending", RLIMIT_SIGPENDING, kInfinite, kInfinite, true},
    {"stack", RLIMIT_STACK, 8U << 20, kInfinite},
};

std::string shown_limit(rlim_t value) {
    return value == kInfinite ? "unlimited" : std::to_string(value);
}

// Returns a limit of the host's PID 1, or the caller's where the kernel does not tell (a PID 1 of
// another user, in a container of others).
rlimit host_limit(__rlimit_resource resource, const rlimit& have) {
    rlimit host{};
    return ::prlimit(1, resource, nullptr, &host) == 0 ? host : have;
}

void reset_limit(const FixedLimit& limit) {
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    rlimit have{};
    if (::getrlimit(resource, &have) != 0) fail_errno("read the resource limit {}", limit.name);
    const rlimit wanted =
        limit.of_host ? host_limit(resource, have) : rlimit{limit.soft, limit.hard};
    if (::setrlimit(resource, &wanted) == 0) return;
    if (errno != EPERM) fail_errno("reset the resource limit {}", limit.name);
    const auto within = limit_within(wanted, have, host_limit(resource, have));
    if (!within)
        fail(ErrorCode::operation_denied,
             "the caller's resource limit {} is {}, and this host withholds CAP_SYS_RESOURCE, "
             "which is needed to raise the limit: use a shell or unit that does not lower it",
             limit.name, shown_limit(have.rlim_max));
    if (::setrlimit(resource, &*within) != 0) fail_errno("reset the resource limit {}", limit.name);
}

}  // namespace

std::optional<std::uint32_t> limit_number(std::string_view name) {
    for (const FixedLimit& limit : kLimits)
        if (limit.name == name) return static_cast<std::uint32_t>(limit.resource);
    return std::nullopt;
}

std::string_view limit_name(std::uint32_t number) {
    for (const FixedLimit& limit : kLimits)
        if (static_cast<std::uint32_t>(limit.resource) == number) return limit.name;
    return "?";
}

std::optional<rlimit> limit_within(const rlimit& wanted, const rlimit& have, const rlimit& host) {
    if (have.rlim_max < std::min(wanted.rlim_cur, host.rlim_max)) return std::nullopt;
    return rlimit{std::min(wanted.rlim_cur, have.rlim_max),
                  std::min(wanted.rlim_max, have.rlim_max)};
}

void reset_limits() {
    for (const FixedLimit& limit : kLimits) reset_limit(limit);
}

}  // namespace lxvirt::base
