#include "driver/apply/record.hh"

#include "base/error.hh"
#include "base/file/journal.hh"
#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

constexpr std::array<ObjectKind, 2> kKinds{ObjectKind::network, ObjectKind::domain};

// Reads lines "NAME TAB UUID TAB FILE", with escapes as in the event journal; `file` names the text
// in errors. Throws config_unsupported: a line that is not understood must not make --prune guess.
AppliedRecord::Entries parse(std::string_view text, const std::string& file) {
    AppliedRecord::Entries entries;
    int number = 0;
    for (const std::string_view line : base::split(text, '\n')) {
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const auto fields = base::split(line, '\t');
        const auto name = fields.size() == 3 ? base::unescape_field(fields[0]) : std::nullopt;
        const auto source = name ? base::unescape_field(fields[2]) : std::nullopt;
        if (!source)
            base::fail(base::ErrorCode::config_unsupported,
                       "{}:{}: this is not NAME, UUID and FILE with tabs between; without the line "
                       "its object is left alone by --prune",
                       file, number);
        entries[*name] = {std::string(fields[1]), *source};
    }
    return entries;
}

// Returns the text of `entries`, sorted by name, so that version control shows small changes.
std::string format(const AppliedRecord::Entries& entries) {
    std::string text = "# What lxsh apply has brought: name, uuid, file. Written by it.\n";
    for (const auto& [name, entry] : entries)
        text += fmt::format("{}\t{}\t{}\n", base::escape_field(name), entry.uuid,
                            base::escape_field(entry.file));
    return text;
}

}  // namespace

AppliedRecord::AppliedRecord(Connection& connection) : connection_(connection) {
    for (const ObjectKind kind : kKinds)
        entries_[index(kind)] = stored_[index(kind)] =
            parse(connection.applied(kind), connection.applied_place(kind));
}

const AppliedEntry* AppliedRecord::find(ObjectKind kind, const std::string& name) const {
    const auto found = of(kind).find(name);
    return found == of(kind).end() ? nullptr : &found->second;
}

void AppliedRecord::set(ObjectKind kind, const std::string& name, AppliedEntry entry) {
    entries_[index(kind)][name] = std::move(entry);
}

void AppliedRecord::erase(ObjectKind kind, const std::string& name) {
    entries_[index(kind)].erase(name);
}

void AppliedRecord::save() {
    for (const ObjectKind kind : kKinds) {
        const Entries& entries = entries_[index(kind)];
        if (entries == stored_[index(kind)]) continue;
        connection_.set_applied(kind, format(entries));
        stored_[index(kind)] = entries;
    }
}

}  // namespace lxvirt::driver
