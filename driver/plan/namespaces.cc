#include <sched.h>

#include <algorithm>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/plan/parts.hh"

namespace lxvirt::driver::compile {

namespace {

// Renames the columns: start and target of the XML are ids inside and outside.
std::vector<helper::IdMapRow> rows(const std::vector<xml::IdMapRow>& from) {
    std::vector<helper::IdMapRow> to;
    for (const xml::IdMapRow& row : from)
        to.push_back({.inside = row.start, .outside = row.target, .count = row.count});
    return to;
}

// Returns the path of a namespace to enter; empty where the container has its own.
std::string shared_path(const xml::SharedNamespace& shared, const char* kind,
                        const HostFacts& host) {
    switch (shared.type) {
        case xml::ShareType::name:
            return fmt::format("/proc/{}/ns/{}", host.init_of(shared.value), kind);
        case xml::ShareType::pid: return fmt::format("/proc/{}/ns/{}", shared.value, kind);
        case xml::ShareType::netns: return "/run/netns/" + shared.value;
        case xml::ShareType::none: break;
    }
    return {};
}

// Says whether the container gets a network namespace of its own.
bool needs_network(const xml::Domain& domain) {
    const auto is_net = [](const xml::Hostdev& hostdev) {
        return hostdev.type == xml::HostdevType::net;
    };
    return !domain.interfaces.empty() || domain.features.privnet ||
           std::any_of(domain.hostdevs.begin(), domain.hostdevs.end(), is_net);
}

// Converts lxc's "1h", "-30s" or "500ms" to the kernel's "SECONDS NANOSECONDS"
// (time_namespaces(7)), where the nanoseconds are never negative.
std::string time_offset(const std::string& text) {
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::pair<std::string_view, std::int64_t> units[] = {
        {"d", 86400 * second}, {"h", 3600 * second}, {"ms", 1'000'000}, {"us", 1000}, {"ns", 1},
        {"m", 60 * second},    {"s", second},        {"", second}};
    const auto end = text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0);
    const auto number = base::parse_number<std::int64_t>(std::string_view(text).substr(0, end));
    const std::string_view unit =
        end == std::string::npos ? "" : std::string_view(text).substr(end);
    for (const auto& [word, nanoseconds] : units) {
        std::int64_t total = 0;
        if (unit != word || !number || __builtin_mul_overflow(*number, nanoseconds, &total))
            continue;
        // The remainder of a negative number is made positive, because the kernel wants nanoseconds
        // from 0 to 999999999.
        const std::int64_t rest = ((total % second) + second) % second;
        return fmt::format("{} {}", (total - rest) / second, rest);
    }
    base::fail(base::ErrorCode::config_unsupported,
               "<lx:time>: '{}' is no offset of a clock: a number and d, h, m, s, ms, us or ns",
               text);
}

// Returns the lines of /proc/PID/timens_offsets; empty if no offset was asked for.
std::string time_offsets(const xml::Container& container) {
    std::string lines;
    if (!container.monotonic_offset.empty())
        lines += fmt::format("monotonic {}\n", time_offset(container.monotonic_offset));
    if (!container.boot_offset.empty())
        lines += fmt::format("boottime {}\n", time_offset(container.boot_offset));
    return lines;
}

}  // namespace

std::uint32_t host_id(const std::vector<xml::IdMapRow>& map, std::uint32_t inside) {
    if (map.empty()) return inside;
    for (const xml::IdMapRow& row : map)
        if (inside >= row.start && inside - row.start < row.count)
            return row.target + (inside - row.start);
    return 65534;  // the overflow id, which the kernel shows for an unmapped one
}

// ipc and uts namespaces are always the container's own unless shared; a network namespace only if
// it is needed.
helper::Namespaces namespaces(const xml::Domain& domain, const HostFacts& host) {
    helper::Namespaces made;
    made.uid_map = rows(domain.idmap.uids);
    made.gid_map = rows(domain.idmap.gids);
    // parse_domain() refuses one list without the other; here one counts for both.
    if (!made.uid_map.empty() && made.gid_map.empty()) made.gid_map = made.uid_map;
    if (made.uid_map.empty() && !made.gid_map.empty()) made.uid_map = made.gid_map;
    if (!made.uid_map.empty()) made.fresh |= CLONE_NEWUSER;
    made.time_offsets = time_offsets(domain.container);
    const xml::LxcNamespace none;
    const xml::LxcNamespace& lxc = domain.lxc_namespace ? *domain.lxc_namespace : none;
    struct Kind {
        const std::optional<xml::SharedNamespace>& shared;
        std::uint32_t flag;
        const char* name;
        bool fresh;
    };
    const Kind kinds[] = {
        {lxc.sharenet, CLONE_NEWNET, "net", needs_network(domain)},
        {lxc.shareipc, CLONE_NEWIPC, "ipc", true},
        {lxc.shareuts, CLONE_NEWUTS, "uts", true},
    };
    for (const Kind& kind : kinds) {
        // A namespace that is shared must not be made anew; the kinds here are the three that
        // libvirt can share.
        const std::string path = kind.shared ? shared_path(*kind.shared, kind.name, host) : "";
        if (!path.empty())
            made.shared.push_back({.kind = kind.flag, .path = path});
        else if (kind.fresh)
            made.fresh |= kind.flag;
    }
    if (!domain.interfaces.empty() && (made.fresh & CLONE_NEWNET) == 0)
        base::fail(
            base::ErrorCode::config_unsupported,
            "a domain that shares a network namespace (lxc:sharenet) cannot have an <interface>");
    return made;
}

}  // namespace lxvirt::driver::compile
