// libFuzzer target for what the supervisors read: whatever the bytes, the codec accepts or throws
// base::Error, allocates no more than a small multiple of them, and what it accepts is written and
// read back the same. The first byte chooses what the rest is: a message of a control socket, a
// plan, a report of an init. Built with -Dfuzzing=true (clang); tests/unit/helper replays
// corpus/control through it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/codec.hh"
#include "helper/exchange/protocol.hh"
#include "helper/exchange/sync.hh"
#include "netd/plan.hh"

namespace {

using namespace lxvirt;

template <typename T>
void check(std::string_view bytes) {
    T value;
    try {
        value = base::decode<T>(bytes, "fuzz");
    } catch (const base::Error&) {
        return;  // refused: fine
    }
    const std::string once = base::encode(value);
    // Padding and flags may have been written otherwise, but never longer.
    if (once.size() != bytes.size()) std::abort();
    if (base::encode(base::decode<T>(once, "fuzz")) != once) std::abort();
}

void check_request(std::string_view bytes) {
    check<helper::Request>(bytes);
    try {
        const auto request = base::decode<helper::Request>(bytes, "fuzz");
        if (request.kind == helper::RequestKind::add_console)
            check<helper::AddedConsole>(request.text);
    } catch (const base::Error&) {
        // refused: fine
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 8) {
        case 0: check_request(bytes); break;
        case 1: check<helper::Reply>(bytes); break;
        case 2: check<helper::StartReply>(bytes); break;
        case 3: check<helper::Plan>(bytes); break;
        case 4: check<helper::SyncReport>(bytes); break;
        case 5: check<netd::Request>(bytes); break;
        case 6: check<netd::Reply>(bytes); break;
        default: check<netd::NetworkPlan>(bytes); break;
    }
    return 0;
}
