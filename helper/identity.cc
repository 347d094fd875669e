#include "helper/identity.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::helper {

namespace {

using base::parse_number;
using base::split;

// Reads a regular file of the container. Anything else (a FIFO, a device) counts as empty, so that
// the container cannot make the init wait.
std::string read_plain_file(const std::string& path) {
    const base::UniqueFd file = base::open_quietly(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return base::read_all(file, path);
}

// Returns the fields of the first line whose field `column` is `key`.
std::optional<std::vector<std::string>> find_line(const std::string& text, std::size_t column,
                                                  std::string_view key, std::size_t columns) {
    for (const std::string_view line : split(text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < columns || fields[column] != key) continue;
        return std::vector<std::string>(fields.begin(), fields.end());
    }
    return std::nullopt;
}

// Returns the line of an account by name, else by number; "+" before a number skips the names, as
// in chown(1).
std::optional<std::vector<std::string>> look_up(const std::string& text, const std::string& who,
                                                std::size_t columns) {
    if (who.starts_with('+')) return find_line(text, 2, who.substr(1), columns);
    if (auto line = find_line(text, 0, who, columns)) return line;
    return find_line(text, 2, who, columns);
}

// Returns the id of a line, or the number itself if no line has it.
std::uint32_t id_of(const std::optional<std::vector<std::string>>& line, const std::string& who,
                    const char* kind, const std::string& file) {
    const std::string_view text = line ? std::string_view((*line)[2])
                                       : std::string_view(who).substr(who.starts_with('+') ? 1 : 0);
    if (const auto id = parse_number<std::uint32_t>(text)) return *id;
    base::fail(base::ErrorCode::config_unsupported,
               "{} '{}' of the domain's init is neither in the container's {} nor a number", kind,
               who, file);
}

// Returns the groups of which the user is a member, by the fourth field of group(5).
std::vector<gid_t> groups_of(const std::string& text, std::string_view user) {
    std::vector<gid_t> groups;
    for (const std::string_view line : split(text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 4) continue;
        const auto members = split(fields[3], ',');
        if (std::find(members.begin(), members.end(), user) == members.end()) continue;
        if (const auto id = parse_number<gid_t>(fields[2])) groups.push_back(*id);
    }
    return groups;
}

}  // namespace

// passwd(5) has seven fields, of which six are needed; group(5) needs three.
Identity find_identity(const std::string& user, const std::string& group,
                       const std::string& passwd_file, const std::string& group_file) {
    Identity identity;
    if (user.empty() && group.empty()) return identity;
    const std::string passwd = read_plain_file(passwd_file);
    const std::string group_text = read_plain_file(group_file);
    if (!user.empty()) {
        const auto line = look_up(passwd, user, 6);
        identity.uid = id_of(line, user, "user", passwd_file);
        if (line) {
            if (const auto gid = parse_number<gid_t>((*line)[3])) identity.gid = *gid;
            identity.home = (*line)[5];
            identity.groups = groups_of(group_text, (*line)[0]);
        }
    }
    if (!group.empty())
        identity.gid = id_of(look_up(group_text, group, 3), group, "group", group_file);
    return identity;
}

}  // namespace lxvirt::helper
