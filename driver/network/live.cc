#include "driver/network/live.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/file/run_files.hh"
#include "base/netlink/rules.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"
#include "driver/network/guest_names.hh"
#include "driver/store/live.hh"
#include "netd/plan.hh"
#include "xml/document/scan.hh"
#include "xml/document/writer.hh"
#include "xml/network/document.hh"

namespace lxvirt::driver {

namespace {

// The version of the layout. A higher one is refused with a sentence that says so.
constexpr int kVersion = 1;
constexpr std::string_view kEnd = "</network>";

// Parses the first line, and finds the uuid by scanning. Throws internal_error; `path` names the
// file.
LiveNetworkHead parse_head(std::string_view text, const std::string& path) {
    const std::string_view tag = text.substr(0, text.find('\n'));
    const auto value = [&](std::string_view name) {
        auto found = xml::scan_attribute(tag, name);
        if (!tag.starts_with("<networkstatus ") || !found)
            base::fail(base::ErrorCode::internal_error, "{}:1: this is not a <networkstatus>",
                       path);
        return *found;
    };
    // A number that is too large for its type is a newer version, too.
    const std::string version = value("version");
    if (base::parse_number<int>(version).value_or(kVersion + 1) > kVersion)
        base::fail(base::ErrorCode::internal_error,
                   "{}:1: version {} was written by a newer lxvirt; this one reads version {}",
                   path, version, kVersion);
    LiveNetworkHead head;
    const std::string state = value("state");
    // An unknown state must not count as a start that was cut short, which is taken away.
    if (state != "running" && state != "starting")
        base::fail(base::ErrorCode::internal_error,
                   "{}:1: unknown state '{}': this version knows running and starting", path,
                   state);
    head.running = state == "running";
    head.boot = value("boot");
    head.netns = base::parse_number<std::uint64_t>(value("netns")).value_or(0);
    head.bridge = value("bridge");
    head.partition = xml::scan_attribute(tag, "makes").value_or("");
    head.uuid = xml::scan_uuid(text).value_or("");
    return head;
}

void make_folder(const std::string& path) {
    // dnsmasq reads its files as nobody, so others may go through the folder.
    if (::mkdir(path.c_str(), 0711) != 0 && errno != EEXIST)
        base::fail_errno("make folder '{}'", path);
    base::test_point("folder-made");
}

}  // namespace

bool LiveNetworkHead::current() const {
    return boot == base::boot_id();
}

bool LiveNetworkHead::here() const {
    return running && current() && netns == present_netns();
}

std::uint64_t present_netns() {
    struct stat facts = {};
    if (::stat("/proc/self/ns/net", &facts) != 0) base::fail_errno("stat the network namespace");
    return facts.st_ino;
}

std::string format_live_network(const Root& root, const LiveNetwork& live) {
    xml::Writer out(0);
    out.start("networkstatus");
    out.attribute("version", std::uint64_t{kVersion});
    out.attribute("state", live.running ? "running" : "starting");
    out.attribute("boot", live.boot);
    out.attribute("root", root.id());
    out.attribute("netns", live.netns);
    out.attribute("bridge", live.network.bridge.name);
    out.attribute_if("makes", live.partition);
    out.children();
    return out.take() + xml::format_network(live.network, {.live = true, .indent = 2}) +
           "</networkstatus>\n";
}

void write_live_network(const Root& root, LiveNetwork live) {
    if (live.boot.empty()) live.boot = base::boot_id();
    if (live.netns == 0) live.netns = present_netns();
    const std::string& name = live.network.name;
    make_folder(root.network_paths().folder(name));
    base::write_atomic(root.network_paths().live(name), format_live_network(root, live), 0600,
                       base::Durability::volatile_);
}

LiveNetwork parse_live_network(std::string_view text, const std::string& file) {
    LiveNetwork live;
    static_cast<LiveNetworkHead&>(live) = parse_head(text, file);
    const auto begin = text.find('\n');
    const auto end = text.rfind(kEnd);
    if (end == std::string_view::npos)
        base::fail(base::ErrorCode::internal_error, "{}:2: its <network> is not whole", file);
    xml::ParseOptions options;
    options.file = file;
    options.live = true;
    // The newline stays in front, so that the parser counts the file's lines.
    live.network =
        xml::parse_network(text.substr(begin, end + kEnd.size() - begin), options).network;
    return live;
}

std::optional<LiveNetwork> read_live_network(const Root& root, std::string_view name) {
    const std::string path = root.network_paths().live(name);
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    return parse_live_network(*text, path);
}

std::optional<LiveNetworkHead> read_live_network_head(const Root& root, std::string_view name) {
    const std::string path = root.network_paths().live(name);
    const auto text = base::try_read_state(path);
    if (!text) return std::nullopt;
    return parse_head(*text, path);
}

std::vector<std::string> active_networks(const Root& root) {
    std::vector<std::string> names;
    for (std::string& name : base::list_folder(root.network_paths().running)) {
        try {
            const auto head = read_live_network_head(root, name);
            if (head && head->running && head->current()) names.push_back(std::move(name));
        } catch (const base::Exception&) {
            // One that cannot be read may run; whoever uses it gets the error, and the others go on.
            names.push_back(std::move(name));
        }
    }
    return names;
}

bool RulesLook::is_without_rules(std::string_view name, const LiveNetworkHead& head) {
    const auto status =
        base::try_read_state(root_.network_paths().folder(name) + "/" + base::kStatusFile);
    if (!status) return false;
    const std::vector<std::string_view> lines = base::split(*status, '\n');
    const auto says = [&](std::string_view line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    if (says(netd::kRulesMissing)) return true;
    if (!says(netd::kRulesInForce)) return false;  // a network without rules by its mode
    if (!root_.supervised(std::string(name))) return true;
    if (head.netns != present_netns()) return false;
    if (!fenced_) {
        base::Netlink netlink;
        fenced_.emplace();
        for (const base::RoutingRule& rule : base::routing_rules(netlink))
            if (rule.blackhole) fenced_->insert(rule.in_device);
    }
    return !fenced_->contains(head.bridge);
}

void remove_live_network(const Root& root, std::string_view name, bool keep_leases) {
    const std::string folder = root.network_paths().folder(name);
    for (const std::string& port : base::list_folder(root.ports(name)))
        (void)base::remove_file(root.ports(name) + "/" + port);
    (void)::rmdir(root.ports(name).c_str());
    forget_guests(folder);
    // live.xml goes last: as long as it stands, the next holder of the lock finds what is left.
    for (const std::string& entry : base::list_folder(folder))
        if (entry != base::kLiveFile && (!keep_leases || entry != netd::kLeases))
            (void)base::remove_file(folder + "/" + entry);
    (void)base::remove_file(root.network_paths().live(name));
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT && errno != ENOTEMPTY)
        base::fail_errno("remove folder '{}'", folder);
    base::test_point("folder-removed");
}

}  // namespace lxvirt::driver
