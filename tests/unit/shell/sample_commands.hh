// A small table of commands of every option type, for the tests of what reads tables.
#pragma once

#include <vector>

#include "shell/core/command.hh"
#include "shell/core/failure.hh"

namespace lxvirt::shell::test {

inline bool do_nothing(Session&, const Invocation&) {
    return true;
}
inline std::vector<std::string> complete_pets(Session&) {
    return {"dog", "cat", "dormouse"};
}
inline std::vector<std::string> complete_nothing_by_failing(Session&) {
    give_up("no pets today");
}

inline constexpr Option kFeedOptions[] = {
    {"pet", OptionType::data, "who", complete_pets, true},
    {"food", OptionType::string, "what"},
    {"grams", OptionType::integer, "how much"},
    {"warm", OptionType::boolean, "warmed up"},
};
inline constexpr Option kSayOptions[] = {
    {"loud", OptionType::boolean, "loudly"},
    {"str", OptionType::alias, "string"},
    {"hello", OptionType::alias, "string=hello"},
    {"string", OptionType::argv, "what to say", nullptr, false, true},
};
inline constexpr Option kSellOptions[] = {
    {"pet", OptionType::data, "who", complete_nothing_by_failing, true},
    {"price", OptionType::integer, "in cents", nullptr, true},
    {"to", OptionType::string, "whom", nullptr, true},
    {"note", OptionType::argv, "remarks"},
};
inline constexpr Command kPetCommands[] = {
    {"feed", "feed a pet", "Put food\ninto its bowl.", kFeedOptions, do_nothing},
    {"say", "say words", {}, kSayOptions, do_nothing},
    {"secret", "not shown", {}, {}, do_nothing, kHidden},
};
inline constexpr Command kShopCommands[] = {
    {"sell", "sell a pet", {}, kSellOptions, do_nothing},
};
inline constexpr Group kGroups[] = {
    {"Pets", "pets", kPetCommands},
    {"The shop", "shop", kShopCommands},
};

// What `act` fails with, its lines joined by '|'; "no failure" when it does not.
template <typename Act>
std::string failure_of(Act&& act) {
    try {
        act();
    } catch (const Failure& failure) {
        std::string out;
        for (const std::string& line : failure.lines()) {
            if (!out.empty()) out += '|';
            out += line;
        }
        return out;
    }
    return "no failure";
}

}  // namespace lxvirt::shell::test
