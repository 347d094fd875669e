// Parses <os> and <idmap>, and checks the latter against the host.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/parse.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// The OS types of libvirt's other hypervisors.
constexpr std::array<std::string_view, 5> kForeignOsTypes{"hvm", "xen", "linux", "uml", "xenpvh"};
// The architectures that libvirt knows under an uname(2) name.
constexpr std::array<std::string_view, 18> kArchitectures{
    "x86_64", "i686",   "aarch64",     "armv6l",  "armv7l",  "armv7b",
    "ppc",    "ppc64",  "ppc64le",     "s390",    "s390x",   "mips",
    "mipsel", "mips64", "loongarch64", "sparc64", "riscv32", "riscv64"};

// Returns the 32-bit architecture that a 64-bit kernel runs through personality(2); empty where
// there is none.
std::string_view companion(std::string_view machine) {
    if (machine == "x86_64") return "i686";
    if (machine == "aarch64") return "armv7l";
    if (machine == "ppc64") return "ppc";
    if (machine == "s390x") return "s390";
    if (machine == "mips64") return "mips";
    return {};
}

// Returns the architecture: the host's own if the document names none. The texts of the errors are
// libvirt's.
std::string parse_architecture(const Element& type) {
    const std::string host = host_architecture();
    const auto asked = type.attribute("arch");
    if (!asked) return host;
    if (runs_here(*asked)) return std::string(*asked);
    const std::string_view other = companion(host);
    const std::string hint =
        fmt::format("this host runs {}{}{}", host, other.empty() ? "" : " and ", other);
    if (!has_word(kArchitectures, *asked))
        type.fail(ErrorCode::config_unsupported, fmt::format("Unknown architecture {}", *asked),
                  hint);
    type.fail(
        ErrorCode::invalid_arg,
        fmt::format("could not find capabilities for ostype=exe arch={} domaintype=lxc", *asked),
        hint);
}

// Reads <type>, which is 'exe' for containers.
void parse_type(const Element& os, Os& out) {
    const Element type = os.child("type");
    const std::string text = type ? type.text() : std::string();
    if (text.empty())
        os.fail(ErrorCode::xml_error, "an os <type> must be specified", "<type>exe</type>");
    if (has_word(kForeignOsTypes, text))
        type.fail(
            ErrorCode::invalid_arg,
            fmt::format("could not find capabilities for {}arch={} domaintype=lxc",
                        text == "hvm" ? "" : fmt::format("ostype={} ", text), host_architecture()),
            "a container has <type>exe</type>");
    if (text != "exe")
        type.fail(ErrorCode::config_unsupported, fmt::format("unknown OS type '{}'", text),
                  "a container has <type>exe</type>");
    out.arch = parse_architecture(type);
    out.machine = string_attribute(type, "machine");
}

// Reads <initenv>. A name with '=' could not be set by execve(2).
void parse_environment(const Element& os, Os& out) {
    for (const Element& element : os.children("initenv")) {
        const std::string name = string_attribute(element, "name");
        if (name.empty())
            element.fail(ErrorCode::xml_error, "No name supplied for <initenv> element",
                         "<initenv name='NAME'>VALUE</initenv>");
        if (name.find('=') != std::string::npos)
            element.fail(ErrorCode::xml_error,
                         fmt::format("name '{}' of <initenv> contains '='", name),
                         "<initenv name='NAME'>VALUE</initenv>");
        InitEnv variable{name, element.text()};
        if (variable.value.empty())
            element.fail(ErrorCode::xml_error,
                         fmt::format("No value supplied for <initenv name='{}'> element", name),
                         "<initenv name='NAME'>VALUE</initenv>");
        out.initenv.push_back(std::move(variable));
    }
}

// Reads the <uid> or <gid> rows of <idmap>.
std::vector<IdMapRow> parse_rows(const Element& idmap, std::string_view name) {
    std::vector<IdMapRow> rows;
    for (const Element& element : idmap.children(name)) {
        IdMapRow row;
        const auto number = [&element](std::string_view attribute, std::uint32_t& value) {
            const auto text = element.attribute(attribute);
            const auto parsed = text ? to_unsigned(*text) : std::nullopt;
            if (!parsed || *parsed > std::numeric_limits<std::uint32_t>::max())
                element.fail(ErrorCode::xml_error, "invalid idmap start/target/count settings",
                             fmt::format("{}='{}': start, target and count are numbers below 2^32",
                                         attribute, text.value_or("")));
            value = static_cast<std::uint32_t>(*parsed);
        };
        number("start", row.start);
        number("target", row.target);
        number("count", row.count);
        // The id 4294967295 is (uid_t)-1 and can never be mapped.
        const auto end = [&row](std::uint32_t first) { return std::uint64_t{first} + row.count; };
        if (row.count == 0 || std::max(end(row.start), end(row.target)) > 0xffffffffU)
            element.fail(ErrorCode::xml_error, "invalid idmap start/target/count settings",
                         "count is at least 1, and no id is 4294967295 or more");
        rows.push_back(row);
    }
    return rows;
}

// Checks the user and group of the init where they are numbers. Names are looked up in the
// container's own files, which is only possible at a start.
void check_init_ids(const Element& domain, const Domain& parsed) {
    const auto check = [&](std::string_view name, const std::string& who,
                           const std::vector<IdMapRow>& rows, std::string_view row_name) {
        const std::string_view digits = std::string_view(who).substr(who.starts_with('+') ? 1 : 0);
        const auto id = to_unsigned(digits);
        if (!id || (*id <= std::numeric_limits<std::uint32_t>::max() &&
                    holds_id(rows, static_cast<std::uint32_t>(*id))))
            return;
        domain.child("os").child(name).fail(
            ErrorCode::config_unsupported, fmt::format("<{}> {} is not in <idmap>", name, who),
            fmt::format("one of its <{}> rows has to hold it", row_name));
    };
    check("inituser", parsed.os.inituser, parsed.idmap.uids, "uid");
    check("initgroup", parsed.os.initgroup, parsed.idmap.gids, "gid");
    for (const std::uint32_t group : parsed.container.init_groups)
        if (!holds_id(parsed.idmap.gids, group))
            domain.child("idmap").fail(
                ErrorCode::config_unsupported,
                fmt::format("group {} of <lx:init> is not in <idmap>", group),
                "one of its <gid> rows has to hold it");
}

// The rows are sorted by the first id in the container, and root must be among them.
void check_rows(const Element& idmap, std::string_view name, std::vector<IdMapRow>& rows) {
    constexpr std::size_t kMaxRows = 340;  // since Linux 4.15
    if (rows.size() > kMaxRows)
        idmap.fail(ErrorCode::config_unsupported,
                   fmt::format("too many <{}> rows: {}", name, rows.size()),
                   fmt::format("the kernel takes {}", kMaxRows));
    std::sort(rows.begin(), rows.end(),
              [](const IdMapRow& a, const IdMapRow& b) { return a.start < b.start; });
    if (!rows.empty() && rows.front().start != 0)
        idmap.fail(ErrorCode::config_unsupported, "You must map the root user of container",
                   fmt::format("the first <{}> row starts at {}, not 0", name, rows.front().start));
    const auto overlap = [](std::uint32_t a, std::uint32_t a_count, std::uint32_t b,
                            std::uint32_t b_count) {
        return a < std::uint64_t{b} + b_count && b < std::uint64_t{a} + a_count;
    };
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = i + 1; j < rows.size(); ++j) {
            const IdMapRow &a = rows[i], &b = rows[j];
            const bool inside = overlap(a.start, a.count, b.start, b.count);
            if (!inside && !overlap(a.target, a.count, b.target, b.count)) continue;
            idmap.fail(ErrorCode::config_unsupported,
                       fmt::format("<{}> rows of <idmap> overlap {}", name,
                                   inside ? "inside the container" : "on the host"),
                       fmt::format("start {} target {} count {} and start {} target {} count {}",
                                   a.start, a.target, a.count, b.start, b.target, b.count));
        }
}

}  // namespace

bool runs_here(std::string_view arch) {
    const std::string host = host_architecture();
    return arch == host || (!arch.empty() && arch == companion(host));
}

std::string host_architecture() {
    struct utsname name {};
    if (::uname(&name) != 0) base::fail_errno("uname");
    return name.machine;
}

void parse_os(const Element& domain, Domain& out) {
    const Element os = domain.child("os");
    if (!os)
        domain.fail(ErrorCode::xml_error, "an os <type> must be specified",
                    "<os><type>exe</type><init>/sbin/init</init></os>");
    parse_type(os, out.os);
    const Element init = os.child("init");
    if (init) out.os.init = init.text();
    if (out.os.init.empty())
        (init ? init : os)
            .fail(ErrorCode::xml_error, "init binary must be specified",
                  "<os> needs <init>/sbin/init</init>, the path of a program in the container");
    require_absolute(init, "init", out.os.init);
    for (const Element& element : os.children("initarg")) {
        out.os.initargs.push_back(element.text());
        if (out.os.initargs.back().empty())
            element.fail(ErrorCode::xml_error, "No data supplied for <initarg> element",
                         "<initarg>ARGUMENT</initarg>");
    }
    parse_environment(os, out.os);
    if (const Element element = os.child("initdir")) {
        out.os.initdir = element.text();
        if (!out.os.initdir.empty()) require_absolute(element, "initdir", out.os.initdir);
    }
    if (const Element element = os.child("inituser")) out.os.inituser = element.text();
    if (const Element element = os.child("initgroup")) out.os.initgroup = element.text();
    if (const Element element = os.child("cmdline")) out.os.cmdline = element.text();
}

void parse_idmap(const Element& domain, Domain& out) {
    const Element idmap = domain.child("idmap");
    if (!idmap) return;
    out.idmap.uids = parse_rows(idmap, "uid");
    out.idmap.gids = parse_rows(idmap, "gid");
    if (out.idmap.uids.empty() != out.idmap.gids.empty())
        idmap.fail(ErrorCode::config_unsupported, "uid and gid should be mapped both",
                   out.idmap.uids.empty() ? "there is no <uid>" : "there is no <gid>");
    check_rows(idmap, "uid", out.idmap.uids);
    check_rows(idmap, "gid", out.idmap.gids);
}

// Walks from the first id of a row through the host's ranges until an id is in none of them.
void check_ids(const Element& domain, const Domain& parsed, const IdMap& host) {
    const auto check = [&](std::string_view name, const std::vector<IdMapRow>& rows,
                           const std::vector<IdMapRow>& given) {
        for (const IdMapRow& row : rows) {
            // `at` is the first id that is not yet found among the given ones.
            std::uint64_t at = row.target;
            const std::uint64_t end = at + row.count;
            bool found = true;
            while (found && at < end) {
                found = false;
                for (const IdMapRow& one : given)
                    if (at >= one.start && at - one.start < one.count) {
                        at = std::uint64_t{one.start} + one.count;
                        found = true;
                    }
            }
            if (at >= end) continue;
            std::string have;
            for (const IdMapRow& one : given)
                have += fmt::format("{}{} to {}", have.empty() ? "" : ", ", one.start,
                                    std::uint64_t{one.start} + one.count - 1);
            domain.child("idmap").fail(
                ErrorCode::config_unsupported,
                fmt::format("<{}> row with target {} and count {} needs id {}, which this host "
                            "cannot give",
                            name, row.target, row.count, at),
                fmt::format("here are {}", have.empty() ? "none" : have));
        }
    };
    check("uid", parsed.idmap.uids, host.uids);
    check("gid", parsed.idmap.gids, host.gids);
    check_init_ids(domain, parsed);
}

}  // namespace lxvirt::xml
