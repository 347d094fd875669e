// libvirt's words for the enumerators of the API, each list once: virsh prints them, the helper's
// `status` file and the journal hold them, completion offers them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "driver/types.hh"

namespace lxvirt::driver {

// --- states (virDomainState, virDomain*Reason; the words are virsh's)

[[nodiscard]] std::string_view state_name(DomainState state);
// Returns "unknown" for a reason that the state does not have.
[[nodiscard]] std::string_view reason_name(DomainState state, int reason);
// Returns libvirt's number of a reason, 0 (unknown) for a word that the state does not have.
[[nodiscard]] int reason_number(DomainState state, std::string_view word);

// --- events (virDomainEventID and so on; the words are virsh's)

// Returns the words of all kinds, in the order of their numbers.
[[nodiscard]] std::span<const std::string_view> domain_event_names();
[[nodiscard]] std::span<const std::string_view> network_event_names();
[[nodiscard]] std::string_view name_of(DomainEventKind kind);
[[nodiscard]] std::string_view name_of(NetworkEventKind kind);
[[nodiscard]] std::optional<DomainEventKind> domain_event_kind(std::string_view word);
[[nodiscard]] std::optional<NetworkEventKind> network_event_kind(std::string_view word);

// What the journal calls events of networks begins with this: "network-lifecycle".
inline constexpr std::string_view kNetworkPrefix = "network-";

// "Started" and "Booted": what happened, and which of its details.
[[nodiscard]] std::string_view name_of(DomainLifecycle event);
[[nodiscard]] std::string_view detail_name(DomainLifecycle event, int detail);
[[nodiscard]] std::optional<DomainLifecycle> domain_lifecycle(std::string_view word);
// Returns libvirt's number of a detail; nullopt for a word that the event does not have.
[[nodiscard]] std::optional<int> detail_number(DomainLifecycle event, std::string_view word);
[[nodiscard]] std::string_view name_of(NetworkLifecycle event);
[[nodiscard]] std::optional<NetworkLifecycle> network_lifecycle(std::string_view word);

// "description", "title", "element"
[[nodiscard]] std::string_view name_of(MetadataType type);
[[nodiscard]] std::optional<MetadataType> metadata_type(std::string_view word);

// "domain", "network": also the outermost element of the object's document.
[[nodiscard]] std::string_view name_of(ObjectKind kind);

}  // namespace lxvirt::driver
