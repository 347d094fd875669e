// Where a program that was not installed finds what belongs to it: in the build tree in which it lies,
// and in that tree's sources. meson.build writes kBuildTreeFile into the build folder, which tells the
// folder of the sources. So no path of a build is compiled into any program, and builds in two folders
// give the same bytes. xml/ asks it for the schemas, driver/ for its programs and the network.
#pragma once

#include <optional>
#include <string>

namespace lxvirt::base {

// In the build folder: the sources' folder and a newline.
inline constexpr const char* kBuildTreeFile = "lxvirt_build_tree";

struct BuildTree {
    std::string build;   // the build folder, absolute
    std::string source;  // the sources' folder, absolute
};

// The build tree of `program`, an absolute path whose folder lies at most three levels below the
// build folder; absent for an installed program. A folder to which everybody may write (/tmp) is never
// taken for a build folder: what is looked for there will run as root. Throws SystemError where the
// file is there and cannot be read.
[[nodiscard]] std::optional<BuildTree> build_tree_of(const std::string& program);

// The build tree of the running program (/proc/self/exe).
[[nodiscard]] std::optional<BuildTree> own_build_tree();

}  // namespace lxvirt::base
