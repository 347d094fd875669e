// For system calls that a signal, a slow file system or a tracer can interrupt (signal(7)).
#pragma once

#include <cerrno>

namespace lxvirt::base {

// What `call` returns, made again for as long as it is -1 with EINTR.
template <typename Call>
auto uninterrupted(Call call) {
    for (;;) {
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

}  // namespace lxvirt::base
