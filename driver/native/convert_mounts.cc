// Converts what is mounted below the root: mount.entry, mount.fstab, mount.auto, autodev.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/mount_table.hh"
#include "base/text/text.hh"
#include "driver/native/context.hh"

namespace lxvirt::driver::native {

namespace {

using xml::Filesystem;
using xml::FilesystemType;

// A line of an fstab, from the configuration or from a file.
struct Row {
    std::string source, target, type, options;
};

// Converts such lines one by one.
class Mounts {
  public:
    Mounts(Context& context) : context_(context) {
        for (const Filesystem& filesystem : context.domain.filesystems)
            if (filesystem.target == "/") root_ = filesystem.source;
        // lxc takes an absolute target below LXCPATH/NAME/rootfs as well as one below the root's
        // path.
        lxc_root_ = context.folder + "/rootfs";
    }

    // Receives the verdict on a line.
    using Judge = std::function<void(Verdict, std::string)>;
    // Converts a line. The order of the mounts stays: a mount that touches an <lx:mount> before it
    // becomes one, too, since those are made after all others.
    void convert(std::string_view text, const Judge& judge) {
        // The type and the options may be missing, as in getmntent(3), with which lxc reads such a
        // line.
        const auto words = base::split_words(text);
        if (words.size() < 2)
            return judge(Verdict::not_translated, "not 'SOURCE TARGET TYPE OPTIONS'");
        Row row{base::unescape_octal(words[0]), base::unescape_octal(words[1]),
                words.size() > 2 ? std::string(words[2]) : "none",
                words.size() > 3 ? std::string(words[3]) : ""};
        const auto target = inside(row.target);
        if (!target)
            return judge(Verdict::not_translated,
                         fmt::format("lxc passes it over: '{}' is not below the root '{}'",
                                     row.target, root_));
        row.target = *target;
        place(row, judge);
    }

  private:
    // Returns the path in the container: a relative target is below the root, and an absolute one
    // begins with the root. Nothing for any other, which lxc ignores.
    [[nodiscard]] std::optional<std::string> inside(const std::string& target) const {
        // A target with ".." could leave the root.
        std::string path = target;
        for (const std::string_view part : base::split(path, '/'))
            if (part == "..") return std::nullopt;
        if (path.starts_with('/')) {
            const auto below = [&](const std::string& root) {
                return root.size() > 1 && path.starts_with(root) &&
                       (path.size() == root.size() || path[root.size()] == '/');
            };
            if (below(root_))
                path.erase(0, root_.size());
            else if (below(lxc_root_))
                path.erase(0, lxc_root_.size());
            else
                return std::nullopt;
        }
        std::string clean = base::clean_path("/" + path);
        // The root itself is no mount entry's business.
        if (clean == "/") return std::nullopt;
        return clean;
    }

    // Finds the element that expresses the line; <lx:mount> stores a line that has none.
    void place(const Row& row, const Judge& judge) {
        if (own(row, judge) || device(row) || memory(row) || bind(row)) return;
        context_.domain.container.mounts.push_back({row.source, row.target, row.type, row.options});
        judge(Verdict::kept, "as <lx:mount>");
    }

    // Says whether one of two paths is at or below the other.
    static bool touches(std::string_view a, std::string_view b) {
        if (a.size() > b.size()) std::swap(a, b);
        return b.starts_with(a) && (a.size() == b.size() || b[a.size()] == '/');
    }
    // Says whether an <lx:mount> so far is on the path, above or below it.
    [[nodiscard]] bool touches_mount(const std::string& target) const {
        const auto& mounts = context_.domain.container.mounts;
        return std::any_of(mounts.begin(), mounts.end(), [&](const xml::ContainerMount& mount) {
            return touches(mount.target, target);
        });
    }

    // Takes a mount that every container gets from lxvirt. Where lxc's would be read-only, ours
    // becomes so. The host's /proc on the container's is replaced by lxc, too, as it does not show
    // the init.
    [[nodiscard]] bool own(const Row& row, const Judge& judge) const {
        const bool usual = (row.type == "proc" && row.target == "/proc") ||
                           (row.type == "sysfs" && row.target == "/sys") ||
                           (row.type == "devpts" && row.target == "/dev/pts") ||
                           (row.type == "tmpfs" && row.target == "/dev") ||
                           (is_bind(row) && row.source == "/proc" && row.target == "/proc");
        if (!usual) return false;
        const auto options = base::split(row.options, ',');
        const bool closes =
            row.type != "sysfs" && std::find(options.begin(), options.end(), "ro") != options.end();
        if (closes) context_.domain.container.readonly_paths.push_back({row.target, true});
        judge(Verdict::approximated, fmt::format("lxvirt mounts its own on '{}'{}", row.target,
                                                 closes ? ", and <lx:readonly>" : ""));
        return true;
    }

    static bool is_bind(const Row& row) {
        const auto options = base::split(row.options, ',');
        return std::any_of(options.begin(), options.end(), [](std::string_view option) {
            return option == "bind" || option == "rbind";
        });
    }

    // Takes a bind of a device node of the host at the same path: it becomes a <hostdev>, which
    // makes the node and allows its use.
    bool device(const Row& row) {
        const char kind = context_.facts.kind(row.source);
        if ((kind != 'c' && kind != 'b') || row.target != row.source) return false;
        if (touches_mount(row.target)) return false;
        // Other options, such as "optional" or "ro", have no place in a <hostdev>.
        for (const std::string_view option : base::split(row.options, ','))
            if (option != "bind" && option != "rbind" && !means_nothing(option)) return false;
        xml::Hostdev device;
        device.type = kind == 'c' ? xml::HostdevType::misc : xml::HostdevType::storage;
        device.source = row.source;
        context_.domain.hostdevs.push_back(std::move(device));
        // A bind shows the host's node.
        context_.domain.container.hostdevs.push_back(
            {.source = row.source, .name = {}, .mac = {}, .mtu = {}, .host_permissions = true});
        return true;
    }

    // Says whether an option states what is so in any case: a missing target is always made.
    static bool means_nothing(std::string_view option) {
        return option.empty() || base::contains_word("rw defaults create=dir create=file", option);
    }

    // Takes a tmpfs that <filesystem type='ram'> can express, which has a mode and flags of its own.
    bool memory(const Row& row) {
        if (row.type != "tmpfs") return false;
        std::optional<Size> size;
        bool mode = false, nosuid = false, nodev = false;
        for (const std::string_view option : base::split(row.options, ',')) {
            mode = mode || option == "mode=755";
            nosuid = nosuid || option == "nosuid";
            nodev = nodev || option == "nodev";
            if (option.starts_with("size="))
                size = parse_size(option.substr(5), "kmg");
            else if (!means_nothing(option) &&
                     !base::contains_word("mode=755 nosuid nodev", option))
                return false;
        }
        if (!mode || !nosuid || !nodev) return false;
        // <source usage=''> has whole KiB, and a tmpfs without a size gets half of the host's
        // memory. The bound keeps the product within 64 bits.
        if (!size || size->number == 0 || size->number > (1ULL << 40) ||
            size->number * size->unit % 1024 != 0)
            return false;
        Filesystem filesystem;
        filesystem.type = FilesystemType::ram;
        filesystem.usage = size->number * size->unit;
        filesystem.target = row.target;
        return add(std::move(filesystem));
    }

    // Takes a bind of the host without other options than read-only.
    bool bind(const Row& row) {
        Filesystem filesystem;
        bool is_bind = false, submounts = false;
        const char kind = context_.facts.kind(row.source);
        for (const std::string_view option : base::split(row.options, ','))
            if (option == "bind" || option == "rbind") {
                is_bind = true;
                submounts = submounts || option == "rbind";
            } else if (option == "ro")
                filesystem.readonly = true;
            // A target of another kind than the source is lxc's to make or to refuse.
            else if ((option == "create=file" && (kind == 'd' || kind == 0)) ||
                     (option == "create=dir" && kind != 'd' && kind != 0) || !means_nothing(option))
                return false;
        if (!is_bind || !row.source.starts_with('/')) return false;
        filesystem.source = row.source;
        filesystem.target = row.target;
        if (!add(std::move(filesystem))) return false;
        if (!submounts)
            context_.domain.container.filesystems.push_back(
                {.target = row.target, .idmapped = {}, .submounts = false});
        return true;
    }

    // libvirt's XML has one filesystem for each target, where lxc mounts a second one over the
    // first.
    bool add(Filesystem filesystem) {
        auto& all = context_.domain.filesystems;
        for (const Filesystem& other : all)
            if (other.target == filesystem.target) return false;
        if (touches_mount(filesystem.target)) return false;
        all.push_back(std::move(filesystem));
        return true;
    }

    Context& context_;
    std::string root_, lxc_root_;
};

// Reads the file of lxc.mount.fstab; each of its lines gets a verdict of its own.
void convert_fstab(Context& context, const Line& line, Mounts& mounts) {
    std::string text;
    // A relative path is tried from the working directory, as lxc does it, then beside the
    // configuration.
    std::string path = line.value;
    try {
        if (!path.starts_with('/') && context.facts.kind(path) == 0)
            path = base::parent_folder(line.file) + "/" + path;
        text = context.facts.text(path);
    } catch (const base::Exception& error) {
        // What the file would have mounted read-only is not known.
        return context.judge(line, Verdict::not_translated, error.message(), true);
    }
    int number = 0;
    for (const std::string_view raw : base::split(text, '\n')) {
        ++number;
        const std::string_view row = base::trim(raw);
        if (row.empty() || row.front() == '#') continue;
        Verdict verdict = Verdict::exact;
        std::string words;
        mounts.convert(row, [&](Verdict judged, std::string why) {
            verdict = judged;
            words = std::move(why);
        });
        Line entry = line;
        entry.name = "mount.entry";
        entry.value = row;
        context.add({path, number, "", verdict, words, line.order, is_readonly_mount(entry)});
    }
}

}  // namespace

// These words ask for what lxvirt mounts anyway: a /proc whose dangerous files are read-only, a
// read-only /sys, and the container's own part of /sys/fs/cgroup.
bool are_usual_mounts(std::string_view words) {
    const auto all = base::split_words(words);
    return std::all_of(all.begin(), all.end(), [](std::string_view word) {
        return base::contains_word("proc proc:mixed sys:ro cgroup cgroup:mixed", word);
    });
}

void convert_mounts(Context& context) {
    Mounts mounts(context);
    // The file comes first, as in lxc.
    if (const Line* line = context.one("mount.fstab")) convert_fstab(context, *line, mounts);
    for (const Line* line : context.all("mount.entry"))
        mounts.convert(line->value, [&](Verdict verdict, std::string text) {
            context.judge(*line, verdict, std::move(text), is_readonly_mount(*line));
        });
    std::string wanted;
    for (const Line* line : context.all("mount.auto")) {
        if (!are_usual_mounts(line->value)) context.kept(*line, "as <lx:mount_auto>");
        for (const std::string_view word : base::split_words(line->value)) {
            constexpr std::string_view names = "proc sys cgroup cgroup-full shmounts";
            if (base::contains_word(names, word.substr(0, word.find(':'))))
                wanted += fmt::format("{}{}", wanted.empty() ? "" : " ", word);
            else
                context.untranslated(*line, fmt::format("lxc has no '{}', only {}", word, names));
        }
    }
    if (!are_usual_mounts(wanted)) context.domain.container.mount_auto = wanted;
    if (const Line* line = context.one("autodev"); line != nullptr && line->value == "0")
        context.approximated(*line, "lxvirt always makes the container's /dev itself");
    if (const Line* line = context.one("autodev.tmpfs.size")) {
        const auto size = base::parse_number<std::uint32_t>(line->value);
        if (!size || *size < xml::kLeastDevSize)
            return context.untranslated(
                *line, fmt::format("the size of /dev is {} bytes or more", xml::kLeastDevSize));
        context.domain.container.dev.size = size;
        context.kept(*line, "as <lx:dev>");
    }
}

}  // namespace lxvirt::driver::native
