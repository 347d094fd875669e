// The hardening of the reader, and its lines.
#include "xml/document/document.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace lxvirt::xml {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
    try {
        Document document(text, "doc.xml");
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::xml_detail);
        return error.message().substr(0, error.message().find('\n'));
    }
    return "";
}

TEST(Document, NamesFileAndLineOfMalformedXml) {
    EXPECT_EQ(error_of(""), "doc.xml:1: Document is empty");
    EXPECT_EQ(error_of("<domain\n<name/>"), "doc.xml:2: error parsing attribute name");
    EXPECT_EQ(error_of("<a>\n<b>\n</c></a>"),
              "doc.xml:3: Opening and ending tag mismatch: b line 2 and c");
    EXPECT_THAT(error_of("<a>\n&nosuch;</a>"), HasSubstr("doc.xml:2: Entity 'nosuch' not defined"));
    EXPECT_THAT(error_of("<a/><b/>"), HasSubstr("Extra content at the end of the document"));
    EXPECT_THAT(error_of("<a>\xff</a>"), HasSubstr("not proper UTF-8"));
    EXPECT_THAT(error_of(std::string("<a>\0</a>", 8)), HasSubstr("doc.xml:1: "));
}

// As libvirt shows it, with the pointer behind what was read.
TEST(Document, ShowsThePlaceInMalformedXml) {
    const auto shown = [](const std::string& text) {
        try {
            Document document(text, "doc.xml");
        } catch (const PlacedError& error) {
            EXPECT_EQ(error.fault().text.find('\n'), std::string::npos);
            const std::string& message = error.message();
            const auto at = message.find('\n');
            return at == std::string::npos ? "" : message.substr(at + 1);
        }
        return std::string();
    };
    EXPECT_EQ(shown("<a>\n  <b>\n  </c>\n</a>"), "  </c>\n------^");
    EXPECT_EQ(shown("<a>\n<ä>ö</c>\n</a>"), "<ä>ö</c>\n--------^");
    EXPECT_EQ(shown(""), "");
    const std::string wide = shown("<a>" + std::string(500, 'x') + "</b>" + std::string(500, 'y'));
    EXPECT_LT(wide.size(), 300U);
    EXPECT_THAT(wide, HasSubstr("x</b>y"));
}

TEST(Document, RefusesDocumentTypeDeclarations) {
    EXPECT_THAT(error_of("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
                HasSubstr("doc.xml:1: a document type declaration (<!DOCTYPE>) is not allowed"));
    EXPECT_THAT(error_of("<!DOCTYPE a SYSTEM 'http://192.0.2.1/a.dtd'><a/>"),
                HasSubstr("is not allowed"));
}

TEST(Document, RefusesEntityBombsAtOnce) {
    std::string bomb = "<!DOCTYPE a [<!ENTITY l0 'ha'>";
    for (int i = 1; i < 30; ++i) {
        bomb += "<!ENTITY l" + std::to_string(i) + " '";
        for (int j = 0; j < 10; ++j) bomb += "&l" + std::to_string(i - 1) + ";";
        bomb += "'>";
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(error_of(bomb + "]><a>&l29;</a>"), HasSubstr("is not allowed"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(Document, RefusesDeepNesting) {
    std::string deep;
    for (int i = 0; i < 200000; ++i) deep += "<a>";
    EXPECT_EQ(error_of(deep), "doc.xml:1: elements are nested deeper than 100 levels");
    std::string many = "<a>\n";
    for (int i = 0; i < 150'000; ++i) many += "<b c=''/>";
    EXPECT_EQ(error_of(many + "</a>"),
              "doc.xml:2: the document has more than 300000 elements and attributes");
}

TEST(Document, RefusesHugeDocuments) {
    EXPECT_EQ(error_of("<a>" + std::string(kMaxDocumentSize, ' ') + "</a>"),
              "doc.xml:1: the document has 10485767 bytes; at most 10485760 are read");
}

TEST(Document, KnowsLinesBeyondSixteenBits) {
    Document document("<a>" + std::string(100000, '\n') + "<b/></a>", "doc.xml");
    EXPECT_EQ(document.root().first_child().line(), 100001);
    EXPECT_THAT(error_of("<a>" + std::string(100000, '\n') + "<b></a>"),
                HasSubstr("doc.xml:100001: "));
}

TEST(Document, ReportsWhatNobodyRead) {
    Document document("<a x='1'>\n<b y='2'>text</b>\n<b/>\n<c><d/></c>\n</a>", "doc.xml");
    EXPECT_EQ(document.root().child("b").name(), "b");
    document.report_unread();
    std::string all;
    for (const Notice& notice : document.take_notices()) all += notice.message() + "\n";
    EXPECT_EQ(all,
              "doc.xml:1: attribute 'x' of <a> is not supported by lxvirt and was left out\n"
              "doc.xml:2: attribute 'y' of <b> is not supported by lxvirt and was left out\n"
              "doc.xml:2: text inside <b> means nothing there and was left out\n"
              "doc.xml:3: a second <b> counts for nothing and was left out\n"
              "doc.xml:4: <c> in <a> is not supported by lxvirt and was left out\n");
}

TEST(Document, StopsListingAtSomePoint) {
    std::string many = "<a>";
    for (int i = 0; i < 100000; ++i) many += "<b/>";
    Document document(many + "</a>", "doc.xml");
    document.report_unread();
    const auto notices = document.take_notices();
    ASSERT_EQ(notices.size(), kMaxNotices + 1);
    EXPECT_THAT(notices.back().text, HasSubstr("not listed one by one"));
}

}  // namespace
}  // namespace lxvirt::xml
