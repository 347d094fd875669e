// The words of <network> and <networkport>, each list once. Words of elements that a network shares
// with a domain's interface are in xml/domain/names.hh.
#pragma once

#include <array>
#include <string_view>

#include "xml/document/names.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

// Attribute mode of <forward>; "none" stands for no <forward>.
inline constexpr std::array<Name<ForwardMode>, 8> kForwardModes{{
    {"none", ForwardMode::none},
    {"nat", ForwardMode::nat},
    {"route", ForwardMode::route},
    {"open", ForwardMode::open},
    {"bridge", ForwardMode::bridge},
    {"private", ForwardMode::private_},
    {"vepa", ForwardMode::vepa},
    {"passthrough", ForwardMode::passthrough},
}};

// Attribute macTableManager of <bridge>.
inline constexpr std::array<Name<MacTableManager>, 2> kMacTableManagers{{
    {"kernel", MacTableManager::kernel},
    {"libvirt", MacTableManager::libvirt},
}};

// Attribute unit of <lease>.
inline constexpr std::array<Name<LeaseUnit>, 3> kLeaseUnits{{
    {"seconds", LeaseUnit::seconds},
    {"minutes", LeaseUnit::minutes},
    {"hours", LeaseUnit::hours},
}};

// Attribute type of <plug>; PlugType::none is no <plug>.
inline constexpr std::array<Name<PlugType>, 3> kPlugTypes{{
    {"network", PlugType::network},
    {"bridge", PlugType::bridge},
    {"direct", PlugType::direct},
}};

// Attribute name of <forward><driver>, which only PCI devices need.
inline constexpr std::array<std::string_view, 2> kForwardDrivers{"kvm", "vfio"};

}  // namespace lxvirt::xml
