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

void send_failure(base::Fd sync, const base::Exception& error) {
    SyncReport report;
    const auto* system = dynamic_cast<const base::SystemError*>(&error);
    report.error = system != nullptr ? system->error() : 0;
    report.failure = error.message();
    send_report(sync, report);
}

void require_ready(const SyncReport& report) {
    if (!report.ready)
        throw base::PreparedError(
            report.error != 0 ? base::ErrorCode::system_error : base::ErrorCode::operation_failed,
            report.failure);
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
