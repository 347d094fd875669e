// Parses <filesystem>.
#include <fmt/format.h>

#include "xml/document/read.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// Returns the attribute of <source> that names the source of this type.
std::string_view source_attribute(FilesystemType type) {
    switch (type) {
        case FilesystemType::mount:
        case FilesystemType::bind: return "dir";
        case FilesystemType::block: return "dev";
        case FilesystemType::file: return "file";
        case FilesystemType::template_: return "name";
        case FilesystemType::ram: break;
    }
    return "usage";
}

// Returns the type; a <filesystem> without one is a mount of a folder.
FilesystemType parse_type(const Element& element) {
    const auto type = element.attribute("type");
    if (type == "volume")
        element.fail(ErrorCode::config_unsupported,
                     "filesystem type 'volume' is not supported for a container",
                     fmt::format("type is {}", list_of(kFilesystemTypes)));
    return enum_attribute(element, "type", kFilesystemTypes).value_or(FilesystemType::mount);
}

// Returns the size of a tmpfs in bytes, a multiple of 1024, as libvirt prints it; 0 is the kernel's
// "no limit" (tmpfs(5)).
std::uint64_t parse_usage(const Element& filesystem, const Element& source) {
    const auto text = source ? source.attribute("usage") : std::nullopt;
    if (!text)
        (source ? source : filesystem)
            .fail(ErrorCode::xml_error, "missing 'usage' attribute for RAM filesystem",
                  "<source usage='64' units='MiB'/>");
    // 19 digits fit into 64 bits.
    if (text->empty() || text->find_first_not_of("0123456789") != std::string_view::npos ||
        text->size() > 19)
        source.fail(ErrorCode::xml_error,
                    fmt::format("cannot parse usage '{}' for RAM filesystem", *text),
                    "usage is a whole number, its unit is in units='KiB'");
    const std::uint64_t bytes =
        scaled_bytes(source, *text, source.attribute("units"), "KiB", "./source/@usage");
    if (bytes > (~std::uint64_t{0} >> 1))
        source.fail(ErrorCode::overflow, fmt::format("value too large: {}", *text),
                    "a RAM filesystem has less than 8 EiB");
    // Rounding down, as libvirt does, would turn the size into "no limit".
    if (bytes != 0 && bytes < 1024) return 1024;
    return bytes / 1024 * 1024;
}

// Reads <space_hard_limit> and <space_soft_limit>, in bytes.
std::optional<std::uint64_t> parse_space(const Element& filesystem, std::string_view name) {
    const Element element = filesystem.child(name);
    if (!element) return std::nullopt;
    return scaled_bytes(element, element.text(), element.attribute("unit"), "bytes",
                        fmt::format("./{}[1]", name));
}

// Reads <driver>. A format is checked against libvirt's list here, and supported or not at a start.
void parse_driver(const Element& driver, Filesystem& out) {
    out.driver_type = word_attribute(driver, "type", kFilesystemDrivers);
    out.driver_format = string_attribute(driver, "format");
    if (!out.driver_format.empty() && !has_word(kImageFormats, out.driver_format))
        driver.fail(ErrorCode::config_unsupported,
                    fmt::format("unknown driver format value '{}'", out.driver_format),
                    fmt::format("format is {}", list_of(kImageFormats)));
    static constexpr std::array<std::string_view, 1> kPolicies{"immediate"};
    out.wrpolicy = word_attribute(driver, "wrpolicy", kPolicies);
}

}  // namespace

// Reads <filesystem>. A target with ".." is refused, since two names of one place would escape the
// check for duplicates.
Filesystem parse_filesystem(const Element& element, bool live) {
    Filesystem filesystem;
    filesystem.type = parse_type(element);
    filesystem.accessmode =
        enum_attribute(element, "accessmode", kAccessModes).value_or(AccessMode::passthrough);
    if (const Element driver = element.child("driver")) parse_driver(driver, filesystem);
    const Element source = element.child("source");
    const std::string_view attribute = source_attribute(filesystem.type);
    if (filesystem.type == FilesystemType::ram)
        filesystem.usage = parse_usage(element, source);
    else if (source)
        filesystem.source = string_attribute(source, attribute);
    const Element target = element.child("target");
    if (target) filesystem.target = string_attribute(target, "dir");

    if (filesystem.target.empty())
        element.fail(ErrorCode::no_target, filesystem.source,
                     "<filesystem> needs <target dir='/...'/>");
    if (filesystem.type != FilesystemType::ram && filesystem.source.empty())
        element.fail(ErrorCode::no_source, filesystem.target,
                     fmt::format("<filesystem type='{}'> needs <source {}='...'/>",
                                 name_of(kFilesystemTypes, filesystem.type), attribute));
    require_absolute(target, "filesystem target", filesystem.target);
    if ((filesystem.target + "/").find("/../") != std::string::npos)
        target.fail(ErrorCode::xml_error,
                    fmt::format("filesystem target '{}' leads upwards", filesystem.target),
                    "a mount point is named without '..'");
    if (filesystem.type != FilesystemType::ram && filesystem.type != FilesystemType::template_)
        require_absolute(source, "filesystem source", filesystem.source);

    filesystem.readonly = static_cast<bool>(element.child("readonly"));
    filesystem.space_hard_limit = parse_space(element, "space_hard_limit");
    filesystem.space_soft_limit = parse_space(element, "space_soft_limit");
    if (filesystem.space_hard_limit || filesystem.space_soft_limit)
        element.document().notice(
            element, fmt::format("the space limits of filesystem '{}' are kept and have no effect: "
                                 "lxvirt sets no quotas",
                                 filesystem.target));
    filesystem.alias = parse_alias(element, live);
    return filesystem;
}

}  // namespace lxvirt::xml
