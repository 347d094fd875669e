// attach-interface and detach-interface. As in virsh, each writes the document that attach-device
// or detach-device takes.
#include <array>

#include "base/text/text.hh"
#include "shell/commands/device_lookup.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/plug.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/document/writer.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kAttachInterface[] = {
    domain_option(),
    {"type", OptionType::data, "network, bridge or direct",
     complete_from<"network", "bridge", "direct">, true},
    {"source", OptionType::data, "the network, bridge or device on the host",
     complete_interface_sources, true},
    {"target", OptionType::string, "the name of the host's end"},
    {"mac", OptionType::string, "the MAC address (default: a random one)"},
    {"script", OptionType::string, "kept in the definition; no script is run"},
    {"model", OptionType::string, "kept in the definition"},
    {"alias", OptionType::string, "an alias that you choose; it begins with ua-"},
    {"inbound", OptionType::string,
     "limit of received traffic, AVERAGE[,PEAK[,BURST[,FLOOR]]]: KiB/s, burst in KiB"},
    {"outbound", OptionType::string,
     "limit of sent traffic, AVERAGE[,PEAK[,BURST]]: KiB/s, KiB/s and KiB"},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
    {"managed", OptionType::boolean, "refused"},
    {"source-mode", OptionType::string,
     "the mode of type direct: vepa, bridge, private or passthrough",
     complete_from<"vepa", "bridge", "private", "passthrough">},
};

// Writes --inbound or --outbound, "AVERAGE[,PEAK[,BURST[,FLOOR]]]", as an element; an empty field but the
// first is left out. Throws Failure, in virsh's words, for what is no number and for a fifth field.
void write_limit(xml::Writer& out, const Invocation& invocation, const char* option) {
    static constexpr std::array<std::string_view, 4> kFields{"average", "peak", "burst", "floor"};
    const std::string text = invocation.text(option);
    if (!invocation.has(option)) return;
    const std::vector<std::string_view> given = base::split(text, ',');
    if (given.size() > kFields.size()) give_up("Rate string '{}' has too many fields", text);
    std::array<std::uint64_t, kFields.size()> values{};
    out.start(option);
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (i > 0 && given[i].empty()) continue;
        const auto value = base::parse_number<std::uint64_t>(given[i]);
        if (!value) give_up("malformed {} value '{}'", kFields[i], given[i]);
        values[i] = *value;
    }
    const bool inbound = std::string_view(option) == "inbound";
    if (values[0] == 0 && (!inbound || values[3] == 0))
        give_up("{}", inbound ? "either inbound average or floor is mandatory"
                              : "outbound average is mandatory");
    if (!inbound && values[3] != 0) give_up("outbound floor is unsupported yet");
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] != 0) out.attribute(kFields[i], values[i]);
    out.empty();
}

// virsh's types that a container cannot have (such as hostdev) are refused in virsh's words.
bool attach_interface(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string type = invocation.text("type");
    // The attribute with the source is named like the type, except for direct.
    const char* source = type == "direct" ? "dev" : type.c_str();
    if (type != "network" && type != "bridge" && type != "direct")
        give_up("No support for {} in command 'attach-interface'", type);
    static constexpr std::array<std::string_view, 1> kRefused{"managed"};
    refuse_options(invocation, kRefused);
    xml::Writer out(0);
    out.start("interface");
    out.attribute("type", type);
    out.children();
    out.empty_if("source",
                 {{source, invocation.text("source")}, {"mode", invocation.text("source-mode")}});
    out.empty_if("target", {{"dev", invocation.text("target")}});
    out.empty_if("mac", {{"address", invocation.text("mac")}});
    out.empty_if("script", {{"path", invocation.text("script")}});
    out.empty_if("model", {{"type", invocation.text("model")}});
    out.empty_if("alias", {{"name", invocation.text("alias")}});
    if (invocation.has("inbound") || invocation.has("outbound")) {
        out.start("bandwidth");
        out.children();
        write_limit(out, invocation, "inbound");
        write_limit(out, invocation, "outbound");
        out.end("bandwidth");
    }
    out.end("interface");
    return carry_out(session, invocation, out.take(), &driver::Connection::attach_device,
                     {"Failed to attach interface", "Interface attached successfully"});
}

constexpr Option kDetachInterface[] = {
    domain_option(),
    {"type", OptionType::data, "network, bridge, ethernet or direct", complete_used_types, true},
    {"mac", OptionType::string,
     "the MAC address of the interface, if there are several of the type", complete_macs},
    kPersistentOption,
    kConfigOption,
    kLiveOption,
    kCurrentOption,
    kPrintXml,
};

// virsh wants --mac only if the type alone does not choose one interface. Here, unlike elsewhere,
// "Failed to detach interface" is the last line of the error: virsh prints it after its own reason.
bool detach_interface(Session& session, const Invocation& invocation) {
    check_affect_options(invocation);
    const std::string type = invocation.text("type"), mac = invocation.text("mac");
    const xml::Domain domain = meant_domain(session, invocation);
    const std::string_view last = "Failed to detach interface";
    std::vector<const xml::Interface*> of_type, found;
    for (const xml::Interface& interface : domain.interfaces) {
        if (xml::name_of(xml::kInterfaceTypes, interface.type) != type) continue;
        of_type.push_back(&interface);
        if (mac.empty() || interface.mac == mac) found.push_back(&interface);
    }
    const auto fail = [&](std::string line) {
        throw Failure({std::move(line), std::string(last)});
    };
    if (of_type.empty()) fail(fmt::format("No interface found whose type is {}", type));
    if (mac.empty() && of_type.size() > 1)
        fail(fmt::format("Domain has {} interfaces. Please specify which one to detach using --mac",
                         of_type.size()));
    if (found.empty()) fail(fmt::format("No interface with MAC address {} was found", mac));
    return carry_out(session, invocation, xml::format_device(*found.front(), {.live = true}),
                     &driver::Connection::detach_device, {last, "Interface detached successfully"});
}

constexpr Command kCommands[] = {
    {"attach-interface", "give a domain a network interface",
     "Plug a container into a network, a bridge or a device of the host.", kAttachInterface,
     attach_interface, kInterruptible},
    {"detach-interface", "take a network interface away",
     "Unplug the only interface of a type, or the one with a MAC address.", kDetachInterface,
     detach_interface, kInterruptible},
};

}  // namespace

std::span<const Command> plug_interface_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
