#include "driver/api/connection.hh"

#include <unistd.h>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/store/root.hh"
#include "driver/store/uri.hh"

namespace lxvirt::driver {

Connection::Connection(const std::string& uri, bool read_only)
    : uri_(uri.empty() ? default_uri() : uri), read_only_(read_only) {
    const Uri parsed = parse_uri(uri_);
    if (::geteuid() != 0 && !read_only)
        base::fail(base::ErrorCode::operation_denied,
                   "{} needs root: run this as root, for example with sudo", uri_);
    root_ = std::make_unique<Root>(parsed.root);
    if (!read_only) root_->make_folders();
}

Connection::~Connection() = default;

const std::string& Connection::uri() const {
    return uri_;
}

bool Connection::read_only() const {
    return read_only_;
}

void Connection::require_write(std::string_view libvirt_call) const {
    if (read_only_)
        base::fail(base::ErrorCode::operation_denied, "read only access prevents {}", libvirt_call);
}

}  // namespace lxvirt::driver
