#include "driver/store/link_alias.hh"

#include <fmt/format.h>

namespace lxvirt::driver {

namespace {

constexpr std::string_view kDomain = "domain:", kNetwork = "network:";

}  // namespace

std::string link_alias(const Root& root, std::string_view domain) {
    return fmt::format("lxvirt:{}:{}{}", root.id(), kDomain, domain);
}

std::optional<std::string> owner_of_link(const Root& root, std::string_view alias) {
    const std::string ours = fmt::format("lxvirt:{}:", root.id());
    if (!alias.starts_with(ours)) return std::nullopt;
    alias.remove_prefix(ours.size());
    if (alias.starts_with(kNetwork)) return std::nullopt;
    if (alias.starts_with(kDomain)) alias.remove_prefix(kDomain.size());
    return std::string(alias);
}

}  // namespace lxvirt::driver
