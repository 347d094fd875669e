// The words of <network> and <networkport>, each list once. Those of the interfaces that a network
// shares with a domain are in xml/domain/names.hh.
#pragma once

#include <array>
#include <string_view>

#include "xml/document/names.hh"
#include "xml/network/network.hh"

namespace lxvirt::xml {

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

inline constexpr std::array<Name<MacTableManager>, 2> kMacTableManagers{{
    {"kernel", MacTableManager::kernel},
    {"libvirt", MacTableManager::libvirt},
}};

inline constexpr std::array<Name<LeaseUnit>, 3> kLeaseUnits{{
    {"seconds", LeaseUnit::seconds},
    {"minutes", LeaseUnit::minutes},
    {"hours", LeaseUnit::hours},
}};

inline constexpr std::array<Name<PlugType>, 3> kPlugTypes{{
    {"network", PlugType::network},
    {"bridge", PlugType::bridge},
    {"direct", PlugType::direct},
}};

inline constexpr std::array<std::string_view, 2> kForwardDrivers{"kvm", "vfio"};

}  // namespace lxvirt::xml
