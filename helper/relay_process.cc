// The process that reads what the container writes (helper/relay.hh). It is confined from its first
// message on: it gets all that it works with as descriptors.
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/codec.hh"
#include "base/error.hh"
#include "base/event_loop.hh"
#include "base/file/socket.hh"
#include "base/test_point.hh"
#include "helper/console.hh"
#include "helper/relay.hh"

namespace lxvirt::helper {

namespace {

using base::UniqueFd;

class RelayProcess {
  public:
    explicit RelayProcess(UniqueFd channel) : channel_(std::move(channel)) {
        loop_.watch(
            channel_, EPOLLIN, [this](std::uint32_t) { on_request(); });
    }
    void run() { loop_.run(); }

  private:
    void on_request() {
        auto message = base::receive_message(channel_, kMaxRelayMessage);
        if (!message) ::_exit(0);  // the supervisor has ended
        const auto request = base::decode<RelayMessage>(message->bytes, "request to the relay");
        if (request.verb == RelayVerb::log) {
            if (Console* const console = find(request.alias))
                console->renew_log(message->fds.empty() ? UniqueFd()
                                                        : std::move(message->fds.front()));
            return;
        }
        RelayMessage answer;
        UniqueFd extra;
        try {
            serve(request, message->fds, answer, extra);
        } catch (const base::Exception& error) {
            answer.problem = error.message();
        }
        base::send_message(channel_, base::encode(answer),
                           extra ? std::vector<base::Fd>{extra} : std::vector<base::Fd>{});
    }

    void serve(const RelayMessage& request, std::vector<UniqueFd>& given, RelayMessage& answer,
               UniqueFd& extra) {
        if (request.verb == RelayVerb::add) return add(request, given);
        if (request.verb == RelayVerb::drain) {
            for (const auto& console : consoles_) console->drain();
            return;
        }
        Console* const console = find(request.alias);
        if (console == nullptr) return;
        switch (request.verb) {
            case RelayVerb::remove:
                std::erase_if(consoles_, [&](const auto& one) { return one.get() == console; });
                break;
            case RelayVerb::connect: extra = console->connect(); break;
            case RelayVerb::attach:
                if (given.size() == 1) console->attach(std::move(given.front()));
                break;
            case RelayVerb::is_used: answer.flag = console->in_use(); break;
            case RelayVerb::resize:
                console->resize(request.value >> 16, request.value & 0xffffU);
                break;
            default: answer.problem = "unknown request to the relay";
        }
    }

    void add(const RelayMessage& request, std::vector<UniqueFd>& given) {
        if (given.size() != (request.logs ? 3U : 2U))
            base::fail(base::ErrorCode::internal_error, "a console needs two descriptors");
        ConsoleMasters masters{std::move(given[0]), std::move(given[1])};
        ConsoleLog log(request.logs ? std::move(given[2]) : UniqueFd(), request.limit,
                       [this, alias = request.alias] {
                           base::send_message(
                               channel_,
                               base::encode(RelayMessage{.verb = RelayVerb::full, .alias = alias}));
                       });
        consoles_.push_back(
            std::make_unique<Console>(loop_, request.alias, std::move(masters), std::move(log)));
    }

    Console* find(const std::string& alias) {
        for (const auto& console : consoles_)
            if (console->alias() == alias) return console.get();
        return nullptr;
    }

    UniqueFd channel_;
    base::EventLoop loop_;
    std::vector<std::unique_ptr<Console>> consoles_;
};

}  // namespace

void run_relay(UniqueFd channel) noexcept {
    try {
        RelayProcess relay(std::move(channel));
        base::test_point("relay-waits");
        for (;;) {
            try {
                relay.run();
            } catch (const base::Exception&) {
                // One console that fails must not take the others with it; with the supervisor gone
                // the next read ends this process.
                ::usleep(10'000);
            }
        }
    } catch (const std::exception&) {
        // The supervisor makes another relay.
    }
    ::_exit(1);
}

}  // namespace lxvirt::helper
