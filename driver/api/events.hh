// Follows the event journal (base/file/journal.hh) for Connection::events(). inotify(7) watches the
// journal's folder, because a rotation puts another file in the place of the journal. Only whole
// lines become events, and a reader that meets a rotation reads the old file to its end before it
// opens the new one, so that no event is lost or told twice.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.hh"
#include "base/file/journal.hh"
#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Returns a reader of the events that are appended from now on; the caller owns it. Throws
// SystemError if the journal cannot be opened, or if inotify has no instance left
// (/proc/sys/fs/inotify/max_user_instances).
[[nodiscard]] std::unique_ptr<EventStream> follow_journal(const Root& root);

// Follows one journal file through its rotations.
class JournalStream : public EventStream {
  public:
    // Begins at the present end of `file`, which need not exist yet. Throws SystemError.
    explicit JournalStream(base::JournalFile file);
    // Returns the inotify descriptor, which this object owns.
    [[nodiscard]] base::Fd fd() const override { return inotify_; }
    // Returns the next event, or nullopt if none is there. Call it until it returns nullopt each
    // time fd() is readable: one wake-up by inotify may stand for many lines. Throws SystemError.
    [[nodiscard]] std::optional<Event> next() override;

  private:
    void drain_notices();
    void read_new();
    void read_lines();
    [[nodiscard]] bool replaced() const;
    void open_next();

    base::JournalFile file_;
    base::UniqueFd inotify_;
    base::UniqueFd journal_;  // not valid while no journal exists
    off_t position_ = 0;      // the offset after the last whole line that was read
    std::deque<Event> events_;
};

}  // namespace lxvirt::driver
