// One change by net-update while it is carried out. Private to update.cc and update_entries.cc.
#pragma once

#include <string>
#include <vector>

#include "xml/document/document.hh"
#include "xml/network/update.hh"

namespace lxvirt::xml {

// Holds what virNetworkUpdate() gets, with the fragment parsed. `network` is a copy that replaces
// the original only if everything succeeds.
struct Change {
    Network& network;
    UpdateCommand command;
    int parent_index;  // position of the <ip> that is meant; -1: not given
    Element element;   // outermost element of the fragment

    [[nodiscard]] bool adds() const {
        return command == UpdateCommand::add_first || command == UpdateCommand::add_last;
    }
    [[nodiscard]] bool deletes() const { return command == UpdateCommand::delete_; }

    // Inserts `entry` as the first or last one.
    template <typename T>
    void add(std::vector<T>& entries, T entry) const {
        const bool first = command == UpdateCommand::add_first;
        entries.insert(first ? entries.begin() : entries.end(), std::move(entry));
    }
};

// Throws PlacedError unless the fragment is <name>.
void require_element(const Change& change, std::string_view name);
// Throws Error(operation_unsupported) for UpdateCommand::modify, in libvirt's words: "dhcp ranges
// cannot be modified, only added or deleted".
void refuse_modify(const Change& change, std::string_view what);

// Change the section that the name says. All throw with libvirt's words where the fragment is
// wrong, the entry is missing, or one exists already.
void update_dhcp_host(const Change& change);
void update_dhcp_range(const Change& change);
void update_dns_host(const Change& change);
void update_dns_txt(const Change& change);
void update_dns_srv(const Change& change);

}  // namespace lxvirt::xml
