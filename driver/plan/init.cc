// The container's init: arguments, environment, capabilities, the system call filter, security
// labels.
#include <linux/bpf_common.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <sys/personality.h>

#include "base/error.hh"
#include "base/process/capability.hh"
#include "base/process/seccomp.hh"
#include "base/text/punycode.hh"
#include "driver/plan/apparmor.hh"
#include "driver/plan/parts.hh"
#include "driver/plan/seccomp_profile.hh"
#include "xml/domain/names.hh"

namespace lxvirt::driver::compile {

// Sets a variable and removes an earlier one of the name. execve(2) would pass both, and most
// programs read the first.
void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value) {
    std::string text = name + "=";
    std::erase_if(environment, [&](const std::string& other) { return other.starts_with(text); });
    environment.push_back(std::move(text) + value);
}

namespace {

// Returns the environment with libvirt's variables, at which inits look (systemd: container_uuid,
// container_ttys).
std::vector<std::string> environment(const xml::Domain& domain) {
    std::vector<std::string> made{"PATH=/bin:/sbin", "TERM=linux", "container=lxc-libvirt",
                                  "HOME=/"};
    made.push_back("container_uuid=" + domain.uuid);
    std::string ttys;
    // The first console is /dev/console, and the others are container_ttys.
    for (std::size_t i = 1; i < domain.consoles.size(); ++i)
        ttys += fmt::format("{}pts/{}", ttys.empty() ? "" : " ", i);
    if (!ttys.empty()) made.push_back("container_ttys=" + ttys);
    made.push_back("LIBVIRT_LXC_UUID=" + domain.uuid);
    made.push_back("LIBVIRT_LXC_NAME=" + domain.name);
    if (!domain.os.cmdline.empty()) made.push_back("LIBVIRT_LXC_CMDLINE=" + domain.os.cmdline);
    for (const xml::InitEnv& variable : domain.os.initenv)
        set_variable(made, variable.name, variable.value);
    return made;
}

// Returns the host name: what remains of the domain's name without those ASCII characters that a host
// name cannot have. A name beyond ASCII becomes a label of DNS; one that makes no label has no host name.
std::string hostname(const std::string& name) {
    std::string made;
    bool ascii = true;
    for (const char c : name) {
        const bool beyond = static_cast<unsigned char>(c) >= 0x80;
        const bool kept =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        ascii = ascii && !beyond;
        if (kept || beyond) made += c;
    }
    if (!ascii) return base::punycode_label(made).value_or("");
    // 64 bytes is the kernel's limit of a host name (__NEW_UTS_LEN).
    return made.substr(0, 64);
}

// Says whether the init needs the personality of a 32-bit machine.
bool is_32_bit(const std::string& arch) {
    return arch == "i686" || arch == "armv7l" || arch == "armv6l" || arch == "ppc" ||
           arch == "s390";
}

}  // namespace

std::uint64_t capabilities(const xml::Domain& domain) {
    // A kernel newer than the list of names has others, of which the policy says all or none.
    std::uint64_t kept = domain.features.policy == xml::CapabilitiesPolicy::deny ? 0 : ~0ULL;
    for (const std::string_view name : xml::kCapabilities) {
        const auto number = base::capability_number(name);
        if (!number) continue;
        const std::uint64_t bit = 1ULL << *number;
        kept = xml::keeps_capability(domain, name) ? kept | bit : kept & ~bit;
    }
    for (const xml::CapabilityState& state : domain.features.capabilities)
        if (!base::capability_number(state.name))
            base::fail(base::ErrorCode::config_unsupported, "this host has no capability '{}'",
                       state.name);
    return kept;
}

// Compiles the filter here, since the helper does not link libseccomp.
std::string seccomp(const xml::Domain& domain, const HostFacts& host,
                    const CompileOptions& options) {
    const std::string& file = domain.container.seccomp_profile;
    const bool keys = domain.container.keyring.calls;
    const xml::ContainerCalls& calls = domain.container.calls;
    const xml::SecurityLabel* profile_of_ours = dynamic_profile_of(domain);
    if (file.empty())
        return base::default_seccomp_program(
            {.keys = keys,
             .vsock = calls.vsock,
             .io_uring = calls.io_uring,
             .mount_api = profile_of_ours == nullptr || profile_of_ours->label.empty()});
    if (keys && options.log)
        options.log("<lx:keyring calls='allow'> has no effect: <lx:seccomp> decides");
    if (calls != xml::ContainerCalls{} && options.log)
        options.log("<lx:calls> has no effect: <lx:seccomp> decides");
    const SeccompProfile profile = parse_seccomp_profile(host.read(file), file);
    if (options.log)
        for (const std::string& line : profile.log_lines) options.log(line);
    std::string program = base::seccomp_program(profile.policy);
    const std::size_t length = program.size() / sizeof(sock_filter);
    // The kernel refuses a longer filter with a bare EINVAL.
    if (length > BPF_MAXINSNS)
        base::fail(base::ErrorCode::config_unsupported,
                   "{}: the filter has {} instructions, and the kernel takes {}: name fewer system "
                   "calls or architectures",
                   file, length, BPF_MAXINSNS);
    return program;
}

// Takes over the labels of the security modules that this host has. A definition moves from host to
// host, so a label of another module is only logged.
void labels(const xml::Domain& domain, const HostFacts& host, const CompileOptions& options,
            helper::Init& made) {
    const auto log_ignored = [&](const xml::SecurityLabel& label, const char* why) {
        if (options.log)
            options.log(fmt::format("<seclabel model='{}'> has no effect: {}", label.model, why));
    };
    for (const xml::SecurityLabel& label : domain.seclabels) {
        if (label.type == "none") continue;
        const bool apparmor = label.model == "apparmor";
        const bool dynamic = label.type == "dynamic";
        const bool here = apparmor
                              ? has_apparmor(host)
                              : label.model == "selinux" && host.exists("/sys/fs/selinux/enforce");
        if (!here)
            log_ignored(label, dynamic ? "this host does not have it, and nothing is narrowed"
                                       : "this host does not have it");
        else if (label.label.empty())
            log_ignored(label, apparmor ? "no profile was made for it"
                                        : "it names no label, and lxvirt makes none");
        else
            (apparmor ? made.apparmor : made.selinux) = label.label;
        made.own_profile =
            made.own_profile || (here && apparmor && dynamic && !label.label.empty());
    }
}

helper::Init init(const xml::Domain& domain) {
    helper::Init made;
    made.argv.push_back(domain.os.init);
    made.argv.insert(made.argv.end(), domain.os.initargs.begin(), domain.os.initargs.end());
    // An init such as systemd gives the console to a login process in a session of its own, which
    // fails while PID 1 has it as controlling terminal; a shell or other program as PID 1 needs it
    // for job control and Ctrl-C.
    const std::string program = domain.os.init.substr(domain.os.init.rfind('/') + 1);
    made.controlling_terminal = program != "init" && program != "systemd";
    made.environment = environment(domain);
    made.folder = domain.os.initdir;
    made.user = domain.os.inituser;
    made.group = domain.os.initgroup;
    made.hostname = hostname(domain.name);
    made.capabilities = capabilities(domain);
    if (is_32_bit(domain.os.arch)) {
        made.personality = PER_LINUX32;
        made.personality_set = true;
    }
    return made;
}

helper::Init first_process(const xml::Domain& domain, const HostFacts& host,
                           const CompileOptions& options) {
    helper::Init made = init(domain);
    made.seccomp = seccomp(domain, host, options);
    labels(domain, host, options, made);
    container_process(domain.container, made);
    return made;
}

}  // namespace lxvirt::driver::compile

namespace lxvirt::driver {

bool has_apparmor(const HostFacts& host) {
    const std::string enabled = "/sys/module/apparmor/parameters/enabled";
    return host.exists(enabled) && host.read(enabled).starts_with('Y');
}

}  // namespace lxvirt::driver
