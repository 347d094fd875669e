// Formats the settings of a domain: tuning, os, idmap, features, clock, security labels, shared
// namespaces.
#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"

namespace lxvirt::xml {

// Writes <blkiotune> and <memtune>. A <device> without any limit is left out, as libvirt does.
void format_tuning(Writer& out, const Domain& domain) {
    const BlkioTune& blkio = domain.blkiotune;
    const auto has_limit = [](const BlkioDevice& device) {
        return device.weight || device.read_bytes_sec || device.write_bytes_sec ||
               device.read_iops_sec || device.write_iops_sec;
    };
    bool any_device = false;
    for (const BlkioDevice& device : blkio.devices) any_device |= has_limit(device);
    if (blkio.weight || any_device) {
        out.start("blkiotune");
        out.children();
        out.text_if("weight", blkio.weight);
        for (const BlkioDevice& device : blkio.devices) {
            if (!has_limit(device)) continue;
            out.start("device");
            out.children();
            out.text("path", device.path);
            out.text_if("weight", device.weight);
            out.text_if("read_iops_sec", device.read_iops_sec);
            out.text_if("write_iops_sec", device.write_iops_sec);
            out.text_if("read_bytes_sec", device.read_bytes_sec);
            out.text_if("write_bytes_sec", device.write_bytes_sec);
            out.end("device");
        }
        out.end("blkiotune");
    }
    const MemTune& memory = domain.memtune;
    if (!memory.hard_limit && !memory.soft_limit && !memory.swap_hard_limit) return;
    out.start("memtune");
    out.children();
    if (memory.hard_limit) out.sized("hard_limit", "KiB", *memory.hard_limit);
    if (memory.soft_limit) out.sized("soft_limit", "KiB", *memory.soft_limit);
    if (memory.swap_hard_limit) out.sized("swap_hard_limit", "KiB", *memory.swap_hard_limit);
    out.end("memtune");
}

// Writes <cputune> and <numatune>; period and quota are in microseconds.
void format_cpu_tuning(Writer& out, const Domain& domain) {
    const CpuTune& cpu = domain.cputune;
    if (cpu.shares || cpu.period || cpu.quota) {
        out.start("cputune");
        out.children();
        out.text_if("shares", cpu.shares);
        out.text_if("period", cpu.period);
        out.text_if("quota", cpu.quota);
        out.end("cputune");
    }
    if (!domain.numatune) return;
    out.start("numatune");
    out.children();
    out.start("memory");
    out.attribute("mode", name_of(kNumaModes, domain.numatune->mode));
    if (domain.numatune->automatic)
        out.attribute("placement", "auto");
    else
        out.attribute("nodeset", domain.numatune->nodeset);
    out.empty();
    out.end("numatune");
}

// Writes <os>. The type is always 'exe', the only one of containers.
void format_os(Writer& out, const Os& os) {
    out.start("os");
    out.children();
    out.start("type");
    out.attribute_if("arch", os.arch);
    out.attribute_if("machine", os.machine);
    out.content("exe", "type");
    out.text("init", os.init);
    for (const std::string& argument : os.initargs) out.text("initarg", argument);
    for (const InitEnv& variable : os.initenv) {
        out.start("initenv");
        out.attribute("name", variable.name);
        out.content(variable.value, "initenv");
    }
    out.text_if("initdir", os.initdir);
    out.text_if("inituser", os.inituser);
    out.text_if("initgroup", os.initgroup);
    out.text_if("cmdline", os.cmdline);
    out.end("os");
}

// Writes <idmap>, in which ids count inside (start) and on the host (target).
void format_idmap(Writer& out, const IdMap& idmap) {
    if (idmap.empty()) return;
    const auto rows = [&out](std::string_view name, const std::vector<IdMapRow>& list) {
        for (const IdMapRow& row : list) {
            out.start(name);
            out.attribute("start", std::uint64_t{row.start});
            out.attribute("target", std::uint64_t{row.target});
            out.attribute("count", std::uint64_t{row.count});
            out.empty();
        }
    };
    out.start("idmap");
    out.children();
    rows("uid", idmap.uids);
    rows("gid", idmap.gids);
    out.end("idmap");
}
// Writes <features>. An empty one is left out, and so is <capabilities> with the default policy and
// no element.
void format_features(Writer& out, const Features& features) {
    const CapabilitiesPolicy policy = features.policy.value_or(CapabilitiesPolicy::default_);
    const bool capabilities =
        policy != CapabilitiesPolicy::default_ || !features.capabilities.empty();
    if (features.plain.empty() && !features.privnet && !capabilities) return;
    out.start("features");
    out.children();
    for (const std::string& name : features.plain) out.flag(name);
    if (features.privnet) out.flag("privnet");
    if (capabilities) {
        out.start("capabilities");
        out.attribute("policy", name_of(kCapabilitiesPolicies, policy));
        if (features.capabilities.empty()) {
            out.empty();
        } else {
            out.children();
            for (const CapabilityState& capability : features.capabilities) {
                out.start(capability.name);
                out.attribute("state", name_of(kOnOff, capability.on));
                out.empty();
            }
            out.end("capabilities");
        }
    }
    out.end("features");
}

namespace {

// Writes <timer>; <catchup> appears only if it has an attribute.
void format_timer(Writer& out, const Timer& timer) {
    out.start("timer");
    out.attribute("name", timer.name);
    if (timer.present) out.attribute("present", name_of(kYesNo, *timer.present));
    out.attribute_if("tickpolicy", timer.tickpolicy);
    out.attribute_if("track", timer.track);
    out.attribute_if("frequency", timer.frequency);
    out.attribute_if("mode", timer.mode);
    if (!timer.catchup_threshold && !timer.catchup_slew && !timer.catchup_limit) return out.empty();
    out.children();
    out.start("catchup");
    out.attribute_if("threshold", timer.catchup_threshold);
    out.attribute_if("slew", timer.catchup_slew);
    out.attribute_if("limit", timer.catchup_limit);
    out.empty();
    out.end("timer");
}

// Writes a shared namespace; type='none' is the default and is left out.
void format_share(Writer& out, std::string_view name, const std::optional<SharedNamespace>& share) {
    if (!share || share->type == ShareType::none) return;
    out.start(name);
    out.attribute("type", name_of(kShareTypes, share->type));
    out.attribute("value", share->value);
    out.empty();
}

}  // namespace

void format_clock(Writer& out, const Clock& clock) {
    out.start("clock");
    out.attribute("offset", clock.offset);
    if (clock.adjustment_reset) out.attribute("adjustment", "reset");
    if (clock.adjustment) out.attribute("adjustment", *clock.adjustment);
    out.attribute_if("basis", clock.basis);
    out.attribute_if("timezone", clock.timezone);
    if (clock.start) out.attribute("start", *clock.start);
    if (clock.timers.empty()) return out.empty();
    out.children();
    for (const Timer& timer : clock.timers) format_timer(out, timer);
    out.end("clock");
}

void format_security_label(Writer& out, const SecurityLabel& label) {
    out.start("seclabel");
    out.attribute("type", label.type);
    out.attribute_if("model", label.model);
    if (label.relabel) out.attribute("relabel", name_of(kYesNo, *label.relabel));
    if (label.label.empty() && label.imagelabel.empty() && label.baselabel.empty())
        return out.empty();
    out.children();
    out.text_if("label", label.label);
    out.text_if("imagelabel", label.imagelabel);
    out.text_if("baselabel", label.baselabel);
    out.end("seclabel");
}

void format_namespace(Writer& out, const LxcNamespace& shared) {
    out.start("lxc:namespace");
    out.children();
    format_share(out, "lxc:sharenet", shared.sharenet);
    format_share(out, "lxc:shareipc", shared.shareipc);
    format_share(out, "lxc:shareuts", shared.shareuts);
    out.end("lxc:namespace");
}

}  // namespace lxvirt::xml
