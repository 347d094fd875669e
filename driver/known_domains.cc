#include "driver/known_domains.hh"

#include "base/error.hh"

namespace lxvirt::driver {

using base::ErrorCode;

void KnownDomains::add(const std::string& name, const std::string& uuid) {
    uuids_[name] = uuid;
    if (!uuid.empty()) names_[uuid] = name;
}

void KnownDomains::check(const std::string& name, const std::string& uuid) const {
    const auto value = [](const auto& map, const std::string& key) {
        const auto found = map.find(key);
        return found == map.end() ? std::nullopt : std::optional(found->second);
    };
    require_unique(name, uuid, value(uuids_, name), value(names_, uuid));
}

void require_unique(std::string_view name, std::string_view uuid,
                    const std::optional<std::string>& own,
                    const std::optional<std::string>& other) {
    // A definition without a readable uuid may be replaced: that is its repair.
    if (own && *own != uuid && !own->empty())
        base::fail(ErrorCode::operation_failed, "domain '{}' already exists with uuid {}", name,
                   *own);
    if (other && *other != name)
        base::fail(ErrorCode::operation_failed, "domain '{}' is already defined with uuid {}",
                   *other, uuid);
}

}  // namespace lxvirt::driver
