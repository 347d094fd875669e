// Reads documents with all parsers of xml/ and prints which names those ask for, for
// tests/lint/known_names.py. A line each:
//
//   asked ELEMENT ATTRIBUTE    a parser asks an <ELEMENT> for it
//   asked ELEMENT              a parser asks for a child of this name
//   read ELEMENT [ATTRIBUTE]   it stood in a document, and a parser has read it
//
// usage: asked_names DOCUMENT...
#include <cstdio>
#include <set>
#include <string>

#include "base/error.hh"
#include "base/file/file.hh"
#include "xml/check_document.hh"
#include "xml/document/document.hh"
#include "xml/document/scan.hh"
#include "xml/domain/parse.hh"
#include "xml/network/document.hh"

namespace {

using namespace lxvirt;

std::set<std::string>& lines() {
    static std::set<std::string> all;
    return all;
}

// With the prefix that the manual pages use.
std::string name_of(const xml::Element& element) {
    const std::string_view uri = element.namespace_uri();
    std::string prefix;
    if (uri == "urn:lxvirt:domain:1" || uri == "urn:lxvirt:network:1") prefix = "lx:";
    if (uri == "http://libvirt.org/schemas/domain/lxc/1.0") prefix = "lxc:";
    if (uri == "http://libvirt.org/schemas/network/dnsmasq/1.0") prefix = "dnsmasq:";
    return prefix + std::string(element.name());
}

void note(const xml::Element& element, bool attribute, std::string_view name, bool found) {
    std::string line = found ? "read " : "asked ";
    if (attribute || found) line += name_of(element);
    if (attribute) line += " ";
    lines().insert(line.append(name));
}

template <typename Parse>
void attempt(Parse parse) {
    try {
        (void)parse();
    } catch (const base::Error&) {
        // Refused by this parser: what it asked for until then counts.
    }
}

}  // namespace

int main(int argc, char** argv) {
    xml::read_watcher = note;
    for (int i = 1; i < argc; ++i) {
        const std::string text = base::read_file(argv[i]);
        const std::string_view outermost = xml::outermost_element(text);
        for (const bool live : {false, true})
            if (outermost == "domain")
                attempt([&] { return xml::parse_domain(text, {.live = live}); });
            else if (outermost == "network")
                attempt([&] { return xml::parse_network(text, {.live = live}); });
            else if (outermost == "networkport")
                attempt([&] { return xml::parse_network_port(text, {}); });
            else
                attempt([&] { return xml::parse_device(text, xml::ParseOptions{.live = live}); });
    }
    for (const std::string& line : lines()) (void)std::printf("%s\n", line.c_str());
}
