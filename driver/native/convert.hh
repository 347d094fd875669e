// From a configuration of lxc-tools to a domain, with an account of every line. Pure but for Facts:
// what is asked of the host, which tests replace.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "driver/native/config.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver::native {

struct Facts {
    // What a path is: 'd' folder, 'f' file, 'c' and 'b' device, 0 where it is absent or unreadable.
    std::function<char(const std::string& path)> kind;
    // The text of a small file (an fstab); throws SystemError.
    std::function<std::string(const std::string& path)> text;
    // "c 10:200": what a device node is; nothing where there is none.
    std::function<std::optional<std::string>(const std::string& path)> number;
    // The first address of a bridge, without prefix, for `gateway = auto`.
    std::function<std::optional<std::string>(const std::string& link, bool v6)> address;
};
[[nodiscard]] Facts host_facts();

struct ConvertOptions {
    std::string rootfs;           // instead of what the configuration says; absolute
    bool sets_autostart = false;  // the caller does what lxc.start.auto says
};

struct Conversion {
    xml::Domain domain;
    Verdicts verdicts;
    std::string name_from;   // "lxc.uts.name", "the folder of the file", ...
    bool autostart = false;  // lxc.start.auto
};

// Throws SystemError where `path` cannot be read, and Error(config_unsupported) where nothing in it
// says what the container's root is.
[[nodiscard]] Conversion convert(const std::string& path, const ConvertOptions& options,
                                 const Facts& facts = host_facts());

}  // namespace lxvirt::driver::native
