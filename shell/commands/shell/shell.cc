// cd, connect, echo, exit, help, pwd and quit, and the hidden command `complete`, which bash calls.
#include <unistd.h>

#include <cstdlib>

#include "base/error.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/complete.hh"
#include "shell/core/elsewhere.hh"
#include "shell/core/failure.hh"
#include "shell/core/help.hh"
#include "shell/core/quoting.hh"
#include "shell/core/session.hh"
#include "xml/document/writer.hh"

namespace lxvirt::shell {

namespace {

constexpr Option kCdOptions[] = {
    {"dir", OptionType::string, "the folder (default: your home folder)", complete_files},
};

// Fails outside of the interactive shell, as in virsh: the program would end in its new folder.
// Without an argument it goes to $HOME, or to / if that is unset.
bool cd(Session& session, const Invocation& invocation) {
    if (!session.interactive()) give_up("cd: command valid only in interactive mode");
    std::string folder = invocation.text("dir");
    if (folder.empty()) {
        const char* home = std::getenv("HOME");
        folder = home != nullptr && *home != '\0' ? home : "/";
    }
    if (chdir(folder.c_str()) != 0) give_up("cd: {}: {}", base::errno_text(errno), folder);
    return true;
}

// getcwd(3) with a null pointer allocates the text, whatever its length.
bool pwd(Session& session, const Invocation&) {
    char* folder = getcwd(nullptr, 0);
    if (folder == nullptr)
        give_up("pwd: cannot get current directory: {}", base::errno_text(errno));
    session.print_format("{}\n", folder);
    std::free(folder);
    return true;
}

constexpr Option kConnectOptions[] = {
    {"name", OptionType::string, "the URI (default: the default one)", nullptr, false, true},
    {"readonly", OptionType::boolean, "allow no changes"},
};

// Without a name it connects again to the present URI. The old connection stays if that fails.
bool connect(Session& session, const Invocation& invocation) {
    std::string uri = invocation.text("name");
    if (uri.empty()) uri = session.options().uri;
    session.connect(uri, invocation.has("readonly"));
    return true;
}

constexpr Option kEchoOptions[] = {
    {"shell", OptionType::boolean, "quoted for a shell"},
    {"xml", OptionType::boolean, "escaped for XML"},
    {"split", OptionType::boolean, "cut at each comma; two commas are one"},
    {"err", OptionType::boolean, "on stderr, as an error"},
    {"str", OptionType::alias, "string"},
    {"string", OptionType::argv, "what to print", nullptr, false, true},
};

// Prints the words, joined by blanks, without a newline: the blank line after each command ends
// them, as in virsh. --err prints them as an error, but the command succeeds.
bool echo(Session& session, const Invocation& invocation) {
    invocation.exclusive("shell", "xml");
    invocation.exclusive("shell", "split");
    invocation.exclusive("xml", "split");
    std::string out;
    bool first = true;
    for (const std::string& word : invocation.all("string")) {
        if (!first) out += ' ';
        first = false;
        if (invocation.has("shell"))
            out += quote_for_shell(word);
        else if (invocation.has("xml"))
            out += xml::escaped(word);
        else if (invocation.has("split"))
            out += split_at_commas(word);
        else
            out += word;
    }
    if (invocation.has("err"))
        session.error(out);
    else
        session.print(out);
    return true;
}

// Session ends the loop after this command; exit and quit are the same.
bool leave(Session& session, const Invocation&) {
    session.leave();
    return true;
}

// Returns what `help` explains: the keywords of groups, and their commands.
std::vector<std::string> complete_topics(Session&) {
    std::vector<std::string> topics;
    for (const Group& group : groups()) {
        topics.emplace_back(group.keyword);
        for (const Command& command : group.commands)
            if (!command.has(kHidden)) topics.emplace_back(command.name);
    }
    return topics;
}

constexpr Option kHelpOptions[] = {
    {"command", OptionType::string, "a command, or the keyword of a group", complete_topics},
};

// A command is found before a group of the same word: `help event` explains the command, and `help
// events` lists the group.
bool help(Session& session, const Invocation& invocation) {
    if (!invocation.has("command")) {
        session.print(all_help(groups()));
        return true;
    }
    const std::string topic = invocation.text("command");
    if (const Command* command = find_command(groups(), topic)) {
        session.print(command_help(*command));
        return true;
    }
    // virsh calls the group of its own commands "virsh"; both words work here.
    const Group* group = find_group(groups(), topic == "virsh" ? "shell" : topic);
    if (group == nullptr) {
        std::vector<std::string> lines = unknown_command_lines(groups(), topic);
        lines.front() = fmt::format("command or command group '{}' doesn't exist", topic);
        throw Failure(std::move(lines));
    }
    session.print(group_help(*group));
    return true;
}

constexpr Option kCompleteOptions[] = {
    {"string", OptionType::argv, "the words so far, the last one unfinished", nullptr, false, true},
};

// Prints the candidates for the last word, a line each, and fails if there are none. The output is
// read by the completion script of bash.
bool complete(Session& session, const Invocation& invocation) {
    const std::vector<std::string> candidates =
        complete_words(session, groups(), invocation.all("string"));
    for (const std::string& candidate : candidates) session.print_format("{}\n", candidate);
    return !candidates.empty();
}

constexpr Command kCommands[] = {
    {"cd", "go to another folder", "Change the folder to which relative file names refer.",
     kCdOptions, cd, kNoConnection},
    {"complete",
     "candidates for the last word",
     {},
     kCompleteOptions,
     complete,
     kNoConnection | kHidden},
    {"connect", "connect to another set of containers",
     "Connect to another root, or to the same one again.", kConnectOptions, connect, kNoConnection},
    {"echo", "print words", "Print words, which shows how the shell reads a line.", kEchoOptions,
     echo, kNoConnection},
    {"exit", "leave this shell", {}, {}, leave, kNoConnection | kLeavesShell},
    {"help", "list the commands, or explain one",
     "Without an argument, list all commands; with a command, explain it; with\n"
     "the keyword of a group, list the group.",
     kHelpOptions, help, kNoConnection},
    {"pwd",
     "print the current folder",
     "Print the folder to which relative file names refer.",
     {},
     pwd,
     kNoConnection},
    {"quit", "leave this shell", {}, {}, leave, kNoConnection | kLeavesShell},
};

}  // namespace

std::span<const Command> shell_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
