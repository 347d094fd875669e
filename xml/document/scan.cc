#include "xml/document/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/uuid.hh"

namespace lxvirt::xml {

std::size_t find_tag(std::string_view text, std::string_view tag) {
    std::size_t from = 0;
    for (;;) {
        const auto at = text.find(tag, from);
        const auto comment = text.find("<!--", from);
        if (at == std::string_view::npos || comment == std::string_view::npos || at < comment)
            return at;
        from = text.find("-->", comment);
        if (from == std::string_view::npos) return from;
    }
}

std::optional<std::string> scan_uuid(std::string_view text) {
    constexpr std::string_view kTag = "<uuid>";
    const auto at = find_tag(text, kTag);
    if (at == std::string_view::npos) return std::nullopt;
    const auto begin = at + kTag.size();
    const auto end = text.find('<', begin);
    if (end == std::string_view::npos) return std::nullopt;
    return base::parse_uuid(text.substr(begin, end - begin));
}

std::string scan_title(std::string_view text) {
    constexpr std::string_view kTag = "<title>";
    // Only what stands before the first element that may hold one of its own.
    text = text.substr(0, std::min(find_tag(text, "<metadata>"), find_tag(text, "<devices>")));
    auto at = find_tag(text, kTag);
    if (at == std::string_view::npos) return {};
    at += kTag.size();
    return resolve_entities(text.substr(at, text.find('<', at) - at));
}

std::string_view outermost_element(std::string_view text) {
    constexpr std::string_view kComment = "<!--";
    for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with(kComment))
            at = text.find("-->", at);
        else if (rest.starts_with("<?"))
            at = text.find("?>", at);
        else
            return rest.substr(1, rest.find_first_of(" \t\r\n/>") - 1);
        if (at == std::string_view::npos) break;
    }
    return {};
}

std::optional<std::string> scan_attribute(std::string_view tag, std::string_view name) {
    const std::string start = fmt::format(" {}='", name);
    const auto at = tag.find(start);
    if (at == std::string_view::npos) return std::nullopt;
    const auto begin = at + start.size();
    const auto end = tag.find('\'', begin);
    if (end == std::string_view::npos) return std::nullopt;
    return resolve_entities(tag.substr(begin, end - begin));
}

std::string resolve_entities(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 8> kEntities = {
        {{"&lt;", '<'},
         {"&gt;", '>'},
         {"&amp;", '&'},
         {"&quot;", '"'},
         {"&apos;", '\''},
         {"&#9;", '\t'},
         {"&#10;", '\n'},
         {"&#13;", '\r'}}};
    std::string out;
    while (!text.empty()) {
        const auto* const known =
            std::find_if(kEntities.begin(), kEntities.end(),
                         [text](const auto& entity) { return text.starts_with(entity.first); });
        out += known == kEntities.end() ? text.front() : known->second;
        text.remove_prefix(known == kEntities.end() ? 1 : known->first.size());
    }
    return out;
}

}  // namespace lxvirt::xml
