#include "xml/domain.hh"

namespace lxvirt::xml {

const Filesystem* Domain::root() const {
    for (const Filesystem& filesystem : filesystems)
        if (filesystem.target == "/") return &filesystem;
    return nullptr;
}

}  // namespace lxvirt::xml
