#include "driver/flags.hh"

#include "base/error.hh"

namespace lxvirt::driver {

void check_flag_bits(unsigned flags, unsigned allowed, std::string_view function) {
    const unsigned unknown = flags & ~allowed;
    if (unknown != 0)
        throw base::PreparedError(
            base::ErrorCode::invalid_arg,
            fmt::format("unsupported flags ({:#x}) in function {}", unknown, function));
}

}  // namespace lxvirt::driver
