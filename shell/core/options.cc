#include "shell/core/options.hh"

#include <getopt.h>

#include <charconv>

#include "shell/core/failure.hh"

namespace lxvirt::shell {

namespace {

// Returns the number that is all of `text`, or nullopt.
std::optional<long> whole_number(const std::string& text) {
    long number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
    return number;
}

// The codes of --version and --color, above all characters because the options have no letters of
// their own.
constexpr int kVersionOption = 0x100;
constexpr int kColorOption = 0x101;

constexpr option kLongOptions[] = {
    {"color", required_argument, nullptr, kColorOption},
    {"connect", required_argument, nullptr, 'c'},
    {"debug", required_argument, nullptr, 'd'},
    {"escape", required_argument, nullptr, 'e'},
    {"help", no_argument, nullptr, 'h'},
    {"keepalive-interval", required_argument, nullptr, 'k'},
    {"keepalive-count", required_argument, nullptr, 'K'},
    {"log", required_argument, nullptr, 'l'},
    {"quiet", no_argument, nullptr, 'q'},
    {"readonly", no_argument, nullptr, 'r'},
    {"timing", no_argument, nullptr, 't'},
    {"version", optional_argument, nullptr, kVersionOption},
    {nullptr, 0, nullptr, 0},
};

// Sets the level of -d. As in virsh, a number out of range is a warning, and no number is an error.
void set_level(ParsedOptions& parsed, const std::string& text) {
    const std::optional<long> level = whole_number(text);
    if (!level) give_up("option -d takes a numeric argument");
    if (*level < 0 || *level > static_cast<long>(Level::error)) {
        parsed.warnings.push_back(
            fmt::format("ignoring debug level {} out of range [0-4]", *level));
        return;
    }
    parsed.options.level = static_cast<Level>(*level);
}

// Sets when the output is coloured.
void set_color(ParsedOptions& parsed, const std::string& text) {
    using terminal::ColorMode;
    if (text == "auto")
        parsed.options.color = ColorMode::automatic;
    else if (text == "always")
        parsed.options.color = ColorMode::always;
    else if (text == "never")
        parsed.options.color = ColorMode::never;
    else
        give_up("--color is auto, always or never, not '{}'", text);
}

// Checks a value of -k or -K and drops it: there is no connection that could be kept alive. Throws
// Failure in virsh's words.
void check_keepalive(char option, const std::string& text) {
    const std::optional<long> value = whole_number(text);
    if (!value) give_up("Invalid value for option -{}", option);
    if (*value < 0) give_up("option -{} requires a positive integer argument", option);
}

// Throws Failure for an option that getopt_long(3) refused. `code` is ':' for a missing argument,
// else '?'.
[[noreturn]] void bad_option(int code, const std::vector<char*>& argv) {
    if (code == ':') {
        for (const option* known = kLongOptions; known->name != nullptr; ++known) {
            if (known->val == optopt) {
                if (optopt >= kVersionOption)
                    give_up("option '--{}' requires an argument", known->name);
                give_up("option '-{}'/'--{}' requires an argument", static_cast<char>(optopt),
                        known->name);
            }
        }
    }
    const char* word = argv[static_cast<std::size_t>(optind) - 1];
    if (optopt > 0 && optopt < kVersionOption)
        give_up("unsupported option '-{}'. See --help.", static_cast<char>(optopt));
    give_up("unsupported option '{}'. See --help.", word);
}

// Stores one option that getopt_long(3) returned. As in virsh, --version with a TYPE other than
// "long" is the short text.
void apply(ParsedOptions& parsed, int code, const std::string& value) {
    ProgramOptions& options = parsed.options;
    switch (code) {
        case 'c': options.uri = value; break;
        case 'd': set_level(parsed, value); break;
        case 'e':
            (void)escape_byte(value);
            options.escape = value;
            break;
        case 'h': options.help = true; break;
        case 'k':
        case 'K': check_keepalive(static_cast<char>(code), value); break;
        case 'l': options.log_file = value; break;
        case 'q': options.quiet = true; break;
        case 'r': options.read_only = true; break;
        case 't': options.timing = true; break;
        case 'v': options.version = VersionText::short_; break;
        case 'V': options.version = VersionText::long_; break;
        case kColorOption: set_color(parsed, value); break;
        case kVersionOption:
            options.version = value == "long" ? VersionText::long_ : VersionText::short_;
            break;
        default: break;
    }
}

// Reads virsh's variables, under virsh's names so that scripts written for virsh keep their
// meaning. $LIBVIRT_DEFAULT_URI is the driver's to read.
void read_environment(ParsedOptions& parsed, const Environment& environment) {
    if (const auto level = environment("VIRSH_DEBUG")) {
        const std::optional<long> number = whole_number(*level);
        if (number && *number >= 0 && *number <= static_cast<long>(Level::error))
            parsed.options.level = static_cast<Level>(*number);
        else
            parsed.warnings.emplace_back("VIRSH_DEBUG not set with a valid numeric value");
    }
    if (const auto file = environment("VIRSH_LOG_FILE")) parsed.options.log_file = *file;
    if (const auto uri = environment("VIRSH_DEFAULT_CONNECT_URI")) parsed.options.uri = *uri;
}

}  // namespace

char escape_byte(const std::string& text) {
    if (text.size() == 1 && text[0] != '^') return text[0];
    if (text.size() == 2 && text[0] == '^') {
        char c = text[1];
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (c >= '@' && c <= '_') return static_cast<char>(c ^ 0x40);
    }
    give_up("Invalid string '{}' for escape sequence", text);
}

ParsedOptions parse_program_options(const std::vector<std::string>& arguments,
                                    const Environment& environment) {
    ParsedOptions parsed;
    read_environment(parsed, environment);
    std::vector<std::string> copies = arguments;  // getopt_long(3) wants char*
    std::vector<char*> argv;
    for (std::string& copy : copies) argv.push_back(copy.data());
    argv.push_back(nullptr);
    if (!arguments.empty()) {
        const std::string& path = arguments[0];
        parsed.options.program = path.substr(path.rfind('/') + 1);
    }
    optind = 0;  // makes glibc forget an earlier call, which tests make
    const int count = static_cast<int>(arguments.size());
    // '+' ends the options at the command's name; ':' leaves the error messages to bad_option().
    constexpr const char* kShort = "+:c:d:e:hk:K:l:qrtvV";
    for (int code = 0;
         (code = getopt_long(count, argv.data(), kShort, kLongOptions, nullptr)) != -1;) {
        if (code == ':' || code == '?') bad_option(code, argv);
        apply(parsed, code, optarg == nullptr ? std::string() : std::string(optarg));
        // virsh acts on --help and --version as soon as it meets them: a mistake after them is not
        // seen.
        if (parsed.options.version != VersionText::none || parsed.options.help) break;
    }
    for (auto i = static_cast<std::size_t>(optind); i < arguments.size(); ++i)
        parsed.options.words.push_back(arguments[i]);
    return parsed;
}

}  // namespace lxvirt::shell
