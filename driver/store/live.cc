#include "driver/store/live.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/cgroup/cgroup.hh"
#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/file/run_files.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "driver/store/lookup.hh"
#include "xml/document/names.hh"
#include "xml/document/scan.hh"
#include "xml/document/writer.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

// The version of the layout. A higher one is refused with a sentence that says so.
constexpr unsigned kVersion = 1;

constexpr std::array<xml::Name<LivePhase>, 3> kPhases{{
    {"starting", LivePhase::starting},
    {"running", LivePhase::running},
    {"stopping", LivePhase::stopping},
}};

[[noreturn]] void refuse(const std::string& file, int line, std::string_view what) {
    base::fail(base::ErrorCode::internal_error, "{}:{}: {}", file, line, what);
}

// Reads the elements before the <domain>, each of which is one line with attributes only. No XML
// parser is needed for that, and none would be as fast.
class HeadReader {
  public:
    HeadReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    // Goes to the next element. Returns false at the line of <domain>, which stays unread.
    bool next() {
        const auto start = rest_.find_first_not_of(' ');
        if (start == std::string_view::npos || rest_.substr(start).starts_with("<domain "))
            return false;
        const auto end = rest_.find('\n');
        ++line_;
        tag_ = rest_.substr(start, end == std::string_view::npos ? end : end - start);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return true;
    }
    [[nodiscard]] bool is(std::string_view name) const {
        return tag_.starts_with(fmt::format("<{} ", name));
    }
    // Returns an attribute, unescaped. Throws internal_error if it is missing.
    [[nodiscard]] std::string value(std::string_view name) const {
        auto found = xml::scan_attribute(tag_, name);
        if (!found) refuse(file_, line_, fmt::format("attribute '{}' is missing", name));
        return *found;
    }
    // Returns an empty text if the attribute is absent.
    [[nodiscard]] std::string optional(std::string_view name) const {
        return xml::scan_attribute(tag_, name).value_or("");
    }
    template <typename Number>
    [[nodiscard]] Number number(std::string_view name) const {
        const std::string text = value(name);
        const auto number = base::parse_number<Number>(text);
        if (!number) refuse(file_, line_, fmt::format("{}='{}' is not a number", name, text));
        return *number;
    }
    [[nodiscard]] bool flag(std::string_view name) const { return value(name) == "yes"; }
    [[nodiscard]] int line() const { return line_; }
    [[nodiscard]] std::string_view tag() const { return tag_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
    const std::string& file_;
    std::string_view tag_;
    int line_ = 0;
};

LivePhase parse_phase(const HeadReader& head, const std::string& file) {
    const std::string word = head.value("state");
    const auto phase = xml::value_of(kPhases, word);
    if (!phase) refuse(file, head.line(), fmt::format("unknown state '{}'", word));
    return *phase;
}

MadeDevice read_made(const HeadReader& reader) {
    MadeDevice made;
    made.device = reader.value("device");
    const std::string type = reader.value("type");
    made.type = type.empty() ? '\0' : type.front();
    made.major = reader.number<std::uint32_t>("major");
    made.minor = reader.number<std::uint32_t>("minor");
    made.readonly = reader.flag("readonly");
    made.path = reader.value("path");
    made.loop = reader.flag("loop");
    made.mount = reader.number<std::uint64_t>("mount");
    return made;
}

LiveHead read_head(HeadReader& reader, const std::string& file) {
    if (!reader.next() || !reader.is("domstatus")) refuse(file, 1, "this is not a <domstatus>");
    if (const auto version = reader.number<unsigned>("version"); version > kVersion)
        refuse(file, 1,
               fmt::format("version {} was written by a newer lxvirt; this one reads version {}",
                           version, kVersion));
    LiveHead head;
    head.phase = parse_phase(reader, file);
    head.helper = reader.number<pid_t>("pid");
    head.boot = reader.value("boot");
    head.root = reader.value("root");
    head.autodestroy = reader.flag("autodestroy");
    while (reader.next())
        if (reader.is("cgroup")) {
            head.cgroup = reader.value("path");
            head.partition = reader.optional("makes");
        } else if (reader.is("link"))
            head.links.push_back(reader.value("name"));
        else if (reader.is("made"))
            head.made.push_back(read_made(reader));
        else
            refuse(file, reader.line(), fmt::format("unknown element {}", reader.tag()));
    return head;
}

// The folder is private, as its files name paths and device numbers of the host.
void make_domain_folder(const Root& root, std::string_view name) {
    const std::string folder = root.domain(name);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", folder);
    base::test_point("folder-made");
}

void write_made(xml::Writer& out, const MadeDevice& made) {
    out.start("made");
    out.attribute("device", made.device);
    out.attribute("type", std::string_view(&made.type, made.type == 0 ? 0 : 1));
    out.attribute("major", std::uint64_t{made.major});
    out.attribute("minor", std::uint64_t{made.minor});
    out.attribute("readonly", xml::name_of(xml::kYesNo, made.readonly));
    out.attribute("path", made.path);
    out.attribute("loop", xml::name_of(xml::kYesNo, made.loop));
    out.attribute("mount", std::uint64_t{made.mount});
    out.empty();
}

}  // namespace

bool LiveHead::current() const {
    return boot == base::boot_id();
}

std::string format_live(const LiveState& state) {
    xml::Writer out(0);
    out.start("domstatus");
    out.attribute("version", std::uint64_t{kVersion});
    out.attribute("state", xml::name_of(kPhases, state.phase));
    out.attribute("pid", static_cast<std::int64_t>(state.helper));
    out.attribute("boot", state.boot);
    out.attribute("root", state.root);
    out.attribute("autodestroy", xml::name_of(xml::kYesNo, state.autodestroy));
    out.children();
    out.start("cgroup");
    out.attribute("path", state.cgroup);
    out.attribute_if("makes", state.partition);
    out.empty();
    for (const std::string& link : state.links) {
        out.start("link");
        out.attribute("name", link);
        out.empty();
    }
    for (const MadeDevice& made : state.made) write_made(out, made);
    return out.take() + xml::format_domain(state.domain, {.live = true, .indent = 2}) +
           "</domstatus>\n";
}

std::string format_made(const MadeDevice& made) {
    xml::Writer out(2);
    write_made(out, made);
    return out.take();
}

MadeDevice parse_made(std::string_view line, const std::string& file) {
    HeadReader reader(line, file);
    if (!reader.next() || !reader.is("made")) refuse(file, 1, "this is no <made>");
    return read_made(reader);
}

LiveHead parse_live_head(std::string_view text, const std::string& file) {
    HeadReader reader(text, file);
    return read_head(reader, file);
}

LiveState parse_live(std::string_view text, const std::string& file) {
    HeadReader reader(text, file);
    LiveState state;
    static_cast<LiveHead&>(state) = read_head(reader, file);
    constexpr std::string_view kEnd = "</domain>";
    const auto end = reader.rest().rfind(kEnd);
    if (end == std::string_view::npos) refuse(file, reader.line() + 1, "its <domain> is not whole");
    // The parser gets blank lines in front, so that it counts the file's lines.
    const std::string padded = std::string(static_cast<std::size_t>(reader.line()), '\n') +
                               std::string(reader.rest().substr(0, end + kEnd.size()));
    xml::ParseOptions options;
    options.file = file;
    options.live = true;
    state.domain = xml::parse_domain(padded, options).domain;
    return state;
}

void write_live(const Root& root, LiveState state) {
    if (state.boot.empty()) state.boot = base::boot_id();
    if (state.root.empty()) state.root = root.id();
    make_domain_folder(root, state.domain.name);
    base::write_atomic(root.live(state.domain.name), format_live(state), 0600,
                       base::Durability::volatile_);
}

std::optional<LiveState> read_live(const Root& root, std::string_view name) {
    const std::string path = root.live(name);
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    return parse_live(*text, path);
}

void fail_no_live(const Root& root, const std::string& name) {
    if (!root.running(name)) fail_not_running();
    base::fail(
        base::ErrorCode::operation_failed,
        "domain '{}' runs, and its live definition, '{}', is gone: what was made for it is "
        "not known, so it cannot be changed; destroy ends it, and a start makes the file anew",
        name, root.live(name));
}

LiveState require_live(const Root& root, const std::string& name) {
    if (!root.running(name)) fail_not_running();
    auto live = read_live(root, name);
    if (!live) fail_no_live(root, name);
    return std::move(*live);
}

std::vector<std::string> live_names(const Root& root) {
    std::vector<std::string> names;
    for (std::string& name : base::list_folder(root.domains()))
        if (name.front() != '.') names.push_back(std::move(name));
    return names;
}

std::vector<pid_t> processes_left(const Root& root, std::string_view name) {
    const auto text = base::try_read_file(root.live(name));
    if (!text) return {};
    const LiveHead head = parse_live_head(*text, root.live(name));
    if (!head.current() || head.cgroup.empty()) return {};
    return base::processes_of(base::find_hierarchies(), head.cgroup);
}

void remove_live(const Root& root, std::string_view name) {
    const std::string folder = root.domain(name);
    // live.xml goes last: as long as it stands, the next holder of the lock finds what is left.
    for (const std::string& entry : base::list_folder(folder))
        if (entry != base::kLiveFile) (void)base::remove_file(folder + "/" + entry);
    (void)base::remove_file(root.live(name));
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT)
        base::fail_errno("remove folder '{}'", folder);
    base::test_point("folder-removed");
}

std::string Pending::value(std::string_view key) const {
    for (const auto& [name, value] : values)
        if (name == key) return value;
    return {};
}

bool Pending::has(std::string_view key) const {
    for (const auto& [name, value] : values)
        if (name == key) return true;
    return false;
}

void write_pending(const Root& root, std::string_view name, const Pending& pending) {
    make_domain_folder(root, name);
    write_pending_file(root.pending(name), pending);
}

void write_pending_file(const std::string& path, const Pending& pending) {
    std::string text = fmt::format("boot={}\noperation={}\n", base::boot_id(),
                                   base::escape_field(pending.operation));
    for (const auto& [key, value] : pending.values)
        text += fmt::format("{}={}\n", key, base::escape_field(value));
    base::write_atomic(path, text, 0600, base::Durability::volatile_);
}

std::optional<Pending> read_pending(const Root& root, std::string_view name) {
    return read_pending_file(root.pending(name));
}

std::optional<Pending> read_pending_file(const std::string& path) {
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    Pending pending;
    bool of_this_boot = false;
    std::string_view rest = *text;
    for (int number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto equals = line.find('=');
        const auto value = equals == std::string_view::npos
                               ? std::nullopt
                               : base::unescape_field(line.substr(equals + 1));
        if (!value) refuse(path, number, fmt::format("'{}' is not key=value", line));
        const std::string_view key = line.substr(0, equals);
        if (key == "boot")
            of_this_boot = *value == base::boot_id();
        else if (key == "operation")
            pending.operation = *value;
        else
            pending.values.emplace_back(key, *value);
    }
    if (!of_this_boot) return std::nullopt;
    return pending;
}

void clear_pending(const Root& root, std::string_view name) {
    (void)base::remove_file(root.pending(name));
}

}  // namespace lxvirt::driver
