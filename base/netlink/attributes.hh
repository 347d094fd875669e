// Reads the attributes of the kernel's rtnetlink messages (rtnetlink(7)). For the files of
// base/netlink only.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace lxvirt::base {

// Calls `take` with the type and place of each attribute in the `left` bytes from `first` on.
template <typename Take>
void each_attribute(const rtattr* first, int left, const Take& take) {
    for (; RTA_OK(first, left); first = RTA_NEXT(first, left))
        take(static_cast<unsigned>(first->rta_type & NLA_TYPE_MASK), first);
}

// Calls `take` with each attribute after the fixed part `Header` of a message.
template <typename Header, typename Take>
void each_attribute_of(const nlmsghdr* message, const Take& take) {
    const auto* data = static_cast<const char*>(NLMSG_DATA(message));
    const auto* first = reinterpret_cast<const rtattr*>(data + NLMSG_ALIGN(sizeof(Header)));
    const int left =
        static_cast<int>(NLMSG_PAYLOAD(message, 0)) - static_cast<int>(NLMSG_ALIGN(sizeof(Header)));
    each_attribute(first, left, take);
}

// Returns a string attribute, whether or not it ends in a zero byte.
inline std::string text_of(const rtattr* attribute) {
    const auto* text = static_cast<const char*>(RTA_DATA(attribute));
    return {text, ::strnlen(text, RTA_PAYLOAD(attribute))};
}

// Returns a number or struct; an attribute that is shorter (of an older kernel) leaves the rest
// zero.
template <typename T>
T value_of(const rtattr* attribute) {
    T value{};
    std::memcpy(&value, RTA_DATA(attribute),
                std::min<std::size_t>(sizeof value, RTA_PAYLOAD(attribute)));
    return value;
}

}  // namespace lxvirt::base
