// The fuzz targets of the XML.
#include "tests/support/fuzz_replay.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int fuzz_network_input(const std::uint8_t* data, std::size_t size);

namespace lxvirt::xml {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Targets, Fuzz,
    ::testing::Values(FuzzTarget{"domain", LLVMFuzzerTestOneInput, {"domain"}, 50},
                      FuzzTarget{
                          "network", fuzz_network_input, {"network", "netd", "networkport"}, 40}),
    [](const auto& target) { return target.param.name; });

}  // namespace
}  // namespace lxvirt::xml
