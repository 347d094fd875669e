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

// Who gets a variable: hooks and the init, or one of them (lxc 7).
enum class VariableUser { all, init, hooks };

void convert_variable(Context& context, const Line& line, VariableUser user) {
    xml::Container& container = context.domain.container;
    const auto equals = line.value.find('=');
    std::string name = line.value.substr(0, equals);
    if (name.empty()) return context.untranslated(line, "a variable has a name");
    if (equals == std::string::npos) {
        if (user == VariableUser::hooks)
            return context.untranslated(line, "a hook gets no variable of the caller's");
        container.inherited_environment.push_back(std::move(name));
        return context.kept(line, "as <lx:environment>: the value of whoever starts the domain");
    }
    std::string value = line.value.substr(equals + 1);
    if (user != VariableUser::all) {
        container.variables.push_back(
            {std::move(name), std::move(value), user == VariableUser::hooks});
        return context.kept(line, "as <lx:environment>");
    }
    // <initenv> cannot be empty.
    if (!value.empty())
        return context.domain.os.initenv.push_back({std::move(name), std::move(value)});
    container.variables.push_back({name, value, false});
    container.variables.push_back({std::move(name), std::move(value), true});
    context.kept(line, "as <lx:environment> for the init and for hooks");
}

// Converts lxc.environment, and lxc.environment.runtime and .hooks of lxc 7.
void convert_environment(Context& context) {
    for (const Line* line : context.all("environment"))
        convert_variable(context, *line, VariableUser::all);
    for (const Line* line : context.all("environment.runtime"))
        convert_variable(context, *line, VariableUser::init);
    for (const Line* line : context.all("environment.hooks"))
        convert_variable(context, *line, VariableUser::hooks);
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

// Says what is wrong with the rows of one kind, as the kernel and the parser see it; empty where
// nothing is.
std::string fault_of_rows(std::vector<xml::IdMapRow> rows, std::string_view kind) {
    if (rows.empty()) return fmt::format("the map has no row for {}: it needs both kinds", kind);
    const auto overlap = [&](std::uint32_t xml::IdMapRow::*first) {
        std::sort(rows.begin(), rows.end(),
                  [&](const auto& a, const auto& b) { return a.*first < b.*first; });
        for (std::size_t i = 1; i < rows.size(); ++i)
            if (rows[i].*first - rows[i - 1].*first < rows[i - 1].count) return true;
        return false;
    };
    if (overlap(&xml::IdMapRow::target))
        return fmt::format("rows for {} overlap on the host, which the kernel refuses", kind);
    if (overlap(&xml::IdMapRow::start))
        return fmt::format("rows for {} overlap inside, which the kernel refuses", kind);
    if (rows.front().start != 0)
        return fmt::format("no row maps the container's root ({} 0)", kind);
    return {};
}

// Converts the id map as a whole, since a part of one is another map.
void convert_idmap(Context& context) {
    const auto lines = context.all("idmap");
    for (const Line* line : lines) convert_idmap_line(context, *line);
    xml::IdMap& map = context.domain.idmap;
    if (map.uids.empty() && map.gids.empty()) return;
    std::string fault = fault_of_rows(map.uids, "users");
    if (fault.empty()) fault = fault_of_rows(map.gids, "groups");
    if (fault.empty()) return;
    map = {};
    for (const Line* line : lines) context.untranslated(*line, fault);
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
        // lxc splits at blanks and tabs, and knows no quotes: they are letters to it.
        const auto words = base::split_words(line->value);
        if (words.empty()) {
            context.untranslated(*line, "no program is named");
        } else {
            os.init = std::string(words.front());
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
    convert_idmap(context);
    convert_share(context, "namespace.share.net", &xml::LxcNamespace::sharenet);
    convert_share(context, "namespace.share.ipc", &xml::LxcNamespace::shareipc);
    convert_share(context, "namespace.share.uts", &xml::LxcNamespace::shareuts);
}

}  // namespace lxvirt::driver::native
