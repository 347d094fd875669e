#include "driver/store/settings.hh"

#include <array>
#include <charconv>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::driver {

namespace {

using std::chrono::seconds;

struct Key {
    std::string_view name;
    seconds Settings::*field;
};
constexpr std::array<Key, 2> kKeys = {{{"hook_timeout", &Settings::hook_timeout},
                                       {"operation_timeout", &Settings::operation_timeout}}};

struct SystemdWord {
    std::string_view word;
    UseSystemd value;
};
constexpr std::array<SystemdWord, 3> kSystemdWords = {
    {{"auto", UseSystemd::automatic}, {"yes", UseSystemd::yes}, {"no", UseSystemd::no}}};

// The longest time-out, one day in seconds.
constexpr long kLongest = 24L * 3600;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

[[noreturn]] void refuse(const std::string& file, int line, std::string_view what) {
    base::fail(base::ErrorCode::config_unsupported, "{}:{}: {}", file, line, what);
}

// Sets the field of `key`. Throws config_unsupported for an unknown key or a value that does not
// fit.
void set(Settings& settings, std::string_view key, std::string_view value, const std::string& file,
         int line) {
    for (const Key& known : kKeys) {
        if (known.name != key) continue;
        long number = 0;
        const char* const last = value.data() + value.size();
        const auto [end, error] = std::from_chars(value.data(), last, number);
        if (error != std::errc() || end != last || number < 1 || number > kLongest)
            refuse(file, line,
                   fmt::format("{} = '{}' must be a number of seconds from 1 to {}", key, value,
                               kLongest));
        settings.*known.field = seconds(number);
        return;
    }
    if (key == "systemd") {
        for (const SystemdWord& known : kSystemdWords) {
            if (known.word != value) continue;
            settings.systemd = known.value;
            return;
        }
        refuse(file, line, fmt::format("systemd = '{}' must be auto, yes or no", value));
    }
    if (key == "apparmor") {
        if (value != "auto" && value != "off")
            refuse(file, line, fmt::format("apparmor = '{}' must be auto or off", value));
        settings.apparmor = value == "auto";
        return;
    }
    if (key == "firewall_foreign") {
        if (value != "accept" && value != "warn")
            refuse(file, line,
                   fmt::format("firewall_foreign = '{}' must be accept or warn", value));
        settings.accepts_in_foreign_firewall = value == "accept";
        return;
    }
    refuse(file, line, fmt::format("unknown key '{}'", key));
}

}  // namespace

Settings parse_settings(std::string_view text, const std::string& file) {
    Settings settings;
    for (int number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) continue;
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) refuse(file, number, "expected key = value");
        set(settings, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)), file,
            number);
    }
    return settings;
}

Settings load_settings(const Root& root) {
    const auto text = base::try_read_file(root.settings());
    return text ? parse_settings(*text, root.settings()) : Settings{};
}

}  // namespace lxvirt::driver
