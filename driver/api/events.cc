// JournalStream: finds new lines of the journal, across rotations, and turns each into an Event.
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

// Returns a descriptor that is not valid if there is no such file. Throws SystemError for other
// failures.
base::UniqueFd open_if_there(const std::string& path) {
    auto fd = base::try_open_regular(path, O_RDONLY, base::Links::refuse);
    return fd ? std::move(*fd) : base::UniqueFd();
}

// Returns fstat(2)'s answer; `path` is named in the error.
struct stat facts_of(base::Fd fd, const std::string& path) {
    struct stat facts = {};
    if (::fstat(fd.get(), &facts) != 0) base::fail_errno("stat '{}'", path);
    return facts;
}

// Returns whether `path` still names the file that `fd` has open; false if there is no such file.
bool same_file(base::Fd fd, const std::string& path) {
    struct stat there = {};
    if (::stat(path.c_str(), &there) != 0) return false;
    const struct stat here = facts_of(fd, path);
    return here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

// Fills in what all kinds of a domain's events have in common, and the text of those that are no
// lifecycle event.
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

// Returns nullopt for words that this version does not know: a newer or older lxvirt wrote them.
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

// Returns nullopt for an unknown kind or word. The kinds of networks have kNetworkPrefix before
// them.
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

// Returns nullopt for an entry that this version does not understand; the reader skips it.
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
    // The folder is watched, as rotation puts another file in the place of the journal.
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
        // inotify is drained before the read: what is written after the read makes fd() readable
        // again.
        drain_notices();
        read_new();
    }
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
}

// Empties the inotify queue, which says nothing that the files do not.
void JournalStream::drain_notices() {
    alignas(struct inotify_event) std::array<char, 4096> buffer;
    while (::read(inotify_.get(), buffer.data(), buffer.size()) > 0) {
    }
    if (errno != EAGAIN && errno != EINTR) base::fail_errno("read notices of '{}'", file_.path);
}

void JournalStream::read_new() {
    if (journal_) read_lines();
    while (replaced()) {
        // Nothing is written to a file after its rotation, so this reads the old file to its very
        // end.
        if (journal_) read_lines();
        open_next();
        read_lines();
    }
}

// Returns whether a rotation has put another file in the journal's place.
bool JournalStream::replaced() const {
    if (!journal_) return base::exists(file_.path);
    return !same_file(journal_, file_.path) && base::exists(file_.path);
}

// Opens the file that follows the one at hand: the previous one if two rotations went by, otherwise
// the present one. Events of a third file would be lost, as rotation keeps two.
void JournalStream::open_next() {
    base::UniqueFd next;
    if (journal_ && !same_file(journal_, file_.previous())) next = open_if_there(file_.previous());
    if (!next) next = open_if_there(file_.path);
    journal_ = std::move(next);
    position_ = 0;
}

// Turns the whole lines after position_ into events, and moves position_ after them.
void JournalStream::read_lines() {
    if (!journal_) return;
    std::array<char, 16384> buffer;
    std::string pending;
    off_t from = position_;
    for (;;) {
        const ssize_t got = ::pread(journal_.get(), buffer.data(), buffer.size(), from);
        if (got < 0) base::fail_errno("read '{}'", file_.path);
        if (got == 0) return;  // a line without its newline is read again next time
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
