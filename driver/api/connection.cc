// LocalConnection's opening: the URI, the check for root, and the folders of the root.
#include "driver/connection.hh"

#include <unistd.h>

#include "base/error.hh"
#include "base/file/lock.hh"
#include "driver/api/local.hh"
#include "driver/store/settings.hh"
#include "driver/store/uri.hh"

namespace lxvirt::driver {

namespace {

// Returns the root that `uri` names. A connection that may write needs uid 0. Throws operation_denied,
// and parse_uri()'s errors.
Root open_root(const std::string& uri, bool read_only) {
    const Uri parsed = parse_uri(uri);
    if (::geteuid() != 0 && !read_only)
        base::fail(base::ErrorCode::operation_denied,
                   "{} needs root: run this as root, for example with sudo", uri);
    return Root(parsed.root);
}

}  // namespace

LocalConnection::LocalConnection(const std::string& uri, bool read_only)
    : uri_(uri.empty() ? default_uri() : uri),
      read_only_(read_only),
      root_(open_root(uri_, read_only)),
      networks_(root_, read_only) {}

const std::string& LocalConnection::uri() const {
    return uri_;
}

bool LocalConnection::read_only() const {
    return read_only_;
}

Networks& LocalConnection::networks() const {
    return networks_;
}

void LocalConnection::require_write(std::string_view libvirt_call) const {
    if (read_only_)
        base::fail(base::ErrorCode::operation_denied, "read only access prevents {}", libvirt_call);
    root_.make_folders();
}

std::unique_ptr<Connection> open_connection(const std::string& uri, bool read_only) {
    return std::make_unique<LocalConnection>(uri, read_only);
}

}  // namespace lxvirt::driver
