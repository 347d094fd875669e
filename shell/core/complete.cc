#include "shell/core/complete.hh"

#include <utility>

#include <fmt/format.h>

#include "shell/core/parser.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

bool is_option(std::string_view word) {
    return word.starts_with("--");
}

// Follows the finished words of a command as the parser would, but skips what the parser would
// refuse: a line that is being typed is often not valid yet.
class Follower {
  public:
    explicit Follower(const Command& command) : invocation_(command) {}

    void take(const std::string& word) {
        if (waiting_ != nullptr)
            invocation_.add(*std::exchange(waiting_, nullptr), word);
        else if (!only_data_ && word == "--")
            only_data_ = true;
        else if (!only_data_ && is_option(word))
            take_option(std::string_view(word).substr(2));
        else if (const Option* option = next_data_option(invocation_))
            invocation_.add(*option, word);
    }

    // Returns the option whose value the next word is, whatever it looks like: "--mode" stands
    // before. Null if the next word is an option or a bare word.
    [[nodiscard]] const Option* waiting() const { return waiting_; }
    // Says whether "--" has come, after which no word is an option.
    [[nodiscard]] bool only_data() const { return only_data_; }
    [[nodiscard]] const Invocation& invocation() const { return invocation_; }

  private:
    void take_option(std::string_view word) {
        const std::size_t equals = word.find('=');
        std::string value;
        const Option* option = resolve_option(invocation_.command(), word.substr(0, equals), value);
        if (option == nullptr) return;
        const bool complete =
            !takes_value(*option) || equals != std::string_view::npos || !value.empty();
        if (complete)
            invocation_.add(*option, value);
        else
            waiting_ = option;
    }

    Invocation invocation_;
    const Option* waiting_ = nullptr;
    bool only_data_ = false;
};

// Appends `candidate` to `out` if it begins with `word`.
void add_matching(std::vector<std::string>& out, std::string_view word, std::string candidate) {
    if (candidate.starts_with(word)) out.push_back(std::move(candidate));
}

std::vector<std::string> command_names(std::span<const Group> groups, std::string_view word) {
    std::vector<std::string> out;
    for (const Group& group : groups) {
        for (const Command& command : group.commands)
            if (!command.has(kHidden)) add_matching(out, word, std::string(command.name));
    }
    return out;
}

// Returns the candidates of the option's completer that begin with `word`.
std::vector<std::string> values(Session& session, const CompletionPlace& place,
                                std::string_view word) {
    std::vector<std::string> out;
    if (place.option == nullptr || place.option->completer == nullptr) return out;
    const Session::UnfinishedLine line(session, place.before);
    try {
        for (std::string& value : place.option->completer(session))
            add_matching(out, word, std::move(value));
    } catch (const std::exception&) {
        // An error message would tear the line that is being typed; the command prints it when it
        // runs.
        return {};
    }
    return out;
}

}  // namespace

std::vector<std::string> complete_files(Session&) {
    return {};
}

CompletionPlace completion_place(std::span<const Group> groups,
                                 std::span<const std::string> words) {
    CompletionPlace place;
    if (words.size() <= 1) {
        place.kind = CompletionPlace::Kind::command;
        return place;
    }
    place.command = find_command(groups, words[0]);
    if (place.command == nullptr) return place;
    Follower follower(*place.command);
    for (const std::string& word : words.subspan(1, words.size() - 2)) follower.take(word);
    for (const Option& option : place.command->options) {
        const bool used = follower.invocation().has(option.name);
        if (option.type != OptionType::alias && (!used || option.type == OptionType::argv))
            place.unused.push_back(&option);
    }
    const std::string& last = words.back();
    if (follower.waiting() == nullptr && !follower.only_data() && last.starts_with("-")) {
        place.kind = CompletionPlace::Kind::option;
        return place;
    }
    place.kind = CompletionPlace::Kind::value;
    place.option = follower.waiting() != nullptr ? follower.waiting()
                                                 : next_data_option(follower.invocation());
    place.before = follower.invocation();
    place.file = place.option != nullptr && place.option->completer == complete_files;
    // No bare word fits here any more, so an empty word can only become an option.
    if (place.option == nullptr && !follower.only_data() && last.empty())
        place.kind = CompletionPlace::Kind::option;
    return place;
}

std::vector<std::string> complete_words(Session& session, std::span<const Group> groups,
                                        std::span<const std::string> words) {
    using Kind = CompletionPlace::Kind;
    const CompletionPlace place = completion_place(groups, words);
    const std::string_view last = words.empty() ? std::string_view() : words.back();
    if (place.kind == Kind::command) return command_names(groups, last);
    std::vector<std::string> out;
    if (place.kind == Kind::value) {
        out = values(session, place, last);
        // An empty word for which the completer knows nothing gets the names of the options
        // instead.
        if (!out.empty() || !last.empty() || place.file) return out;
    }
    if (place.kind == Kind::nothing) return out;
    for (const Option* option : place.unused)
        add_matching(out, last, fmt::format("--{}", option->name));
    return out;
}

}  // namespace lxvirt::shell
