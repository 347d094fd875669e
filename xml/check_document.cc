// A document of any kind, checked without being stored.
#include "xml/document.hh"
#include "xml/network_document.hh"

namespace lxvirt::xml {

std::vector<Notice> check_document(std::string_view text, const ParseOptions& options) {
    const std::string name(Document(text, options.file).root().name());
    if (name == "network") return parse_network(text, options).notices;
    if (name == "networkport") return parse_network_port(text, options).notices;
    return parse_domain(text, options).notices;
}

}  // namespace lxvirt::xml
