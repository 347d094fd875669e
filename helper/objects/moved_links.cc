#include "helper/objects/moved_links.hh"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/test_point.hh"
#include "base/text/text.hh"

namespace lxvirt::helper {

namespace {

bool is_network_namespace(base::Fd fd) {
    return ::ioctl(fd.get(), NS_GET_NSTYPE) == CLONE_NEWNET;
}

bool is_pinned(const std::string& path) {
    const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    return fd && is_network_namespace(fd);
}

// A line is the number and the name.
std::vector<MovedLink> listed_links(const std::string& folder) {
    std::vector<MovedLink> links;
    const std::string text = base::try_read_state(folder + "/" + kMovedLinks).value_or("");
    for (const std::string_view line : base::split(text, '\n')) {
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos) continue;
        if (const auto index = base::parse_number<std::int32_t>(line.substr(0, blank)))
            links.push_back({.name = std::string(line.substr(blank + 1)), .index = *index});
    }
    return links;
}

// Moves the device to the caller's namespace and returns its name there.
std::string give_back(base::Netlink& inside, const MovedLink& link, base::Fd home) {
    constexpr int most = 1000;
    std::string name = link.name;
    for (int i = 0;; ++i) {
        try {
            inside.move_link(link.index, home, name);
            return name;
        } catch (const base::SystemError& error) {
            if (error.error() != EEXIST || i == most) throw;
            name = fmt::format("dev{}", i);
        }
    }
}

}  // namespace

void pin_links(const std::string& folder, base::Fd netns, const std::vector<MovedLink>& links) {
    if (links.empty()) return unpin_links(folder);
    std::string text;
    for (const MovedLink& link : links) text += fmt::format("{} {}\n", link.index, link.name);
    base::write_atomic(folder + "/" + kMovedLinks, text, 0600, base::Durability::volatile_);
    base::test_point("links-listed");
    const std::string path = folder + "/" + kPinnedNetns;
    if (is_pinned(path)) return;
    base::write_atomic(path, "", 0600, base::Durability::volatile_);
    const std::string source = fmt::format("/proc/self/fd/{}", netns.get());
    if (::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0)
        base::fail_errno("bind the container's network namespace on '{}'", path);
    base::test_point("links-pinned");
}

void unpin_links(const std::string& folder) {
    const std::string path = folder + "/" + kPinnedNetns;
    if (is_pinned(path) && ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
        base::fail_errno("unmount '{}'", path);
    base::test_point("links-unpinned");
    (void)base::remove_file(path);
    (void)base::remove_file(folder + "/" + kMovedLinks);
}

std::vector<std::string> give_back_links(const std::vector<MovedLink>& links,
                                         base::Fd netns) noexcept {
    std::vector<std::string> problems;
    for (const MovedLink& link : links) {
        try {
            base::Netlink inside = base::Netlink::inside(netns);
            const base::UniqueFd home = base::open_file("/proc/self/ns/net", O_RDONLY);
            const std::string name = give_back(inside, link, home);
            if (name != link.name)
                problems.push_back(
                    fmt::format("network device {0} was given back to the host as {1}: another "
                                "device has its name (ip link set {1} name {0} when that is free)",
                                link.name, name));
        } catch (const base::SystemError& error) {
            if (error.error() != ENODEV)
                problems.push_back(
                    fmt::format("network device {} was not given back to the host: {}", link.name,
                                error.message()));
        } catch (const base::Exception& error) {
            problems.push_back(error.message());
        }
    }
    return problems;
}

std::vector<std::string> give_back_pinned(const std::string& folder) noexcept {
    try {
        std::vector<std::string> problems;
        const std::string path = folder + "/" + kPinnedNetns;
        const base::UniqueFd netns(
            ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
        if (netns && is_network_namespace(netns))
            problems = give_back_links(listed_links(folder), netns);
        if (netns) unpin_links(folder);
        return problems;
    } catch (const base::Exception& error) {
        return {error.message()};
    }
}

}  // namespace lxvirt::helper
