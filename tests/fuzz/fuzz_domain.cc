// libFuzzer target for the domain XML: whatever the bytes, the parser accepts or throws
// base::Error, and what it accepts is printed as something it reads back the same. Built with
// -Dfuzzing=true (clang); tests/unit/xml replays corpus/domain and all goldens through it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "xml/check_document.hh"
#include "xml/network/document.hh"

namespace {

void check(std::string_view text, bool live) {
    using namespace lxvirt;
    xml::ParsedDomain first;
    try {
        first = xml::parse_domain(text, {.live = live});
    } catch (const base::Error&) {
        return;  // refused: fine
    }
    const std::string once = xml::format_domain(first.domain, {.live = live});
    // What was accepted must be accepted again: an Error here ends the run.
    const xml::Domain second = xml::parse_domain(once, {.live = live}).domain;
    if (xml::format_domain(second, {.live = live}) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text, false);
    check(text, true);
    try {
        (void)lxvirt::xml::parse_device(text, lxvirt::xml::ParseOptions{});
    } catch (const lxvirt::base::Error&) {
        // refused: fine
    }
    (void)lxvirt::xml::check_document(text, {.file = "x.xml"});
    return 0;
}
