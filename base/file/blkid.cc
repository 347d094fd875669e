#include "base/file/blkid.hh"

#include <blkid/blkid.h>
#include <fcntl.h>

#include <memory>

#include "base/error.hh"
#include "base/file/file.hh"

namespace lxvirt::base {

std::string filesystem_type(const std::string& path) {
    const UniqueFd fd = open_image(path, O_RDONLY);
    const std::unique_ptr<blkid_struct_probe, void (*)(blkid_probe)> probe(::blkid_new_probe(),
                                                                           &::blkid_free_probe);
    if (!probe || ::blkid_probe_set_device(probe.get(), fd.get(), 0, 0) != 0)
        fail_errno("look for a file system on '{}'", path);
    (void)::blkid_probe_enable_superblocks(probe.get(), 1);
    (void)::blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE);
    const int found = ::blkid_do_safeprobe(probe.get());
    // blkid_do_safeprobe(3) returns -2 for an ambivalent result: probing for one signature would
    // hide that another file system's is still there.
    if (found == -2)
        fail(ErrorCode::config_unsupported,
             "'{}' carries the signatures of more than one file system; wipe the old one (wipefs)",
             path);
    if (found < 0) fail_errno("look for a file system on '{}'", path);
    const char* type = nullptr;
    if (found == 1 || ::blkid_probe_lookup_value(probe.get(), "TYPE", &type, nullptr) != 0)
        fail(ErrorCode::config_unsupported, "no known file system on '{}'", path);
    return type;
}

}  // namespace lxvirt::base
