// The parts of tests/support/probe.cc.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace probe {

using Attempt = std::function<int()>;  // below 0: it failed, errno says why
[[nodiscard]] std::map<std::string, Attempt> attempts();

// Attempts by numbers of ioctl(2) and socket(2), as a program of 64 and of 32 bits (probe_calls.cc).
void add_calls(std::map<std::string, Attempt>& attempts);

// Makes a tree of control groups, see probe_trees.cc; returns an exit status.
[[nodiscard]] int make_tree(int argc, char** argv);

}  // namespace probe
