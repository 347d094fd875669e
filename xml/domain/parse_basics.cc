// Parses name, uuid, title, description, memory, currentMemory, vcpu, resource, on_poweroff,
// on_reboot and on_crash.
#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// libvirt keeps the number in 16 bits.
constexpr std::uint64_t kMaxVcpus = 65535;

// Returns <currentMemory> in KiB. A container has no balloon; libvirt keeps the value.
std::uint64_t current_memory(const Element& domain, std::uint64_t memory) {
    const Element element = domain.child("currentMemory");
    if (!element) return memory;
    const std::uint64_t current = size_kib(element, "./currentMemory[1]");
    // libvirt takes the smaller of the two, and 0 means all.
    return current == 0 || current > memory ? memory : current;
}

// Returns the action of <on_...>, or `usual` where the element is absent or empty.
LifecycleAction lifecycle(const Element& domain, std::string_view name, LifecycleAction usual) {
    const Element element = domain.child(name);
    if (!element) return usual;
    const std::string text = element.text();
    if (text.empty()) return usual;
    if (const auto action = value_of(kLifecycleActions, text)) return *action;
    if (name == "on_crash" && (text == "coredump-destroy" || text == "coredump-restart")) {
        const bool restart = text == "coredump-restart";
        domain.document().notice(
            element,
            fmt::format("<on_crash>{}: a container leaves no core of its own; stored as {}", text,
                        restart ? "restart" : "destroy"));
        return restart ? LifecycleAction::restart : LifecycleAction::destroy;
    }
    element.fail(ErrorCode::config_unsupported, fmt::format("unknown {} action: {}", name, text),
                 fmt::format("<{}> is {}", name, list_of(kLifecycleActions)));
}

}  // namespace

void parse_basics(const Element& domain, Domain& out) {
    const Element name = domain.child("name");
    if (!name) domain.fail(ErrorCode::no_name, "", "<domain> needs <name>NAME</name>");
    out.name = name.text();
    check_name(name, out.name);

    if (const Element uuid = domain.child("uuid")) out.uuid = parse_uuid_element(uuid);
    if (const Element title = domain.child("title")) {
        out.title = title.text();
        if (out.title.find('\n') != std::string::npos)
            title.fail(ErrorCode::xml_error, "Domain title can't contain newlines",
                       "longer text goes into <description>");
    }
    if (const Element description = domain.child("description"))
        out.description = description.text();
}

// Throws libvirt's words where <memory> is missing: it has no default.
void parse_memory(const Element& domain, Domain& out) {
    const Element memory = domain.child("memory");
    const std::string_view missing =
        "Memory size must be specified via <memory> or in the <numa> configuration";
    const std::string_view hint = "for example <memory unit='MiB'>512</memory>";
    if (!memory) domain.fail(ErrorCode::xml_error, missing, hint);
    if (memory.text().empty()) memory.fail(ErrorCode::xml_error, missing, hint);
    out.memory = size_kib(memory, "./memory[1]");
    if (out.memory == 0) memory.fail(ErrorCode::xml_error, missing, hint);
    out.current_memory = current_memory(domain, out.memory);
    // A container's memory has one limit, which setmaxmem changes while it runs; nothing is plugged
    // in.
    if (const Element most = domain.child("maxMemory"))
        most.fail(ErrorCode::config_unsupported,
                  "memory hotplug tunables <maxMemory> are not supported by this hypervisor driver",
                  "remove <maxMemory>; a container's memory is changed with setmaxmem");
}

// Reads <vcpu>. The number is kept; the attribute cpuset becomes the control group's cpuset.cpus.
void parse_vcpu(const Element& domain, Domain& out) {
    const Element vcpu = domain.child("vcpu");
    if (!vcpu) return;
    const auto count = to_unsigned(vcpu.text());
    if (!count || *count > kMaxVcpus)
        vcpu.fail(ErrorCode::xml_error, "maximum vcpus count must be an integer",
                  fmt::format("'{}' is not a number from 1 to {}", vcpu.text(), kMaxVcpus));
    if (*count == 0)
        vcpu.fail(ErrorCode::internal_error, "CPU IDs in <numa> exceed the <vcpu> count",
                  "<vcpu> is at least 1");
    out.vcpus = static_cast<std::uint32_t>(*count);

    static constexpr std::array<std::string_view, 2> kPlacements{"static", "auto"};
    const std::string placement = word_attribute(vcpu, "placement", kPlacements);
    if (!placement.empty()) out.vcpu_placement = placement;
    if (const auto current = unsigned_attribute(vcpu, "current")) {
        if (*current > out.vcpus)
            vcpu.fail(ErrorCode::config_unsupported,
                      "maximum vCPU count must not be less than current vCPU count",
                      fmt::format("current='{}' is more than {}", *current, out.vcpus));
        // libvirt prints the attribute only if it differs from the number.
        if (*current != out.vcpus) out.current_vcpus = static_cast<std::uint32_t>(*current);
    }
    const auto cpuset = vcpu.attribute("cpuset");
    // placement='auto' leaves the choice of CPUs to numad in libvirt, and a given set is ignored.
    if (!cpuset || out.vcpu_placement == "auto") return;
    const auto canonical = canonical_set(*cpuset);
    if (!canonical)
        vcpu.fail(ErrorCode::invalid_arg, fmt::format("Failed to parse bitmap '{}'", *cpuset),
                  fmt::format("cpuset is a list such as 0-3,^2,7 below {}", kMaxCpus));
    if (canonical->empty())
        vcpu.fail(ErrorCode::config_unsupported,
                  fmt::format("Invalid value of 'cpuset': {}", *cpuset), "it leaves no CPU");
    out.cpuset = *canonical;
}

bool is_plain_path(std::string_view path) {
    const std::string closed = fmt::format("/{}/", path);
    for (const char c : path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos;
}

// Reads <resource><partition>: the control group below which the domain's own group is made.
void parse_resource(const Element& domain, Domain& out) {
    const Element resource = domain.child("resource");
    if (!resource) return;
    const Element partition = resource.child("partition");
    if (!partition) return;  // any other child stays unread and becomes a notice
    out.partition = partition.text();
    if (out.partition.empty() || out.partition.front() != '/')
        partition.fail(ErrorCode::config_unsupported,
                       fmt::format("Resource partition '{}' must start with '/'", out.partition),
                       "for example <partition>/machine</partition>");
    // The path is joined with the place where each hierarchy is mounted, and must stay below it.
    if (!is_plain_path(out.partition))
        partition.fail(ErrorCode::config_unsupported,
                       fmt::format("Resource partition '{}' has a part '.' or '..', or a control "
                                   "character",
                                   out.partition),
                       "for example <partition>/machine</partition>");
}

// Reads the three actions; the defaults are libvirt's.
void parse_lifecycle(const Element& domain, Domain& out) {
    out.on_poweroff = lifecycle(domain, "on_poweroff", LifecycleAction::destroy);
    out.on_reboot = lifecycle(domain, "on_reboot", LifecycleAction::restart);
    out.on_crash = lifecycle(domain, "on_crash", LifecycleAction::destroy);
}

}  // namespace lxvirt::xml
