#include "base/file/loop_device.hh"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstring>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/test_point.hh"

namespace lxvirt::base {

LoopDevice attach_loop(const std::string& file, bool readonly) {
    const UniqueFd image = open_image(file, readonly ? O_RDONLY : O_RDWR);
    const UniqueFd control = open_file("/dev/loop-control", O_RDWR);
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (readonly) config.info.lo_flags |= LO_FLAGS_READ_ONLY;
    const std::size_t length = std::min(file.size(), sizeof config.info.lo_file_name - 1);
    std::memcpy(config.info.lo_file_name, file.data(), length);
    for (int attempt = 0;; ++attempt) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) fail_errno("find a free loop device for '{}'", file);
        LoopDevice device;
        device.path = fmt::format("/dev/loop{}", number);
        device.fd = open_file(device.path, readonly ? O_RDONLY : O_RDWR);
        if (::ioctl(device.fd.get(), LOOP_CONFIGURE, &config) != 0) {
            // Another program took the number between the two calls; ask for the next free one.
            if (errno == EBUSY && attempt < 64) continue;
            fail_errno("attach '{}' to {}", file, device.path);
        }
        test_point("loop-attached");
        struct stat info {};
        if (::fstat(device.fd.get(), &info) != 0) fail_errno("stat '{}'", device.path);
        device.major = major(info.st_rdev);
        device.minor = minor(info.st_rdev);
        return device;
    }
}

}  // namespace lxvirt::base
