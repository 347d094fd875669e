// What the parts of a conversion work on: the lines by key, the domain in the making, and the
// verdicts so far. Private to driver/native/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/native/convert.hh"

namespace lxvirt::driver::native {

class Context {
  public:
    Context(std::vector<Line> lines, const ConvertOptions& options, const Facts& facts);

    // The line that counts of a key that is given once ("uts.name", without "lxc."): the last.
    // Those before it are overruled, as in lxc. Nothing where there is none or it is empty.
    const Line* one(std::string_view key);
    // The lines that count of a key that adds up: those after the last empty one.
    std::vector<const Line*> all(std::string_view key);
    // The same for every key that begins with `prefix`, each key by itself where it adds up.
    std::vector<const Line*> all_below(std::string_view prefix);

    void judge(const Line& line, Verdict verdict, std::string text);
    void exact(const Line& line) { judge(line, Verdict::exact, {}); }
    void kept(const Line& line, std::string text) { judge(line, Verdict::kept, std::move(text)); }
    void approximated(const Line& line, std::string text) {
        judge(line, Verdict::approximated, std::move(text));
    }
    void untranslated(const Line& line, std::string text) {
        judge(line, Verdict::not_translated, std::move(text));
    }
    // A line of a file that a line names (an fstab).
    void add(Entry entry) { extra_.push_back(std::move(entry)); }
    // A verdict for every line: one that no part asked for is of a key that lxc does not know.
    [[nodiscard]] std::vector<Entry> entries();

    [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
    // Lines that no part has asked for so far.
    [[nodiscard]] std::vector<const Line*> unasked() const;

    const ConvertOptions& options;
    const Facts& facts;
    xml::Domain domain;
    bool autostart = false;
    std::string file;    // the configuration's path
    std::string folder;  // the absolute one that it is in
    std::string name_from;

  private:
    void mark(const Line& line);  // exact, where nothing else was said of it
    std::vector<Line> lines_;
    std::vector<std::optional<Entry>> verdicts_;  // parallel to lines_
    std::vector<Entry> extra_;
};

// The parts, in the order in which they are called.
void convert_name(Context& context);
void convert_root(Context& context);
void convert_init(Context& context);
void convert_limits(Context& context);
void convert_security(Context& context);
void convert_mounts(Context& context);
void convert_groups(Context& context);  // after the mounts: a device's rule goes with its node
void convert_network(Context& context);
void convert_consoles(Context& context);
void convert_rest(Context& context);

// "256M": the number as it stands and the bytes that one of it is. `units` are the letters that are
// taken, in either case, each 1024 times the one before; none is bytes.
struct Size {
    std::uint64_t number = 0, unit = 1;
};
[[nodiscard]] std::optional<Size> parse_size(std::string_view text, std::string_view units);

// What <memory> says where nothing limits it: the kernel's largest number, in KiB.
inline constexpr std::uint64_t kUnlimitedKib = 9007199254740991ULL;

// What every container of lxvirt has by itself: lxc.mount.auto, and rules for devices.
inline constexpr const char* kUsualMounts = "proc:mixed sys:ro cgroup:mixed";
[[nodiscard]] bool are_usual_mounts(std::string_view words);
inline constexpr std::string_view kContainerDevices[] = {
    "c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",    "c 1:8 rwm",
    "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 10:229 rwm", "c 136:* rwm"};

// cpu.weight for cpu.shares: v2 knows 100 as the default, v1 1024.
[[nodiscard]] std::uint64_t cpu_weight(std::uint64_t shares);

// Whether a key ("log.level") is one that lxc knows and <lx:key> keeps.
[[nodiscard]] bool is_kept_key(std::string_view name);

// Whether an option of a NIC ("l2proxy") has no element, and <lx:interface> keeps it.
[[nodiscard]] bool is_kept_option(std::string_view name);

// Whether a name can be part of a path below /proc or of a control group, as <lx:container> has it.
[[nodiscard]] bool is_setting_name(std::string_view name, bool in_folders);

// Words between blanks and tabs, those in quotes as one.
[[nodiscard]] std::vector<std::string> quoted_words(std::string_view text);

}  // namespace lxvirt::driver::native
