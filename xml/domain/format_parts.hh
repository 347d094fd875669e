// The writers of the parts of a domain, one for each group of elements; private to xml/. Each
// appends its elements in libvirt's order, or nothing where there is nothing to say. `live`
// includes what only a running domain has.
#pragma once

#include "xml/document/writer.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::xml {

void format_tuning(Writer& out, const Domain& domain);      // <blkiotune>, <memtune>
void format_cpu_tuning(Writer& out, const Domain& domain);  // <cputune>, <numatune>
void format_os(Writer& out, const Os& os);
void format_idmap(Writer& out, const IdMap& idmap);
void format_features(Writer& out, const Features& features);
void format_clock(Writer& out, const Clock& clock);
// --- devices
void format_devices(Writer& out, const Domain& domain, bool live);
void format_security_label(Writer& out, const SecurityLabel& label);
void format_namespace(Writer& out, const LxcNamespace& shared);
void format_container(Writer& out, const Container& container);

void format(Writer& out, const Disk& disk, bool live);
void format(Writer& out, const Filesystem& filesystem, bool live);
void format(Writer& out, const Interface& interface, bool live);
void format(Writer& out, const Hostdev& hostdev, bool live);
void format(Writer& out, const Console& console, bool live);

// Writes <name attribute='value'/> where there is a value.
void format_one(Writer& out, std::string_view name, std::string_view attribute,
                std::string_view value);
// Writes <metadata> with elements that are XML text already.
void format_metadata(Writer& out, const std::vector<std::string>& elements);
void format_vlan(Writer& out, const Vlan& vlan);
void format_virtual_port(Writer& out, const VirtualPort& port);
void format_bandwidth(Writer& out, const Bandwidth& bandwidth,
                      const std::optional<unsigned>& class_id = {});
void format_ips(Writer& out, const std::vector<IpAddress>& ips);
void format_routes(Writer& out, const std::vector<Route>& routes);
// Writes <alias>, of a running domain only.
void format_alias(Writer& out, const std::string& alias, bool live);

}  // namespace lxvirt::xml
