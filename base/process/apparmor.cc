#include "base/process/apparmor.hh"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/uninterrupted.hh"

namespace lxvirt::base {

void remove_apparmor_profile(const std::string& name) {
    const UniqueFd file = open_quietly("/sys/kernel/security/apparmor/.remove", O_WRONLY);
    if (!file && errno == ENOENT) return;
    const auto put = [&] { return ::write(file.get(), name.data(), name.size()); };
    if (!file || (uninterrupted(put) < 0 && errno != ENOENT))
        fail_errno("remove the AppArmor profile '{}'", name);
}

}  // namespace lxvirt::base
