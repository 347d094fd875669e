// Parses blkiotune, memtune, cputune and numatune.
#include <fmt/format.h>

#include <set>

#include "xml/document/read.hh"
#include "xml/document/values.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parts.hh"

namespace lxvirt::xml {

namespace {

// libvirt's VIR_DOMAIN_MEMORY_PARAM_UNLIMITED in KiB: this much or more means no limit.
constexpr std::uint64_t kUnlimited = 9007199254740991;

// Reads a number of <blkiotune>; nothing where the element is absent.
template <typename T>
std::optional<T> blkio_number(const Element& parent, std::string_view name) {
    const Element element = parent.child(name);
    if (!element) return std::nullopt;
    const std::string text = element.text();
    const auto value = to_unsigned(text);
    if (!value || *value > std::numeric_limits<T>::max())
        element.fail(ErrorCode::config_unsupported,
                     fmt::format("could not parse {} {}", name, text),
                     fmt::format("<{}> takes a whole number", name));
    return static_cast<T>(*value);
}

// Reads <device> of <blkiotune>; limits are in bytes or in requests per second.
BlkioDevice blkio_device(const Element& element) {
    BlkioDevice device;
    const Element path = element.child("path");
    if (path) device.path = path.text();
    if (device.path.empty())
        element.fail(ErrorCode::config_unsupported, "missing per-device path",
                     "<device> needs <path>/dev/...</path>");
    device.weight = blkio_number<std::uint32_t>(element, "weight");
    device.read_bytes_sec = blkio_number<std::uint64_t>(element, "read_bytes_sec");
    device.write_bytes_sec = blkio_number<std::uint64_t>(element, "write_bytes_sec");
    device.read_iops_sec = blkio_number<std::uint64_t>(element, "read_iops_sec");
    device.write_iops_sec = blkio_number<std::uint64_t>(element, "write_iops_sec");
    require_absolute(path, "block device", device.path);
    return device;
}

// Reads <blkiotune>; each device may stand there once.
BlkioTune parse_blkiotune(const Element& element) {
    BlkioTune tune;
    tune.weight = blkio_number<std::uint32_t>(element, "weight");
    if (tune.weight == 0U) tune.weight.reset();  // 0: no weight
    std::set<std::string> paths;
    for (const Element& child : element.children("device")) {
        BlkioDevice device = blkio_device(child);
        if (!paths.insert(device.path).second)
            child.fail(ErrorCode::config_unsupported,
                       fmt::format("duplicate blkio device path '{}'", device.path),
                       "one <device> per path");
        tune.devices.push_back(std::move(device));
    }
    return tune;
}

// Reads a limit of <memtune> in KiB; nothing where it is absent or libvirt's "unlimited".
std::optional<std::uint64_t> memory_limit(const Element& memtune, std::string_view name) {
    const Element element = memtune.child(name);
    if (!element) return std::nullopt;
    const std::uint64_t limit = size_kib(element, fmt::format("./memtune/{}[1]", name));
    if (limit >= kUnlimited) return std::nullopt;
    return limit;
}

// Checks a number of <cputune> against its range. `element` is falsy where the document has none,
// `value` is empty where its text is no number.
template <typename T>
std::optional<T> cpu_number(const Element& cputune, std::string_view name, std::optional<T> value,
                            const Element& element, T least, T most, bool negative_is_unlimited) {
    if (!element) return std::nullopt;
    if (!value)
        element.fail(ErrorCode::xml_error,
                     fmt::format("can't parse {} {} value", cputune.name(), name),
                     fmt::format("<{}> takes a whole number from {} to {}", name, least, most));
    if (*value == 0 && name != "shares") return std::nullopt;  // 0: the kernel's own value
    if (*value == 0 || (negative_is_unlimited && *value < T{})) return value;
    if (*value < least || *value > most)
        element.fail(
            ErrorCode::config_unsupported,
            fmt::format("Value of cputune '{}' must be in range [{}, {}]", name, least, most),
            fmt::format("<{}> is {}", name, *value));
    return value;
}

CpuTune parse_cputune(const Element& element) {
    CpuTune tune;
    const Element shares = element.child("shares");
    const Element period = element.child("period");
    const Element quota = element.child("quota");
    // The ranges are those of libvirt's LXC driver for cgroup v1's cpu.shares and cpu.cfs_*; period
    // and quota in microseconds.
    tune.shares = cpu_number<std::uint64_t>(element, "shares",
                                            shares ? to_unsigned(shares.text()) : std::nullopt,
                                            shares, 2, 262144, false);
    tune.period = cpu_number<std::uint64_t>(element, "period",
                                            period ? to_unsigned(period.text()) : std::nullopt,
                                            period, 1000, 1000000, false);
    tune.quota =
        cpu_number<std::int64_t>(element, "quota", quota ? to_signed(quota.text()) : std::nullopt,
                                 quota, 1000, 17592186044415, true);
    return tune;
}

std::optional<NumaTune> parse_numatune(const Element& element) {
    const Element memory = element.child("memory");
    if (!memory) return std::nullopt;
    NumaTune tune;
    if (const auto mode = memory.attribute("mode")) {
        const auto value = value_of(kNumaModes, *mode);
        if (!value)
            memory.fail(ErrorCode::config_unsupported,
                        fmt::format("Unsupported NUMA memory tuning mode '{}'", *mode),
                        fmt::format("mode is {}", list_of(kNumaModes)));
        tune.mode = *value;
    }
    static constexpr std::array<std::string_view, 2> kPlacements{"static", "auto"};
    tune.automatic = word_attribute(memory, "placement", kPlacements) == "auto";
    const auto nodeset = memory.attribute("nodeset");
    if (tune.automatic) return tune;
    if (!nodeset)
        memory.fail(ErrorCode::config_unsupported,
                    "nodeset for NUMA memory tuning must be set if 'placement' is 'static'",
                    "for example nodeset='0-1'");
    const auto canonical = canonical_set(*nodeset);
    if (!canonical || canonical->empty())
        memory.fail(ErrorCode::invalid_arg, fmt::format("Failed to parse bitmap '{}'", *nodeset),
                    "nodeset is a list of nodes such as 0-1,3");
    tune.nodeset = *canonical;
    return tune;
}

}  // namespace

void parse_tuning(const Element& domain, Domain& out) {
    if (const Element element = domain.child("blkiotune")) out.blkiotune = parse_blkiotune(element);
    if (const Element element = domain.child("memtune")) {
        out.memtune.hard_limit = memory_limit(element, "hard_limit");
        out.memtune.soft_limit = memory_limit(element, "soft_limit");
        out.memtune.swap_hard_limit = memory_limit(element, "swap_hard_limit");
    }
    if (const Element element = domain.child("cputune")) out.cputune = parse_cputune(element);
    if (const Element element = domain.child("numatune")) out.numatune = parse_numatune(element);
    // 'auto' of <vcpu> or of <numatune> brings the other, as in libvirt.
    if (out.vcpu_placement == "auto" && !out.numatune)
        out.numatune = NumaTune{NumaMode::strict, true, ""};
    const Element vcpu = domain.child("vcpu");
    const bool placed = vcpu && (vcpu.attribute("placement") || !out.cpuset.empty());
    if (out.numatune && out.numatune->automatic && !placed) out.vcpu_placement = "auto";
}

}  // namespace lxvirt::xml
