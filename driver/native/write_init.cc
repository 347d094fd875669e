// Writes the init, id maps, limits, capabilities and labels.
#include <fmt/format.h>

#include <algorithm>

#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "driver/native/writer.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {

namespace {

// Writes the program with its arguments, folder, user and environment. lxc takes numbers for users
// only.
void write_program(Writer& writer) {
    xml::Os& os = writer.domain.os;
    if (!os.arch.empty()) writer.put("arch", os.arch, "arch");
    if (!os.machine.empty()) writer.lose("type", "lxc has no key for its machine");
    if (!os.cmdline.empty()) writer.lose("cmdline", "lxc has no key for it");
    os.machine.clear();
    os.cmdline.clear();
    // lxc splits the command at blanks and knows no quotes.
    std::string command = os.init;
    for (const std::string& word : os.initargs) command += " " + word;
    const bool splits = base::split_words(command).size() == os.initargs.size() + 1;
    if (!splits) writer.lose("init", "lxc splits lxc.init.cmd at blanks: no word can have one");
    if (!splits && !os.initargs.empty()) writer.lose("initarg", "it goes with <init>");
    if ((os.init != "/sbin/init" || !os.initargs.empty()) &&
        (!splits || !writer.put("init.cmd", command, "initarg"))) {
        os.init = "/sbin/init";
        os.initargs.clear();
    }
    if (!os.initdir.empty() && !writer.put("init.cwd", os.initdir, "initdir")) os.initdir.clear();
    const std::pair<const char*, std::string*> ids[] = {{"init.uid", &os.inituser},
                                                        {"init.gid", &os.initgroup}};
    // lxc resolves no user names, because it has only the host's /etc/passwd.
    for (const auto& [key, id] : ids) {
        if (id->empty()) continue;
        if (base::parse_number<std::uint32_t>(*id)) {
            writer.put(key, *id, "inituser");
            continue;
        }
        writer.lose(id == &os.inituser ? "inituser" : "initgroup",
                    fmt::format("lxc takes a number, not '{}'", *id));
        id->clear();
    }
    std::erase_if(os.initenv, [&](const xml::InitEnv& variable) {
        return !writer.put("environment", fmt::format("{}={}", variable.name, variable.value),
                           "initenv");
    });
}

// Writes shared namespaces; lxc takes a name, a pid or a path.
void write_shares(Writer& writer) {
    if (!writer.domain.lxc_namespace) return;
    xml::LxcNamespace& shares = *writer.domain.lxc_namespace;
    const std::pair<const char*, std::optional<xml::SharedNamespace>*> all[] = {
        {"net", &shares.sharenet}, {"ipc", &shares.shareipc}, {"uts", &shares.shareuts}};
    for (const auto& [name, share] : all) {
        if (!*share) continue;
        const std::string& value = (*share)->value;
        // lxc takes a path for a network namespace that has a name.
        const std::string text =
            (*share)->type == xml::ShareType::netns ? "/run/netns/" + value : value;
        if (!writer.put(fmt::format("namespace.share.{}", name), text,
                        fmt::format("share{}", name)))
            share->reset();
    }
}

}  // namespace

void write_init(Writer& writer) {
    write_program(writer);
    for (const auto& [kind, rows] :
         {std::pair{'u', &writer.domain.idmap.uids}, std::pair{'g', &writer.domain.idmap.gids}})
        for (const xml::IdMapRow& row : *rows)
            writer.put("idmap", fmt::format("{} {} {} {}", kind, row.start, row.target, row.count),
                       "idmap");
    write_shares(writer);
}

namespace {

// Returns a size as lxc writes it; `unlimited` is the version's word for no limit.
std::string size_text(std::uint64_t kib, std::string_view unlimited) {
    return kib >= kUnlimitedKib ? std::string(unlimited) : fmt::format("{}K", kib);
}

// Writes a size for both versions of control groups.
void put_size(Writer& writer, const char* v1, const char* v2, std::uint64_t kib,
              const char* element) {
    writer.put(fmt::format("cgroup.{}", v1), size_text(kib, "-1"), element);
    writer.put(fmt::format("cgroup2.{}", v2), size_text(kib, "max"), element);
}

// Writes the limits of memory. lxc has one limit where libvirt has three numbers.
void write_memory(Writer& writer) {
    xml::Domain& domain = writer.domain;
    xml::MemTune& tune = domain.memtune;
    const std::uint64_t limit = tune.hard_limit.value_or(domain.memory);
    // <hard_limit> wins over <memory> in lxvirt as well.
    if (tune.hard_limit && *tune.hard_limit != domain.memory)
        writer.approximate("memory", "as much as <hard_limit>, which is what counts");
    if (domain.current_memory != limit)
        writer.approximate("currentMemory", "as much as may be used");
    if (limit < kUnlimitedKib || tune.hard_limit) {
        put_size(writer, "memory.limit_in_bytes", "memory.max", limit, "memory");
        tune.hard_limit = limit;
    }
    domain.memory = domain.current_memory = limit;
    if (tune.soft_limit)
        put_size(writer, "memory.soft_limit_in_bytes", "memory.high", *tune.soft_limit,
                 "soft_limit");
    if (!tune.swap_hard_limit) return;
    // v1 limits memory and swap together, v2 swap alone.
    const std::uint64_t both = *tune.swap_hard_limit;
    writer.put("cgroup.memory.memsw.limit_in_bytes", size_text(both, "-1"), "swap_hard_limit");
    // A limit of both that is below the memory's limit has no counterpart in v2 and is left out.
    if (both >= limit)
        writer.put("cgroup2.memory.swap.max",
                   both >= kUnlimitedKib ? "max" : size_text(both - limit, "max"),
                   "swap_hard_limit");
}

// Writes the limits of CPUs for both versions.
void write_cpu(Writer& writer) {
    xml::Domain& domain = writer.domain;
    const xml::CpuTune& tune = domain.cputune;
    if (tune.shares) {
        writer.put("cgroup.cpu.shares", std::to_string(*tune.shares), "shares");
        writer.put("cgroup2.cpu.weight", std::to_string(cpu_weight(*tune.shares)), "shares");
    }
    if (tune.period) writer.put("cgroup.cpu.cfs_period_us", std::to_string(*tune.period), "period");
    if (tune.quota) writer.put("cgroup.cpu.cfs_quota_us", std::to_string(*tune.quota), "quota");
    if (tune.period || tune.quota) {
        std::string most =
            tune.quota && *tune.quota > 0 ? std::to_string(*tune.quota) : std::string("max");
        // cpu.max is "QUOTA PERIOD" in microseconds, with "max" for no quota.
        if (tune.period) most += fmt::format(" {}", *tune.period);
        writer.put("cgroup2.cpu.max", most, "quota");
    }
    if (!domain.cpuset.empty())
        writer.put_group("cpuset.cpus", "cpuset.cpus", domain.cpuset, "vcpu");
    if (!domain.numatune) return;
    if (domain.numatune->automatic || domain.numatune->mode != xml::NumaMode::strict)
        writer.lose("numatune", "lxc has only lxc.cgroup.cpuset.mems, which is strict");
    if (domain.numatune->nodeset.empty()) {
        domain.numatune.reset();
        return;
    }
    // Only mode 'strict' with a fixed set remains.
    domain.numatune = xml::NumaTune{.nodeset = domain.numatune->nodeset};
    writer.put_group("cpuset.mems", "cpuset.mems", domain.numatune->nodeset, "numatune");
}

}  // namespace

namespace {

// Writes the limits of one block device; lxc takes its number.
void write_block_device(Writer& writer, const xml::BlkioDevice& device, const std::string& number) {
    if (device.weight)
        writer.put("cgroup2.io.weight", fmt::format("{} {}", number, *device.weight), "device");
    const std::tuple<const char*, const char*, const std::optional<std::uint64_t>&> limits[] = {
        {"read_bps", "rbps", device.read_bytes_sec},
        {"write_bps", "wbps", device.write_bytes_sec},
        {"read_iops", "riops", device.read_iops_sec},
        {"write_iops", "wiops", device.write_iops_sec}};
    std::string unified;
    for (const auto& [v1, v2, limit] : limits) {
        if (!limit) continue;
        writer.put(fmt::format("cgroup.blkio.throttle.{}_device", v1),
                   fmt::format("{} {}", number, *limit), "device");
        unified += fmt::format(" {}={}", v2, *limit);
    }
    if (!unified.empty()) writer.put("cgroup2.io.max", number + unified, "device");
}

// Writes <blkiotune>. Kernels of today have no blkio.weight of v1, and lxc fails where a file is
// missing, so weights are written for v2 only.
void write_blkio(Writer& writer) {
    xml::BlkioTune& tune = writer.domain.blkiotune;
    if (tune.weight) writer.put("cgroup2.io.weight", std::to_string(*tune.weight), "weight");
    std::erase_if(tune.devices, [&](const xml::BlkioDevice& device) {
        const auto node = writer.facts.number(device.path);
        const std::string number = node && node->starts_with("b ") ? node->substr(2) : "";
        if (number.empty() || writer.facts.block_path(number) != device.path) {
            writer.lose("device", fmt::format("lxc takes a device's number, and '{}' has none now",
                                              device.path));
            return true;
        }
        write_block_device(writer, device, number);
        return false;
    });
}

}  // namespace

void write_limits(Writer& writer) {
    write_memory(writer);
    write_cpu(writer);
    xml::Domain& domain = writer.domain;
    write_blkio(writer);
    if (domain.partition.empty()) return;
    // lxc's folder is relative to the root of the hierarchy, and the partition begins with '/'.
    writer.put("cgroup.dir", std::string_view(domain.partition).substr(1), "partition");
}

namespace {

using States = std::vector<xml::CapabilityState>;

bool names_rawio(const States& states) {
    return std::any_of(
        states.begin(), states.end(), [](const auto& state) { return state.name == "sys_rawio"; });
}

// Adds a state in the order that the parser gives them.
void add_state(States& states, std::string_view name, bool on) {
    const auto rank = [](std::string_view one) {
        return std::find(xml::kCapabilities.begin(), xml::kCapabilities.end(), one);
    };
    const auto after = std::find_if(states.begin(), states.end(), [&](const auto& state) {
        return rank(state.name) > rank(name);
    });
    states.insert(after, {std::string(name), on});
}

// Returns what cap.keep (`deny`) or cap.drop has to name. lxc drops nothing by itself: neither
// libvirt's default policy nor what an id map takes.
States states_for_lxc(Writer& writer, bool deny) {
    const xml::Features& features = writer.domain.features;
    States states;
    if (features.policy.value_or(xml::CapabilitiesPolicy::default_) ==
        xml::CapabilitiesPolicy::default_) {
        writer.approximate("capabilities", "lxc drops none by itself: those that are dropped here");
        for (const std::string_view name : xml::kCapabilities)
            if (!xml::keeps_capability(writer.domain, name))
                states.push_back({std::string(name), false});
        return states;
    }
    const bool map_takes = !deny && !writer.domain.idmap.empty();
    bool all = true;
    for (const xml::CapabilityState& state : features.capabilities) {
        if (state.on == deny) states.push_back(state);
        all = all && (state.on == deny || (map_takes && state.name == "sys_rawio"));
    }
    if (map_takes && !names_rawio(features.capabilities)) add_state(states, "sys_rawio", false);
    if (!all) writer.approximate("capabilities", "those that the policy says anyway are left out");
    return states;
}

// Writes the capabilities as cap.drop or cap.keep, and leaves in the domain what
// convert_capabilities() makes of them.
void write_capabilities(Writer& writer) {
    xml::Features& features = writer.domain.features;
    if (!features.plain.empty()) writer.lose("features", "only capabilities have a key");
    features.plain.clear();
    const bool deny = features.policy == xml::CapabilitiesPolicy::deny;
    States states = states_for_lxc(writer, deny);
    std::string names;
    for (const xml::CapabilityState& state : states)
        names += fmt::format("{}{}", names.empty() ? "" : " ", state.name);
    if (deny)
        writer.put("cap.keep", names.empty() ? "none" : names, "capabilities");
    else if (!names.empty())
        writer.put("cap.drop", names, "capabilities");
    if (!deny && !writer.domain.idmap.empty() && !names_rawio(states))
        add_state(states, "sys_rawio", true);
    features.capabilities = std::move(states);
    features.policy = deny ? xml::CapabilitiesPolicy::deny : xml::CapabilitiesPolicy::allow;
}

// Writes a label and returns what convert() makes of it; nothing where lxc has no such label.
std::optional<xml::SecurityLabel> write_label(Writer& writer, const xml::SecurityLabel& label) {
    const bool apparmor = label.model == "apparmor";
    const char* key = apparmor ? "apparmor.profile" : "selinux.context";
    xml::SecurityLabel made;
    made.model = label.model;
    made.type = label.type;
    if (!apparmor && label.model != "selinux") return std::nullopt;
    if (label.type == "none") {
        writer.put(key, "unconfined", "seclabel");
    } else if (label.type == "dynamic" && apparmor && label.baselabel.empty()) {
        writer.put(key, "generated", "seclabel");
        made.relabel = true;
    } else if (label.type == "static" && !label.label.empty()) {
        if (!writer.put(key, label.label, "seclabel")) return std::nullopt;
        made.relabel = false;
        made.label = label.label;
    } else {
        return std::nullopt;
    }
    return made;
}

}  // namespace

void write_security(Writer& writer) {
    write_capabilities(writer);
    std::vector<xml::SecurityLabel> made;
    for (const char* model : {"apparmor", "selinux"})  // the order in which convert() returns them
        for (const xml::SecurityLabel& label : writer.domain.seclabels)
            if (label.model == model)
                if (const auto back = write_label(writer, label)) made.push_back(*back);
    if (made.size() != writer.domain.seclabels.size())
        writer.lose("seclabel", "lxc takes a profile of apparmor or a context of selinux");
    writer.domain.seclabels = std::move(made);
}

}  // namespace lxvirt::driver::native
