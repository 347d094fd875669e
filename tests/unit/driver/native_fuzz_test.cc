// The fuzz target of configurations of lxc-tools.
#include "tests/support/fuzz_replay.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lxvirt::xml {
namespace {

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz,
                         ::testing::Values(FuzzTarget{
                             "native", LLVMFuzzerTestOneInput, {"native"}, 20, ".lxc"}),
                         [](const auto& target) { return target.param.name; });

}  // namespace
}  // namespace lxvirt::xml
