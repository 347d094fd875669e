#include "shell/commands/lookup.hh"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/file/file.hh"
#include "shell/commands/flags.hh"
#include "shell/core/failure.hh"
#include "shell/core/session.hh"

namespace lxvirt::shell {

namespace {

// Returns the names of the domains that the filter lets through, sorted.
std::vector<std::string> names(Session& session, const driver::ListFilter& filter) {
    std::vector<std::string> out;
    for (driver::DomainSummary& domain : session.connection().list_all_domains(filter))
        out.push_back(std::move(domain.name));
    std::sort(out.begin(), out.end());
    return out;
}

// Returns what `look_up` finds, or nullopt if there is no such domain. Throws every other failure
// on.
template <typename Act>
std::optional<driver::DomainRef> unless_absent(Act&& look_up) {
    try {
        return look_up();
    } catch (const base::Exception& error) {
        if (error.code() != base::ErrorCode::no_domain) throw;
        return std::nullopt;
    }
}

// Returns the number that is all of `text`, or nullopt if it is none or negative.
std::optional<int> positive_number(const std::string& text) {
    int number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < 0) return std::nullopt;
    return number;
}

}  // namespace

std::vector<std::string> complete_domains(Session& session) {
    return names(session, {});
}

std::vector<std::string> complete_active(Session& session) {
    return names(session, {.active = true, .inactive = false});
}

std::vector<std::string> complete_inactive(Session& session) {
    return names(session, {.active = false, .inactive = true});
}

std::vector<std::string> complete_running(Session& session) {
    driver::ListFilter filter;
    filter.inactive = false;
    filter.running = true;
    return names(session, filter);
}

std::vector<std::string> complete_paused(Session& session) {
    driver::ListFilter filter;
    filter.inactive = false;
    filter.paused = true;
    return names(session, filter);
}

driver::DomainRef find_domain(Session& session, const Invocation& invocation, unsigned accepts,
                              std::string_view option) {
    const std::string word = invocation.text(option);
    const driver::Connection& connection = session.connection();
    const std::string_view command = invocation.command().name;
    session.debug(Level::info, fmt::format("{}: found option <{}>: {}", command, option, word));
    // virsh prints each attempt with -d 0, in these words.
    const auto trying = [&](std::string_view how) {
        session.debug(Level::debug, fmt::format("{}: <{}> {}", command, option, how));
    };
    std::optional<driver::DomainRef> found;
    try {
        const std::optional<int> id = positive_number(word);
        if (id && (accepts & kById) != 0) {
            trying("looks like ID");
            found = unless_absent([&] { return connection.lookup_by_id(*id); });
        }
        if (!found && (accepts & kByUuid) != 0 && word.size() == kUuidLength) {
            trying("trying as domain UUID");
            found = unless_absent([&] { return connection.lookup_by_uuid(word); });
        }
        if (!found && (accepts & kByName) != 0) {
            trying("trying as domain NAME");
            found = unless_absent([&] { return connection.lookup_by_name(word); });
        }
    } catch (const base::Exception& error) {
        throw Failure({fmt::format("failed to get domain '{}'", word), error.message()});
    }
    if (!found) give_up("failed to get domain '{}'", word);
    return *found;
}

driver::Affect affect_flags(const Invocation& invocation) {
    invocation.exclusive("current", "live");
    invocation.exclusive("current", "config");
    return flags_of<driver::Affect>(
        invocation, {{"live", driver::Affect::live}, {"config", driver::Affect::config}});
}

std::string read_document(const std::string& path) {
    try {
        return base::read_all(base::open_named_by_user(path), path);
    } catch (const base::SystemError& error) {
        // Only these words say what stands in the place of the file.
        if (error.error() == EINVAL) throw Failure({error.message()});
        // A folder can be opened, and only fails when it is read.
        const char* act = error.error() == EISDIR ? "read" : "open";
        give_up("Failed to {} file '{}': {}", act, path, base::errno_text(error.error()));
    }
}

}  // namespace lxvirt::shell
