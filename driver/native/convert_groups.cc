// Converts lxc.cgroup.* (v1) and lxc.cgroup2.*. What has an element becomes that element; the rest
// is stored as it is, and written at a start into the group of the hierarchy that the host has
// (driver/plan/container.cc).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "xml/document/values.hh"

namespace lxvirt::driver::native {

namespace {

// Parses "256M", "1g" or "1024" to KiB; "-1" and "max" are unlimited.
std::optional<std::uint64_t> memory_size(std::string_view text) {
    if (text == "max" || text == "-1") return kUnlimitedKib;
    const auto size = parse_size(text, "kmgt");
    if (!size || size->number > kUnlimitedKib) return std::nullopt;
    if (size->number > kUnlimitedKib / size->unit * 1024) return kUnlimitedKib;
    return size->number * size->unit / 1024;
}

// Converts all lines. Keys of v2 are read after those of v1 and override them, since a
// configuration carries both for hosts of either kind.
class Groups {
  public:
    explicit Groups(Context& context) : context_(context), domain_(context.domain) {}

    void convert() {
        domain_.memory = domain_.current_memory = kUnlimitedKib;
        for (const Line* line : context_.all_below("cgroup.")) convert_line(*line, false);
        for (const Line* line : context_.all_below("cgroup2.")) convert_line(*line, true);
        convert_devices();
        // v2 limits swap alone, while <swap_hard_limit> includes the memory.
        if (swap_)
            domain_.memtune.swap_hard_limit = std::min(
                kUnlimitedKib, *swap_ + domain_.memtune.hard_limit.value_or(domain_.memory));
    }

  private:
    using Sized = std::optional<std::uint64_t> xml::MemTune::*;  // a limit of memory, in KiB

    // Converts one line. A known file with a bad value is an error, an unknown file is stored.
    void convert_line(const Line& line, bool unified) {
        const std::string_view whole = line.name;
        const std::string_view name = whole.substr(whole.find('.') + 1);
        if (unified ? convert_v2(line, name) : convert_v1(line, name)) return;
        if (has_element(name))
            return context_.untranslated(line,
                                         fmt::format("'{}' takes no value '{}'", name, line.value));
        if (!is_setting_name(name, false))
            return context_.untranslated(line, "not the name of a file of a control group");
        domain_.container.groups.push_back({unified, std::string(name), line.value});
        context_.kept(line, "as <lx:cgroup>");
    }

    // Says whether a file has an element, so that a value which cannot be read is an error and is
    // not stored.
    static bool has_element(std::string_view name) {
        constexpr std::string_view names =
            "memory.limit_in_bytes memory.soft_limit_in_bytes memory.memsw.limit_in_bytes "
            "memory.max memory.high memory.swap.max cpu.shares cpu.cfs_period_us cpu.cfs_quota_us "
            "cpu.weight cpu.max blkio.weight cpuset.cpus cpuset.mems devices.allow devices.deny "
            "dir io.weight io.max blkio.weight_device blkio.throttle.read_bps_device "
            "blkio.throttle.write_bps_device blkio.throttle.read_iops_device "
            "blkio.throttle.write_iops_device";
        return base::contains_word(names, name);
    }

    // Returns false if the file has no element or the value cannot be read.
    bool convert_v1(const Line& line, std::string_view name) {
        if (name == "memory.limit_in_bytes") return hard_limit(line);
        if (name == "memory.soft_limit_in_bytes") return limit(line, &xml::MemTune::soft_limit);
        if (name == "memory.memsw.limit_in_bytes")
            return limit(line, &xml::MemTune::swap_hard_limit);
        if (name == "cpu.shares") return number(line, domain_.cputune.shares);
        if (name == "cpu.cfs_period_us") return number(line, domain_.cputune.period);
        if (name == "cpu.cfs_quota_us") return number(line, domain_.cputune.quota);
        if (name == "blkio.weight") return number(line, domain_.blkiotune.weight);
        if (name == "blkio.weight_device") return block_value(line, "weight");
        if (name == "blkio.throttle.read_bps_device") return block_value(line, "rbps");
        if (name == "blkio.throttle.write_bps_device") return block_value(line, "wbps");
        if (name == "blkio.throttle.read_iops_device") return block_value(line, "riops");
        if (name == "blkio.throttle.write_iops_device") return block_value(line, "wiops");
        return shared(line, name);
    }

    // Returns false as convert_v1() does. The limit of swap is kept until all lines are read,
    // because <swap_hard_limit> needs the limit of memory.
    bool convert_v2(const Line& line, std::string_view name) {
        if (name == "memory.max") return hard_limit(line);
        if (name == "memory.high") return limit(line, &xml::MemTune::soft_limit);
        if (name == "memory.swap.max") {
            swap_ = memory_size(line.value);
            return swap_.has_value();
        }
        if (name == "cpu.weight") return weight(line);
        if (name == "cpu.max") return cpu_max(line);
        if (name == "io.weight") return io_weight(line);
        if (name == "io.max") return io_max(line);
        return shared(line, name);
    }

    // Converts files that have the same name and meaning in both versions.
    bool shared(const Line& line, std::string_view name) {
        if (name == "cpuset.cpus") {
            const auto set = xml::canonical_set(line.value);
            if (!set || set->empty()) return false;
            domain_.cpuset = *set;
            return true;
        }
        if (name == "cpuset.mems") {
            const auto set = xml::canonical_set(line.value);
            if (!set || set->empty()) return false;
            domain_.numatune = xml::NumaTune{.nodeset = *set};
            return true;
        }
        if (name == "dir") return partition(line);
        if (name.starts_with("dir.") || name == "relative" || name == "use" || name == "pattern") {
            context_.domain.container.keys.push_back({"lxc." + line.name, line.value});
            context_.kept(line, "as <lx:key>, not acted upon: lxvirt lays its groups out itself");
            return true;
        }
        if (name == "devices.allow" || name == "devices.deny") return device(line, name);
        return false;
    }

    // Sets <memory> and <currentMemory> too, since lxc has one limit where libvirt has three
    // numbers.
    bool hard_limit(const Line& line) {
        const auto size = memory_size(line.value);
        if (!size) return false;
        domain_.memory = domain_.current_memory = *size;
        domain_.memtune.hard_limit = *size;
        return true;
    }

    // Sets a limit in KiB from a size in bytes.
    bool limit(const Line& line, Sized member) {
        const auto size = memory_size(line.value);
        if (size) domain_.memtune.*member = *size;
        return size.has_value();
    }

    template <typename T>
    bool number(const Line& line, std::optional<T>& out) {
        const auto value = base::parse_number<T>(line.value);
        if (value) out = value;
        return value.has_value();
    }

    // Converts cpu.weight to shares, unless the shares that v1's key gave already mean that weight:
    // the exact number of v1 is kept then.
    bool weight(const Line& line) {
        const auto value = base::parse_number<std::uint64_t>(line.value);
        if (!value || *value > 10000) return false;
        // 1024 shares are the kernel's default of v1, 100 its default weight of v2 (the kernel's
        // Documentation/admin-guide/cgroup-v2.rst, cpu.weight); the kernel's least number of shares
        // is 2.
        std::optional<std::uint64_t>& shares = domain_.cputune.shares;
        if (!shares || cpu_weight(*shares) != *value)
            shares = std::max<std::uint64_t>(2, *value * 1024 / 100);
        return true;
    }

    // Parses "QUOTA PERIOD" or "max PERIOD" of cpu.max, in microseconds.
    bool cpu_max(const Line& line) {
        const auto words = base::split_words(line.value);
        if (words.empty() || words.size() > 2) return false;
        const bool limited = words[0] != "max";
        const auto quota = base::parse_number<std::int64_t>(words[0]);
        const auto period = base::parse_number<std::uint64_t>(words.back());
        if ((limited && !quota) || (words.size() == 2 && !period)) return false;
        // "max" clears a quota of v1; -1, v1's word for no limit, stays.
        if (limited)
            domain_.cputune.quota = quota;
        else if (domain_.cputune.quota.value_or(-1) > 0)
            domain_.cputune.quota.reset();
        if (words.size() == 2) domain_.cputune.period = period;
        return true;
    }

    // Returns the element of a device that is named by its number, "8:0". Where no such device is
    // there now, `is_stored` says that the line is stored as it is.
    xml::BlkioDevice* block_device(const Line& line, std::string_view number, bool& is_stored) {
        const auto colon = number.find(':');
        if (colon == std::string_view::npos ||
            !base::parse_number<unsigned>(number.substr(0, colon)) ||
            !base::parse_number<unsigned>(number.substr(colon + 1)))
            return nullptr;
        const auto path = context_.facts.block_path(std::string(number));
        is_stored = !path;
        if (!path) {
            const std::string_view whole = line.name;
            const auto dot = whole.find('.');
            domain_.container.groups.push_back(
                {whole.starts_with("cgroup2"), std::string(whole.substr(dot + 1)), line.value});
            context_.kept(line,
                          fmt::format("as <lx:cgroup>: there is no block device {} now", number));
            return nullptr;
        }
        for (xml::BlkioDevice& device : domain_.blkiotune.devices)
            if (device.path == *path) return &device;
        domain_.blkiotune.devices.push_back({});
        domain_.blkiotune.devices.back().path = *path;
        return &domain_.blkiotune.devices.back();
    }

    // Sets one value of a device in v2's words. No limit is "max", or 0 in v1.
    static bool set_block_value(xml::BlkioDevice& device, std::string_view key,
                                std::string_view text) {
        if (key == "weight") {
            const auto weight = base::parse_number<unsigned>(text);
            if (weight) device.weight = *weight;
            return weight.has_value();
        }
        const auto value = text == "max" ? 0 : base::parse_number<std::uint64_t>(text);
        if (!value) return false;
        const auto set = [&](auto& member) {
            member.reset();
            if (*value != 0)
                member = static_cast<typename std::decay_t<decltype(member)>::value_type>(*value);
            return true;
        };
        if (key == "rbps") return set(device.read_bytes_sec);
        if (key == "wbps") return set(device.write_bytes_sec);
        if (key == "riops") return set(device.read_iops_sec);
        return key == "wiops" && set(device.write_iops_sec);
    }

    // Parses "8:0 1048576" of a file of v1.
    bool block_value(const Line& line, std::string_view key) {
        const auto words = base::split_words(line.value);
        bool is_stored = false;
        xml::BlkioDevice* device =
            words.size() == 2 ? block_device(line, words[0], is_stored) : nullptr;
        return is_stored || (device != nullptr && set_block_value(*device, key, words[1]));
    }

    // Parses "default 100", "100" or "8:0 100".
    bool io_weight(const Line& line) {
        const auto words = base::split_words(line.value);
        if (words.size() == 2 && words[0] != "default") return block_value(line, "weight");
        const auto weight = words.empty() || words.size() > 2
                                ? std::nullopt
                                : base::parse_number<unsigned>(words.back());
        if (weight) domain_.blkiotune.weight = *weight;
        return weight.has_value();
    }

    // Parses "8:0 rbps=1048576 wiops=max".
    bool io_max(const Line& line) {
        const auto words = base::split_words(line.value);
        bool is_stored = false;
        xml::BlkioDevice* device =
            words.size() > 1 ? block_device(line, words[0], is_stored) : nullptr;
        if (device == nullptr) return is_stored;
        return std::all_of(words.begin() + 1, words.end(), [&](std::string_view word) {
            const auto equals = word.find('=');
            return equals != std::string_view::npos &&
                   set_block_value(*device, word.substr(0, equals), word.substr(equals + 1));
        });
    }

    // Sets the partition from lxc's folder, which is relative to the root of the hierarchy.
    bool partition(const Line& line) {
        if (!xml::is_plain_path(line.value)) return false;
        domain_.partition = line.value.starts_with('/') ? line.value : "/" + line.value;
        return true;
    }

    // Collects a device rule. A configuration has the same rules once for each version of control
    // groups; they become one list, in which those of v2 come last.
    bool device(const Line& line, std::string_view name) {
        // The kernel, and lxc for v2, read no further than three letters of access: people write
        // comments there.
        std::string text = line.value;
        if (const auto words = base::split_words(text); words.size() > 3 && words[2].size() == 3)
            text = fmt::format("{} {} {}", words[0], words[1], words[2]);
        auto rule = xml::parse_device_rule(text, name == "devices.allow");
        if (!rule) return false;
        if (rule->is_whole()) device_lines_.clear();
        device_lines_.emplace_back(&line, std::move(*rule));
        return true;
    }

    // Stores the device rules that mean something else than what every container has. A list that
    // begins with the denial of everything and then allows all the usual devices, as that of every
    // template, means these and what else it allows; one that allows fewer is kept whole.
    void convert_devices() {
        const auto is_denial = [](const auto& entry) { return !entry.second.allow; };
        const bool closed = !device_lines_.empty() && device_lines_.front().second.is_whole() &&
                            !device_lines_.front().second.allow;
        const auto first = device_lines_.begin() + (closed ? 1 : 0);
        // A usual device that is allowed again after a denial is no longer a usual one.
        const auto denial = std::find_if(first, device_lines_.end(), is_denial);
        const bool whole = closed && !allows_all_usual(first, denial);
        for (auto at = whole ? device_lines_.begin() : first; at != device_lines_.end(); ++at) {
            const auto& [line, rule] = *at;
            if (rule.allow && is_hosts_terminal(rule)) {
                context_.approximated(*line, "left out: it is the host's own terminal");
                continue;
            }
            if (rule.allow && is_of_hostdev(rule)) continue;
            if (at < denial && rule.allow && !whole && is_usual(rule)) continue;
            xml::add_device_rule(domain_.container.device_rules, rule);
            context_.kept(*line, "as <lx:device_rules>");
        }
    }

    using DeviceLine = std::pair<const Line*, xml::ContainerDeviceRule>;
    using DeviceLines = std::vector<DeviceLine>;

    // Says whether `rule` gives nothing that a container without any rule does not have.
    static bool is_usual(const xml::ContainerDeviceRule& rule) {
        return std::any_of(
            std::begin(kContainerDevices), std::end(kContainerDevices),
            [&](std::string_view usual) {
                const auto own = xml::parse_device_rule(usual, true);
                const bool makes_only = rule.access == "m" && own->access != "m";
                return own->device == rule.device &&
                       (makes_only || contains_all(own->access, rule.access));
            });
    }
    static bool allows_all_usual(DeviceLines::const_iterator from, DeviceLines::const_iterator to) {
        return std::all_of(
            std::begin(kContainerDevices), std::end(kContainerDevices),
            [&](std::string_view usual) {
                const auto own = xml::parse_device_rule(usual, true);
                return std::any_of(
                    from, to,
                    [&](const DeviceLine& line) {
                        return line.second.device == own->device &&
                               contains_all(line.second.access, own->access);
                    });
            });
    }
    static bool contains_all(std::string_view all, std::string_view some) {
        return some.find_first_not_of(all) == std::string_view::npos;
    }
    // The host's console and virtual terminals; lxc gives ptys to its containers under their names.
    static bool is_hosts_terminal(const xml::ContainerDeviceRule& rule) {
        return rule.device == "c 4:0" || rule.device == "c 4:1" || rule.device == "c 5:1";
    }
    [[nodiscard]] bool is_of_hostdev(const xml::ContainerDeviceRule& rule) const {
        return std::any_of(
            domain_.hostdevs.begin(), domain_.hostdevs.end(),
            [&](const xml::Hostdev& hostdev) {
                return context_.facts.number(hostdev.source) == rule.device;
            });
    }

    Context& context_;
    xml::Domain& domain_;
    DeviceLines device_lines_;
    std::optional<std::uint64_t> swap_;  // limit of swap alone, in KiB, from memory.swap.max
};

}  // namespace

// Maps shares to the weight of v2 linearly: 1024 shares become 100, within the kernel's limits 1 to
// 10000.
std::uint64_t cpu_weight(std::uint64_t shares) {
    return std::clamp<std::uint64_t>(shares * 100 / 1024, 1, 10000);
}

void convert_groups(Context& context) {
    Groups(context).convert();
}

}  // namespace lxvirt::driver::native
