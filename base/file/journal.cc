#include "base/file/journal.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/lock.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

namespace {

constexpr std::size_t kFields = 8;
// Limits the search for the last entry to this many bytes at the end of the file.
constexpr off_t kTail = 64 << 10;

off_t size_of(Fd fd, const std::string& path) {
    struct stat facts = {};
    if (::fstat(fd.get(), &facts) != 0) fail_errno("stat '{}'", path);
    return facts.st_size;
}

std::string read_tail(Fd fd, off_t size, const std::string& path) {
    const off_t start = std::max<off_t>(0, size - kTail);
    std::string tail(static_cast<std::size_t>(size - start), '\0');
    const ssize_t got = ::pread(fd.get(), tail.data(), tail.size(), start);
    if (got < 0) fail_errno("read '{}'", path);
    tail.resize(static_cast<std::size_t>(got));
    return tail;
}

// Returns the sequence number of the last whole entry in `tail`, or nothing if there is none.
std::optional<std::uint64_t> last_sequence(std::string_view tail) {
    while (!tail.empty()) {
        const auto end = tail.rfind('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto begin = end == 0 ? std::string_view::npos : tail.rfind('\n', end - 1);
        const auto start = begin == std::string_view::npos ? 0 : begin + 1;
        if (const auto entry = parse_journal_line(tail.substr(start, end - start)))
            return entry->sequence;
        tail = tail.substr(0, start);
    }
    return std::nullopt;
}

// Returns the last sequence number in FILE.1, so that numbers go on when the journal has just been
// rotated or truncated.
std::uint64_t previous_sequence(const JournalFile& file) {
    const auto fd = try_open_regular(file.previous(), O_RDONLY, Links::refuse);
    if (!fd) return 0;  // a first journal, or one whose past was removed: begin anew
    return last_sequence(read_tail(*fd, size_of(*fd, file.previous()), file.previous()))
        .value_or(0);
}

UniqueFd open_journal(const JournalFile& file) {
    return open_regular(file.path, O_RDWR | O_CREAT, Links::refuse);
}

// Appends under the lock. A write that falls short is cut off again, so that no torn line stays.
void append_locked(const JournalFile& file, JournalEntry& entry) {
    UniqueFd fd = open_journal(file);
    off_t size = size_of(fd, file.path);
    const std::string tail = read_tail(fd, size, file.path);
    if (const auto end = tail.rfind('\n'); !tail.empty() && end + 1 != tail.size()) {
        // The last line has no newline, since its writer was killed in the middle of it; that line
        // is cut off.
        size -= static_cast<off_t>(tail.size() - (end == std::string::npos ? 0 : end + 1));
        if (uninterrupted([&] { return ::ftruncate(fd.get(), size); }) != 0)
            fail_errno("cut '{}'", file.path);
    }
    const auto last = last_sequence(tail);
    entry.sequence = (last ? *last : previous_sequence(file)) + 1;
    if (static_cast<std::uint64_t>(size) >= file.bound) {
        if (::rename(file.path.c_str(), file.previous().c_str()) != 0)
            fail_errno("rename '{}' to '{}'", file.path, file.previous());
        fd = open_journal(file);
        size = 0;
    }
    const std::string line = format_journal_line(entry);
    const ssize_t put = ::pwrite(fd.get(), line.data(), line.size(), size);
    test_point("event-written");
    if (put == static_cast<ssize_t>(line.size())) return;
    const int error = put < 0 ? errno : ENOSPC;
    (void)!uninterrupted([&] { return ::ftruncate(fd.get(), size); });
    fail_with(error, "write '{}'", file.path);
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

bool parse_time(std::string_view text, WallTime& time) {
    const auto dot = text.find('.');
    return dot != std::string_view::npos && parse_number(text.substr(0, dot), time.seconds) &&
           parse_number(text.substr(dot + 1), time.milliseconds);
}

}  // namespace

std::optional<std::string> journal_append(const JournalFile& file, JournalEntry entry) noexcept {
    try {
        // The wait is limited: a process that was stopped while it held the lock must not stop all
        // others.
        const auto lock = OperationLock::acquire(file.lock_path, std::chrono::seconds(10));
        entry.time = wall_time();
        append_locked(file, entry);
        return std::nullopt;
    } catch (const std::exception& error) {
        return std::string("event journal: ") + error.what();
    }
}

std::string escape_field(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text)
        if (c == '\\')
            out += "\\\\";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            out += c;
    return out;
}

std::optional<std::string> unescape_field(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (text.substr(i, 2) == "\\\\") {
            out += '\\';
            i += 1;
            continue;
        }
        unsigned value = 0;
        const char* const digits = text.data() + i + 2;
        if (i + 4 > text.size() || text[i + 1] != 'x' ||
            std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2)
            return std::nullopt;
        out += static_cast<char>(value);
        i += 3;
    }
    return out;
}

std::string format_journal_line(const JournalEntry& entry) {
    return fmt::format("{}\t{}.{:03}\t{}\t{}\t{}\t{}\t{}\t{}\n", entry.sequence, entry.time.seconds,
                       entry.time.milliseconds, escape_field(entry.kind),
                       escape_field(entry.domain), escape_field(entry.uuid),
                       escape_field(entry.event), escape_field(entry.detail),
                       escape_field(entry.note));
}

std::optional<JournalEntry> parse_journal_line(std::string_view line) {
    const auto fields = split(line, '\t');
    JournalEntry entry;
    if (fields.size() != kFields || !parse_number(fields[0], entry.sequence) ||
        !parse_time(fields[1], entry.time))
        return std::nullopt;
    const std::array<std::string*, 6> texts = {&entry.kind,  &entry.domain, &entry.uuid,
                                               &entry.event, &entry.detail, &entry.note};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto text = unescape_field(fields[i + 2]);
        if (!text) return std::nullopt;
        *texts[i] = std::move(*text);
    }
    return entry;
}

}  // namespace lxvirt::base
