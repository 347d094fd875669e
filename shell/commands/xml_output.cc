#include "shell/commands/xml_output.hh"

#include "shell/core/session.hh"
#include "xml/document/xpath.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

// Returns the nodes in one element, indented as virsh prints them with --wrap.
std::string wrapped(const std::vector<std::string>& nodes) {
    if (nodes.empty()) return "<nodes/>\n";
    std::string out = "<nodes>\n";
    for (const std::string& node : nodes) {
        out += "  ";
        for (const char c : node) {
            out += c;
            if (c == '\n') out += "  ";
        }
        out += '\n';
    }
    return out + "</nodes>\n";
}

}  // namespace

void print_xml(Session& session, const Invocation& invocation, const std::string& text) {
    if (!invocation.has("xpath")) {
        session.print(text);
        return;
    }
    const std::vector<std::string> nodes = xml::evaluate_xpath(text, invocation.text("xpath"));
    if (invocation.has("wrap")) {
        session.print(wrapped(nodes));
        return;
    }
    for (const std::string& node : nodes) session.print_format("{}\n", node);
}

}  // namespace lxvirt::shell
