// One change of net-update on its way: private to the network_update*.cc files.
#pragma once

#include <string>
#include <vector>

#include "xml/document/document.hh"
#include "xml/network/update.hh"

namespace lxvirt::xml {

struct Change {
    Network& network;
    UpdateCommand command;
    int parent_index;
    Element element;  // the fragment's root

    [[nodiscard]] bool adds() const {
        return command == UpdateCommand::add_first || command == UpdateCommand::add_last;
    }
    [[nodiscard]] bool deletes() const { return command == UpdateCommand::delete_; }

    template <typename T>
    void add(std::vector<T>& entries, T entry) const {
        const bool first = command == UpdateCommand::add_first;
        entries.insert(first ? entries.begin() : entries.end(), std::move(entry));
    }
};

// Throws unless the fragment is <name>.
void require_element(const Change& change, std::string_view name);
// Throws operation_unsupported: "dhcp ranges cannot be modified, only added or deleted".
void refuse_modify(const Change& change, std::string_view what);

void update_dhcp_host(const Change& change);
void update_dhcp_range(const Change& change);
void update_dns_host(const Change& change);
void update_dns_txt(const Change& change);
void update_dns_srv(const Change& change);

}  // namespace lxvirt::xml
