// How failures travel in lxvirt. Two exception types and nothing else:
//
//   SystemError  an errno, and what was being done to what
//   Error        a libvirt error code (<libvirt/virterror.h>) and a sentence
//
// "Absent" is std::optional, never an exception. Code below the driver throws and never logs;
// context is added once per operation. The shell turns them into text, the wire server into
// remote_error, each in one place, both through message() and code().
#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace lxvirt::base {

// libvirt's virErrorNumber; the values are part of the wire protocol.
enum class ErrorCode : int {
    ok = 0,
    internal_error = 1,
    no_memory = 2,
    no_support = 3,
    no_connect = 5,
    invalid_arg = 8,
    operation_failed = 9,
    no_source = 19,
    no_target = 20,
    no_name = 21,
    xml_error = 27,
    dom_exist = 28,
    operation_denied = 29,
    open_failed = 30,
    parse_failed = 32,
    xml_detail = 35,
    network_exist = 37,
    system_error = 38,
    no_domain = 42,
    no_network = 43,
    auth_failed = 45,
    operation_invalid = 55,
    config_unsupported = 67,
    operation_timeout = 68,
    hook_script_failed = 70,
    argument_unsupported = 74,
    operation_aborted = 78,
    no_domain_metadata = 80,
    overflow = 82,
    operation_unsupported = 84,
    resource_busy = 87,
    xml_invalid_schema = 92,
    device_missing = 99,
    no_network_port = 106,
    no_hostname = 108,
};

// The base of both; catch this at the top of a command.
class Exception : public std::exception {
  public:
    [[nodiscard]] virtual ErrorCode code() const noexcept = 0;
    // The whole sentence as libvirt words it, with the prefix that belongs to the code
    // ("Requested operation is not valid: domain is not running").
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  protected:
    explicit Exception(std::string message) : message_(std::move(message)) {}

  private:
    std::string message_;
};

class Error : public Exception {
  public:
    // `detail` is what follows the code's prefix.
    Error(ErrorCode code, std::string_view detail);
    [[nodiscard]] ErrorCode code() const noexcept override { return code_; }

  private:
    ErrorCode code_;
};

class SystemError : public Exception {
  public:
    // `what` says the act and its object: "mount '/srv/web' on '/data'". The text of `error` is
    // added.
    SystemError(int error, std::string_view what);
    [[nodiscard]] ErrorCode code() const noexcept override { return ErrorCode::system_error; }
    [[nodiscard]] int error() const noexcept { return error_; }

  private:
    int error_;
};

// An error that another process has worded already, prefix and all.
class PreparedError : public Exception {
  public:
    PreparedError(ErrorCode code, std::string message)
        : Exception(std::move(message)), code_(code) {}
    [[nodiscard]] ErrorCode code() const noexcept override { return code_; }

  private:
    ErrorCode code_;
};

// The prefix libvirt puts before a sentence with this code; empty where it puts none.
[[nodiscard]] std::string_view error_prefix(ErrorCode code) noexcept;

// "No such file or directory" for ENOENT; no locale, safe in the static helper.
[[nodiscard]] std::string errno_text(int error);

template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// Throws SystemError with the current errno: fail_errno("open '{}'", path).
template <typename... Args>
[[noreturn]] void fail_errno(fmt::format_string<Args...> format, Args&&... args) {
    const int saved = errno;
    throw SystemError(saved, fmt::format(format, std::forward<Args>(args)...));
}

// The same with an errno that did not come through `errno`.
template <typename... Args>
[[noreturn]] void fail_with(int error, fmt::format_string<Args...> format, Args&&... args) {
    throw SystemError(error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lxvirt::base
