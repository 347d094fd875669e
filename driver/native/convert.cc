#include "driver/native/convert.hh"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file.hh"
#include "base/text.hh"
#include "base/uuid.hh"
#include "driver/native/context.hh"
#include "xml/parse.hh"

namespace lxvirt::driver::native {

namespace {

// Keys that make a list; of every other the last line counts. Those below a prefix are told by it.
bool adds_up(std::string_view key) {
    constexpr std::string_view lists[] = {"cap.drop", "cap.keep",    "environment", "group",
                                          "idmap",    "mount.entry", "mount.auto"};
    return std::find(std::begin(lists), std::end(lists), key) != std::end(lists) ||
           key.starts_with("hook.") || key.find("devices.") != std::string_view::npos ||
           key.find("blkio.") != std::string_view::npos || key.ends_with(".address");
}

}  // namespace

Context::Context(std::vector<Line> lines, const ConvertOptions& wanted, const Facts& host)
    : options(wanted), facts(host), lines_(std::move(lines)), verdicts_(lines_.size()) {}

const Line* Context::one(std::string_view key) {
    const Line* last = nullptr;
    for (const Line& line : lines_) {
        if (line.name != key) continue;
        exact(line);
        last = &line;
    }
    return last == nullptr || last->value.empty() ? nullptr : last;
}

std::vector<const Line*> Context::all(std::string_view key) {
    std::vector<const Line*> found;
    for (const Line& line : lines_) {
        if (line.name != key) continue;
        exact(line);
        if (line.value.empty())
            found.clear();
        else
            found.push_back(&line);
    }
    return found;
}

std::vector<const Line*> Context::all_below(std::string_view prefix) {
    std::vector<const Line*> found;
    for (const Line& line : lines_) {
        const std::string_view name = line.name;
        if (!name.starts_with(prefix)) continue;
        exact(line);
        if (line.value.empty() || !adds_up(name))
            std::erase_if(found, [&](const Line* other) { return other->name == line.name; });
        if (!line.value.empty()) found.push_back(&line);
    }
    return found;
}

std::vector<const Line*> Context::unasked() const {
    std::vector<const Line*> found;
    for (std::size_t i = 0; i < lines_.size(); ++i)
        if (!verdicts_[i]) found.push_back(&lines_[i]);
    return found;
}

void Context::judge(const Line& line, Verdict verdict, std::string text) {
    const auto index = static_cast<std::size_t>(&line - lines_.data());
    verdicts_.at(index) =
        Entry{line.file, line.line, line.key, verdict, std::move(text), line.order};
}

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

std::vector<std::string> quoted_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool inside = false;
    for (const char c : text) {
        if (quote != 0 ? c == quote : c == '"' || c == '\'') {
            quote = quote != 0 ? '\0' : c;
            inside = true;
        } else if (quote == 0 && (c == ' ' || c == '\t')) {
            if (inside) words.push_back(std::move(word));
            word.clear();
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (inside) words.push_back(std::move(word));
    return words;
}

Conversion convert(const std::string& path, const ConvertOptions& options, const Facts& facts) {
    Config config = read_config(path);
    Context context(std::move(config.lines), options, facts);
    context.file = path;
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

    Conversion made;
    made.account.entries = context.entries();
    made.account.entries.insert(made.account.entries.end(), config.problems.begin(),
                                config.problems.end());
    std::stable_sort(made.account.entries.begin(), made.account.entries.end(),
                     [](const Entry& a, const Entry& b) { return a.order < b.order; });
    made.name_from = std::move(context.name_from);
    made.autostart = context.autostart;
    // Through the parser: what it refuses would not be definable, and it fills in the defaults.
    context.domain.uuid = base::random_uuid();
    made.domain = xml::parse_domain(xml::format_domain(context.domain),
                                    {.file = path + " as domain XML", .validate = true})
                      .domain;
    return made;
}

}  // namespace lxvirt::driver::native
