#include "driver/supervisor/helper_process.hh"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/file/file.hh"
#include "base/file/socket.hh"
#include "base/process/build_tree.hh"
#include "base/process/process.hh"
#include "base/process/program.hh"
#include "config.hh"
#include "helper/exchange/sync.hh"

namespace lxvirt::driver {

namespace {

// Returns the pidfds of the children that are to be reaped when they end.
std::vector<base::UniqueFd>& spawned() {
    static std::vector<base::UniqueFd> helpers;
    return helpers;
}

// Returns the build folder of this program, which is looked for once; empty if the program is
// installed.
std::string& build_folder() {
    static std::string folder = base::own_build_tree().value_or(base::BuildTree()).build;
    return folder;
}

// Returns the path of a program that users do not call.
std::string libexec(const char* room, const char* program) {
    if (!build_folder().empty()) return fmt::format("{}/{}/{}", build_folder(), room, program);
    return fmt::format("{}/{}", HELPER_FOLDER, program);
}

}  // namespace

std::string helper_path() {
    return libexec("helper", "lxc_helper");
}

std::string agent_path() {
    return libexec("driver", "lxc_agent");
}

base::UniqueFd memory_file(const std::string& bytes) {
    base::UniqueFd file(::memfd_create("plan", MFD_CLOEXEC));
    if (!file) base::fail_errno("make a file for the launch plan");
    base::write_all(file, bytes, "launch plan");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) base::fail_errno("rewind the launch plan");
    return file;
}

std::string lxnetd_path() {
    return libexec("netd", "lxnetd");
}

std::string scope_program_path() {
    return libexec("driver", "lxc_scope");
}

std::string zone_program_path() {
    return libexec("netd", "lxc_zone");
}

void set_program_path(const std::string& path) {
    build_folder() = base::build_tree_of(path).value_or(base::BuildTree()).build;
}

HelperProcess HelperProcess::spawn(const std::string& name, base::Fd operation,
                                   const HelperGroup& group) {
    reap_helpers();
    auto [ours, theirs] = base::socket_pair(SOCK_SEQPACKET);
    const base::UniqueFd image = base::open_readonly_program(helper_path());
    base::StartedProgram started = base::start_program_soon(
        {.program = image,
         .argv = {"lxc_helper", "--name", name, "--channel", "3", "--operation", "4", "--image",
                  "5", "--group", group.path},
         .fds = {theirs, operation, image},
         .group = group.unified});
    return {std::move(ours), std::move(started)};
}

HelperProcess HelperProcess::adopt(base::UniqueFd channel, pid_t pid) {
    return {std::move(channel), {{}, pid, {}}};
}

void HelperProcess::send_plan(const helper::Plan& plan) const {
    const base::UniqueFd file = memory_file(base::encode(plan));
    (void)unless_it_has_failed([&] { base::send_message(channel_, "plan", {file}); });
}

void HelperProcess::say_groups_made() const {
    (void)unless_it_has_failed([&] { helper::send_word(channel_, helper::kGroupsMade); });
}

helper::StartReply HelperProcess::await_start() {
    const auto message = base::receive_message(channel_, helper::kMaxMessage);
    if (!message) {
        if (program_.process) base::check_started(program_, helper_path());
        base::fail(base::ErrorCode::internal_error, "lxc_helper ended without a word");
    }
    auto reply = base::decode<helper::StartReply>(message->bytes, "answer of lxc_helper");
    if (reply.failure.empty()) return reply;
    throw base::PreparedError(static_cast<base::ErrorCode>(reply.error), reply.failure);
}

void HelperProcess::commit(base::Fd stream) {
    const auto fds = stream.valid() ? std::vector<base::Fd>{stream} : std::vector<base::Fd>{};
    if (!unless_it_has_failed([&] { base::send_message(channel_, "c", fds); })) (void)await_start();
    if (program_.process) reap_later(std::move(program_.process));
}

bool HelperProcess::abandon() {
    channel_.reset();
    if (!program_.process) return true;
    const auto status = base::reap(program_.process, true);
    program_.process.reset();
    return !status || !status->signaled;
}

void reap_later(base::UniqueFd process) {
    spawned().push_back(std::move(process));
}

bool has_helpers() {
    return !spawned().empty();
}

void reap_helpers() {
    std::erase_if(
        spawned(),
        [](const base::UniqueFd& process) { return base::reap(process, false).has_value(); });
}

}  // namespace lxvirt::driver
