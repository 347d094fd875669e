// Name, init and what its process starts with: environment, limits, capabilities, labels, id maps,
// namespaces.
#include <fmt/format.h>

#include <algorithm>

#include "base/capability.hh"
#include "base/error.hh"
#include "base/file.hh"
#include "base/text.hh"
#include "driver/native/context.hh"
#include "driver/root.hh"
#include "xml/names.hh"
#include "xml/parse.hh"

namespace lxvirt::driver::native {

namespace {

bool is_name(const std::string& name) {
    try {
        check_name(name);
    } catch (const base::Exception&) {
        return false;
    }
    return true;
}

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// Debian's, the kernel's and lxc's names for one machine type.
std::string machine_type(std::string_view arch) {
    struct Group {
        std::string_view machine, names;
    };
    constexpr Group groups[] = {
        {"x86_64", "x86_64 amd64 linux64"},
        {"i686", "i686 i386 i486 i586 x86 linux32"},
        {"aarch64", "aarch64 arm64"},
        {"armv7l", "armv7l armhf armv7 armv8l arm"},
        {"armv6l", "armv6l armel"},
        {"ppc64le", "ppc64le ppc64el powerpc64le"},
        {"ppc64", "ppc64 powerpc64"},
        {"ppc", "ppc powerpc"},
        {"s390x", "s390x"},
        {"riscv64", "riscv64"},
        {"mips", "mips"},
        {"mips64", "mips64"},
    };
    for (const Group& group : groups)
        if (base::contains_word(group.names, arch)) return std::string(group.machine);
    return {};
}

void convert_environment(Context& context) {
    for (const Line* line : context.all("environment")) {
        const auto equals = line->value.find('=');
        const std::string name = line->value.substr(0, equals);
        if (equals == std::string::npos) {
            context.domain.container.inherited_environment.push_back(name);
            context.kept(*line, "as <lx:environment>: the value of whoever starts the domain");
        } else if (name.empty() || equals + 1 == line->value.size()) {
            context.untranslated(*line, "<initenv> needs a name and a value");
        } else {
            context.domain.os.initenv.push_back({name, line->value.substr(equals + 1)});
        }
    }
}

void convert_idmap_line(Context& context, const Line& line) {
    const auto words = base::split_words(line.value);
    const auto number = [&](std::size_t i) {
        return i < words.size() ? base::parse_number<std::uint32_t>(words[i]) : std::nullopt;
    };
    const auto inside = number(1), outside = number(2), count = number(3);
    const std::string_view kind = words.empty() ? "" : words[0];
    if (words.size() != 4 || !inside || !outside || !count || *count == 0 ||
        (kind != "u" && kind != "g" && kind != "b"))
        return context.untranslated(line, "not 'u|g|b ID-INSIDE ID-ON-HOST COUNT'");
    const xml::IdMapRow row{*inside, *outside, *count};
    if (kind != "g") context.domain.idmap.uids.push_back(row);
    if (kind != "u") context.domain.idmap.gids.push_back(row);
}

void convert_share(Context& context, const char* key,
                   std::optional<xml::SharedNamespace> xml::LxcNamespace::*member) {
    const Line* line = context.one(key);
    if (line == nullptr) return;
    xml::SharedNamespace share;
    constexpr std::string_view named = "/run/netns/", old_named = "/var/run/netns/";
    if (base::parse_number<pid_t>(line->value)) {
        share = {xml::ShareType::pid, line->value};
    } else if (line->value.starts_with(named) || line->value.starts_with(old_named)) {
        share = {xml::ShareType::netns, std::string(last_part(line->value))};
    } else if (line->value.find('/') != std::string::npos) {
        return context.untranslated(*line,
                                    "a namespace can be shared from a domain, a pid or a "
                                    "named network namespace, not from a path");
    } else {
        share = {xml::ShareType::name, line->value};
    }
    if (!context.domain.lxc_namespace) context.domain.lxc_namespace.emplace();
    (*context.domain.lxc_namespace).*member = share;
}

}  // namespace

void convert_name(Context& context) {
    std::string& name = context.domain.name;
    if (const Line* line = context.one("uts.name")) {
        if (is_name(line->value)) {
            name = line->value;
            context.name_from = line->key;
            return;
        }
        context.untranslated(*line, "not a name that a domain can have");
    }
    // /var/lib/lxc/NAME/config
    name = last_part(context.folder);
    context.name_from = fmt::format("the folder '{}'", context.folder);
    if (is_name(name)) return;
    name = last_part(context.file);
    context.name_from = fmt::format("the file '{}'", context.file);
}

void convert_init(Context& context) {
    xml::Os& os = context.domain.os;
    if (const Line* line = context.one("arch")) {
        os.arch = machine_type(line->value);
        if (os.arch.empty()) {
            context.untranslated(*line, "not a machine type that lxvirt knows");
        } else if (!xml::runs_here(os.arch)) {
            context.approximated(*line,
                                 fmt::format("left out: this host does not run {}", os.arch));
            os.arch.clear();
        }
    }
    os.init = "/sbin/init";
    if (const Line* line = context.one("init.cmd")) {
        std::vector<std::string> words = quoted_words(line->value);
        if (std::erase(words, "") != 0)
            context.untranslated(*line, "<initarg> cannot be empty: an empty word is left out");
        if (words.empty()) {
            context.untranslated(*line, "no program is named");
        } else {
            os.init = words.front();
            os.initargs.assign(words.begin() + 1, words.end());
            if (!os.init.starts_with('/')) {
                os.init = "/sbin/" + std::string(last_part(os.init));
                context.approximated(
                    *line, fmt::format("as '{}': an init is named by its absolute path", os.init));
            }
        }
    }
    if (const Line* line = context.one("init.cwd")) os.initdir = line->value;
    if (const Line* line = context.one("init.uid")) os.inituser = line->value;
    if (const Line* line = context.one("init.gid")) os.initgroup = line->value;
    if (const Line* line = context.one("init.groups")) {
        std::string text = line->value;
        std::replace(text.begin(), text.end(), ',', ' ');
        for (const std::string_view word : base::split_words(text)) {
            if (const auto id = base::parse_number<std::uint32_t>(word))
                context.domain.container.init_groups.push_back(*id);
            else
                context.untranslated(*line, fmt::format("'{}' is not a group's number", word));
        }
        if (!context.domain.container.init_groups.empty()) context.kept(*line, "as <lx:init>");
    }
    convert_environment(context);
    for (const Line* line : context.all("idmap")) convert_idmap_line(context, *line);
    convert_share(context, "namespace.share.net", &xml::LxcNamespace::sharenet);
    convert_share(context, "namespace.share.ipc", &xml::LxcNamespace::shareipc);
    convert_share(context, "namespace.share.uts", &xml::LxcNamespace::shareuts);
}

namespace {

std::optional<std::optional<std::uint64_t>> limit_value(std::string_view text) {
    if (text == "unlimited") return std::optional<std::uint64_t>();
    if (const auto value = base::parse_number<std::uint64_t>(text)) return value;
    return std::nullopt;
}

// "1024", "1024:4096"
void convert_limit(Context& context, const Line& line, std::string_view name) {
    const auto colon = line.value.find(':');
    const auto soft = limit_value(base::trim(std::string_view(line.value).substr(0, colon)));
    const auto hard = colon == std::string::npos
                          ? soft
                          : limit_value(base::trim(std::string_view(line.value).substr(colon + 1)));
    if (!xml::has_word(xml::kLimitNames, name))
        return context.untranslated(line, fmt::format("there is no limit '{}', but {}", name,
                                                      xml::list_of(xml::kLimitNames)));
    if (!soft || !hard)
        return context.untranslated(line, "not a number, 'unlimited', or two of these with ':'");
    if (*hard && (!*soft || **soft > **hard))
        return context.untranslated(line, "the soft limit is above the hard one");
    context.domain.container.limits.push_back({std::string(name), *soft, *hard});
    context.kept(line, "as <lx:prlimit>");
}

void convert_settings(Context& context, std::string_view prefix, std::string_view element,
                      std::vector<xml::ContainerSetting>& out) {
    for (const Line* line : context.all_below(prefix)) {
        const std::string name = line->name.substr(prefix.size());
        if (!is_setting_name(name, prefix == "sysctl.") ||
            (prefix == "proc." && name.find('.') != std::string::npos)) {
            context.untranslated(*line, fmt::format("'{}' is not the name of a setting", name));
            continue;
        }
        out.push_back({name, line->value});
        context.kept(*line, fmt::format("as <lx:{}>", element));
    }
}

}  // namespace

bool is_setting_name(std::string_view name, bool in_folders) {
    const auto is_part = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.' || (c == '/' && in_folders);
    };
    return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), is_part);
}

void convert_limits(Context& context) {
    xml::Container& container = context.domain.container;
    convert_settings(context, "sysctl.", "sysctl", container.sysctls);
    convert_settings(context, "proc.", "proc", container.procs);
    constexpr std::string_view prefix = "prlimit.";
    for (const Line* line : context.all_below(prefix))
        convert_limit(context, *line, std::string_view(line->name).substr(prefix.size()));
    if (const Line* line = context.one("no_new_privs"); line != nullptr && line->value != "0") {
        container.no_new_privs = true;
        context.kept(*line, "as <lx:no_new_privs>");
    }
    const std::pair<const char*, std::string*> signals[] = {
        {"signal.halt", &container.halt_signal},
        {"signal.reboot", &container.reboot_signal},
        {"signal.stop", &container.stop_signal}};
    for (const auto& [key, member] : signals)
        if (const Line* line = context.one(key)) {
            *member = line->value;
            context.kept(*line, "as <lx:signal>");
        }
    const std::pair<const char*, std::string*> offsets[] = {
        {"time.offset.boot", &container.boot_offset},
        {"time.offset.monotonic", &container.monotonic_offset}};
    for (const auto& [key, member] : offsets)
        if (const Line* line = context.one(key)) {
            *member = line->value;
            context.kept(*line, "as <lx:time>, which this release does not act upon");
        }
}

namespace {

void convert_capabilities(Context& context) {
    const auto drop = context.all("cap.drop"), keep = context.all("cap.keep");
    xml::Features& features = context.domain.features;
    features.policy = keep.empty() ? xml::CapabilitiesPolicy::allow : xml::CapabilitiesPolicy::deny;
    const auto add = [&](const Line& line, bool on) {
        for (const std::string_view word : base::split_words(line.value)) {
            if (word == "none") {
                features.capabilities.clear();
                continue;
            }
            std::string name(word);
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            if (name.starts_with("cap_")) name.erase(0, 4);
            if (const auto number = base::parse_number<unsigned>(name))
                name = base::capability_name(*number);
            if (!xml::has_word(xml::kCapabilities, name)) {
                context.untranslated(line, fmt::format("there is no capability '{}'", word));
                continue;
            }
            std::erase_if(features.capabilities, [&](const auto& had) { return had.name == name; });
            features.capabilities.push_back({name, on});
        }
    };
    for (const Line* line : keep) add(*line, true);
    for (const Line* line : drop) {
        if (keep.empty())
            add(*line, false);
        else
            context.untranslated(*line, "lxc takes either cap.keep or cap.drop; cap.keep counts");
    }
}

void convert_labels(Context& context) {
    const std::pair<const char*, const char*> models[] = {{"apparmor.profile", "apparmor"},
                                                          {"selinux.context", "selinux"}};
    for (const auto& [key, model] : models) {
        const Line* line = context.one(key);
        if (line == nullptr) continue;
        xml::SecurityLabel label;
        label.model = model;
        if (line->value == "unconfined") {
            label.type = "none";
        } else if (line->value == "generated" || line->value == "unchanged") {
            label.type = "dynamic";
            label.relabel = true;
            context.approximated(*line,
                                 "as a dynamic <seclabel>, which this release does not act "
                                 "upon");
        } else {
            label.type = "static";
            label.relabel = false;
            label.label = line->value;
            context.approximated(*line,
                                 "as a static <seclabel>, which this release does not act "
                                 "upon");
        }
        context.domain.seclabels.push_back(std::move(label));
    }
}

}  // namespace

void convert_security(Context& context) {
    convert_capabilities(context);
    convert_labels(context);
    if (const Line* line = context.one("seccomp.profile")) {
        if (line->value == "none" || line->value == "unconfined") {
            context.approximated(*line, "lxvirt's own filter stays");
        } else {
            const bool relative = !line->value.starts_with('/');
            const std::string path = relative ? context.folder + "/" + line->value : line->value;
            if (relative && context.facts.kind(path) != 'f')
                return context.untranslated(*line, fmt::format("there is no file '{}'", path));
            context.domain.container.seccomp_profile = path;
            context.kept(*line, "as <lx:seccomp>, which takes the place of lxvirt's own filter");
        }
    }
}

}  // namespace lxvirt::driver::native
