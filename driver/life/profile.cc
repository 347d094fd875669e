#include "driver/life/profile.hh"

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/spawn.hh"
#include "base/text/text.hh"
#include "driver/plan/apparmor.hh"
#include "driver/store/settings.hh"

namespace lxvirt::driver {

namespace {

// Returns the path of apparmor_parser; empty where it is not installed.
std::string parser_path() {
    for (const char* path : {"/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"})
        if (base::exists(path)) return path;
    return {};
}

}  // namespace

std::optional<std::string> notice_of_profile(const Root& root, const xml::Domain& domain,
                                             const HostFacts& host) {
    if (dynamic_profile_of(domain) == nullptr) return std::nullopt;
    const auto notice = [](std::string_view why) {
        return fmt::format(
            "<seclabel type='dynamic' model='apparmor'> narrows nothing: no profile is made, {}",
            why);
    };
    if (!has_apparmor(host)) return notice("as this host does not have AppArmor");
    if (!load_settings(root).apparmor) return notice("as lxvirt.conf says 'apparmor = off'");
    if (parser_path().empty())
        return notice("as there is no apparmor_parser (Debian's package 'apparmor' has it)");
    return std::nullopt;
}

void name_profile(const Root& root, const HostFacts& host, xml::Domain& domain) {
    xml::SecurityLabel* label = dynamic_profile_of(domain);
    if (label == nullptr) return;
    // A label that stands in the definition is of another host, or of another run.
    label->label.clear();
    if (!notice_of_profile(root, domain, host))
        label->label = profile_name(domain, domain.id.value_or(0));
}

void load_profile(const helper::Plan& plan) {
    if (!plan.init.own_profile) return;
    const auto result = base::run_program({.argv = {parser_path(), "--replace", "--skip-cache"},
                                           .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                           .input = profile_text(plan.init.apparmor)});
    if (!result.succeeded())
        base::fail(base::ErrorCode::config_unsupported,
                   "load the AppArmor profile '{}': {}: {}; 'apparmor = off' in lxvirt.conf does "
                   "without profiles",
                   plan.init.apparmor, result.text(), base::trim(result.errors));
}

}  // namespace lxvirt::driver
