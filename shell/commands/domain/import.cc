// import-lxc: defines a domain for every container of lxc-tools. virsh has no such command. The
// conversion of one file is the driver's (domxml-from-native); this file shows the results
// together.
#include <algorithm>
#include <set>

#include "base/file/file.hh"
#include "shell/commands/lookup.hh"
#include "shell/commands/tables.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"
#include "terminal/table.hh"

namespace lxvirt::shell {

namespace {

namespace native = driver::native;

constexpr std::string_view kFormat = "lxc-tools";

constexpr Option kImportOptions[] = {
    {"lxcpath", OptionType::data, "the folder of lxc's containers (default: /var/lib/lxc)",
     complete_files},
    {"name", OptionType::argv, "import only this container; may be given several times"},
    {"dry-run", OptionType::boolean, "show what would be done and define nothing"},
    {"lossy", OptionType::boolean,
     "import also what would be less isolated than under lxc, or what others can change"},
};

// Returns the containers in the folder. Throws Failure if the folder cannot be read, and for two
// common mistakes: several words after one --name, and the path of a container instead of the
// folder above.
std::vector<driver::NativeContainer> find_all(Session& session, const std::string& lxcpath,
                                              bool has_names) {
    std::vector<driver::NativeContainer> found;
    try {
        found = session.connection().list_native(std::string(kFormat), lxcpath);
    } catch (const base::Exception& error) {
        std::vector<std::string> lines{
            fmt::format("Failed to look for containers in '{}'", lxcpath), error.message()};
        if (has_names) lines.emplace_back("each name takes a --name of its own");
        throw Failure(lines);
    }
    if (!found.empty()) return found;
    if (base::exists(lxcpath + "/config"))
        give_up("'{}' is a container itself: give the folder that it is in, and --name", lxcpath);
    session.print_extra_format("No folder in '{}' has a file 'config'\n", lxcpath);
    return found;
}

// Imports one container after another and keeps what is to be printed: a table, then lines about
// what was not exact, then the errors. A container that fails does not stop the others.
class Import {
  public:
    Import(Session& session, bool dry_run, bool lossy)
        : session_(session), dry_run_(dry_run), lossy_(lossy) {}

    // Imports one container; a failure becomes a row of the table and an error.
    void add(const driver::NativeContainer& container) {
        try {
            import(container);
        } catch (const base::Exception& error) {
            fail(container.name, error.message());
        }
    }

    // Adds an error for a --name without a container.
    void add_absent(const std::string& name, const std::string& lxcpath) {
        fail(name, fmt::format("there is no file '{}/{}/config'", lxcpath, name));
    }

    // Prints everything. Returns false if a container failed.
    bool show() {
        session_.print(table_.text(!session_.options().quiet));
        std::string text;
        for (const std::string& line : lines_) text += line + "\n";
        if (!text.empty()) session_.print("\n" + text);
        for (const std::string& error : errors_) session_.error(error);
        return errors_.empty();
    }

  private:
    // Converts one container and defines it, unless a domain of the name exists, which is never
    // replaced. Throws base::Exception.
    void import(const driver::NativeContainer& container) {
        const driver::FromNative made = session_.connection().xml_from_native(
            std::string(kFormat),
            {.path = container.config, .sets_autostart = true, .lossy = lossy_});
        const std::string& name = made.name;
        const bool had = is_defined(name);
        if (!had) add_entries(made.verdicts);
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
            add_line_about(container,
                           fmt::format("a domain '{}' is defined already: left as it is", name));
        else
            add_state(container, made);
    }

    // Says whether a domain of this name is defined, or would be by this run: with --dry-run the
    // driver does not know the names of the containers before this one.
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

    // Stores the domain with its autostart; notices of the document join the lines.
    void define(const driver::FromNative& made, const driver::NativeContainer& container) {
        auto flags = driver::DefineFlags::validate;
        if (made.autostart) flags |= driver::DefineFlags::autostart;
        const driver::Defined defined =
            session_.connection().define_xml(made.xml, container.config + " as domain XML", flags);
        for (const std::string& notice : defined.notices) add_line(notice);
    }

    // Adds a line for each key that is not translated exactly.
    void add_entries(const native::Verdicts& verdicts) {
        for (const native::Entry& entry : verdicts.entries)
            if (entry.verdict != native::Verdict::exact) add_line(entry.message());
    }

    void fail(const std::string& name, const std::string& why) {
        table_.add({name, "-", "failed", "-", "-", "-", "-"});
        errors_.push_back(fmt::format("Failed to import container '{}'", name));
        errors_.push_back(why);
    }

    // Adds what the user should know before the first start of the domain.
    void add_state(const driver::NativeContainer& container, const driver::FromNative& made) {
        if (!made.missing_root.empty())
            add_line_about(container, fmt::format("its root file system '{}' is not there",
                                                  made.missing_root));
        if (container.running)
            add_line_about(container,
                           "runs under lxc: end it with lxc-stop before it is started here");
        if (made.autostart)
            add_line_about(
                container,
                "starts with the host; where lxc does that as well, take lxc.start.auto out");
    }

    void add_line_about(const driver::NativeContainer& container, std::string_view what) {
        add_line(fmt::format("{}: {}", container.name, what));
    }

    // Adds the line once: a file that many containers include gives the same lines each time.
    void add_line(std::string line) {
        if (std::find(lines_.begin(), lines_.end(), line) == lines_.end())
            lines_.push_back(std::move(line));
    }

    Session& session_;
    bool dry_run_;
    bool lossy_;
    terminal::Table table_{
        {"Container", "Domain", "Result", "Exact", "Kept", "Approximated", "Not translated"}};
    std::vector<std::string> lines_, errors_;
    std::set<std::string> names_;  // the domains that this run defined or found
};

bool import_lxc(Session& session, const Invocation& invocation) {
    const std::string lxcpath = invocation.has("lxcpath") ? invocation.text("lxcpath")
                                                          : std::string(driver::kDefaultLxcPath);
    const std::vector<std::string> names = invocation.all("name");
    std::vector<driver::NativeContainer> found = find_all(session, lxcpath, !names.empty());
    Import import(session, invocation.has("dry-run"), invocation.has("lossy"));
    for (const driver::NativeContainer& container : found)
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
     "domain, define it, and set its autostart as lxc has it. The output is a table\n"
     "of the containers, and then each line that is not translated exactly. No\n"
     "file of lxc is changed. An existing domain of the same name is left alone.",
     kImportOptions, import_lxc, kInterruptible},
};

}  // namespace

std::span<const Command> import_commands() {
    return kCommands;
}

}  // namespace lxvirt::shell
