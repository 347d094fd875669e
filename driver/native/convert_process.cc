// Converts what the init starts with: settings of the kernel, limits, signals, clocks,
// capabilities, labels, and the system call filter.
#include <fmt/format.h>

#include <algorithm>

#include "base/process/capability.hh"
#include "base/text/text.hh"
#include "driver/native/context.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::native {

namespace {

// Returns the value of a limit: nothing inside for "unlimited", nothing at all for a malformed
// text.
std::optional<std::optional<std::uint64_t>> limit_value(std::string_view text) {
    if (text == "unlimited") return std::optional<std::uint64_t>();
    if (const auto value = base::parse_number<std::uint64_t>(text)) return value;
    return std::nullopt;
}

// Converts "SOFT:HARD", or one number for both (lxc.container.conf(5), lxc.prlimit).
void convert_limit(Context& context, const Line& line, std::string_view name) {
    const auto colon = line.value.find(':');
    const auto soft = limit_value(base::trim(std::string_view(line.value).substr(0, colon)));
    const auto hard = colon == std::string::npos
                          ? soft
                          : limit_value(base::trim(std::string_view(line.value).substr(colon + 1)));
    if (!xml::has_word(xml::kLimitNames, name))
        return context.untranslated(line, fmt::format("there is no limit '{}', but {}", name,
                                                      xml::list_of(xml::kLimitNames)));
    if (!soft || !hard)
        return context.untranslated(line, "not a number, 'unlimited', or two of these with ':'");
    if (*hard && (!*soft || **soft > **hard))
        return context.untranslated(line, "the soft limit is above the hard one");
    context.domain.container.limits.push_back({std::string(name), *soft, *hard});
    context.kept(line, "as <lx:prlimit>");
}

// Converts settings whose names are the rest of the key.
void convert_settings(Context& context, std::string_view prefix, std::string_view element,
                      std::vector<xml::ContainerSetting>& out) {
    for (const Line* line : context.all_below(prefix)) {
        const std::string name = line->name.substr(prefix.size());
        if (!is_setting_name(name, prefix == "sysctl.") ||
            (prefix == "proc." && name.find('.') != std::string::npos)) {
            context.untranslated(*line, fmt::format("'{}' is not the name of a setting", name));
            continue;
        }
        out.push_back({name, line->value});
        context.kept(*line, fmt::format("as <lx:{}>", element));
    }
}

}  // namespace

// The name becomes part of a path below /proc/sys or /proc, so '..' and a leading '/' are refused;
// '/' inside is allowed for sysctl names only.
bool is_setting_name(std::string_view name, bool in_folders) {
    const auto is_part = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.' || (c == '/' && in_folders);
    };
    return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), is_part);
}

void convert_limits(Context& context) {
    xml::Container& container = context.domain.container;
    convert_settings(context, "sysctl.", "sysctl", container.sysctls);
    convert_settings(context, "proc.", "proc", container.procs);
    constexpr std::string_view prefix = "prlimit.";
    for (const Line* line : context.all_below(prefix))
        convert_limit(context, *line, std::string_view(line->name).substr(prefix.size()));
    if (const Line* line = context.one("no_new_privs"); line != nullptr && line->value != "0") {
        container.no_new_privs = true;
        context.kept(*line, "as <lx:no_new_privs>");
    }
    if (const Line* line = context.one("sched.core"); line != nullptr) {
        container.core_scheduling = line->value == "1";
        if (container.core_scheduling)
            context.kept(*line, "as <lx:core_scheduling>");
        else
            context.exact(*line);
    }
    // lxc makes a session keyring unless the value is 0 (lxc.container.conf(5)).
    if (const Line* line = context.one("keyring.session"); line != nullptr) {
        container.keyring.session = line->value != "0";
        if (container.keyring.session)
            context.exact(*line);
        else
            context.approximated(*line,
                                 "as <lx:keyring>: its session keyring is the supervisor's, which "
                                 "is no one else's");
    }
    const std::pair<const char*, std::string*> signals[] = {
        {"signal.halt", &container.halt_signal},
        {"signal.reboot", &container.reboot_signal},
        {"signal.stop", &container.stop_signal}};
    for (const auto& [key, member] : signals)
        if (const Line* line = context.one(key)) {
            *member = line->value;
            context.kept(*line, "as <lx:signal>");
        }
    const std::pair<const char*, std::string*> offsets[] = {
        {"time.offset.boot", &container.boot_offset},
        {"time.offset.monotonic", &container.monotonic_offset}};
    for (const auto& [key, member] : offsets)
        if (const Line* line = context.one(key)) {
            *member = line->value;
            context.kept(*line, "as <lx:time>");
        }
}

namespace {

// lxc drops the capabilities of cap.drop from all, or keeps only those of cap.keep; the former is
// libvirt's policy 'allow', the latter 'deny'.
void convert_capabilities(Context& context) {
    const auto drop = context.all("cap.drop"), keep = context.all("cap.keep");
    xml::Features& features = context.domain.features;
    features.policy = keep.empty() ? xml::CapabilitiesPolicy::allow : xml::CapabilitiesPolicy::deny;
    const auto add = [&](const Line& line, bool on) {
        for (const std::string_view word : base::split_words(line.value)) {
            if (word == "none") {
                features.capabilities.clear();
                continue;
            }
            std::string name(word);
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            if (name.starts_with("cap_")) name.erase(0, 4);
            // lxc accepts the numbers of linux/capability.h as well as the names.
            if (const auto number = base::parse_number<unsigned>(name))
                name = base::capability_name(*number);
            if (!xml::has_word(xml::kCapabilities, name)) {
                context.untranslated(line, fmt::format("there is no capability '{}'", word));
                continue;
            }
            // A later line about the same capability replaces the earlier one.
            std::erase_if(features.capabilities, [&](const auto& had) { return had.name == name; });
            features.capabilities.push_back({name, on});
        }
    };
    for (const Line* line : keep) add(*line, true);
    for (const Line* line : drop)
        if (keep.empty())
            add(*line, false);
        else
            context.untranslated(*line, "lxc takes either cap.keep or cap.drop; cap.keep counts");
    // lxc leaves it with an id map, too.
    if (keep.empty() && !context.domain.idmap.empty() &&
        std::none_of(features.capabilities.begin(), features.capabilities.end(),
                     [](const auto& state) { return state.name == "sys_rawio"; }))
        features.capabilities.push_back({"sys_rawio", true});
}

// A rule of lxc.apparmor.raw belongs to the generated profile, which is lxvirt's own here. One that
// denies something would be lost; the others, which allow, are kept with the rest of such keys.
void judge_raw_rules(Context& context) {
    const Line* const profile = context.one("apparmor.profile");
    if (profile == nullptr || profile->value != "generated") return;
    for (const Line* line : context.all("apparmor.raw")) {
        const auto words = base::split_words(line->value);
        if (std::find(words.begin(), words.end(), "deny") != words.end()) {
            context.judge(*line, Verdict::not_translated,
                          "the profile that lxvirt generates takes no rules of others", true);
        } else {
            context.domain.container.keys.push_back({"lxc." + line->name, line->value});
            context.kept(*line, "as <lx:key>, not acted upon: the profile is lxvirt's own");
        }
    }
}

// Converts profiles and contexts to <seclabel>.
void convert_labels(Context& context) {
    const std::pair<const char*, const char*> models[] = {{"apparmor.profile", "apparmor"},
                                                          {"selinux.context", "selinux"}};
    for (const auto& [key, model] : models) {
        const Line* line = context.one(key);
        if (line == nullptr) continue;
        xml::SecurityLabel label;
        label.model = model;
        if (line->value == "unconfined") {
            label.type = "none";
        } else if (line->value == "unchanged") {
            label.type = "none";
            context.approximated(*line,
                                 "as no label: the init begins as lxc_helper is, unconfined");
        } else if (line->value == "generated" && label.model == "apparmor") {
            label.type = "dynamic";
            label.relabel = true;
            context.kept(*line,
                         "as a dynamic <seclabel>: a profile of lxvirt's own where the host has "
                         "AppArmor, nothing where not");
        } else {
            label.type = "static";
            label.relabel = false;
            label.label = line->value;
            context.approximated(*line,
                                 "as a static <seclabel>, which counts where the host has it");
        }
        context.domain.seclabels.push_back(std::move(label));
    }
}

}  // namespace

void convert_security(Context& context) {
    convert_capabilities(context);
    convert_labels(context);
    judge_raw_rules(context);
    if (const Line* line = context.one("seccomp.profile")) {
        // A container of lxvirt never runs without a filter, so the wish for none is not followed.
        if (line->value == "none" || line->value == "unconfined") {
            context.approximated(*line, "lxvirt's own filter stays");
        } else {
            // A relative path is looked for beside the configuration, since the caller's working
            // directory says nothing about the container.
            const bool relative = !line->value.starts_with('/');
            const std::string path = relative ? context.folder + "/" + line->value : line->value;
            if (relative && context.facts.kind(path) != 'f')
                return context.untranslated(*line, fmt::format("there is no file '{}'", path));
            context.domain.container.seccomp_profile = path;
            context.kept(*line, "as <lx:seccomp>, which takes the place of lxvirt's own filter");
        }
    }
}

}  // namespace lxvirt::driver::native
