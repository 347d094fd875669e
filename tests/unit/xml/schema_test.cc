// schemas/domain.rng: accepts what is supported, refuses what is not, and says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hh"
#include "tests/support/folders.hh"
#include "xml/domain/names.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::xml {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> all_documents() {
    std::vector<std::string> result = documents(examples_folder());
    for (const std::string& path : documents(tests_folder() + "/golden/domain"))
        if (!base::exists(path.substr(0, path.size() - 4) + ".notices")) result.push_back(path);
    return result;
}

std::string domain(const std::string& inside) {
    return "<domain type='lxc'>\n<name>x</name>\n<memory>65536</memory>\n"
           "<os><type>exe</type><init>/sbin/init</init></os>\n" +
           inside + "</domain>";
}

std::string refusal(const std::string& text) {
    try {
        (void)parse_domain(text, {.file = "x.xml", .validate = true});
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::xml_invalid_schema) << error.message();
        return error.message();
    }
    return "";
}

TEST(DomainSchema, AcceptsEveryExampleAndGolden) {
    ASSERT_GE(all_documents().size(), 50U);
    for (const std::string& path : all_documents())
        EXPECT_EQ(refusal(base::read_file(path)), "") << path;
}

TEST(DomainSchema, AcceptsWhatIsPrinted) {
    for (const std::string& path : all_documents()) {
        Domain parsed = parse_domain(base::read_file(path)).domain;
        EXPECT_EQ(refusal(format_domain(parsed)), "") << path;
        parsed.id = 4711;
        for (Interface& interface : parsed.interfaces) interface.alias = "net0";
        for (Console& console : parsed.consoles)
            console.tty = console.source_path = "/dev/pts/3", console.alias = "console0";
        for (Disk& disk : parsed.disks) disk.alias = "disk0";
        for (Filesystem& filesystem : parsed.filesystems) filesystem.alias = "fs0";
        for (Hostdev& hostdev : parsed.hostdevs) hostdev.alias = "hostdev0";
        EXPECT_EQ(refusal(format_domain(parsed, {.live = true})), "") << path;
    }
}

TEST(DomainSchema, AcceptsEveryCapability) {
    std::string inside = "<features><capabilities policy='deny'>";
    for (const std::string_view name : kCapabilities) inside += "<" + std::string(name) + "/>";
    EXPECT_EQ(refusal(domain(inside + "</capabilities></features>")), "");
}

TEST(DomainSchema, NamesFileLineAndElement) {
    const std::string message = refusal(domain("<clock offset='utc'/>\n<bogus/>\n"));
    EXPECT_THAT(message, HasSubstr("XML document failed to validate against schema: Unable to "
                                   "validate doc against "));
    EXPECT_THAT(message, HasSubstr("x.xml:6: "));
    EXPECT_THAT(message, HasSubstr("bogus"));
    EXPECT_THAT(refusal(domain("<cpu mode='host-model'/>")), HasSubstr("x.xml:5: "));
    EXPECT_THAT(refusal(domain("<on_crash>never</on_crash>")), HasSubstr("x.xml:5: "));
    EXPECT_THAT(refusal(domain("<devices>\n<console type='pty'>\n<volume/></console></devices>")),
                HasSubstr("x.xml:7: "));
}

TEST(DomainSchema, AcceptsALoneDevice) {
    const ParseOptions options{.file = "disk.xml", .validate = true};
    const ParsedDevice parsed = parse_device(
        "<disk type='block'><source dev='/dev/loop0'/><target dev='vdb'/></disk>", options);
    EXPECT_EQ(std::get<Disk>(parsed.device).target, "vdb");
    EXPECT_THROW((void)parse_device("<disk type='block'><source dev='/dev/loop0'/>"
                                    "<target dev='vdb'/><bogus/></disk>",
                                    options),
                 base::Error);
}

}  // namespace
}  // namespace lxvirt::xml
