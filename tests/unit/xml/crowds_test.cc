// Many siblings are shown in parts, each of them at least once, and the document is whole afterwards.
#include "xml/document/crowds.hh"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "xml/document/document.hh"

namespace lxvirt::xml {
namespace {

// <r><first/> 3000 times <a/>, of which the last but one has 1500 <b/>; 1100 times <c/> between; <last/></r>
std::string crowded() {
    std::string text = "<r><first/>";
    for (int i = 0; i < 3000; ++i) {
        if (i == 2998) {
            text += "<a>";
            for (int j = 0; j < 1500; ++j) text += "<b/>";
            text += "</a>";
        } else {
            text += "<a/>";
        }
        if (i < 1100) text += "<c/>";
    }
    return text + "<last/></r>";
}

std::size_t visit(const xmlNode* node, std::set<const xmlNode*>& seen) {
    std::size_t widest = 0, here = 0;
    const xmlNode* before = nullptr;
    for (const xmlNode* child = node->children; child != nullptr; child = child->next) {
        EXPECT_EQ(child->prev, before);
        before = child;
        seen.insert(child);
        ++here;
        widest = std::max(widest, visit(child, seen));
    }
    EXPECT_EQ(node->last, before);
    return std::max(widest, here);
}

TEST(Crowds, EverySiblingIsShownInSomeView) {
    Document document(crowded(), "crowd.xml");
    xmlNode* root = xmlDocGetRootElement(document.get());
    std::set<const xmlNode*> all, shown;
    visit(root, all);
    EXPECT_EQ(all.size(), 3000 + 1500 + 1100 + 2U);
    std::size_t views = 0;
    EXPECT_TRUE(Crowds(root).each_view([&] {
        ++views;
        EXPECT_LE(visit(root, shown), 2 * Crowds::kCrowd + 2);
        return true;
    }));
    EXPECT_EQ(shown, all);
    EXPECT_EQ(views, 4U);
    std::set<const xmlNode*> after;
    EXPECT_EQ(visit(root, after), 3000 + 1100 + 2U);
    EXPECT_EQ(after, all);
}

TEST(Crowds, ARefusalEndsTheLook) {
    Document document(crowded(), "crowd.xml");
    xmlNode* root = xmlDocGetRootElement(document.get());
    std::size_t views = 0;
    EXPECT_FALSE(Crowds(root).each_view([&] { return ++views < 2; }));
    EXPECT_EQ(views, 2U);
    std::set<const xmlNode*> after;
    EXPECT_EQ(visit(root, after), 3000 + 1100 + 2U);
}

TEST(Crowds, ASmallDocumentIsShownOnce) {
    Document document("<r><a/><a/></r>", "small.xml");
    std::size_t views = 0;
    EXPECT_TRUE(Crowds(xmlDocGetRootElement(document.get())).each_view([&] {
        ++views;
        return true;
    }));
    EXPECT_EQ(views, 1U);
}

}  // namespace
}  // namespace lxvirt::xml
