#include "driver/native/config.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::driver::native {

namespace {

// Makes a piece of a malformed line fit for a message: at most 60 bytes of it.
std::string shortened(std::string_view text) {
    constexpr std::size_t most = 60;
    const std::string start = base::shown(text.substr(0, most));
    return text.size() > most ? start + "..." : start;
}

// Removes one pair of quotes around a value, as lxc does; a quote on one side only is part of the
// value.
std::string_view unquoted(std::string_view value) {
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
        return value.substr(1, value.size() - 2);
    return value;
}

// Says whether the path, after symbolic links, is a folder; false where stat(2) fails.
bool is_folder(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// The names of lxc 0.x to 2.0; lxc-update-config(1) of lxc 2.1 has the same list.
constexpr std::array<std::pair<std::string_view, std::string_view>, 27> kRenamed{{
    {"lxc.utsname", "lxc.uts.name"},
    {"lxc.init_cmd", "lxc.init.cmd"},
    {"lxc.init_uid", "lxc.init.uid"},
    {"lxc.init_gid", "lxc.init.gid"},
    {"lxc.id_map", "lxc.idmap"},
    {"lxc.rootfs", "lxc.rootfs.path"},
    {"lxc.mount", "lxc.mount.fstab"},
    {"lxc.tty", "lxc.tty.max"},
    {"lxc.devttydir", "lxc.tty.dir"},
    {"lxc.pts", "lxc.pty.max"},
    {"lxc.console", "lxc.console.path"},
    {"lxc.aa_profile", "lxc.apparmor.profile"},
    {"lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"},
    {"lxc.apparmor.allow_inherit", "lxc.apparmor.allow_incomplete"},
    {"lxc.se_context", "lxc.selinux.context"},
    {"lxc.seccomp", "lxc.seccomp.profile"},
    {"lxc.haltsignal", "lxc.signal.halt"},
    {"lxc.rebootsignal", "lxc.signal.reboot"},
    {"lxc.stopsignal", "lxc.signal.stop"},
    {"lxc.syslog", "lxc.log.syslog"},
    {"lxc.loglevel", "lxc.log.level"},
    {"lxc.logfile", "lxc.log.file"},
    {"lxc.start.unshare", "lxc.monitor.unshare"},
    {"lxc.no_new_privileges", "lxc.no_new_privs"},
    {"lxc.groups", "lxc.group"},
    {"lxc.execute_cmd", "lxc.execute.cmd"},
    {"lxc.console_logfile", "lxc.console.logfile"},
}};

}  // namespace

bool is_text(std::string_view text) {
    unsigned more = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (more != 0) {
            if ((byte & 0xc0U) != 0x80) return false;
            --more;
        } else if (byte >= 0x80) {
            if (byte < 0xc2 || byte > 0xf4) return false;
            more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        } else if ((byte < ' ' && c != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return more == 0;
}

// Names that are older than lxc 2.1 become the new ones first, so that the prefix of limits applies
// to both.
std::string modern_name(std::string_view key) {
    for (const auto& [old, modern] : kRenamed)
        if (key == old) key = modern;
    if (key.starts_with("lxc.")) key.remove_prefix(4);
    constexpr std::string_view limit = "limit.";
    if (key.starts_with(limit)) return fmt::format("prlimit.{}", key.substr(limit.size()));
    return std::string(key);
}

bool is_readonly_mount(const Line& line) {
    if (line.name != "mount.entry") return false;
    const auto words = base::split_words(line.value);
    if (words.size() < 4) return false;
    const auto options = base::split(words[3], ',');
    return std::find(options.begin(), options.end(), "ro") != options.end();
}

std::string read_named_file(const std::string& path) {
    return base::read_file(path, kMaxConfig);
}

namespace {

// Reads a configuration with its includes.
class Reader {
  public:
    Config read(const std::string& path) {
        read_text(path, base::read_file(path, kMaxConfig));
        return std::move(config_);
    }

  private:
    // Records that the conversion cannot use a line. The order counts lines and problems together,
    // so that the report can sort them as the user wrote them.
    Entry& add_problem(const std::string& file, int line, std::string key, std::string text) {
        config_.problems.push_back(
            {file, line, std::move(key), Verdict::not_translated, std::move(text), ++order_});
        return config_.problems.back();
    }
    // Records that a file is not read. What its lines would have narrowed is not known.
    void add_unread(const Line& line, std::string text) {
        add_problem(line.file, line.line, line.key, std::move(text)).narrows = true;
    }

    // Reads the lines of one file; open_ holds the file meanwhile, which is how a cycle is
    // recognised.
    void read_text(const std::string& path, const std::string& text) {
        open_.push_back(path);
        int number = 0;
        for (const std::string_view raw : base::split(text, '\n'))
            read_line(path, ++number, base::trim(raw));
        open_.pop_back();
    }

    // Adds one line to the configuration, or a problem about it. Only too many keys in all throw
    // (config_unsupported): every other mistake costs the user just that line.
    void read_line(const std::string& path, int number, std::string_view line) {
        // lxc ignores comments and other tools' keys.
        if (!line.starts_with("lxc.")) return;
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            (void)add_problem(
                path, number, shortened(line),
                line.find(": ") == std::string_view::npos && !line.ends_with(':')
                    ? "there is no '=' after the key"
                    : "there is no '=' after the key: Proxmox has ':' in files of its own");
            return;
        }
        Line entry{path,
                   number,
                   std::string(base::trim(line.substr(0, equals))),
                   std::string(unquoted(base::trim(line.substr(equals + 1)))),
                   ++order_,
                   {}};
        entry.name = modern_name(entry.key);
        if (!is_text(entry.key) || !is_text(entry.value))
            (void)add_problem(path, number, shortened(entry.key),
                              "it holds bytes that are not UTF-8 text");
        else if (entry.key.size() > kMaxValue || entry.value.size() > kMaxValue)
            (void)add_problem(path, number, shortened(entry.key),
                              fmt::format("it is longer than {} bytes", kMaxValue));
        else if (entry.key == "lxc.include")
            include(entry);
        else if (config_.lines.size() < kMaxLines)
            config_.lines.push_back(std::move(entry));
        else
            base::fail(base::ErrorCode::config_unsupported, "{}:{}: more than {} keys", path,
                       number, kMaxLines);
    }

    // Reads an included file, or all *.conf files of an included folder in the order of their
    // names.
    void include(const Line& line) {
        const std::string path = find(line);
        if (!is_folder(path)) return include_file(line, path);
        for (const std::string& name : base::list_folder(path))
            if (name.ends_with(".conf")) include_file(line, fmt::format("{}/{}", path, name));
    }

    // Resolves a relative include as lxc does, and beside the including file.
    [[nodiscard]] std::string find(const Line& line) const {
        if (line.value.starts_with('/') || base::exists(line.value)) return line.value;
        const auto slash = line.file.rfind('/');
        return slash == std::string::npos ? line.value
                                          : line.file.substr(0, slash + 1) + line.value;
    }

    // Reads one included file. A cycle, a depth above kMaxInclude, a file that cannot be read, and
    // more than kMaxConfig bytes in all become problems of the line with lxc.include.
    void include_file(const Line& line, const std::string& path) {
        if (std::find(open_.begin(), open_.end(), path) != open_.end())
            return add_unread(line,
                              fmt::format("'{}' is being read already: it includes itself", path));
        if (open_.size() >= kMaxInclude)
            return add_unread(line,
                              fmt::format("files include each other {} levels deep", kMaxInclude));
        std::string text;
        try {
            text = read_named_file(path);
        } catch (const base::SystemError& error) {
            // A folder that is not there has no files: Debian's userns.conf names such a one.
            Entry& problem = add_problem(line.file, line.line, line.key, error.message());
            problem.narrows = error.error() != ENOENT || !path.ends_with('/');
            return;
        } catch (const base::Exception& error) {
            return add_unread(line, error.message());
        }
        size_ += text.size();
        if (size_ > kMaxConfig)
            return add_unread(
                line, fmt::format("all includes together are larger than {} bytes", kMaxConfig));
        read_text(path, text);
    }

    Config config_;
    std::vector<std::string> open_;     // files that are being read, the outermost first
    std::size_t size_ = 0, order_ = 0;  // bytes of all includes; place of the latest line
};

// Quotes a text for JSON (RFC 8259); UTF-8 may stand as it is.
std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text)
        if (c == '"' || c == '\\')
            out += fmt::format("\\{}", c);
        else if (static_cast<unsigned char>(c) < ' ')
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    return out + '"';
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    constexpr std::array<std::string_view, 4> names{"exact", "kept", "approximated",
                                                    "not translated"};
    return names.at(static_cast<std::size_t>(verdict));
}

std::string Entry::message() const {
    const std::string place = line == 0 ? file : fmt::format("{}:{}", file, line);
    return fmt::format("{}: {}{}{}{}{}", place, key, key.empty() ? "" : ": ", name_of(verdict),
                       text.empty()               ? ""
                       : verdict == Verdict::kept ? " "
                                                  : ": ",
                       text);
}

std::size_t Verdicts::count(Verdict verdict) const {
    return static_cast<std::size_t>(std::count_if(
        entries.begin(), entries.end(),
        [&](const Entry& entry) { return entry.verdict == verdict; }));
}

std::vector<Entry> Verdicts::lost_isolation() const {
    constexpr std::string_view kNarrowing[] = {
        "idmap",        "cap.",   "seccomp.", "apparmor.profile", "selinux.context",
        "no_new_privs", "cgroup", "prlimit.", "rootfs.options"};
    std::vector<Entry> lost;
    for (const Entry& entry : entries) {
        if (entry.verdict != Verdict::not_translated) continue;
        const std::string name = modern_name(entry.key);
        if (entry.narrows ||
            std::any_of(std::begin(kNarrowing), std::end(kNarrowing),
                        [&](std::string_view prefix) { return name.starts_with(prefix); }))
            lost.push_back(entry);
    }
    return lost;
}

std::string Verdicts::summary() const {
    return fmt::format("{} lines: {} exact, {} kept, {} approximated, {} not translated",
                       entries.size(), count(Verdict::exact), count(Verdict::kept),
                       count(Verdict::approximated), count(Verdict::not_translated));
}

std::string Verdicts::json() const {
    std::string out = "{\n  \"lines\": [";
    for (const Entry& entry : entries)
        out += fmt::format(
            "{}\n    {{\"file\": {}, \"line\": {}, \"key\": {}, \"verdict\": {}, \"text\": {}}}",
            &entry == entries.data() ? "" : ",", json_text(entry.file), entry.line,
            json_text(entry.key), json_text(name_of(entry.verdict)), json_text(entry.text));
    out += "\n  ],\n  \"summary\": {";
    for (const Verdict verdict :
         {Verdict::exact, Verdict::kept, Verdict::approximated, Verdict::not_translated})
        out += fmt::format("{}{}: {}", verdict == Verdict::exact ? "" : ", ",
                           json_text(name_of(verdict)), count(verdict));
    return out + "}\n}\n";
}

Config read_config(const std::string& path) {
    return Reader().read(path);
}

}  // namespace lxvirt::driver::native
