// A command that fails throws Failure: the lines that the user reads, each printed as "error: LINE"
// on stderr by Session::run, the only place that prints them.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.hh"

namespace lxvirt::shell {

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

template <typename... Args>
[[noreturn]] void give_up(fmt::format_string<Args...> format, Args&&... args) {
    throw Failure({fmt::format(format, std::forward<Args>(args)...)});
}

// Runs `act`; when the driver refuses, `line` comes first and then the driver's own sentence.
template <typename Act>
auto explain(std::string_view line, Act&& act) {
    try {
        return act();
    } catch (const base::Exception& error) {
        throw Failure({std::string(line), error.message()});
    }
}

}  // namespace lxvirt::shell
