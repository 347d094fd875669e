#include "base/error.hh"

#include <cstring>

namespace lxvirt::base {

std::string_view error_prefix(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::internal_error: return "internal error: ";
        case ErrorCode::no_memory: return "out of memory: ";
        case ErrorCode::no_support:
            return "this function is not supported by the connection driver: ";
        case ErrorCode::no_connect: return "no connection driver available for ";
        case ErrorCode::invalid_arg: return "invalid argument: ";
        case ErrorCode::operation_failed: return "operation failed: ";
        case ErrorCode::no_source: return "missing source information for device ";
        case ErrorCode::no_target: return "missing target information for device ";
        case ErrorCode::no_name: return "missing name information";
        case ErrorCode::xml_error: return "XML error: ";
        case ErrorCode::dom_exist: return "domain is already defined: ";
        case ErrorCode::operation_denied: return "operation forbidden: ";
        case ErrorCode::network_exist: return "this network exists already: ";
        case ErrorCode::no_domain: return "Domain not found: ";
        case ErrorCode::no_network: return "Network not found: ";
        case ErrorCode::auth_failed: return "authentication failed: ";
        case ErrorCode::operation_invalid: return "Requested operation is not valid: ";
        case ErrorCode::config_unsupported: return "unsupported configuration: ";
        case ErrorCode::operation_timeout: return "Timed out during operation: ";
        case ErrorCode::hook_script_failed: return "Hook script execution failed: ";
        case ErrorCode::argument_unsupported: return "argument unsupported: ";
        case ErrorCode::operation_aborted: return "operation aborted: ";
        case ErrorCode::no_domain_metadata: return "metadata not found: ";
        case ErrorCode::device_missing: return "device not found: ";
        case ErrorCode::overflow: return "numerical overflow: ";
        case ErrorCode::operation_unsupported: return "Operation not supported: ";
        case ErrorCode::resource_busy: return "resource busy: ";
        case ErrorCode::xml_invalid_schema:
            return "XML document failed to validate against schema: ";
        case ErrorCode::no_hostname: return "no hostname found: ";
        case ErrorCode::no_network_port: return "network port not found: ";
        // libvirt prints the detail of these codes without a prefix.
        case ErrorCode::ok:
        case ErrorCode::open_failed:
        case ErrorCode::parse_failed:
        case ErrorCode::xml_detail:
        case ErrorCode::system_error: break;
    }
    return {};
}

// strerrordesc_np() returns null for a number that the C library does not know.
std::string message_of(const std::exception& error) {
    if (const auto* ours = dynamic_cast<const Exception*>(&error)) return ours->message();
    return fmt::format("{}{}", error_prefix(ErrorCode::internal_error), error.what());
}

std::string errno_text(int error) {
    if (const char* text = ::strerrordesc_np(error)) return text;
    return fmt::format("errno {}", error);
}

Error::Error(ErrorCode code, std::string_view detail)
    : Exception(fmt::format("{}{}", error_prefix(code), detail)), code_(code) {}

SystemError::SystemError(int error, std::string_view what)
    : Exception(fmt::format("{}: {}", what, errno_text(error))), error_(error) {}

}  // namespace lxvirt::base
