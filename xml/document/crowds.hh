// Shows a document in parts to a reader that takes quadratic time for many siblings. libxml2's
// RELAX NG validator compares all states that an <interleave> can be in, and 100,000 elements below
// one parent would take it ten seconds.
#pragma once

#include <libxml/tree.h>

#include <cstddef>
#include <vector>

namespace lxvirt::xml {

// The elements of one name below one parent, where there are more than kCrowd of them, can be shown
// kCrowd at a time. All other nodes are always shown. The document is whole again when the object
// goes; until then it must not be changed.
class Crowds {
  public:
    static constexpr std::size_t kCrowd = 1024;

    explicit Crowds(xmlNode* root);
    ~Crowds();
    Crowds(const Crowds&) = delete;
    Crowds& operator=(const Crowds&) = delete;

    // Calls `look` until every node of the document was shown, at least once; ends early, and
    // returns false, when `look` does.
    template <typename Look>
    bool each_view(const Look& look) {
        if (parents_.empty()) return look();
        for (std::size_t i = 0; i < parents_.size(); ++i)
            for (std::size_t part = i == 0 ? 0 : 1; part < parents_[i].parts; ++part) {
                show(i, part);
                if (!look()) return false;
            }
        return true;
    }

  private:
    struct Child {
        xmlNode* node;
        std::size_t part, parts;  // 0 of 0: always shown
    };
    struct Parent {
        xmlNode* node;
        std::vector<Child> children;
        std::size_t parts = 1;
    };
    void find(xmlNode* parent);
    // Shows this part of a parent, the part of each parent around it in which it lies, and the first
    // part of all others.
    void show(std::size_t index, std::size_t part);
    static void link(const Parent& parent, std::size_t part);

    std::vector<Parent> parents_;
};

}  // namespace lxvirt::xml
