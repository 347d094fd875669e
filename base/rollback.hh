// Undoes half-made kernel state: each step that makes something outside this process adds how to
// take it away, and unless all succeeded they run in reverse. An undo that throws stops neither the
// others nor the error that is under way; its message is kept for the log.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hh"

namespace lxvirt::base {

class Rollback {
  public:
    Rollback() = default;
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    ~Rollback() { undo(); }

    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    // All is well: nothing is undone.
    void dismiss() { steps_.clear(); }
    // Runs what was added, last first; returns what could not be undone.
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
