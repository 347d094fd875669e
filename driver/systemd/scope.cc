#include "driver/systemd/scope.hh"

#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/process/spawn.hh"
#include "base/text/text.hh"
#include "driver/store/settings.hh"
#include "driver/supervisor/guest.hh"
#include "driver/supervisor/helper_process.hh"
#include "driver/systemd/names.hh"

namespace lxvirt::driver::systemd {

namespace {

using Clock = std::chrono::steady_clock;

// Limits how long a start waits for a bus that hangs.
constexpr auto kLimit = std::chrono::milliseconds(2500);
// After that, further starts by the same process do not ask for this long.
constexpr auto kPause = std::chrono::seconds(60);

// Runs lxc_scope and returns what it printed; nothing where it failed, after a line in the log.
// `what` begins that line.
std::optional<std::string> ask(std::vector<std::string> words, std::string_view what,
                               const Log& log) {
    static std::map<std::string, Clock::time_point, std::less<>> hung;
    if (const auto it = hung.find(what); it != hung.end() && Clock::now() - it->second < kPause) {
        log(fmt::format("{}: there was no answer a moment ago", what));
        return std::nullopt;
    }
    words.insert(words.begin(), scope_program_path());
    try {
        const base::SpawnResult result = base::run_program(
            {.argv = std::move(words), .env = {}, .input = {}, .limit = kLimit, .tied = true});
        if (result.succeeded()) return std::string(base::trim(result.output));
        if (result.timed_out) {
            hung.insert_or_assign(std::string(what), Clock::now());
            log(fmt::format("{}: no answer within {} ms", what, kLimit.count()));
            return std::nullopt;
        }
        const std::string_view errors = base::trim(result.errors);
        log(fmt::format("{}: {}", what, errors.empty() ? result.text() : errors));
    } catch (const base::SystemError& error) {
        if (error.error() == ENOENT)
            log(fmt::format("{}: this lxvirt was built without systemd", what));
        else
            log(fmt::format("{}: {}", what, error.message()));
    }
    return std::nullopt;
}

}  // namespace

bool wants_scope(const Root& root, const HostFacts& host, const Log& log) {
    if (::access("/run/systemd/system", F_OK) != 0) return false;
    const UseSystemd use = load_settings(root).systemd;
    if (use == UseSystemd::no) return false;
    if (use == UseSystemd::automatic && !root.folder().empty()) return false;
    // On a hybrid host, too, systemd keeps track of a scope's processes in the v2 tree.
    if (base::unified_of(host.hierarchies) != nullptr) return true;
    log("no scope of systemd for it: this host has no v2 control groups");
    return false;
}

std::optional<std::string> make_scope(const xml::Domain& domain, pid_t helper, const Log& log) {
    const std::string partition = partition_of(domain);
    return ask({"start", scope_name(machine_name(domain.name, helper)), slice_name(partition),
                std::to_string(helper), "Container " + domain.name},
               "no scope of systemd for it", log);
}

bool is_in_scope(const std::string& outer) {
    return base::parent_folder(outer).ends_with(".scope");
}

void register_machine(const Root& root, const LiveState& live, pid_t helper, const Log& log) {
    if (!is_in_scope(live.cgroup) || !root.folder().empty()) return;
    const std::string& name = live.domain.name;
    try {
        const Init init = open_init(root, name);
        (void)ask(
            {"register", machine_name(name, helper), live.domain.uuid, std::to_string(init.pid)},
            "not registered with systemd-machined", log);
    } catch (const base::Exception&) {
        // The container has ended by now: there is nothing to register.
    }
}

}  // namespace lxvirt::driver::systemd
