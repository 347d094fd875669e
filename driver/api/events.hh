// Following the event journal (base/file/journal.hh): inotify on its folder, whole lines only, and
// across a rotation the old file to its end before the new one.
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

// A reader of what is appended from now on. Throws SystemError where inotify has no instance left.
[[nodiscard]] std::unique_ptr<EventStream> follow_journal(const Root& root);

class JournalStream : public EventStream {
  public:
    explicit JournalStream(base::JournalFile file);
    [[nodiscard]] base::Fd fd() const override { return inotify_; }
    // To be called until it returns nothing each time fd() is readable.
    [[nodiscard]] std::optional<Event> next() override;

  private:
    void drain_notices();
    void read_new();
    void read_lines();
    [[nodiscard]] bool replaced() const;
    void open_next();

    base::JournalFile file_;
    base::UniqueFd inotify_;
    base::UniqueFd journal_;  // not valid while there is no journal yet
    off_t position_ = 0;      // after the last whole line that was read
    std::deque<Event> events_;
};

}  // namespace lxvirt::driver
