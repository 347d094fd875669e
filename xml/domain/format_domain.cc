// Formats a domain as libvirt prints it: the order of the elements is that of dumpxml of libvirt
// 9.0.0 (virDomainDefFormatInternalSetRootName()).
#include "xml/domain/format_parts.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Writes <domain>. The id is a fact of the running domain, and the prefix lxc is declared only
// where it is used.
void format_root(Writer& out, const Domain& domain, bool live) {
    out.start("domain");
    out.attribute("type", "lxc");
    if (live && domain.id) out.attribute("id", std::int64_t{*domain.id});
    if (domain.lxc_namespace) out.attribute("xmlns:lxc", kLxcNamespace);
    out.children();
}

void format_description(Writer& out, const Domain& domain) {
    out.text("name", domain.name);
    out.text_if("uuid", domain.uuid);
    out.text_if("title", domain.title);
    out.text_if("description", domain.description);
    format_metadata(out, domain.metadata);
}

// Writes <vcpu>; `current` is printed if it differs from the number.
void format_vcpu(Writer& out, const Domain& domain) {
    out.start("vcpu");
    out.attribute("placement", domain.vcpu_placement);
    out.attribute_if("cpuset", domain.cpuset);
    out.attribute_if("current", domain.current_vcpus);
    out.content(std::to_string(domain.vcpus), "vcpu");
}

void format_resource(Writer& out, const Domain& domain, bool live) {
    // libvirt prints a partition for every running domain; without an element it is /machine.
    if (domain.partition.empty() && !live) return;
    out.start("resource");
    out.children();
    out.text("partition", domain.partition.empty() ? "/machine" : domain.partition);
    out.end("resource");
}

}  // namespace

// The elements are written as they are, with their own indentation.
void format_metadata(Writer& out, const std::vector<std::string>& elements) {
    if (elements.empty()) return;
    out.start("metadata");
    out.children();
    for (const std::string& element : elements) out.raw(element);
    out.end("metadata");
}

// The order of the calls is the order of the output.
std::string format_domain(const Domain& domain, const FormatOptions& options) {
    Writer out(options.indent);
    format_root(out, domain, options.live);
    format_description(out, domain);
    out.sized("memory", "KiB", domain.memory);
    out.sized("currentMemory", "KiB", domain.current_memory);
    format_tuning(out, domain);
    format_vcpu(out, domain);
    format_cpu_tuning(out, domain);
    format_resource(out, domain, options.live);
    format_os(out, domain.os);
    format_idmap(out, domain.idmap);
    format_features(out, domain.features);
    format_clock(out, domain.clock);
    out.text("on_poweroff", name_of(kLifecycleActions, domain.on_poweroff));
    out.text("on_reboot", name_of(kLifecycleActions, domain.on_reboot));
    out.text("on_crash", name_of(kLifecycleActions, domain.on_crash));
    format_devices(out, domain, options.live);
    for (const SecurityLabel& label : domain.seclabels) format_security_label(out, label);
    if (domain.lxc_namespace) format_namespace(out, *domain.lxc_namespace);
    if (!domain.container.empty()) format_container(out, domain.container);
    out.end("domain");
    return out.take();
}

}  // namespace lxvirt::xml
