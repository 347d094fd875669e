// domblklist, domblkstat, domblkinfo and domiflist. The lists are read from the domain's XML, as
// virsh does, so they say the same as dumpxml.
#include "shell/commands/device_lookup.hh"
#include "shell/commands/flags.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

// Returns the domain as it runs, or as it is defined if it is off or --inactive was given.
xml::Domain parsed(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const bool inactive = invocation.has("inactive");
    const std::string text = session.connection().xml_desc(domain, xml_flags(invocation));
    xml::ParseOptions options;
    options.file = domain.name;
    // The text is the driver's own output, in which every default has been filled in already.
    options.defaults = false;
    options.live = domain.id != -1 && !inactive;
    return xml::parse_domain(text, options).domain;
}

constexpr Option kBlockOptions[] = {
    domain_option(),
    {"inactive", OptionType::boolean, "use the stored definition, also of a running domain"},
    {"details", OptionType::boolean, "show type and device of each disk, too"},
};

// As in virsh, a disk without a source is listed with "-".
bool domblklist(Session& session, const Invocation& invocation) {
    const bool details = invocation.has("details");
    std::vector<std::string> header{"Target", "Source"};
    if (details) header = {"Type", "Device", "Target", "Source"};
    terminal::Table table(header);
    for (const xml::Disk& disk : parsed(session, invocation).disks) {
        std::vector<std::string> row;
        if (details) row = {std::string(xml::name_of(xml::kDiskTypes, disk.type)), disk.device};
        row.push_back(disk.target);
        row.push_back(terminal::or_dash(disk.source));
        table.add(row);
    }
    session.print(table.text(!session.options().quiet));
    return true;
}

constexpr Option kStatOptions[] = {
    domain_option(complete_active),
    {"device", OptionType::string, "a disk's target or source (default: all disks together)",
     complete_blocks, false, true},
    {"human", OptionType::boolean, "print words instead of field names"},
};

// Prints a line for each counter, beginning with the device as the user named it. As in virsh, the
// name is empty for the sum of all disks, so the lines then begin with a blank.
bool domblkstat(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const std::string device = invocation.has("device") ? invocation.text("device") : "";
    const driver::BlockStats stats = explain(
        fmt::format("Failed to get block stats for domain '{}' device '{}'", domain.name, device),
        [&] { return session.connection().block_stats(domain, device); });
    const bool human = invocation.has("human");
    if (human) session.print_format("Device: {}\n", device);
    // One counter: its name, its words for --human, and its value.
    struct Field {
        const char *name, *words;
        std::uint64_t value;
    };
    const Field fields[] = {{"rd_req", "number of read operations:", stats.read_requests},
                            {"rd_bytes", "number of bytes read:", stats.read_bytes},
                            {"wr_req", "number of write operations:", stats.write_requests},
                            {"wr_bytes", "number of bytes written:", stats.write_bytes}};
    for (const Field& field : fields)
        if (human)
            session.print_format(" {:<31} {}\n", field.words, field.value);
        else
            session.print_format("{} {} {}\n", device, field.name, field.value);
    return true;
}

constexpr Option kSizeOptions[] = {
    domain_option(),
    {"device", OptionType::string, "a disk's target or source", complete_disks},
    {"human", OptionType::boolean, "print sizes in KiB, MiB ..."},
    {"all", OptionType::boolean, "print a table of all disks"},
};

// Returns the number of bytes, or with `human` the number in the largest unit of 1024 that fits,
// with three decimals as virsh prints it.
std::string size_text(std::uint64_t bytes, bool human) {
    if (!human) return std::to_string(bytes);
    static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
    return fmt::format("{:.3f} {}", value, kUnits[unit]);
}

// As in virsh, the device is optional in the help text and required without --all.
bool domblkinfo(Session& session, const Invocation& invocation) {
    invocation.exclusive("all", "device");
    const bool human = invocation.has("human");
    if (invocation.has("all")) {
        terminal::Table table({"Target", "Capacity", "Allocation", "Physical"});
        const driver::DomainRef domain = find_domain(session, invocation);
        for (const xml::Disk& disk : parsed(session, invocation).disks) {
            const driver::BlockInfo info = session.connection().block_info(domain, disk.target);
            table.add({disk.target, size_text(info.capacity, human),
                       size_text(info.allocation, human), size_text(info.physical, human)});
        }
        session.print(table.text(!session.options().quiet));
        return true;
    }
    const std::string device = invocation.text("device");
    if (device.empty()) give_up("command 'domblkinfo' requires <device> option");
    const driver::DomainRef domain = find_domain(session, invocation);
    const driver::BlockInfo info = session.connection().block_info(domain, device);
    session.print_format("{:<15} {}\n{:<15} {}\n{:<15} {}\n",
                         "Capacity:", size_text(info.capacity, human),
                         "Allocation:", size_text(info.allocation, human),
                         "Physical:", size_text(info.physical, human));
    return true;
}

constexpr Option kInterfaceOptions[] = {
    domain_option(),
    {"inactive", OptionType::boolean, "use the stored definition, also of a running domain"},
};

// As in virsh, the column Interface is the host's end, which exists only while the container runs.
bool domiflist(Session& session, const Invocation& invocation) {
    terminal::Table table({"Interface", "Type", "Source", "Model", "MAC"});
    for (const xml::Interface& link : parsed(session, invocation).interfaces) {
        table.add({terminal::or_dash(link.target),
                   std::string(xml::name_of(xml::kInterfaceTypes, link.type)),
                   terminal::or_dash(link.source), terminal::or_dash(link.model),
                   terminal::or_dash(link.mac)});
    }
    session.print(table.text(!session.options().quiet));
    return true;
}

constexpr Command kCommands[] = {
    {"domblkinfo", "show the size of a domain's disk",
     "Print in bytes the capacity of a disk, the space that it takes on the host,\n"
     "and the size of its file.",
     kSizeOptions, domblkinfo},
    {"domblklist", "the disks of a domain",
     "List the block devices of a domain with their sources.", kBlockOptions, domblklist},
    {"domblkstat", "show how much a domain has read and written",
     "Print the requests and bytes of one disk or of all disks since the start.", kStatOptions,
     domblkstat},
    {"domiflist", "the network interfaces of a domain",
     "List the network interfaces of a domain with the host's end of each.", kInterfaceOptions,
     domiflist},
};

}  // namespace

std::span<const Command> device_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
