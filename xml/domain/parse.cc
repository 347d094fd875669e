#include "xml/domain/parse.hh"

#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/document/validate.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// The types of libvirt's other drivers, for which libvirt has an error of its own; every other word
// is an unknown type.
constexpr std::array<std::string_view, 14> kForeignDomainTypes{
    "qemu",   "kqemu",  "kvm",  "xen",  "uml",       "openvz", "test",
    "vmware", "hyperv", "vbox", "phyp", "parallels", "bhyve",  "vz"};

// Refuses every type but 'lxc', with libvirt's words for types that it knows and for others.
void check_type(const Element& root) {
    const auto type = root.attribute("type");
    const std::string_view hint = "<domain type='lxc'>";
    if (!type) root.fail(ErrorCode::internal_error, "missing domain type attribute", hint);
    if (*type == "lxc") return;
    if (has_word(kForeignDomainTypes, *type))
        root.fail(ErrorCode::invalid_arg,
                  fmt::format("could not find capabilities for arch={} domaintype={}",
                              host_architecture(), *type),
                  hint);
    root.fail(ErrorCode::config_unsupported, fmt::format("invalid domain type {}", *type), hint);
}

// Reads the id of a running domain. libvirt accepts one in any document and forgets it unless the
// document is live.
void parse_id(const Element& root, Domain& out, bool live) {
    const auto id = unsigned_attribute(root, "id", std::numeric_limits<std::int32_t>::max());
    if (live && id) out.id = static_cast<std::int32_t>(*id);
}

// Parses the parts in libvirt's order. check_ids() comes last, since it needs <idmap>, <os> and
// <lx:init>.
Domain parse_parts(const Element& root, const ParseOptions& options) {
    Domain domain;
    const bool live = options.live;
    // Parses one part after the other, so that a fault in one part leaves the others to be checked.
    const auto part = [&](auto&& parse) {
        root.document().parse_collecting(
            domain, [&] { parse(root, domain); });
    };
    part([](const Element& element, Domain&) { check_type(element); });
    part([&](const Element& element, Domain& out) { parse_id(element, out, live); });
    part(parse_basics);
    part([](const Element& element, Domain& out) { out.metadata = parse_metadata(element); });
    part(parse_memory);
    part(parse_vcpu);
    part(parse_tuning);
    part(parse_resource);
    part(parse_os);
    part(parse_idmap);
    part(parse_features);
    part(parse_clock);
    part(parse_lifecycle);
    part([&](const Element& element, Domain& out) { parse_devices(element, out, live); });
    part([&](const Element& element, Domain& out) { parse_security_labels(element, out, live); });
    part(parse_extensions);
    part([&](const Element& element, Domain& out) {
        if (!options.is_new) return;
        check_guards(element, out);
        check_publications(element, out);
    });
    part([&](const Element& element, Domain& out) {
        // The rows are checked here only if the caller asks for it, since a file may be checked on
        // another host.
        if (options.host_ids && !out.idmap.empty()) check_ids(element, out, options.host_ids());
    });
    return domain;
}

constexpr std::array<std::string_view, 5> kDevices{"disk", "filesystem", "interface", "hostdev",
                                                   "console"};

// Parses a device by the name of its element.
Device parse_one_device(const Element& root, bool live) {
    const std::string_view name = root.name();
    if (name == "disk") return parse_disk(root, live);
    if (name == "filesystem") return parse_filesystem(root, live);
    if (name == "interface") return parse_interface(root, live);
    if (name == "hostdev") return parse_hostdev(root, live);
    if (name == "console") return parse_console(root, live);
    root.fail(ErrorCode::config_unsupported, fmt::format("device type '{}' is not supported", name),
              fmt::format("a device is {}", list_of(kDevices)));
}

}  // namespace

bool is_device(std::string_view name) {
    return has_word(kDevices, name);
}

ParsedDomain parse_domain(std::string_view text, const ParseOptions& options) {
    Document document(text, options.file);
    const Element root = document.root();
    if (root.name() != "domain")
        root.fail(ErrorCode::xml_error,
                  fmt::format("expecting root element of 'domain', not '{}'", root.name()),
                  "a domain is <domain type='lxc'>");
    document.collect(options.faults);
    if (options.validate)
        // validate() runs the parser only after the schema has found a fault, to explain it in
        // better words.
        validate(document, "domain.rng", [&] { (void)parse_parts(root, options); });
    ParsedDomain result;
    result.domain = parse_parts(root, options);
    if (options.defaults) fill_defaults(result.domain);
    add_meaning_notices(root, result.domain);
    document.report_unread();
    result.notices = document.take_notices();
    return result;
}

ParsedDevice parse_device(std::string_view text, const ParseOptions& options) {
    Document document(text, options.file);
    const Element root = document.root();
    document.collect(options.faults);
    const auto read = [&](Device& out) {
        document.parse_collecting(out, [&] {
            out = parse_one_device(root, options.live);
            const auto* interface = std::get_if<Interface>(&out);
            if (options.is_new && interface != nullptr) check_filter(root, *interface);
        });
    };
    ParsedDevice result;
    if (options.validate) validate(document, "domain.rng", [&] { read(result.device); });
    read(result.device);
    if (options.defaults) {
        if (auto* disk = std::get_if<Disk>(&result.device)) fill_defaults(*disk);
        if (auto* interface = std::get_if<Interface>(&result.device)) fill_defaults(*interface);
    }
    document.report_unread();
    result.notices = document.take_notices();
    return result;
}

void forget_live(Device& device) {
    std::visit([](auto& one) { one.alias.clear(); }, device);
    if (auto* interface = std::get_if<Interface>(&device)) {
        interface->portid.clear();
        interface->actual_bridge.clear();
        interface->actual_dev.clear();
        if (is_generated_name(interface->target)) interface->target.clear();
    }
    if (auto* console = std::get_if<Console>(&device)) {
        console->tty.clear();
        console->source_path.clear();
    }
}

}  // namespace lxvirt::xml
