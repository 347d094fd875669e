// The flags of the API's calls, with libvirt's bits (libvirt-domain.h, libvirt-network.h), so that a
// server of libvirt's protocol passes on what a client has sent and the shell what a user has typed.
// The driver checks each call's flags and refuses a bit that the call does not take.
#pragma once

#include <string_view>

namespace lxvirt::driver {

// Marks an enumeration as a set of bits; gives it the operators below.
template <typename E>
inline constexpr bool kIsFlags = false;

template <typename E>
concept FlagSet = kIsFlags<E>;

template <FlagSet E>
[[nodiscard]] constexpr E operator|(E a, E b) {
    return static_cast<E>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

template <FlagSet E>
constexpr E& operator|=(E& set, E more) {
    return set = set | more;
}

// Returns whether all bits of `flag` are in `set`. A flag of no bits (Affect::current) is compared
// with == instead.
template <FlagSet E>
[[nodiscard]] constexpr bool has(E set, E flag) {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(flag)) ==
           static_cast<unsigned>(flag);
}

// virDomainModificationImpact, virNetworkUpdateFlags, and the bit that virDomainDeviceModifyFlags
// adds: which of an object's two definitions a call reads or changes. No bits stand for the live
// definition if the object runs, else for the stored one.
enum class Affect : unsigned {
    current = 0,
    live = 1,
    config = 2,
    force = 4,  // devices only: also a device that is in use
};

// virDomainDefineFlags, virNetworkDefineFlags, virNetworkCreateFlags, virNetworkPortCreateFlags
enum class DefineFlags : unsigned {
    none = 0,
    validate = 1,  // refuse a document that the schema does not accept
    // lxvirt's own: a new domain is marked for autostart; it gets both, definition and mark, or none.
    autostart = 1U << 30,
};

// virDomainCreateFlags
enum class StartFlags : unsigned {
    none = 0,
    paused = 1,       // freeze the container before its init does anything
    autodestroy = 2,  // end the container when the connection is closed
    bypass_cache = 4,
    force_boot = 8,  // discard a saved state: there is never one
    validate = 16,
    reset_nvram = 32,
};

// virDomainUndefineFlagsValues
enum class UndefineFlags : unsigned {
    none = 0,
    managed_save = 1,
    snapshots_metadata = 2,
    nvram = 4,
    keep_nvram = 8,
    checkpoints_metadata = 16,
    tpm = 32,
    keep_tpm = 64,
};

// virDomainDestroyFlagsValues
enum class DestroyFlags : unsigned { none = 0, graceful = 1, remove_logs = 2 };

// virDomainShutdownFlagValues and virDomainRebootFlagValues: the ways in which an init may be asked.
// Without any the driver looks at the init and chooses.
enum class StopFlags : unsigned {
    none = 0,
    acpi = 1,
    agent = 2,
    initctl = 4,
    signal = 8,
    paravirt = 16,
};

// virDomainXMLFlags, virNetworkXMLFlags (whose bit of `inactive` is 1)
enum class XmlFlags : unsigned {
    none = 0,
    secure = 1,
    inactive = 2,  // the stored definition, also if the object runs
    update_cpu = 4,
    migratable = 8,
};

// virDomainConsoleFlags
enum class ConsoleFlags : unsigned {
    none = 0,
    force = 1,  // take the console from whoever has it
    safe = 2,   // refuse a console that somebody has
};

template <>
inline constexpr bool kIsFlags<Affect> = true;
template <>
inline constexpr bool kIsFlags<DefineFlags> = true;
template <>
inline constexpr bool kIsFlags<StartFlags> = true;
template <>
inline constexpr bool kIsFlags<UndefineFlags> = true;
template <>
inline constexpr bool kIsFlags<DestroyFlags> = true;
template <>
inline constexpr bool kIsFlags<StopFlags> = true;
template <>
inline constexpr bool kIsFlags<XmlFlags> = true;
template <>
inline constexpr bool kIsFlags<ConsoleFlags> = true;

// Throws invalid_arg, "unsupported flags (0x4) in function lxcDomainCreateWithFiles", as libvirt's
// virCheckFlags does, where `flags` has a bit that `allowed` has not. `function` is libvirt's name of
// the driver's function.
void check_flag_bits(unsigned flags, unsigned allowed, std::string_view function);

template <FlagSet E>
void check_flags(E flags, E allowed, std::string_view function) {
    check_flag_bits(static_cast<unsigned>(flags), static_cast<unsigned>(allowed), function);
}

}  // namespace lxvirt::driver
