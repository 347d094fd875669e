// Fills in what libvirt fills in when a domain is defined, and adds notices about consequences that
// a reader of the document may not expect.
#include <fmt/format.h>

#include <algorithm>

#include "base/uuid.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Adds each controller that a disk's address names, and those with lower indices, in libvirt's
// order (virDomainDefAddDiskControllersForType()).
void add_controllers(Domain& domain) {
    const auto exists = [&domain](std::string_view type, unsigned index) {
        return std::any_of(domain.controllers.begin(), domain.controllers.end(),
                           [&](const Controller& controller) {
                               return controller.type == type && controller.index == index;
                           });
    };
    constexpr unsigned kMostControllers = 1000;  // an address made up by hand may name any number
    for (const std::string_view type : {"scsi", "fdc", "ide", "sata"}) {
        unsigned count = 0;
        for (const Disk& disk : domain.disks)
            if (disk.bus == type && disk.address)
                count = std::max(count, std::min(disk.address->controller, kMostControllers) + 1);
        for (unsigned i = 0; i < count; ++i)
            if (!exists(type, i)) insert_controller(domain.controllers, {std::string(type), i});
    }
}

}  // namespace

// A disk's default address needs the bus, and the controllers need the address, so the order of the
// calls matters.
void add_disk(Domain& domain, Disk disk) {
    fill_defaults(disk);
    insert_disk(domain.disks, std::move(disk));
    add_controllers(domain);
}

void fill_defaults(Domain& domain) {
    // libvirt fills these in at a define, too, so that a dump after a define is complete.
    if (domain.uuid.empty()) domain.uuid = base::random_uuid();
    if (domain.emulator.empty()) domain.emulator = kDefaultEmulator;
    for (Interface& interface : domain.interfaces) fill_defaults(interface);
    add_controllers(domain);
}

void add_meaning_notices(const Element& root, const Domain& domain) {
    Document& document = root.document();
    // After a fault the domain is incomplete, and notices about what it lacks would be wrong.
    if (document.faulty()) return;
    const auto say = [&](const std::string& what) {
        document.notice(root, fmt::format("domain '{}' {}", domain.name, what), what);
    };
    const bool shares = domain.lxc_namespace && domain.lxc_namespace->sharenet;
    if (!has_own_network(domain) && !shares)
        say("has no <interface> and no <privnet/>: it shares the host's network");
    const auto is_host_root = [](const IdMapRow& row) { return row.target == 0; };
    if (std::any_of(domain.idmap.uids.begin(), domain.idmap.uids.end(), is_host_root))
        say("has the host's root in its <idmap>: whoever is it inside owns the host's files");
    if (domain.idmap.empty() && keeps_capability(domain, "sys_admin"))
        say("has no <idmap> and keeps sys_admin: root inside is trusted like root on the host");
    if (domain.idmap.empty() || !keeps_capability(domain, "sys_admin")) return;
    const auto tell = [&](const std::vector<ContainerPath>& paths, const char* element,
                          const char* act) {
        for (const ContainerPath& path : paths)
            if (path.on)
                document.notice(
                    root, fmt::format("domain '{}' keeps sys_admin: root inside can unmount what "
                                      "{} puts on '{}', and {} it; <sys_admin state='off'/> in "
                                      "<capabilities> keeps it there",
                                      domain.name, element, path.path, act));
    };
    tell(domain.container.readonly_paths, "<lx:readonly>", "write to");
    tell(domain.container.masked_paths, "<lx:mask>", "see");
}

}  // namespace lxvirt::xml
