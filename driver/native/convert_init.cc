// Converts the name, the init with its environment, id maps, and shared namespaces.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "xml/document/identity.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {

namespace {

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// Returns the kernel's machine type for Debian's, the kernel's or lxc's name of an architecture;
// empty for an unknown one.
std::string machine_type(std::string_view arch) {
    struct Group {
        std::string_view machine, names;
    };
    // Names are those of uname(2) for `machine`; each group lists the kernel's own name first, then
    // Debian's and lxc's.
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

// Converts lxc.environment. A variable without a value is inherited from whoever starts the
// container.
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

// Converts "u|g|b ID-INSIDE ID-ON-HOST COUNT" (lxc.container.conf(5), lxc.idmap).
void convert_idmap_line(Context& context, const Line& line) {
    const auto words = base::split_words(line.value);
    const auto number = [&](std::size_t i) {
        return i < words.size() ? base::parse_number<std::uint32_t>(words[i]) : std::nullopt;
    };
    const auto inside = number(1), outside = number(2), count = number(3);
    const std::string_view kind = words.empty() ? "" : words[0];
    // The three numbers are of 32 bits, as in /proc/PID/uid_map (user_namespaces(7)).
    if (words.size() != 4 || !inside || !outside || !count || *count == 0 ||
        (kind != "u" && kind != "g" && kind != "b"))
        return context.untranslated(line, "not 'u|g|b ID-INSIDE ID-ON-HOST COUNT'");
    const xml::IdMapRow row{*inside, *outside, *count};
    // "b" maps users and groups alike.
    if (kind != "g") context.domain.idmap.uids.push_back(row);
    if (kind != "u") context.domain.idmap.gids.push_back(row);
}

// Converts lxc.namespace.share.KIND, whose value is a container's name, a pid or a path.
void convert_share(Context& context, const char* key,
                   std::optional<xml::SharedNamespace> xml::LxcNamespace::*member) {
    const Line* line = context.one(key);
    if (line == nullptr) return;
    xml::SharedNamespace share;
    // ip-netns(8) keeps the named network namespaces there.
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
        if (xml::is_name(line->value)) {
            name = line->value;
            context.name_from = line->key;
            return;
        }
        context.untranslated(*line, "not a name that a domain can have");
    }
    // lxc's own layout is /var/lib/lxc/NAME/config.
    name = last_part(context.folder);
    context.name_from = fmt::format("the folder '{}'", context.folder);
    if (xml::is_name(name)) return;
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
    // lxc starts /sbin/init where no init.cmd is given.
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
        // lxc takes the numbers with commas or blanks between them.
        std::string text = line->value;
        std::replace(text.begin(), text.end(), ',', ' ');
        for (const std::string_view word : base::split_words(text))
            if (const auto id = base::parse_number<std::uint32_t>(word))
                context.domain.container.init_groups.push_back(*id);
            else
                context.untranslated(*line, fmt::format("'{}' is not a group's number", word));
        if (!context.domain.container.init_groups.empty()) context.kept(*line, "as <lx:init>");
    }
    convert_environment(context);
    for (const Line* line : context.all("idmap")) convert_idmap_line(context, *line);
    convert_share(context, "namespace.share.net", &xml::LxcNamespace::sharenet);
    convert_share(context, "namespace.share.ipc", &xml::LxcNamespace::shareipc);
    convert_share(context, "namespace.share.uts", &xml::LxcNamespace::shareuts);
}

}  // namespace lxvirt::driver::native
