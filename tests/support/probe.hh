// The parts of tests/support/probe.cc.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace probe {

using Attempt = std::function<int()>;  // below 0: it failed, errno says why
[[nodiscard]] std::map<std::string, Attempt> attempts();

}  // namespace probe
