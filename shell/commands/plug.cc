#include "shell/commands/plug.hh"

#include "shell/commands/lookup.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

bool carry_out(Session& session, const Invocation& invocation, const std::string& xml, Act act,
               const Words& words) {
    if (invocation.command().find_option("print-xml") != nullptr && invocation.has("print-xml")) {
        session.print(xml);
        return true;
    }
    const driver::DomainRef domain = find_domain(session, invocation);
    driver::DeviceOptions options = device_options(invocation, domain, driver::Affect::live);
    print_notices(session, explain(words.failing, [&] {
                      return (session.connection().*act)(domain, xml, options);
                  }));
    session.print_extra_format("{}\n", words.done);
    return true;
}

void refuse_options(const Invocation& invocation, std::span<const std::string_view> options) {
    for (const std::string_view option : options)
        if (invocation.has(option))
            give_up("No support for --{} in command '{}': a container's device has no such thing",
                    option, invocation.command().name);
}

xml::Domain meant_domain(Session& session, const Invocation& invocation) {
    const driver::DomainRef domain = find_domain(session, invocation);
    const bool stored = invocation.has("config") && !invocation.has("live");
    const std::string text = session.connection().xml_desc(
        domain, stored ? driver::XmlFlags::inactive : driver::XmlFlags::none);
    xml::ParseOptions options;
    options.file = domain.name;
    // The text is the driver's own output, in which every default has been filled in already.
    options.defaults = false;
    options.live = domain.id != -1 && !stored;
    return xml::parse_domain(text, options).domain;
}

}  // namespace lxvirt::shell
