// domxml-from-native, domxml-to-native: between the configurations of lxc-tools and domain XML.
#include <cstring>

#include "driver/native/convert.hh"
#include "driver/native/write.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/domain/parse.hh"
#include "xml/network/document.hh"

namespace lxvirt::shell {

namespace {

namespace native = driver::native;

std::vector<std::string> formats(Session&) {
    return {"lxc-tools"};
}

std::vector<std::string> reports(Session&) {
    return {"text", "json"};
}

constexpr Option kFromOptions[] = {
    {"format", OptionType::data, "the kind of configuration: lxc-tools", formats, true},
    {"config", OptionType::data, "file with the configuration", complete_files, true},
    {"rootfs", OptionType::string, "folder with the root file system, instead of the file's",
     complete_files},
    {"report", OptionType::string, "the account on stderr: text or json", reports},
    {"strict", OptionType::boolean, "fail where a line could not be translated"},
};

void require_format(const std::string& format) {
    if (format != "lxc-tools") give_up("invalid argument: unsupported config type {}", format);
}

void print_account(Session& session, const native::Conversion& made, const std::string& report) {
    if (report == "json") {
        session.account(made.verdicts.json());
        return;
    }
    std::string text;
    for (const native::Entry& entry : made.verdicts.entries)
        if (entry.verdict != native::Verdict::exact) text += entry.message() + "\n";
    session.account(text + fmt::format("the name '{}' is that of {}\n{}\n", made.domain.name,
                                       made.name_from, made.verdicts.summary()));
}

native::Conversion convert(const std::string& file, const std::string& rootfs) {
    try {
        return native::convert(file, {.rootfs = rootfs});
    } catch (const base::SystemError& error) {
        give_up("Failed to open file '{}': {}", file, std::strerror(error.error()));
    } catch (const base::Exception& error) {
        throw Failure({fmt::format("Failed to convert {}", file), error.message()});
    }
}

bool from_native(Session& session, const Invocation& invocation) {
    require_format(invocation.text("format"));
    const std::string report = invocation.has("report") ? invocation.text("report") : "text";
    if (report != "text" && report != "json")
        give_up("Unknown report '{}': there are text and json", report);
    const std::string file = invocation.text("config");
    const native::Conversion made = convert(file, invocation.text("rootfs"));
    print_account(session, made, report);
    if (invocation.has("strict") && made.verdicts.count(native::Verdict::not_translated) != 0)
        give_up("{} lines of {} could not be translated",
                made.verdicts.count(native::Verdict::not_translated), file);
    session.print(xml::format_domain(made.domain));
    session.say("\n");
    return true;
}

constexpr Option kToOptions[] = {
    {"format", OptionType::data, "the kind of configuration: lxc-tools", formats, true},
    {"domain", OptionType::data, "the domain, by its name, id or UUID", complete_domains},
    {"xml", OptionType::string, "file with the domain's XML, instead of a domain", complete_files},
};

// Of a network of this host; empty where it is not there or has none.
std::string bridge_of(Session& session, const std::string& network) {
    try {
        const driver::Networks networks = session.connection().networks();
        return networks.info(networks.lookup_by_name(network)).bridge;
    } catch (const base::Exception&) {
        return {};
    } catch (const Failure&) {
        return {};  // a file's XML needs no connection
    }
}

bool to_native(Session& session, const Invocation& invocation) {
    require_format(invocation.text("format"));
    invocation.exclusive("domain", "xml");
    if (!invocation.has("domain") && !invocation.has("xml"))
        give_up("need either domain or domain XML");
    native::WriteOptions options;
    options.bridge = [&](const std::string& network) { return bridge_of(session, network); };
    std::string text, file = invocation.text("xml");
    if (file.empty()) {
        const driver::DomainRef domain = find_domain(session, invocation);
        options.autostart = session.connection().autostart(domain);
        text = session.connection().xml_desc(domain, {.inactive = true});
        file = domain.name;
    } else {
        text = read_document(file);
    }
    const native::Written made = explain(fmt::format("Failed to convert {}", file), [&] {
        return native::write_config(xml::parse_domain(text, {.file = file}).domain, options);
    });
    std::string account;
    for (const native::Entry& entry : made.verdicts.entries)
        if (entry.verdict != native::Verdict::exact) account += entry.message() + "\n";
    session.account(account);
    session.print(made.text);
    return true;
}

constexpr Command kCommands[] = {
    {"domxml-from-native", "turn a configuration of lxc-tools into domain XML",
     "Print the domain XML that means what the configuration means. What became\n"
     "of each of its lines is told on stderr: those that are not translated\n"
     "exactly, and a summary. Nothing is stored.",
     kFromOptions, from_native, kNoConnection},
    {"domxml-to-native", "turn domain XML into a configuration of lxc-tools",
     "Print the configuration that means to lxc 3 and later what a domain means\n"
     "here. What lxc has no key for is told on stderr, an element a line. Nothing\n"
     "is stored.",
     kToOptions, to_native, kNoConnection},
};

}  // namespace

std::span<const Command> native_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
