// Named points after each thing that changes the world, where a test kills a program to see that
// the next command copes with what is left. In a build with -Dtest_points=true the environment says
// where; in any other build a point is nothing at all.
//
//   LXVIRT_KILL_AT=[PROGRAM:]WHERE  the program kills itself there
//   LXVIRT_STOP_AT=[PROGRAM:]WHERE  it stops there until the test kills it or lets it go on,
//                                   unless the file below is there already
//   LXVIRT_POINTS=FILE              gets a line "PROGRAM PID NUMBER NAME" where that happened
//
// WHERE is a point's name, or a number N for the Nth point that the process passes; PROGRAM is lxsh
// unless given. Supervisors, which begin with an empty environment, are handed these three.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

#ifdef LXVIRT_TEST_POINTS
void test_point(std::string_view name);
// A process that is to be counted by itself, though it executes no program of its own.
void begin_test_program(const char* name);
// What a program that we execute is to find of the above, "NAME=VALUE" each.
[[nodiscard]] std::vector<std::string> test_environment();
#else
inline void test_point(std::string_view) {}
inline void begin_test_program(const char*) {}
[[nodiscard]] inline std::vector<std::string> test_environment() {
    return {};
}
#endif

}  // namespace lxvirt::base
