// tests/golden/domain/CASE.xml is defined and printed; CASE.out is what libvirt 9.0.0's `virsh
// define` and `virsh dumpxml --inactive` printed for it (for lxvirt-CASE: what lxvirt means to
// print), and CASE.notices what lxvirt says it leaves out; what it says of the meaning has tests of
// its own. TESTS_ACCEPT=1 rewrites both.
#include <gtest/gtest.h>

#include "base/error.hh"
#include "tests/support/golden.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::xml {
namespace {

std::string notices_text(const ParsedDomain& parsed) {
    std::string result;
    for (const Notice& notice : parsed.notices)
        if (notice.text.rfind("domain '", 0) != 0) result += notice.message() + "\n";
    return result;
}

class DomainGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(DomainGolden, IsPrintedAsLibvirtDoes) {
    const std::string path = GetParam();
    const ParsedDomain parsed = parse_domain(base::read_file(path), {.file = basename_of(path)});
    compare(stem(path) + ".out", format_domain(parsed.domain));
    compare(stem(path) + ".notices", notices_text(parsed));
}

TEST_P(DomainGolden, IsTheSameWhenReadAgain) {
    const Domain domain = parse_domain(base::read_file(GetParam())).domain;
    const std::string once = format_domain(domain);
    EXPECT_EQ(format_domain(parse_domain(once).domain), once);
    const std::string live = format_domain(domain, {.live = true});
    EXPECT_EQ(format_domain(parse_domain(live, {.live = true}).domain, {.live = true}), live);
}

TEST_P(DomainGolden, NeedsNothingWhenReadAgain) {
    // What is printed is complete: no default is left to fill in, nothing is left out.
    const std::string once = format_domain(parse_domain(base::read_file(GetParam())).domain);
    const ParsedDomain again = parse_domain(once, {.defaults = false});
    EXPECT_EQ(format_domain(again.domain), once);
    for (const Notice& notice : again.notices)
        EXPECT_EQ(notice.text.find("left out"), std::string::npos) << notice.message();
}

INSTANTIATE_TEST_SUITE_P(Golden, DomainGolden,
                         ::testing::ValuesIn(documents(tests_folder() + "/golden/domain")),
                         [](const auto& document) { return case_name(document.param); });

}  // namespace
}  // namespace lxvirt::xml
