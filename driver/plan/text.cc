#include <linux/filter.h>

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
    // capabilities by name, masks in hexadecimal, modes in octal, as their man pages write them.
    template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(const char* name, T value) {
        if (value == T{}) return;
        if constexpr (std::is_same_v<T, bool>)
            line(name, "yes");
        else if constexpr (std::is_same_v<T, char>)
            line(name, std::string_view(&value, 1));
        else if (std::string_view(name) == "capabilities")
            line(name, capabilities(value));
        else if (is_mask(name))
            line(name, fmt::format("{:#x}", static_cast<std::uint64_t>(value)));
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
    // Fields whose value is a set of bits, or an enumerator without a printed name.
    static bool is_mask(std::string_view name) {
        return name == "fresh" || name == "attributes" || name == "clear_attributes" ||
               name == "kind";
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
