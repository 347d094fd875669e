// The state of a conversion, on which its parts work: the lines by key, the domain that is being
// built, and the verdicts so far. Private to driver/native/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/native/convert.hh"

namespace lxvirt::driver::native {

// A part asks for the lines of its keys and judges them. A line that was asked for counts as exact
// unless a part judges otherwise; a line that no part asked for has a key that lxc does not know.
class Context {
  public:
    Context(std::vector<Line> lines, const ConvertOptions& options, const Facts& facts);

    // Returns the line that counts for a key that is given once ("uts.name", without "lxc."), which
    // is the last one; earlier ones are overruled, as in lxc. Null where there is none, or the last
    // is empty.
    const Line* one(std::string_view key);
    // Returns the lines that count for a key that adds up: those after the last empty one, since an
    // empty value clears the list.
    std::vector<const Line*> all(std::string_view key);
    // Does the same for all keys that begin with `prefix`; each key that does not add up counts
    // once.
    std::vector<const Line*> all_below(std::string_view prefix);

    // Sets the verdict on a line; the last one counts. `narrows` is as in Entry.
    void judge(const Line& line, Verdict verdict, std::string text, bool narrows = false);
    void exact(const Line& line) { judge(line, Verdict::exact, {}); }
    void kept(const Line& line, std::string text) { judge(line, Verdict::kept, std::move(text)); }
    void approximated(const Line& line, std::string text) {
        judge(line, Verdict::approximated, std::move(text));
    }
    void untranslated(const Line& line, std::string text) {
        judge(line, Verdict::not_translated, std::move(text));
    }
    // Adds a verdict on a line of a file that the configuration names (an fstab).
    void add(Entry entry) { extra_.push_back(std::move(entry)); }
    // Returns a verdict for every line.
    [[nodiscard]] std::vector<Entry> entries();

    [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
    // Returns the lines that no part has asked for.
    [[nodiscard]] std::vector<const Line*> unasked() const;

    const ConvertOptions& options;
    const Facts& facts;
    xml::Domain domain;
    bool autostart = false;
    std::string file;       // path of the configuration
    std::string folder;     // absolute path of the folder that it is in
    std::string name_from;  // where the domain's name comes from, for the user

  private:
    void mark(const Line& line);  // exact, unless judged already
    std::vector<Line> lines_;
    std::vector<std::optional<Entry>> verdicts_;  // parallel to lines_
    std::vector<Entry> extra_;
};

// The parts, in the order in which they are called. Each takes the keys that its name says.
void convert_name(Context& context);
void convert_root(Context& context);
void convert_init(Context& context);
void convert_limits(Context& context);
void convert_security(Context& context);
void convert_mounts(Context& context);
// The groups come after the mounts, since a node's device rule goes with its mount.
void convert_groups(Context& context);
void convert_network(Context& context);
void convert_consoles(Context& context);
void convert_rest(Context& context);

// A number with the bytes of its unit: "256M" is 256 and 1048576.
struct Size {
    std::uint64_t number = 0, unit = 1;
};
// Parses such a size. `units` has the letters that are accepted, in either case, each 1024 times
// the one before; without a letter the unit is one byte.
[[nodiscard]] std::optional<Size> parse_size(std::string_view text, std::string_view units);

// The value of <memory> where nothing limits it: the kernel's largest number, in KiB.
inline constexpr std::uint64_t kUnlimitedKib = 9007199254740991ULL;

// What every container of lxvirt has anyway, in lxc's words: the value of lxc.mount.auto, and the
// rules for devices.
inline constexpr const char* kUsualMounts = "proc:mixed sys:ro cgroup:mixed";
// Says whether all of the words ask for no more than that.
[[nodiscard]] bool are_usual_mounts(std::string_view words);
inline constexpr std::string_view kContainerDevices[] = {
    "c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm",    "c 1:7 rwm",  "c 1:8 rwm",
    "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 10:229 rwm", "c 136:* rwm"};

// Returns the cpu.weight of v2, whose default is 100, for cpu.shares of v1, whose default is 1024.
[[nodiscard]] std::uint64_t cpu_weight(std::uint64_t shares);

// Says whether a key ("log.level") is one that lxc knows and that <lx:key> only stores.
[[nodiscard]] bool is_kept_key(std::string_view name);

// Says whether an option of a NIC ("l2proxy") has no element, so that <lx:interface> stores it.
[[nodiscard]] bool is_kept_option(std::string_view name);

// Says whether a name can be part of a path below /proc, or of a file name in a control group, as
// <lx:container> demands.
[[nodiscard]] bool is_setting_name(std::string_view name, bool in_folders);

}  // namespace lxvirt::driver::native
