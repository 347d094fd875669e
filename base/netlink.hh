// rtnetlink (rtnetlink(7), linux/rtnetlink.h): links, addresses and routes in one network
// namespace, the one the socket was opened in. Our own small module because the static helper needs
// it and Debian ships no static libmnl. Errors carry the kernel's extended acknowledgement text
// where it sends one.
#pragma once

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::base {

using MacAddress = std::array<unsigned char, 6>;
// "52:54:00:12:34:56"; nothing where it is not one.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);

// One request under construction: the header, the fixed part, then attributes, nested as needed.
class NetlinkMessage {
  public:
    NetlinkMessage(std::uint16_t type, std::uint16_t flags);
    template <typename T>
    NetlinkMessage& fixed(const T& part) {
        return append(&part, sizeof part);
    }
    NetlinkMessage& attribute(std::uint16_t type, const void* data, std::size_t size);
    NetlinkMessage& attribute(std::uint16_t type, std::uint32_t value) {
        return attribute(type, &value, sizeof value);
    }
    NetlinkMessage& attribute(std::uint16_t type, const std::string& text) {
        return attribute(type, text.c_str(), text.size() + 1);
    }
    // begin() returns the place that end() needs.
    [[nodiscard]] std::size_t begin(std::uint16_t type);
    void end(std::size_t place);
    [[nodiscard]] std::vector<char>& bytes();

  private:
    NetlinkMessage& append(const void* data, std::size_t size);
    std::vector<char> bytes_;
};

struct VethSpec {
    std::string host_name;  // "vnet0"
    std::string guest_name;
    MacAddress guest_mac{};
    std::optional<MacAddress> host_mac;
    int master = 0;  // index of the bridge; 0 = none
    bool up = true;  // the host's end
    unsigned mtu = 0;
    Fd guest_netns;
};

struct MacvlanSpec {
    int lower = 0;           // index of the host's device
    std::uint32_t mode = 0;  // MACVLAN_MODE_*
    std::string name;        // inside
    MacAddress mac{};
    unsigned mtu = 0;
    Fd netns;
};

struct NetAddress {  // of either family, with its prefix length
    int family = AF_INET;
    std::array<unsigned char, 16> bytes{};
    unsigned prefix = 32;
    [[nodiscard]] std::size_t size() const { return family == AF_INET ? 4 : 16; }
};
// "192.168.1.2" or "fd00::2"; nothing where it is neither. The prefix is the whole address.
[[nodiscard]] std::optional<NetAddress> parse_address(const std::string& text);

class Netlink {
  public:
    // In the caller's current network namespace.
    Netlink();

    [[nodiscard]] std::optional<int> find_link(const std::string& name);
    // Its IFALIAS; nothing where there is no such device, empty where it has none.
    [[nodiscard]] std::optional<std::string> link_alias(const std::string& name);
    // Throws SystemError(ENODEV) naming it.
    [[nodiscard]] int link_index(const std::string& name);

    // One message makes both ends, the guest's in its namespace: moving an end later waits for
    // rcu_barrier (about 28 ms). One queue each. EEXIST where host_name is taken.
    void make_veth(const VethSpec& spec);
    void make_macvlan(const MacvlanSpec& spec);
    void set_alias(int index, const std::string& alias);
    void set_up(int index, bool up);
    void set_mtu(int index, unsigned mtu);
    // Moves a device of the host into a namespace, under `name` if not empty.
    void move_link(int index, Fd netns, const std::string& name);
    void delete_link(int index);
    void add_address(int index, const NetAddress& address, const std::optional<NetAddress>& peer);
    // `destination` with prefix 0 is the default route. `metric` 0 = the kernel's.
    void add_route(int index, const NetAddress& destination,
                   const std::optional<NetAddress>& gateway, unsigned metric);

  private:
    using Answer = std::function<void(const nlmsghdr*)>;
    // Asks for one device by name; false where there is none.
    bool ask_link(const std::string& name, const Answer& answer);
    // Sends and waits for the acknowledgement, handing what comes before it to `answer`; throws
    // SystemError saying `what`.
    void request(NetlinkMessage& message, const std::string& what, const Answer& answer = {});
    UniqueFd socket_;
    std::uint32_t sequence_ = 0;
};

}  // namespace lxvirt::base
