// domxml-from-native and domxml-to-native: convert between configurations of lxc-tools and domain
// XML. The result goes to stdout and the report to stderr, so that the result can be redirected.
// Both work without privilege, except for the domain that domxml-to-native reads.
#include <cstring>

#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

namespace native = driver::native;

constexpr std::string_view kFormat = "lxc-tools";

// Returns the only format, under libvirt's name for it.
std::vector<std::string> formats(Session&) {
    return {std::string(kFormat)};
}

// Returns the forms of --report.
std::vector<std::string> reports(Session&) {
    return {"text", "json"};
}

constexpr Option kFromOptions[] = {
    {"format", OptionType::data, "the kind of configuration: lxc-tools", formats, true},
    {"config", OptionType::data, "file with the configuration", complete_files, true},
    {"rootfs", OptionType::string, "folder with the root file system, instead of the file's",
     complete_files},
    {"report", OptionType::string, "the form of the report on stderr: text or json", reports},
    {"strict", OptionType::boolean, "fail if a line could not be translated"},
    {"lossy", OptionType::boolean,
     "convert it even if the container would be less isolated, or others can change its files"},
};

// Throws Failure for another format, in the words of libvirt's LXC driver.
void require_format(const std::string& format) {
    if (format != kFormat) give_up("invalid argument: unsupported config type {}", format);
}

// Returns the report: a line for each key or element that was not translated exactly.
std::string text_of(const native::Verdicts& verdicts) {
    std::string text;
    for (const native::Entry& entry : verdicts.entries)
        if (entry.verdict != native::Verdict::exact) text += entry.message() + "\n";
    return text;
}

// Returns the conversion. Throws Failure; a file that cannot be opened gives virsh's message.
driver::FromNative convert(Session& session, const std::string& file, const std::string& rootfs,
                           bool lossy) {
    try {
        return session.any_connection().xml_from_native(
            std::string(kFormat), {.path = file, .rootfs = rootfs, .lossy = lossy});
    } catch (const base::SystemError& error) {
        // Only these words say what stands in the place of the file.
        if (error.error() == EINVAL) throw Failure({error.message()});
        give_up("Failed to open file '{}': {}", file, std::strerror(error.error()));
    } catch (const base::Exception& error) {
        throw Failure({fmt::format("Failed to convert {}", file), error.message()});
    }
}

// With --strict the report is printed and the XML is not, so that no script uses an incomplete one.
bool from_native(Session& session, const Invocation& invocation) {
    require_format(invocation.text("format"));
    const std::string report = invocation.has("report") ? invocation.text("report") : "text";
    if (report != "text" && report != "json")
        give_up("Unknown report '{}': there are text and json", report);
    const std::string file = invocation.text("config");
    const driver::FromNative made =
        convert(session, file, invocation.text("rootfs"), invocation.has("lossy"));
    if (report == "json")
        session.print_report(made.verdicts.json());
    else
        session.print_report(text_of(made.verdicts) +
                             fmt::format("the name '{}' is that of {}\n{}\n", made.name,
                                         made.name_from, made.verdicts.summary()));
    if (invocation.has("strict") && made.verdicts.count(native::Verdict::not_translated) != 0)
        give_up("{} lines of {} could not be translated",
                made.verdicts.count(native::Verdict::not_translated), file);
    session.print(made.xml);
    session.print_extra("\n");
    return true;
}

constexpr Option kToOptions[] = {
    {"format", OptionType::data, "the kind of configuration: lxc-tools", formats, true},
    {"domain", OptionType::data, "the domain, by its name, id or UUID", complete_domains},
    {"xml", OptionType::string, "file with the domain's XML, instead of a domain", complete_files},
};

// With --xml there is no stored domain, so nothing is known about an autostart.
bool to_native(Session& session, const Invocation& invocation) {
    require_format(invocation.text("format"));
    invocation.exclusive("domain", "xml");
    if (!invocation.has("domain") && !invocation.has("xml"))
        give_up("need either domain or domain XML");
    bool autostart = false;
    std::string text, file = invocation.text("xml");
    if (file.empty()) {
        const driver::DomainRef domain = find_domain(session, invocation);
        autostart = session.connection().autostart(domain);
        text = session.connection().xml_desc(domain, driver::XmlFlags::inactive);
        file = domain.name;
    } else {
        text = read_document(file);
    }
    const driver::ToNative made = explain(fmt::format("Failed to convert {}", file), [&] {
        return session.any_connection().xml_to_native(std::string(kFormat), text, file, autostart);
    });
    session.print_report(text_of(made.verdicts));
    session.print(made.text);
    return true;
}

constexpr Command kCommands[] = {
    {"domxml-from-native", "turn a configuration of lxc-tools into domain XML",
     "Print domain XML that means the same as the configuration. A report on\n"
     "stderr names each line that is not translated exactly, and ends with a\n"
     "summary. Nothing is stored.",
     kFromOptions, from_native, kNoConnection},
    {"domxml-to-native", "turn domain XML into a configuration of lxc-tools",
     "Print a configuration for lxc 3 and later that means the same as the domain.\n"
     "Each element for which lxc has no key is reported on stderr. Nothing is\n"
     "stored.",
     kToOptions, to_native, kNoConnection},
};

}  // namespace

std::span<const Command> native_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
