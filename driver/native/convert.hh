// Converts a configuration of lxc-tools to a domain, with a verdict on every line. Pure but for
// Facts, the questions to the host, which tests answer themselves.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "driver/native/config.hh"
#include "xml/domain/domain.hh"

namespace lxvirt::driver::native {

// Answers questions about the host.
struct Facts {
    // Returns what a path is: 'd' folder, 'f' file, 'c' or 'b' device; 0 where it is absent or
    // unreadable.
    std::function<char(const std::string& path)> kind;
    // Returns the path of a block device by its number, "/dev/sda" for "8:0"; nothing where there is
    // no such device.
    std::function<std::optional<std::string>(const std::string& number)> block_path;
    // Returns the text of a small file, such as an fstab. Throws SystemError.
    std::function<std::string(const std::string& path)> text;
    // Returns type and number of a device node, "c 10:200"; nothing where there is no such node.
    std::function<std::optional<std::string>(const std::string& path)> number;
    // Returns the first address of a bridge, without its prefix, for `gateway = auto`; link-local
    // ones do not count.
    std::function<std::optional<std::string>(const std::string& link, bool v6)> address;
};
// Returns the answers of the real host.
[[nodiscard]] Facts host_facts();

// Says what the caller adds to the conversion.
struct ConvertOptions {
    std::string rootfs;  // absolute path that replaces the configuration's root; may be empty
    bool sets_autostart = false;  // the caller acts upon lxc.start.auto
};

// The result of a conversion.
struct Conversion {
    xml::Domain domain;
    Verdicts verdicts;
    std::string name_from;   // "lxc.uts.name", "the folder '...'": where the name comes from
    bool autostart = false;  // lxc.start.auto asks for autostart
};

// Converts the configuration in the file `path`. Throws SystemError where it cannot be read, and
// Error(config_unsupported) where nothing says what the container's root is.
[[nodiscard]] Conversion convert(const std::string& path, const ConvertOptions& options,
                                 const Facts& facts = host_facts());

}  // namespace lxvirt::driver::native
