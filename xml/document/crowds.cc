#include "xml/document/crowds.hh"

#include <algorithm>
#include <map>
#include <string_view>

namespace lxvirt::xml {

namespace {

std::string_view name_of(const xmlNode* node) {
    if (node->type != XML_ELEMENT_NODE) return {};
    return reinterpret_cast<const char*>(node->name);
}

// Makes these the children of `parent`, in this order.
void link_children(xmlNode* parent, const std::vector<xmlNode*>& children) {
    xmlNode* before = nullptr;
    for (xmlNode* child : children) {
        child->prev = before;
        child->next = nullptr;
        if (before != nullptr) before->next = child;
        before = child;
    }
    parent->children = children.empty() ? nullptr : children.front();
    parent->last = before;
}

}  // namespace

Crowds::Crowds(xmlNode* root) {
    if (root != nullptr) find(root);
}

Crowds::~Crowds() {
    for (const Parent& parent : parents_) {
        std::vector<xmlNode*> all;
        all.reserve(parent.children.size());
        for (const Child& child : parent.children) all.push_back(child.node);
        link_children(parent.node, all);
    }
}

// The parser bounds the depth of a document.
void Crowds::find(xmlNode* parent) {
    std::map<std::string_view, std::size_t> counts;
    for (const xmlNode* child = parent->children; child != nullptr; child = child->next)
        if (child->type == XML_ELEMENT_NODE) ++counts[name_of(child)];
    Parent found{.node = parent, .children = {}};
    std::map<std::string_view, std::size_t> seen;
    for (xmlNode* child = parent->children; child != nullptr; child = child->next) {
        Child one{.node = child, .part = 0, .parts = 0};
        const auto count = counts.find(name_of(child));
        if (count != counts.end() && count->second > kCrowd) {
            one.part = seen[count->first]++ / kCrowd;
            one.parts = (count->second + kCrowd - 1) / kCrowd;
            found.parts = std::max(found.parts, one.parts);
        }
        found.children.push_back(one);
    }
    if (found.parts > 1) parents_.push_back(std::move(found));
    for (xmlNode* child = parent->children; child != nullptr; child = child->next)
        if (child->type == XML_ELEMENT_NODE) find(child);
}

void Crowds::show(std::size_t index, std::size_t part) {
    std::map<const xmlNode*, const xmlNode*> branch;  // a parent around it, and the child there
    for (const xmlNode* node = parents_[index].node; node->parent != nullptr; node = node->parent)
        branch[node->parent] = node;
    for (const Parent& parent : parents_) {
        std::size_t shown = &parent == &parents_[index] ? part : 0;
        if (const auto at = branch.find(parent.node); at != branch.end())
            for (const Child& child : parent.children)
                if (child.node == at->second) shown = child.part;
        link(parent, shown);
    }
}

// A crowd with fewer parts than another one of the same parent shows its first again.
void Crowds::link(const Parent& parent, std::size_t part) {
    std::vector<xmlNode*> kept;
    for (const Child& child : parent.children)
        if (child.parts == 0 || child.part == (part < child.parts ? part : 0))
            kept.push_back(child.node);
    link_children(parent.node, kept);
}

}  // namespace lxvirt::xml
