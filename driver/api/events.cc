#include "driver/api/events.hh"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/uninterrupted.hh"
#include "driver/names.hh"

namespace lxvirt::driver {

namespace {

base::UniqueFd open_if_there(const std::string& path) {
    base::UniqueFd fd = base::open_quietly(path, O_RDONLY);
    if (!fd && errno != ENOENT) base::fail_errno("open '{}'", path);
    return fd;
}

struct stat facts_of(base::Fd fd, const std::string& path) {
    struct stat facts = {};
    if (::fstat(fd.get(), &facts) != 0) base::fail_errno("stat '{}'", path);
    return facts;
}

bool same_file(base::Fd fd, const std::string& path) {
    struct stat there = {};
    if (::stat(path.c_str(), &there) != 0) return false;
    const struct stat here = facts_of(fd, path);
    return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

DomainEvent domain_event(const base::JournalEntry& entry, DomainEventKind kind) {
    DomainEvent event{.domain = {entry.domain, entry.uuid, -1}, .kind = kind, .text = {}};
    if (kind == DomainEventKind::metadata_change) {
        event.metadata = metadata_type(entry.event).value_or(MetadataType::element);
        event.text = entry.detail;
    } else {
        event.text = entry.event;
    }
    return event;
}

// Returns nullopt for words that this version does not know: another one wrote them.
std::optional<DomainEvent> lifecycle_event(const base::JournalEntry& entry) {
    const auto happened = domain_lifecycle(entry.event);
    const auto detail = happened ? detail_number(*happened, entry.detail) : std::nullopt;
    if (!detail) return std::nullopt;
    DomainEvent event = domain_event(entry, DomainEventKind::lifecycle);
    event.lifecycle = *happened;
    event.detail = *detail;
    event.text.clear();
    return event;
}

std::optional<NetworkEvent> network_event(const base::JournalEntry& entry) {
    const std::string_view word = entry.kind;
    const auto kind = network_event_kind(word.substr(kNetworkPrefix.size()));
    if (!kind) return std::nullopt;
    NetworkEvent event{.network = {entry.domain, entry.uuid}, .kind = *kind, .text = {}};
    if (*kind == NetworkEventKind::supervision) {
        event.text = fmt::format("{} {}", entry.event, entry.detail);
        return event;
    }
    const auto happened = network_lifecycle(entry.event);
    if (!happened) return std::nullopt;
    event.lifecycle = *happened;
    return event;
}

std::optional<Event> to_event(const base::JournalEntry& entry) {
    Event event;
    event.sequence = entry.sequence;
    event.seconds = entry.time.seconds;
    event.milliseconds = entry.time.milliseconds;
    event.note = entry.note;
    const auto take = [&](auto&& what) {
        if (what) event.what = std::move(*what);
        return what.has_value();
    };
    if (entry.kind.starts_with(kNetworkPrefix))
        return take(network_event(entry)) ? std::optional(std::move(event)) : std::nullopt;
    const auto kind = domain_event_kind(entry.kind);
    if (!kind) return std::nullopt;
    if (*kind == DomainEventKind::lifecycle)
        return take(lifecycle_event(entry)) ? std::optional(std::move(event)) : std::nullopt;
    event.what = domain_event(entry, *kind);
    return event;
}

}  // namespace

JournalStream::JournalStream(base::JournalFile file)
    : file_(std::move(file)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!inotify_) base::fail_errno("make an inotify instance to follow '{}'", file_.path);
    // The folder, not the file: rotation puts another file in its place.
    const std::string folder = base::parent_folder(file_.path);
    if (::inotify_add_watch(inotify_.get(), folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) <
        0)
        base::fail_errno("watch folder '{}'", folder);
    journal_ = open_if_there(file_.path);
    if (!journal_) return;
    position_ = facts_of(journal_, file_.path).st_size;
}

std::optional<Event> JournalStream::next() {
    if (events_.empty()) {
        // Notices first: what is written after the read below brings a new one.
        drain_notices();
        read_new();
    }
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void JournalStream::drain_notices() {
    alignas(struct inotify_event) std::array<char, 4096> buffer;
    while (::read(inotify_.get(), buffer.data(), buffer.size()) > 0) {
    }
    if (errno != EAGAIN && errno != EINTR) base::fail_errno("read notices of '{}'", file_.path);
}

void JournalStream::read_new() {
    if (journal_) read_lines();
    while (replaced()) {
        // Nothing is written to a file after its rotation, so this reads it to its very end.
        if (journal_) read_lines();
        open_next();
        read_lines();
    }
}

bool JournalStream::replaced() const {
    if (!journal_) return base::exists(file_.path);
    return !same_file(journal_, file_.path) && base::exists(file_.path);
}

// The file after ours: the previous one where two rotations went by, else the present one.
void JournalStream::open_next() {
    base::UniqueFd next;
    if (journal_ && !same_file(journal_, file_.previous())) next = open_if_there(file_.previous());
    if (!next) next = open_if_there(file_.path);
    journal_ = std::move(next);
    position_ = 0;
}

void JournalStream::read_lines() {
    if (!journal_) return;
    std::array<char, 16384> buffer;
    std::string pending;
    off_t from = position_;
    for (;;) {
        const ssize_t got = ::pread(journal_.get(), buffer.data(), buffer.size(), from);
        if (got < 0) base::fail_errno("read '{}'", file_.path);
        if (got == 0) return;  // what has no newline yet is read again next time
        from += got;
        pending.append(buffer.data(), static_cast<std::size_t>(got));
        std::size_t start = 0;
        for (auto end = pending.find('\n'); end != std::string::npos;
             end = pending.find('\n', start)) {
            const auto line = std::string_view(pending).substr(start, end - start);
            if (const auto entry = base::parse_journal_line(line))
                if (auto event = to_event(*entry)) events_.push_back(std::move(*event));
            start = end + 1;
        }
        pending.erase(0, start);
        position_ += static_cast<off_t>(start);
    }
}

std::unique_ptr<EventStream> follow_journal(const Root& root) {
    return std::make_unique<JournalStream>(root.journal());
}

}  // namespace lxvirt::driver
