// Plans without a host: a host whose facts are made up, and plans of domains on it.
#pragma once

#include <string>

#include "base/error.hh"
#include "driver/plan/compile.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

// A hybrid host; every folder belongs to root, /dev/sdb is block 8:16.
inline HostFacts made_host() {
    HostFacts host;
    host.hierarchies = base::parse_hierarchies(
        "1 0 0:1 / /cg/memory rw - cgroup cgroup rw,memory\n"
        "2 0 0:2 / /cg/cpu rw - cgroup cgroup rw,cpu\n"
        "3 0 0:3 / /cg/unified rw - cgroup2 cgroup2 rw\n");
    host.device = [](const std::string& path) -> HostFacts::Device {
        if (path == "/dev/sdb") return {.type = 'b', .major = 8, .minor = 16};
        base::fail_with(ENOENT, "source '{}'", path);
    };
    host.folder = [](const std::string& path) {
        return HostFacts::Folder{.uid = path == "/srv/shifted" ? 100000U : 0U};
    };
    host.filesystem_type = [](const std::string&) { return "ext4"; };
    host.exists = [](const std::string&) { return true; };
    host.init_of = [](const std::string&) { return 77; };
    return host;
}

inline xml::Domain domain_of(const std::string& inner,
                             const std::string& root_source = "/srv/root") {
    const std::string text =
        "<domain type='lxc'><name>a b</name><uuid>6a46bd23-f0df-461b-85e7-19fd36be90df</uuid>"
        "<memory>1024</memory><os><type>exe</type><init>/sbin/init</init></os>" +
        inner + "</domain>";
    std::string whole = text;
    if (inner.find("<devices>") == std::string::npos)
        whole.insert(whole.rfind("</domain>"), "<devices></devices>");
    whole.insert(whole.rfind("</devices>"), "<filesystem type='mount'><source dir='" + root_source +
                                                "'/><target dir='/'/></filesystem>"
                                                "<console type='pty'/>");
    xml::Domain domain = xml::parse_domain(whole).domain;
    name_live_domain(domain, 4242);
    return domain;
}

inline helper::Plan plan_of(const xml::Domain& domain, const HostFacts& host = made_host()) {
    return compile_plan(domain, Root("/tmp/root"), host, {.helper = 4242});
}

inline helper::Plan plan_of(const std::string& inner, const HostFacts& host = made_host(),
                            const std::string& root_source = "/srv/root") {
    return plan_of(domain_of(inner, root_source), host);
}

inline const helper::Mount* mount_on(const helper::Plan& plan, const std::string& target) {
    for (const helper::Mount& mount : plan.mounts)
        if (mount.target == target) return &mount;
    return nullptr;
}

inline std::string limit_of(const helper::Plan& plan, const std::string& file) {
    for (const helper::GroupLimit& limit : plan.groups.limits)
        if (limit.file == file) return limit.value;
    return "";
}

inline std::string container(const std::string& inner) {
    return "<lx:container xmlns:lx='urn:lxvirt:domain:1'>" + inner + "</lx:container>";
}

inline std::string option(const std::string& name, const std::string& value) {
    return "<lx:option name='" + name + "' value='" + value + "'/>";
}

}  // namespace lxvirt::driver
