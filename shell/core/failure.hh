// How a command fails: it throws Failure with the lines that the user reads. Session prints each as
// "error: LINE" on stderr. A command that works on several objects may print a failure itself and
// go on with the next object.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.hh"

namespace lxvirt::shell {

// The lines of an error, the most general one first, as virsh prints its own line before libvirt's.
class Failure : public std::exception {
  public:
    explicit Failure(std::vector<std::string> lines) : lines_(std::move(lines)) {}
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    [[nodiscard]] const char* what() const noexcept override {
        return lines_.empty() ? "" : lines_.front().c_str();
    }

  private:
    std::vector<std::string> lines_;
};

// Throws Failure with one formatted line.
template <typename... Args>
[[noreturn]] void give_up(fmt::format_string<Args...> format, Args&&... args) {
    throw Failure({fmt::format(format, std::forward<Args>(args)...)});
}

// Runs `act` and returns its result. If the driver refuses (base::Exception), throws Failure with
// `line` and then the driver's own sentence, in virsh's order. A Failure that `act` throws passes
// through unchanged.
template <typename Act>
auto explain(std::string_view line, Act&& act) {
    try {
        return act();
    } catch (const base::Exception& error) {
        throw Failure({std::string(line), error.message()});
    }
}

}  // namespace lxvirt::shell
