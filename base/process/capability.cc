#include "base/process/capability.hh"

#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::base {

namespace {

// Bounds the retries of capset(2), ten milliseconds apart.
constexpr int kAttempts = 100;

// The result of capget(2), with the two 32-bit words of each set joined.
struct Sets {
    CapabilitySet effective = 0, permitted = 0, inheritable = 0;
};

// Reads the sets of this thread. Version 3 of the header has 64 bits for each set, as two words.
Sets get_sets() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) fail_errno("read the capability sets");
    const auto join = [](std::uint32_t low, std::uint32_t high) {
        return low | (std::uint64_t{high} << 32);
    };
    return {.effective = join(data[0].effective, data[1].effective),
            .permitted = join(data[0].permitted, data[1].permitted),
            .inheritable = join(data[0].inheritable, data[1].inheritable)};
}

// Sets the capability sets. The kernel copies the credentials for that, which fails with ENOMEM
// under memory pressure; the call is retried for a second, because neither going on with raised
// capabilities nor ending the container over it would be right.
void set_sets(const Sets& sets) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (unsigned word = 0; word < 2; ++word) {
        const auto part = [&](CapabilitySet set) {
            return static_cast<std::uint32_t>(set >> (32 * word));
        };
        data[word] = {part(sets.effective), part(sets.permitted), part(sets.inheritable)};
    }
    for (int attempt = 0; ::syscall(SYS_capset, &header, data.data()) != 0; ++attempt) {
        if (errno != ENOMEM || attempt == kAttempts) fail_errno("set the capability sets");
        ::usleep(10'000);
    }
}

}  // namespace

// Names are taken with and without "cap_"; libcap compares without regard to case.
std::optional<unsigned> capability_number(std::string_view name) {
    cap_value_t value = 0;
    std::string full(name);
    if (full.size() < 4 || (full.compare(0, 4, "cap_") != 0 && full.compare(0, 4, "CAP_") != 0))
        full = "cap_" + full;
    if (::cap_from_name(full.c_str(), &value) != 0) return std::nullopt;
    return static_cast<unsigned>(value);
}

std::string capability_name(unsigned number) {
    char* text = ::cap_to_name(static_cast<cap_value_t>(number));
    // cap_to_name(3) names an unknown number by its digits; null means that there is no memory.
    if (text == nullptr) fail(ErrorCode::no_memory, "name of capability {}", number);
    const std::string name(text);
    (void)::cap_free(text);
    return name.starts_with("cap_") ? name.substr(4) : name;
}

// A kernel without the file gets the number of the headers that this program was compiled with.
unsigned last_capability() {
    const auto text = try_read_file("/proc/sys/kernel/cap_last_cap");
    const auto number = text ? parse_number<unsigned>(trim(*text)) : std::nullopt;
    return number.value_or(CAP_LAST_CAP);
}

void limit_bounding_set(CapabilitySet keep) {
    for (unsigned number = 0; number < 64; ++number) {
        if ((keep >> number & 1U) != 0) continue;
        if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) break;  // past the last capability of this kernel
        fail_errno("drop capability {} from the bounding set", number);
    }
}

// The inheritable set is emptied, so that execve(2) adds nothing to the permitted one.
void limit_capabilities(CapabilitySet keep) {
    // Kernels before 4.3 have no ambient set and answer EINVAL.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        fail_errno("clear the ambient capabilities");
    Sets sets = get_sets();
    sets.permitted &= keep;
    sets.effective &= keep;
    sets.inheritable = 0;
    set_sets(sets);
}

void raise_capabilities() {
    Sets sets = get_sets();
    sets.effective = sets.permitted;
    set_sets(sets);
}

RaisedCapabilities::RaisedCapabilities() : lower_(get_sets().effective == 0) {
    if (lower_) raise_capabilities();
}

RaisedCapabilities::~RaisedCapabilities() {
    if (lower_) lower_capabilities();
}

void lower_capabilities() {
    Sets sets = get_sets();
    sets.effective = 0;
    set_sets(sets);
}

}  // namespace lxvirt::base
