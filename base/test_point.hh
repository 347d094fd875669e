// Test points: named places after each step that changes something outside the process. A test
// kills a program at such a place to see that the next command copes with what is left. Points
// exist only in a build with -Dtest_points=true, where the environment selects one; in any other
// build the functions below are empty.
//
//   LXVIRT_KILL_AT=[PROGRAM:]WHERE  the program kills itself with SIGKILL at that point
//   LXVIRT_STOP_AT=[PROGRAM:]WHERE  the program stops itself with SIGSTOP at that point, until the
//                                   test kills or continues it; it does not stop where the file
//                                   of LXVIRT_POINTS exists already
//   LXVIRT_POINTS=FILE              gets a line "PROGRAM PID NUMBER NAME" at that point
//
// WHERE is the name of a point, or a number N for the Nth point that the process passes. PROGRAM is
// lxsh unless given. Supervisors begin with an empty environment, so their parents hand them these
// three variables (test_environment()).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lxvirt::base {

#ifdef LXVIRT_TEST_POINTS
// Marks a step as done; kills or stops the process if the environment asks for that here. Leaves
// errno unchanged.
void test_point(std::string_view name);
// Starts counting anew under the name `name`: for a forked process that executes no program of its
// own.
void begin_test_program(const char* name);
// Returns the variables above, as "NAME=VALUE", for the environment of a program that this process
// is about to execute.
[[nodiscard]] std::vector<std::string> test_environment();
#else
inline void test_point(std::string_view) {}
inline void begin_test_program(const char*) {}
[[nodiscard]] inline std::vector<std::string> test_environment() {
    return {};
}
#endif

}  // namespace lxvirt::base
