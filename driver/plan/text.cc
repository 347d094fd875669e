#include <linux/filter.h>
#include <sched.h>
#include <sys/mount.h>

#include <span>

#include "base/codec.hh"
#include "base/process/capability.hh"
#include "driver/plan/compile.hh"

namespace lxvirt::driver {

namespace {

// Prints any struct that lists its fields. Fields with their default are left out, so that a reader
// sees what is particular about this plan.
class Printer {
  public:
    explicit Printer(unsigned depth) : depth_(depth) {}

    template <typename T>
    void operator()(const char* name, const T& value) {
        put(name, value);
    }

    std::string text;

  private:
    // Adds a line, indented by two blanks for each level.
    void line(std::string_view name, std::string_view value) {
        text +=
            fmt::format("{:{}}{}:{}{}\n", "", depth_ * 2, name, value.empty() ? "" : " ", value);
    }
    // Prints a number, an enumerator or a character. The name of the field decides the form:
    // capabilities and other sets by the names of their bits, modes in octal, as their man pages write them.
    template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(const char* name, T value) {
        if constexpr (std::is_enum_v<T>)
            return line(name, word_of(value));
        else if (value == T{})
            return;
        if constexpr (std::is_same_v<T, bool>)
            line(name, "yes");
        else if constexpr (std::is_same_v<T, char>)
            line(name, std::string_view(&value, 1));
        else if (std::string_view(name) == "capabilities")
            line(name, capabilities(value));
        else if (const auto bits = bits_of(name); !bits.empty())
            line(name, words_of(static_cast<std::uint64_t>(value), bits));
        else if (std::string_view(name) == "mode")
            line(name, fmt::format("{:04o}", static_cast<unsigned>(value)));
        else
            line(name, fmt::format("{}", static_cast<std::uint64_t>(value)));
    }
    // A filter is a binary array of struct sock_filter, of which only the size is worth showing.
    void put(const char* name, const std::string& value) {
        if (value.empty()) return;
        if (std::string_view(name) == "seccomp")
            line(name, fmt::format("{} instructions", value.size() / sizeof(sock_filter)));
        else
            line(name, value);
    }
    template <typename T>
    void put(const char* name, const std::optional<T>& value) {
        if (!value) return;
        if constexpr (base::detail::HasFields<T>)
            nested(name, *value);
        else
            line(name, fmt::format("{}", *value));
    }
    template <typename T>
    // Prints one line or block for each member, each with the name of the list.
    void put(const char* name, const std::vector<T>& values) {
        for (const T& value : values)
            if constexpr (base::detail::HasFields<T>)
                nested(name, value);
            else
                line(name, fmt::format("{}", value));
    }
    template <base::detail::HasFields T>
    void put(const char* name, const T& value) {
        nested(name, value);
    }
    template <typename T>
    void nested(const char* name, const T& value) {
        Printer inner(depth_ + 1);
        T::fields(value, inner);
        line(name, "");
        text += inner.text;
    }
    // A bit of a set and the word for it.
    struct Bit {
        std::uint64_t value;
        std::string_view word;
    };
    // Returns the bits of a field that is a set: flags of clone(2), of mount_setattr(2) and of a device
    // rule. Empty for any other field.
    static std::span<const Bit> bits_of(std::string_view name) {
        static constexpr Bit kNamespaces[] = {
            {CLONE_NEWNS, "mount"},  {CLONE_NEWUTS, "uts"},       {CLONE_NEWIPC, "ipc"},
            {CLONE_NEWPID, "pid"},   {CLONE_NEWNET, "net"},       {CLONE_NEWUSER, "user"},
            {CLONE_NEWTIME, "time"}, {CLONE_NEWCGROUP, "cgroup"},
        };
        static constexpr Bit kAttributes[] = {
            {MOUNT_ATTR_RDONLY, "ro"},
            {MOUNT_ATTR_NOSUID, "nosuid"},
            {MOUNT_ATTR_NODEV, "nodev"},
            {MOUNT_ATTR_NOEXEC, "noexec"},
            {MOUNT_ATTR_NOATIME, "noatime"},
            {MOUNT_ATTR_STRICTATIME, "strictatime"},
            {MOUNT_ATTR_NODIRATIME, "nodiratime"},
            {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
        };
        static constexpr Bit kPropagations[] = {
            {MS_SHARED, "shared"},
            {MS_PRIVATE, "private"},
            {MS_SLAVE, "slave"},
            {MS_UNBINDABLE, "unbindable"},
        };
        static constexpr Bit kAccesses[] = {
            {base::kDeviceRead, "r"}, {base::kDeviceWrite, "w"}, {base::kDeviceMknod, "m"}};
        if (name == "fresh") return kNamespaces;
        if (name == "attributes" || name == "clear_attributes") return kAttributes;
        if (name == "propagation") return kPropagations;
        if (name == "access") return kAccesses;
        return {};
    }
    // Returns the words of the bits that are set; what has no word is added as a number.
    static std::string words_of(std::uint64_t set, std::span<const Bit> bits) {
        std::string words;
        const auto add = [&](const std::string& word) {
            words += (words.empty() ? "" : " ") + word;
        };
        for (const Bit& bit : bits)
            if ((set & bit.value) == bit.value) {
                add(std::string(bit.word));
                set &= ~bit.value;
            }
        if (set != 0) add(fmt::format("{:#x}", set));
        return words;
    }
    static std::string_view word_of(helper::MountKind kind) {
        switch (kind) {
            case helper::MountKind::host_bind: return "host_bind";
            case helper::MountKind::inner_bind: return "inner_bind";
            case helper::MountKind::fresh: return "fresh";
            case helper::MountKind::device: return "device";
            case helper::MountKind::dev: return "dev";
            case helper::MountKind::protect: return "protect";
            case helper::MountKind::mask: return "mask";
            case helper::MountKind::groups: return "groups";
            case helper::MountKind::quiet: return "quiet";
        }
        return "";
    }
    static std::string_view word_of(helper::LinkKind kind) {
        switch (kind) {
            case helper::LinkKind::veth: return "veth";
            case helper::LinkKind::macvlan: return "macvlan";
            case helper::LinkKind::move: return "move";
            case helper::LinkKind::ipvlan: return "ipvlan";
            case helper::LinkKind::vlan: return "vlan";
        }
        return "";
    }
    static std::string_view word_of(helper::EndAction action) {
        return action == helper::EndAction::restart ? "restart" : "destroy";
    }
    // Returns the names of a set; bits that this kernel does not know are left out.
    template <typename T>
    static std::string capabilities(T set) {
        std::string names;
        for (unsigned number = 0; number <= base::last_capability(); ++number)
            if ((static_cast<std::uint64_t>(set) >> number & 1U) != 0)
                names += (names.empty() ? "" : " ") + base::capability_name(number);
        return names;
    }
    unsigned depth_;
};

}  // namespace

std::string format_plan(const helper::Plan& plan) {
    Printer printer(0);
    helper::Plan::fields(plan, printer);
    return std::move(printer.text);
}

}  // namespace lxvirt::driver
