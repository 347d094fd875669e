// LocalConnection's conversions between domain XML and the configurations of lxc-tools;
// driver/native/ does the work. They change nothing, so they need no lock and no right to write.
#include <sys/stat.h>
#include <unistd.h>

#include <set>

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

// Throws config_unsupported where a line is lost without which the container may do more.
void require_isolation(const native::Verdicts& verdicts) {
    const auto lost = verdicts.lost_isolation();
    if (lost.empty()) return;
    std::string lines;
    for (const native::Entry& entry : lost) lines += "\n" + entry.message();
    base::fail(base::ErrorCode::config_unsupported,
               "the container would be less isolated than under lxc; --lossy converts it all the "
               "same:{}",
               lines);
}

// Throws operation_denied where another user can change a file that decides what runs as root: the
// configuration, what it includes, a hook, the seccomp profile. A file that is not on this host is
// passed over. An ordinary user converts their own files.
void require_trust(const std::string& path, const native::Conversion& made) {
    std::set<std::string> files{path};
    for (const native::Entry& entry : made.verdicts.entries) files.insert(entry.file);
    for (const xml::ContainerHook& hook : made.domain.container.hooks)
        files.insert(hook.command.substr(0, hook.command.find(' ')));
    files.insert(made.domain.container.seccomp_profile);
    for (const std::string& file : files) {
        struct stat facts {};
        if (file.empty() || ::stat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        const bool theirs = facts.st_uid != 0 && facts.st_uid != ::geteuid();
        const bool open =
            (facts.st_mode & S_IWOTH) != 0 ||
            ((facts.st_mode & S_IWGRP) != 0 && facts.st_gid != 0 && facts.st_gid != ::getegid());
        if (theirs || open)
            base::fail(
                base::ErrorCode::operation_denied,
                "'{}' can be changed by others than root (owner {}, mode {:04o}), and what it "
                "says is done as root; --lossy converts it all the same",
                file, facts.st_uid, facts.st_mode & 07777);
    }
}

}  // namespace

FromNative LocalConnection::xml_from_native(const std::string& format,
                                            const NativeSource& source) const {
    require_format(format);
    native::Conversion made = native::convert(
        source.path, {.rootfs = source.rootfs, .sets_autostart = source.sets_autostart});
    if (!source.lossy) {
        require_isolation(made.verdicts);
        require_trust(source.path, made);
    }
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
