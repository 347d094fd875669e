#include "shell/core/parser.hh"

#include "shell/core/elsewhere.hh"
#include "shell/core/failure.hh"

namespace lxvirt::shell {

bool takes_value(const Option& option) {
    return option.type != OptionType::boolean && option.type != OptionType::alias;
}

const Option* next_data_option(const Invocation& invocation) {
    for (const Option& option : invocation.command().options) {
        if (!takes_value(option)) continue;
        if (option.type == OptionType::argv || !invocation.has(option.name)) return &option;
    }
    return nullptr;
}

const Option* resolve_option(const Command& command, std::string_view word, std::string& value) {
    const Option* option = command.find_option(word);
    if (option == nullptr || option->type != OptionType::alias) return option;
    const std::size_t equals = option->help.find('=');
    if (equals != std::string_view::npos) value = option->help.substr(equals + 1);
    return command.find_option(option->help.substr(0, equals));
}

namespace {

// Every command of virsh has --help without naming it in its table.
constexpr std::string_view kHelpOption = "help";

// Parses the words of one command, from behind its name to the next separator.
class CommandParser {
  public:
    CommandParser(std::span<const Token> tokens, const Command& command)
        : tokens_(tokens), invocation_(command) {}

    Invocation run() {
        bool only_data = false;
        while (at_ < tokens_.size()) {
            const std::string& word = tokens_[at_++].text;
            if (!only_data && word == "--")
                only_data = true;
            else if (!only_data && word.size() > 2 && word.starts_with("--"))
                option(std::string_view(word).substr(2));
            else
                data(word);
        }
        if (!invocation_.help()) require_all();
        return std::move(invocation_);
    }

  private:
    // Takes the option `word`, without its "--", and its value if that is the next word. A value
    // may begin with "--": virsh takes whatever comes.
    void option(std::string_view word) {
        const Command& command = invocation_.command();
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const bool attached = equals != std::string_view::npos;
        if (name == kHelpOption && command.find_option(name) == nullptr) {
            if (attached) give_up("invalid '=' after option --{}", name);
            invocation_.ask_help();
            return;
        }
        std::string value;
        const Option* option = resolve_option(command, name, value);
        if (option == nullptr)
            give_up("command '{}' doesn't support option --{}", command.name, name);
        if (option->type != OptionType::argv && invocation_.has(option->name))
            give_up("option --{} already seen", option->name);
        if (!takes_value(*option)) {
            if (attached) give_up("invalid '=' after option --{}", name);
        } else if (attached) {
            value = word.substr(equals + 1);
        } else if (value.empty()) {
            if (at_ >= tokens_.size()) {
                give_up("expected syntax: --{} <{}>", name,
                        option->type == OptionType::integer ? "number" : "string");
            }
            value = tokens_[at_++].text;
        }
        invocation_.add(*option, std::move(value));
    }

    // Gives a bare word to the next option without a value. Throws Failure if there is none.
    void data(const std::string& word) {
        const Option* option = next_data_option(invocation_);
        // After --help the command is only explained, so words too many do no harm.
        if (option == nullptr && invocation_.help()) return;
        if (option == nullptr) give_up("unexpected data '{}'", word);
        invocation_.add(*option, word);
    }

    // Throws Failure with a line for each required option that was not given, as virsh names them.
    void require_all() const {
        std::vector<std::string> lines;
        for (const Option& option : invocation_.command().options) {
            if (!option.required || invocation_.has(option.name)) continue;
            const bool named =
                option.type == OptionType::string || option.type == OptionType::integer;
            lines.push_back(fmt::format(
                "command '{}' requires {} option", invocation_.command().name,
                named ? fmt::format("--{}", option.name) : fmt::format("<{}>", option.name)));
        }
        if (!lines.empty()) throw Failure(std::move(lines));
    }

    std::span<const Token> tokens_;
    std::size_t at_ = 0;
    Invocation invocation_;
};

}  // namespace

std::vector<Invocation> parse(std::span<const Group> groups, const std::vector<Token>& tokens) {
    std::vector<Invocation> invocations;
    std::size_t begin = 0;
    while (begin < tokens.size()) {
        std::size_t end = begin;
        while (end < tokens.size() && tokens[end].kind == Token::Kind::word) ++end;
        if (end > begin) {
            const std::string& name = tokens[begin].text;
            const Command* command = find_command(groups, name);
            if (command == nullptr) throw Failure(unknown_command_lines(groups, name));
            const std::span<const Token> rest(&tokens[begin] + 1, end - begin - 1);
            invocations.push_back(CommandParser(rest, *command).run());
        }
        begin = end + 1;
    }
    return invocations;
}

}  // namespace lxvirt::shell
