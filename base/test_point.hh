// Named points in operations of several steps, where a test kills the program to see that the next
// command copes with what is left. In a build with -Dtest_points=true the environment variable
// LXVIRT_KILL_AT says where: a point's name, or a number N for the Nth point that the process
// passes. In any other build a point is nothing at all.
#pragma once

#include <string_view>

namespace lxvirt::base {

#ifdef LXVIRT_TEST_POINTS
void test_point(std::string_view name);
#else
inline void test_point(std::string_view) {}
#endif

}  // namespace lxvirt::base
