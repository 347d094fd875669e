#include <sched.h>

#include <algorithm>

#include "base/error.hh"
#include "driver/compile_parts.hh"

namespace lxvirt::driver::compile {

namespace {

std::vector<helper::IdMapRow> rows(const std::vector<xml::IdMapRow>& from) {
    std::vector<helper::IdMapRow> to;
    for (const xml::IdMapRow& row : from)
        to.push_back({.inside = row.start, .outside = row.target, .count = row.count});
    return to;
}

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

bool needs_network(const xml::Domain& domain) {
    const auto is_net = [](const xml::Hostdev& hostdev) {
        return hostdev.type == xml::HostdevType::net;
    };
    return !domain.interfaces.empty() || domain.features.privnet ||
           std::any_of(domain.hostdevs.begin(), domain.hostdevs.end(), is_net);
}

}  // namespace

std::uint32_t host_id(const std::vector<xml::IdMapRow>& map, std::uint32_t inside) {
    if (map.empty()) return inside;
    for (const xml::IdMapRow& row : map)
        if (inside >= row.start && inside - row.start < row.count)
            return row.target + (inside - row.start);
    return 65534;  // the overflow id, as the kernel shows what has no number inside
}

helper::Namespaces namespaces(const xml::Domain& domain, const HostFacts& host) {
    helper::Namespaces made;
    made.uid_map = rows(domain.idmap.uids);
    made.gid_map = rows(domain.idmap.gids);
    if (!made.uid_map.empty() && made.gid_map.empty()) made.gid_map = made.uid_map;
    if (made.uid_map.empty() && !made.gid_map.empty()) made.uid_map = made.gid_map;
    if (!made.uid_map.empty()) made.fresh |= CLONE_NEWUSER;
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
