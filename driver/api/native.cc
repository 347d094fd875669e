// LocalConnection's conversions between domain XML and the configurations of lxc-tools;
// driver/native/ does the work. They change nothing, so they need no lock and no right to write.
#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/api/local.hh"
#include "driver/native/containers.hh"
#include "driver/native/convert.hh"
#include "driver/native/write.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// Throws invalid_arg unless `format` is libvirt's name of the only format, "lxc-tools".
void require_format(const std::string& format) {
    if (format != "lxc-tools")
        base::fail(base::ErrorCode::invalid_arg, "unsupported config type {}", format);
}

}  // namespace

FromNative LocalConnection::xml_from_native(const std::string& format,
                                            const NativeSource& source) const {
    require_format(format);
    native::Conversion made = native::convert(
        source.path, {.rootfs = source.rootfs, .sets_autostart = source.sets_autostart});
    FromNative converted{.name = made.domain.name,
                         .name_from = std::move(made.name_from),
                         .xml = xml::format_domain(made.domain),
                         .verdicts = std::move(made.verdicts),
                         .autostart = made.autostart,
                         .missing_root = {}};
    if (const xml::Filesystem* root = made.domain.root();
        root != nullptr && !base::exists(root->source))
        converted.missing_root = root->source;
    return converted;
}

ToNative LocalConnection::xml_to_native(const std::string& format, std::string_view xml,
                                        const std::string& file, bool autostart) const {
    require_format(format);
    native::WriteOptions options{.autostart = autostart, .bridge = {}};
    options.bridge = [this](const std::string& network) -> std::string {
        try {
            return networks_.info(networks_.lookup_by_name(network)).bridge;
        } catch (const base::Exception&) {
            return {};  // the report says that the network's bridge is not known
        }
    };
    native::Written made =
        native::write_config(xml::parse_domain(xml, {.file = file}).domain, options);
    return {.text = std::move(made.text), .verdicts = std::move(made.verdicts)};
}

std::vector<NativeContainer> LocalConnection::list_native(const std::string& format,
                                                          const std::string& folder) const {
    require_format(format);
    return native::find_containers(folder);
}

}  // namespace lxvirt::driver
