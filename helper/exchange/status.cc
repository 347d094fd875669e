#include "helper/exchange/status.hh"

#include <charconv>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/journal.hh"

namespace lxvirt::helper {

namespace {

// Leaves out an empty text. The value is escaped, so that it stands on one line.
void put(std::string& text, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    text += fmt::format("{}={}\n", key, base::escape_field(value));
}

// Leaves out a fact that is not known.
template <typename Number>
void put(std::string& text, std::string_view key, const std::optional<Number>& value) {
    if (value) text += fmt::format("{}={}\n", key, *value);
}

// A line of the file, with its place for errors.
struct Line {
    const std::string& file;
    int number;
    std::string_view key;
    std::string value;

    template <typename Number>
    // Throws internal_error if the value is not wholly a number.
    [[nodiscard]] Number to_number() const {
        Number result = {};
        const char* const end = value.data() + value.size();
        if (const auto got = std::from_chars(value.data(), end, result);
            got.ec != std::errc() || got.ptr != end)
            base::fail(base::ErrorCode::internal_error, "{}:{}: {}='{}' is not a number", file,
                       number, key, value);
        return result;
    }
};

// Takes one line. Keys that this program does not know are kept, so that a status of a newer helper
// loses nothing here.
void take(HelperStatus& status, const Line& line) {
    if (line.key == "version") {
        if (const auto version = line.to_number<unsigned>(); version > kStatusVersion)
            base::fail(base::ErrorCode::internal_error,
                       "{}:{}: status version {} was written by a newer lxc_helper; this program "
                       "reads version {}",
                       line.file, line.number, version, kStatusVersion);
    } else if (line.key == "state") {
        status.state = line.value;
    } else if (line.key == "reason") {
        status.reason = line.value;
    } else if (line.key == "init_pid") {
        status.init_pid = line.to_number<pid_t>();
    } else if (line.key == "init_start") {
        status.init_start = line.to_number<std::uint64_t>();
    } else if (line.key == "boots") {
        status.boots = line.to_number<std::uint64_t>();
    } else if (line.key == "dev") {
        status.dev = line.to_number<std::uint64_t>();
    } else if (line.key == fmt::format("console{}", status.consoles.size())) {
        status.consoles.push_back(line.value);
    } else if (line.key == "exit") {
        status.exit = line.value;
    } else {
        status.other.emplace_back(line.key, line.value);  // written back by format_status()
    }
}

}  // namespace

std::string format_status(const HelperStatus& status) {
    std::string text = fmt::format("version={}\n", kStatusVersion);
    put(text, "state", status.state);
    put(text, "reason", status.reason);
    put(text, "init_pid", status.init_pid);
    put(text, "init_start", status.init_start);
    put(text, "boots", status.boots);
    put(text, "dev", status.dev);
    for (std::size_t i = 0; i < status.consoles.size(); ++i)
        put(text, fmt::format("console{}", i), status.consoles[i]);
    put(text, "exit", status.exit);
    for (const auto& [key, value] : status.other) put(text, key, value);
    return text;
}

HelperStatus parse_status(std::string_view text, const std::string& file) {
    HelperStatus status;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto equals = line.find('=');
        const auto value = equals == std::string_view::npos
                               ? std::nullopt
                               : base::unescape_field(line.substr(equals + 1));
        if (!value)
            base::fail(base::ErrorCode::internal_error, "{}:{}: '{}' is not key=value", file,
                       number, line);
        take(status, {file, number, line.substr(0, equals), *value});
    }
    return status;
}

void write_status(const std::string& path, const HelperStatus& status) {
    // The file is below /run, so it need not survive a crash of the host.
    base::write_atomic(path, format_status(status), 0600, base::Durability::volatile_);
}

void write_end(const std::string& path, std::string_view reason, std::string_view exit) {
    HelperStatus ended;
    ended.state = "stopped";
    ended.reason = reason;
    ended.exit = exit;
    write_status(path, ended);
}

std::optional<HelperStatus> read_status(const std::string& path) {
    // No file means that no helper supervises the domain.
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    return parse_status(*text, path);
}

}  // namespace lxvirt::helper
