// How a conversion works. The lines are read into a list, and each part of the conversion takes the
// lines of its keys and fills its part of a Domain. The result is formatted and parsed again: what
// the parser refuses could not be defined either, and the parser fills in the defaults. If the
// domain is refused, a bisection over the lines finds one that is to blame; that line gets the
// verdict "not translated", and the conversion is done again without it, up to 16 times. So one bad
// line never costs the user the whole container.

#include "driver/native/convert.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "base/uuid.hh"
#include "driver/native/context.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver::native {

namespace {

// Says whether a key makes a list. For every other key the last line counts; keys below a prefix
// are recognised by the prefix.
bool adds_up(std::string_view key) {
    constexpr std::string_view lists[] = {"cap.drop", "cap.keep",    "group",
                                          "idmap",    "mount.entry", "mount.auto"};
    // lxc writes every value of a control group's file: the lines of one file may be about several
    // devices.
    constexpr std::string_view below[] = {"environment", "hook.", "cgroup.", "cgroup2."};
    const auto is_below = [&](std::string_view prefix) { return key.starts_with(prefix); };
    return std::find(std::begin(lists), std::end(lists), key) != std::end(lists) ||
           std::any_of(std::begin(below), std::end(below), is_below) || key.ends_with(".address");
}

}  // namespace

Context::Context(std::vector<Line> lines, const ConvertOptions& wanted, const Facts& host)
    : options(wanted), facts(host), lines_(std::move(lines)), verdicts_(lines_.size()) {}

// The last line counts, as in lxc; an empty value resets the key, so the result is null then.
const Line* Context::one(std::string_view key) {
    const Line* last = nullptr;
    for (const Line& line : lines_) {
        if (line.name != key) continue;
        mark(line);
        last = &line;
    }
    return last == nullptr || last->value.empty() ? nullptr : last;
}

// An empty value clears the list that earlier lines have made, as in lxc.
std::vector<const Line*> Context::all(std::string_view key) {
    std::vector<const Line*> found;
    for (const Line& line : lines_) {
        if (line.name != key) continue;
        mark(line);
        if (line.value.empty())
            found.clear();
        else
            found.push_back(&line);
    }
    return found;
}

// Lines of all keys below the prefix stay in the order of the file, since hooks and device rules
// depend on it; a key that does not make a list keeps its last line only.
std::vector<const Line*> Context::all_below(std::string_view prefix) {
    std::vector<const Line*> found;
    std::map<std::string_view, std::vector<std::size_t>> places;  // indices in `found`, by name
    for (const Line& line : lines_) {
        const std::string_view name = line.name;
        // "lxc.hook =", the prefix without its dot, clears all of them.
        if (name.size() + 1 == prefix.size() && prefix.starts_with(name) && line.value.empty()) {
            mark(line);
            found.clear();
            places.clear();
        }
        if (!name.starts_with(prefix)) continue;
        mark(line);
        std::vector<std::size_t>& mine = places[name];
        if (line.value.empty() || !adds_up(name)) {
            for (const std::size_t place : mine) found[place] = nullptr;
            mine.clear();
        }
        if (line.value.empty()) continue;
        mine.push_back(found.size());
        found.push_back(&line);
    }
    std::erase(found, nullptr);
    return found;
}

// A line that a part has asked for counts as exact until the part says something worse about it.
void Context::mark(const Line& line) {
    if (!verdicts_.at(static_cast<std::size_t>(&line - lines_.data()))) exact(line);
}

// The lines that no part has asked for have no verdict yet; convert_rest() runs last and stores
// what lxc knows.
std::vector<const Line*> Context::unasked() const {
    std::vector<const Line*> found;
    for (std::size_t i = 0; i < lines_.size(); ++i)
        if (!verdicts_[i]) found.push_back(&lines_[i]);
    return found;
}

// `line` has to be an element of lines_: the index is the distance of the two addresses.
void Context::judge(const Line& line, Verdict verdict, std::string text, bool narrows) {
    const auto index = static_cast<std::size_t>(&line - lines_.data());
    verdicts_.at(index) =
        Entry{line.file, line.line, line.key, verdict, std::move(text), line.order, narrows};
}

// A line that still has no verdict has a key that neither lxvirt nor lxc knows.
std::vector<Entry> Context::entries() {
    std::vector<Entry> result;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const Line& line = lines_[i];
        result.push_back(
            verdicts_[i].value_or(Entry{line.file, line.line, line.key, Verdict::not_translated,
                                        "lxc knows no such key", line.order}));
    }
    result.insert(result.end(), extra_.begin(), extra_.end());
    return result;
}

// A unit is one letter in either case; the first of `units` stands for 1024, the second for 1024 *
// 1024, and so on. The product is not computed here, so nothing overflows.
std::optional<Size> parse_size(std::string_view text, std::string_view units) {
    Size size;
    const auto place =
        text.empty() ? std::string_view::npos : units.find(static_cast<char>(text.back() | 0x20));
    if (place != std::string_view::npos) {
        size.unit = std::uint64_t{1024} << (10 * place);
        text.remove_suffix(1);
    }
    const auto number = base::parse_number<std::uint64_t>(text);
    if (!number) return std::nullopt;
    size.number = *number;
    return size;
}

namespace {

// Runs all parts over the lines. The order matters: the root comes before the mounts, which are
// below it, the mounts before the groups, whose device rules may belong to a <hostdev>, and
// convert_rest() takes what is left.
Context convert_lines(const std::string& path, std::vector<Line> lines,
                      const ConvertOptions& options, const Facts& facts) {
    Context context(std::move(lines), options, facts);
    context.file = path;
    context.folder = base::parent_folder(
        path.starts_with('/') ? path : base::read_link("/proc/self/cwd").value_or("") + "/" + path);
    context.domain.uuid = base::random_uuid();
    convert_name(context);
    convert_root(context);
    convert_init(context);
    convert_limits(context);
    convert_security(context);
    convert_mounts(context);
    convert_groups(context);
    convert_network(context);
    convert_consoles(context);
    convert_rest(context);
    return context;
}

// Formats and parses the domain. That the schema, too, accepts what the parser accepts is left to
// tests and the fuzzer, since reading the schema takes as long as all the rest.
xml::Domain parsed(const Context& context) {
    return xml::parse_domain(xml::format_domain(context.domain),
                             {.file = context.file + " as domain XML"})
        .domain;
}

// Finds by bisection a line that makes the difference between a domain that is refused and one that
// is not. Lines about the root are always included, since no domain can be without them, and so are
// those of the id map, of which a part is no map; convert_init() has looked at the whole. Returns
// nothing where these themselves are to blame.
std::optional<std::size_t> find_refused(const std::string& path, const std::vector<Line>& lines,
                                        const ConvertOptions& options, const Facts& facts) {
    const auto is_refused = [&](std::size_t count) {
        std::vector<Line> some(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count));
        for (std::size_t i = count; i < lines.size(); ++i)
            if (lines[i].name.starts_with("rootfs.") || lines[i].name == "idmap")
                some.push_back(lines[i]);
        try {
            (void)parsed(convert_lines(path, std::move(some), options, facts));
            return false;
        } catch (const base::Error&) {
            return true;
        }
    };
    if (is_refused(0)) return std::nullopt;
    std::size_t good = 0, bad = lines.size();
    while (bad - good > 1) {
        const std::size_t middle = good + (bad - good) / 2;
        (is_refused(middle) ? bad : good) = middle;
    }
    return good;
}

// Assembles the result, with the verdicts in the order of the lines.
Conversion finished(Context& context, xml::Domain domain, const std::vector<Entry>& problems) {
    Conversion made;
    made.domain = std::move(domain);
    made.verdicts.entries = context.entries();
    made.verdicts.entries.insert(made.verdicts.entries.end(), problems.begin(), problems.end());
    std::stable_sort(made.verdicts.entries.begin(), made.verdicts.entries.end(),
                     [](const Entry& a, const Entry& b) { return a.order < b.order; });
    made.name_from = std::move(context.name_from);
    made.autostart = context.autostart;
    return made;
}

}  // namespace

Conversion convert(const std::string& path, const ConvertOptions& options, const Facts& facts) {
    // Each round costs a conversion for every halving of the lines.
    constexpr std::size_t most_refused = 16;
    Config config = read_config(path);
    for (std::size_t refused = 0;; ++refused) {
        Context context = convert_lines(path, config.lines, options, facts);
        try {
            return finished(context, parsed(context), config.problems);
        } catch (const base::Error& error) {
            const auto at = refused < most_refused
                                ? find_refused(path, config.lines, options, facts)
                                : std::nullopt;
            if (!at) throw;
            const Line& line = config.lines[*at];
            config.problems.push_back({line.file, line.line, line.key, Verdict::not_translated,
                                       fmt::format("no domain can have it: {}", error.message()),
                                       line.order, is_readonly_mount(line)});
            config.lines.erase(config.lines.begin() + static_cast<std::ptrdiff_t>(*at));
        }
    }
}

}  // namespace lxvirt::driver::native
