#include "shell/core/lexer.hh"

#include "shell/core/failure.hh"

namespace lxvirt::shell {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
bool is_separator(char c) {
    return c == ';' || c == '\n';
}

// Reads one line. Adjacent quoted and unquoted parts are one word, as in sh(1).
class Lexer {
  public:
    Lexer(std::string_view line, bool unfinished) : line_(line), unfinished_(unfinished) {}

    std::vector<Token> run() {
        while (at_ < line_.size()) {
            const char c = line_[at_];
            if (is_blank(c))
                ++at_;
            else if (is_separator(c))
                tokens_.push_back({Token::Kind::separator, {}, at_++});
            else if (c == '#')
                at_ = std::min(line_.find('\n', at_), line_.size());
            else if (c == '\\' && at_ + 1 < line_.size() && line_[at_ + 1] == '\n')
                at_ += 2;
            else
                word();
        }
        return std::move(tokens_);
    }

    // Says whether the last word reaches the end of the line.
    [[nodiscard]] bool open() const { return open_; }

  private:
    void word() {
        Token token{Token::Kind::word, {}, at_};
        char quote = 0;
        for (; at_ < line_.size(); ++at_) {
            const char c = line_[at_];
            if (quote == 0 && (is_blank(c) || is_separator(c))) break;
            if (quote != 0 && c == quote)
                quote = 0;
            else if (quote == 0 && (c == '"' || c == '\''))
                quote = c;
            else if (c == '\\' && quote != '\'')
                escape(token.text);
            else
                token.text += c;
        }
        open_ = at_ >= line_.size();
        if (quote != 0 && !unfinished_) give_up("missing {}", quote);
        tokens_.push_back(std::move(token));
    }

    // Takes the character after a backslash as it is; a backslash before a newline continues the
    // line. Between single quotes a backslash has no meaning, so the caller does not come here.
    void escape(std::string& text) {
        if (at_ + 1 >= line_.size()) {
            if (!unfinished_) give_up("dangling \\");
            return;
        }
        ++at_;
        if (line_[at_] != '\n') text += line_[at_];
    }

    std::string_view line_;
    bool unfinished_;
    bool open_ = false;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> split_line(std::string_view line) {
    return Lexer(line, false).run();
}

std::vector<Token> split_unfinished(std::string_view line, bool& last_is_open) {
    Lexer lexer(line, true);
    std::vector<Token> tokens = lexer.run();
    last_is_open = lexer.open() && !tokens.empty() && tokens.back().kind == Token::Kind::word;
    return tokens;
}

std::vector<Token> tokens_of(std::span<const std::string> words) {
    std::vector<Token> tokens;
    for (const std::string& word : words) tokens.push_back({Token::Kind::word, word, 0});
    return tokens;
}

}  // namespace lxvirt::shell
