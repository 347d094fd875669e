// Turns options of a command into flags of a driver call. Nothing is checked here: the driver
// refuses flags that it does not support, with libvirt's message.
#pragma once

#include <initializer_list>
#include <string_view>

#include "driver/flags.hh"
#include "shell/core/command.hh"

namespace lxvirt::shell {

// Pairs an option with the flag that it stands for.
template <typename E>
struct OptionFlag {
    std::string_view option;
    E flag;
};

// Returns the flags of those options that the command has and that were given.
template <driver::FlagSet E>
[[nodiscard]] E flags_of(const Invocation& invocation, std::initializer_list<OptionFlag<E>> known) {
    E flags{};
    for (const OptionFlag<E>& entry : known)
        if (invocation.command().find_option(entry.option) != nullptr &&
            invocation.has(entry.option))
            flags |= entry.flag;
    return flags;
}

// Returns the flag of --validate.
[[nodiscard]] inline driver::DefineFlags define_flags(const Invocation& invocation) {
    return flags_of<driver::DefineFlags>(invocation, {{"validate", driver::DefineFlags::validate}});
}

// Returns the flags of --inactive, --security-info, --update-cpu and --migratable.
[[nodiscard]] inline driver::XmlFlags xml_flags(const Invocation& invocation) {
    using driver::XmlFlags;
    return flags_of<XmlFlags>(invocation, {{"inactive", XmlFlags::inactive},
                                           {"security-info", XmlFlags::secure},
                                           {"update-cpu", XmlFlags::update_cpu},
                                           {"migratable", XmlFlags::migratable}});
}

}  // namespace lxvirt::shell
