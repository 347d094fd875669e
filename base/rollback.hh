// Undoes half-made kernel state. Each step that makes something outside this process (a link, a
// group, a mount) registers how to remove it; unless the whole operation succeeds, the registered
// steps run in reverse order. A step that throws stops neither the others nor the exception that is
// under way; its message is kept for the log.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hh"

namespace lxvirt::base {

// Runs the steps on destruction, unless dismiss() was called. Steps must not throw anything but
// Exception.
class Rollback {
  public:
    Rollback() = default;
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    ~Rollback() { undo(); }

    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    // Keeps what was made: forgets all steps. Call it when the operation has succeeded.
    void dismiss() { steps_.clear(); }
    // Runs the registered steps, last first, and forgets them. Returns a sentence for each that
    // failed.
    std::vector<std::string> undo() {
        std::vector<std::string> problems;
        while (!steps_.empty()) {
            const std::function<void()> step = std::move(steps_.back());
            steps_.pop_back();
            try {
                step();
            } catch (const Exception& error) {
                problems.push_back(error.message());
            }
        }
        return problems;
    }

  private:
    std::vector<std::function<void()>> steps_;
};

}  // namespace lxvirt::base
