// The fuzz target of the control sockets as an ordinary test, and the bounds of the codec.
#include "base/codec.hh"
#include "helper/exchange/protocol.hh"
#include "tests/support/fuzz_replay.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lxvirt::xml {

INSTANTIATE_TEST_SUITE_P(
    Control, Fuzz,
    ::testing::Values(FuzzTarget{
        .name = "control", .input = &LLVMFuzzerTestOneInput, .goldens = {}, .least = 14}),
    [](const auto& target) { return target.param.name; });

// CVE-2021-43784 was a length that did not fit its field.
TEST(Codec, RefusesLengthsBeyondTheData) {
    helper::Request request;
    request.text = "console0";
    const std::string bytes = base::encode(request);
    for (const char wrong : {'\x01', '\x7f', '\xff'}) {
        std::string longer = bytes;
        longer[bytes.size() - 12] = wrong;  // the highest byte of the length
        EXPECT_THROW((void)base::decode<helper::Request>(longer, "request"), base::Error);
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW((void)base::decode<helper::Request>(bytes.substr(0, size), "request"),
                     base::Error);
    EXPECT_THROW((void)base::decode<helper::Request>(bytes + "more", "request"), base::Error);
}

}  // namespace lxvirt::xml
