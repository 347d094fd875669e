#include "driver/store/uri.hh"

#include <charconv>
#include <cstdlib>

#include "base/error.hh"
#include "driver/connection.hh"

namespace lxvirt::driver {

namespace {

using base::ErrorCode;

// Decodes %XX (RFC 3986, 2.1). Throws invalid_arg for other uses of '%', and for %00, which no path
// can hold.
std::string decode(std::string_view text, const std::string& uri) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        const char* const digits = text.data() + i + 1;
        if (i + 3 > text.size() ||
            std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2 || value == 0)
            base::fail(ErrorCode::invalid_arg,
                       "URI '{}': '%' must be followed by two hexadecimal digits", uri);
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

// Returns the folder of the query "root=DIR". Throws invalid_arg for anything else in the query.
std::string embed_root(std::string_view query, const std::string& uri) {
    constexpr std::string_view kKey = "root=";
    if (!query.starts_with(kKey) || query.find('&') != std::string_view::npos)
        base::fail(
            ErrorCode::invalid_arg,
            "URI '{}' must name its root folder and nothing else: lxc:///embed?root=/some/folder",
            uri);
    std::string root = decode(query.substr(kKey.size()), uri);
    if (root.empty() || root.front() != '/')
        base::fail(ErrorCode::invalid_arg, "URI '{}': root folder '{}' must be an absolute path",
                   uri, root);
    return root;
}

}  // namespace

Uri parse_uri(const std::string& uri) {
    constexpr std::string_view kScheme = "lxc://";
    std::string_view rest = uri;
    if (!rest.starts_with(kScheme)) base::fail(ErrorCode::no_connect, "{}", uri);
    rest.remove_prefix(kScheme.size());
    rest = rest.substr(0, rest.find('#'));
    const auto slash = rest.find('/');
    if (slash != 0)
        base::fail(ErrorCode::no_connect, "{}: a host in the URI is not supported, use lxc:///",
                   uri);
    const auto mark = rest.find('?');
    const std::string_view path = rest.substr(0, mark);
    const std::string_view query = mark == std::string_view::npos ? "" : rest.substr(mark + 1);
    if (path == "/embed") return {embed_root(query, uri)};
    if (path != "/" && path != "/system")
        base::fail(ErrorCode::internal_error, "unexpected LXC URI path '{}', try lxc:///system",
                   path);
    if (!query.empty())
        base::fail(ErrorCode::invalid_arg, "URI '{}': unknown parameter '{}'", uri, query);
    return {};
}

std::string default_uri() {
    const char* const uri = ::secure_getenv("LIBVIRT_DEFAULT_URI");
    return uri != nullptr && *uri != '\0' ? uri : "lxc:///";
}

}  // namespace lxvirt::driver
