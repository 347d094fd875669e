// import-lxc: every container of lxc-tools becomes a domain.
#include <algorithm>
#include <set>

#include "base/file/file.hh"
#include "driver/native/containers.hh"
#include "driver/native/convert.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::shell {

namespace {

namespace native = driver::native;

constexpr Option kImportOptions[] = {
    {"lxcpath", OptionType::data, "folder that lxc keeps its containers in: /var/lib/lxc",
     complete_files},
    {"name", OptionType::argv, "only this container; may be given several times"},
    {"dry-run", OptionType::boolean, "show what would be done and define nothing"},
};

std::vector<native::LxcContainer> find_all(Session& session, const std::string& lxcpath,
                                           bool has_names) {
    std::vector<native::LxcContainer> found;
    try {
        found = native::find_containers(lxcpath);
    } catch (const base::Exception& error) {
        std::vector<std::string> lines{
            fmt::format("Failed to look for containers in '{}'", lxcpath), error.message()};
        if (has_names) lines.emplace_back("each name takes a --name of its own");
        throw Failure(lines);
    }
    if (!found.empty()) return found;
    if (base::exists(lxcpath + "/config"))
        give_up("'{}' is a container itself: give the folder that it is in, and --name", lxcpath);
    session.say_format("No folder in '{}' has a file 'config'\n", lxcpath);
    return found;
}

// Imports one container after another, and shows all of them at the end.
class Import {
  public:
    Import(Session& session, bool dry_run) : session_(session), dry_run_(dry_run) {}

    void add(const native::LxcContainer& container) {
        try {
            import(container);
        } catch (const base::Exception& error) {
            fail(container.name, error.message());
        }
    }

    void add_absent(const std::string& name, const std::string& lxcpath) {
        fail(name, fmt::format("there is no file '{}/{}/config'", lxcpath, name));
    }

    // False where a container failed.
    bool show() {
        session_.print(table_.text(!session_.options().quiet));
        std::string text;
        for (const std::string& line : lines_) text += line + "\n";
        if (!text.empty()) session_.print("\n" + text);
        for (const std::string& error : errors_) session_.error(error);
        return errors_.empty();
    }

  private:
    void import(const native::LxcContainer& container) {
        const native::Conversion made = native::convert(container.config, {.sets_autostart = true});
        const std::string& name = made.domain.name;
        const bool had = is_defined(name);
        if (!had) tell_lines(made.verdicts);
        const auto count = [&](native::Verdict verdict) {
            return std::to_string(made.verdicts.count(verdict));
        };
        if (!had && !dry_run_) define(made, container);
        table_.add({container.name, name,
                    had        ? "left alone"
                    : dry_run_ ? "good"
                               : "defined",
                    count(native::Verdict::exact), count(native::Verdict::kept),
                    count(native::Verdict::approximated), count(native::Verdict::not_translated)});
        names_.insert(name);
        if (had)
            tell(container, fmt::format("a domain '{}' is defined already: left as it is", name));
        else
            tell_state(container, made);
    }

    bool is_defined(const std::string& name) {
        if (names_.contains(name)) return true;
        try {
            (void)session_.connection().lookup_by_name(name);
            return true;
        } catch (const base::Error& error) {
            if (error.code() != base::ErrorCode::no_domain) throw;
            return false;
        }
    }

    void define(const native::Conversion& made, const native::LxcContainer& container) {
        const driver::Defined defined = session_.connection().define_xml(
            xml::format_domain(made.domain), container.config + " as domain XML", true);
        for (const std::string& notice : defined.notices) add_line(notice);
        if (made.autostart) session_.connection().set_autostart(defined.domain, true);
    }

    // Files that many include are told of once.
    void tell_lines(const native::Verdicts& verdicts) {
        for (const native::Entry& entry : verdicts.entries)
            if (entry.verdict != native::Verdict::exact) add_line(entry.message());
    }

    void fail(const std::string& name, const std::string& why) {
        table_.add({name, "-", "failed", "-", "-", "-", "-"});
        errors_.push_back(fmt::format("Failed to import container '{}'", name));
        errors_.push_back(why);
    }

    void tell_state(const native::LxcContainer& container, const native::Conversion& made) {
        const xml::Filesystem* root = made.domain.root();
        if (root != nullptr && !base::exists(root->source))
            tell(container, fmt::format("its root file system '{}' is not there", root->source));
        if (container.running)
            tell(container, "runs under lxc: end it with lxc-stop before it is started here");
        if (made.autostart)
            tell(container,
                 "starts with the host; where lxc does that as well, take lxc.start.auto out");
    }

    void tell(const native::LxcContainer& container, std::string_view what) {
        add_line(fmt::format("{}: {}", container.name, what));
    }

    void add_line(std::string line) {
        if (std::find(lines_.begin(), lines_.end(), line) == lines_.end())
            lines_.push_back(std::move(line));
    }

    Session& session_;
    bool dry_run_;
    terminal::Table table_{
        {"Container", "Domain", "Result", "Exact", "Kept", "Approximated", "Not translated"}};
    std::vector<std::string> lines_, errors_;
    std::set<std::string> names_;  // of this run
};

bool import_lxc(Session& session, const Invocation& invocation) {
    const std::string lxcpath =
        invocation.has("lxcpath") ? invocation.text("lxcpath") : native::kDefaultLxcPath;
    const std::vector<std::string> names = invocation.all("name");
    std::vector<native::LxcContainer> found = find_all(session, lxcpath, !names.empty());
    Import import(session, invocation.has("dry-run"));
    for (const native::LxcContainer& container : found)
        if (names.empty() || std::find(names.begin(), names.end(), container.name) != names.end())
            import.add(container);
    for (const std::string& name : names)
        if (std::none_of(found.begin(), found.end(),
                         [&](const auto& container) { return container.name == name; }))
            import.add_absent(name, lxcpath);
    return import.show();
}

constexpr Command kCommands[] = {
    {"import-lxc", "define the containers of lxc-tools",
     "Turn the configuration of every container that lxc keeps in a folder into a\n"
     "domain, define it, and set its autostart as lxc has it. A table shows what\n"
     "was done, and below it each line that is not translated exactly. Nothing of\n"
     "lxc's is changed. A domain that has the name already is left as it is.",
     kImportOptions, import_lxc, kInterruptible},
};

}  // namespace

std::span<const Command> import_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
