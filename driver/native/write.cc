#include "driver/native/write.hh"

#include <fmt/format.h>

#include "base/text/text.hh"
#include "driver/native/config.hh"
#include "driver/native/context.hh"
#include "driver/native/writer.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::native {

// Text with a line break, with control characters or without a character at all cannot stand in a
// line of lxc's format, and lxc has no escapes.
bool Writer::put(std::string_view key, std::string_view value, std::string_view element) {
    if (value.empty() || value.find('\n') != std::string_view::npos || !is_text(value)) {
        lose(element, fmt::format("lxc.{} cannot have this value", key));
        return false;
    }
    // lxc strips blanks from the ends of a value, and then one pair of quotes.
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.back() == value.front();
    const std::string_view quote = quoted || base::trim(value) != value ? "\"" : "";
    text_ += fmt::format("lxc.{} = {}{}{}\n", key, quote, value, quote);
    verdicts_.entries.push_back({domain.name, 0, fmt::format("lxc.{}", key)});
    return true;
}

bool Writer::put_group(std::string_view v1, std::string_view v2, std::string_view value,
                       std::string_view element) {
    return put(fmt::format("cgroup.{}", v1), value, element) &&
           put(fmt::format("cgroup2.{}", v2), value, element);
}

// The place of a verdict is the domain's name and an element, as there is no file and no line.
void Writer::judge(std::string_view element, Verdict verdict, std::string text) {
    verdicts_.entries.push_back(
        {domain.name, 0, fmt::format("<{}>", element), verdict, std::move(text)});
}

namespace {

// Drops what a configuration has no place for at all.
void drop_notes(Writer& writer) {
    xml::Domain& domain = writer.domain;
    writer.lose("uuid", "it gets another one when it comes back");
    const auto drop = [&](std::string& member, const char* element) {
        if (!member.empty()) writer.lose(element, "lxc has no key for it");
        member.clear();
    };
    drop(domain.title, "title");
    drop(domain.description, "description");
    if (!domain.metadata.empty()) writer.lose("metadata", "lxc has no key for it");
    domain.metadata.clear();
    if (domain.vcpus != 1 || domain.current_vcpus || domain.vcpu_placement != "static")
        writer.lose("vcpu", "lxc has no number of processors, only lxc.cgroup.cpuset.cpus");
    domain.vcpus = 1;
    domain.current_vcpus.reset();
    domain.vcpu_placement = "static";
    const xml::Clock& clock = domain.clock;
    // lxc gives the container the host's clock; a container has no clock of its own but for time
    // namespaces.
    if (clock.offset != "utc" || clock.adjustment_reset || clock.adjustment || clock.start ||
        !clock.timezone.empty() || !clock.basis.empty() || !clock.timers.empty())
        writer.lose("clock", "lxc has no key for it");
    domain.clock = {};
    const std::pair<xml::LifecycleAction*, const char*> actions[] = {
        {&domain.on_poweroff, "on_poweroff"},
        {&domain.on_reboot, "on_reboot"},
        {&domain.on_crash, "on_crash"}};
    // lxc's actions are the defaults of libvirt: it destroys at a poweroff and restarts at a
    // reboot.
    const xml::Domain plain;
    const xml::LifecycleAction usual[] = {plain.on_poweroff, plain.on_reboot, plain.on_crash};
    for (std::size_t i = 0; i < std::size(actions); ++i) {
        const auto& [action, element] = actions[i];
        if (*action != usual[i])
            writer.lose(element, fmt::format("lxc does '{}'",
                                             xml::name_of(xml::kLifecycleActions, usual[i])));
        *action = usual[i];
    }
    if (domain.emulator != xml::kDefaultEmulator) writer.lose("emulator", "lxc has no key for it");
    domain.emulator = xml::kDefaultEmulator;
}

}  // namespace

Written write_config(const xml::Domain& domain, const WriteOptions& options, const Facts& facts) {
    Writer writer(domain, options, facts);
    drop_notes(writer);
    writer.put("uts.name", domain.name, "name");
    write_init(writer);
    write_limits(writer);
    write_security(writer);
    write_filesystems(writer);
    write_devices(writer);
    write_interfaces(writer);
    write_container(writer);
    return writer.finish();
}

}  // namespace lxvirt::driver::native
