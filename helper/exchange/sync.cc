#include "helper/exchange/sync.hh"

#include "base/codec.hh"
#include "base/file/socket.hh"

namespace lxvirt::helper {

namespace {
// Bounds a report: a failure has a message, and a hook's output comes in lines.
constexpr std::size_t kMaxReport = 16384;
}  // namespace

void send_report(base::Fd sync, const SyncReport& report) {
    base::send_message(sync, base::encode(report));
}

std::optional<SyncReport> receive_report(base::Fd sync) {
    // No message means that the other side has closed the channel.
    const auto message = base::receive_message(sync, kMaxReport);
    if (!message) return std::nullopt;
    return base::decode<SyncReport>(message->bytes, "report of the container's init");
}

// A word of one byte is sent as a message of its own.
void send_word(base::Fd sync, char word) {
    base::send_message(sync, std::string_view(&word, 1));
}

bool await_word(base::Fd sync, char word) {
    const auto message = base::receive_message(sync, 1);
    return message && message->bytes.size() == 1 && message->bytes[0] == word;
}

}  // namespace lxvirt::helper
