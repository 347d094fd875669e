// Answers the questions of a conversion about the real host.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/netlink/netlink.hh"
#include "base/text/text.hh"
#include "driver/native/convert.hh"

namespace lxvirt::driver::native {

namespace {

// Returns the kind of a node as Facts::kind describes: 'd', 'c', 'b', 'f' for anything else, 0 if
// there is none.
char kind_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return 0;
    switch (info.st_mode & S_IFMT) {
        case S_IFDIR: return 'd';
        case S_IFCHR: return 'c';
        case S_IFBLK: return 'b';
        default: return 'f';
    }
}

}  // namespace

Facts host_facts() {
    Facts facts;
    facts.kind = kind_of;
    facts.number = [](const std::string& path) -> std::optional<std::string> {
        // devices.allow wants "c 1:3", the form of the kernel's device controller.
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0 || !(S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)))
            return std::nullopt;
        return fmt::format("{} {}:{}", S_ISCHR(info.st_mode) ? 'c' : 'b', major(info.st_rdev),
                           minor(info.st_rdev));
    };
    facts.block_path = [](const std::string& number) -> std::optional<std::string> {
        // The kernel's own name; udev(7) makes the node of that name.
        constexpr std::string_view key = "DEVNAME=";
        const auto text = base::try_read_file("/sys/dev/block/" + number + "/uevent");
        if (!text) return std::nullopt;
        for (const std::string_view line : base::split(*text, '\n'))
            if (line.starts_with(key)) return "/dev/" + std::string(line.substr(key.size()));
        return std::nullopt;
    };
    facts.text = read_named_file;
    facts.address = [](const std::string& link, bool v6) -> std::optional<std::string> {
        base::Netlink netlink;
        const auto index = netlink.find_link(link);
        // A link-local address is no gateway for a container in another network, so the first other
        // address is taken.
        for (const base::AddressFacts& facts_of : netlink.addresses())
            if (index && facts_of.index == *index && !facts_of.link_local &&
                (facts_of.address.family == AF_INET6) == v6)
                return base::format_address(facts_of.address);
        return std::nullopt;
    };
    return facts;
}

}  // namespace lxvirt::driver::native
