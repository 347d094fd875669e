#include "driver/systemd/names.hh"

#include <fmt/format.h>

#include <algorithm>

namespace lxvirt::driver::systemd {

namespace {

constexpr std::size_t kLongestMachine = 64;  // HOST_NAME_MAX
constexpr std::size_t kLongestUnit = 255;    // UNIT_NAME_MAX of systemd, without the final 0

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        const bool leading_dot = c == '.' && escaped.empty();
        if (c == '/')
            escaped += '-';
        else if (is_alphanumeric(c) || c == ':' || c == '_' || (c == '.' && !leading_dot))
            escaped += c;
        else
            escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return escaped;
}

std::string slice_name(std::string_view partition) {
    constexpr std::string_view suffix = ".slice";
    if (partition.ends_with(suffix)) return std::string(partition.substr(partition.rfind('/') + 1));
    partition.remove_prefix(std::min(partition.find_first_not_of('/'), partition.size()));
    return escape(partition) + std::string(suffix);
}

std::string machine_name(std::string_view domain, pid_t helper) {
    std::string name = fmt::format("lxc-{}-", helper);
    for (const char c : domain) {
        const bool separator = c == '-' || c == '.';
        if (!is_alphanumeric(c) && !separator && c != '_') continue;
        // A separator may neither begin a label nor follow another (hostname_is_valid() of
        // systemd).
        if (separator && (name.back() == '-' || name.back() == '.')) continue;
        name += c;
    }
    name.resize(std::min(name.size(), kLongestMachine));
    while (scope_name(name).size() > kLongestUnit) name.pop_back();
    while (name.back() == '-' || name.back() == '.') name.pop_back();
    return name;
}

std::string scope_name(std::string_view machine) {
    return fmt::format("machine-{}.scope", escape(machine));
}

}  // namespace lxvirt::driver::systemd
