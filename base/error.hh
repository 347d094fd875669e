// Errors in lxvirt are exceptions of two kinds:
//
//   SystemError  an errno, and what was being done to what
//   Error        a libvirt error code (<libvirt/virterror.h>) and a sentence
//
// Absence is std::optional and never an exception. Code below the shell throws and never prints; an
// operation adds its context once. Text and exit status are made of message() and code() in one
// place in shell/. An error that crosses a process boundary travels as its code and its finished
// sentence, and becomes a PreparedError on the other side.
#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace lxvirt::base {

// Has the values of libvirt's virErrorNumber (<libvirt/virterror.h>), so that scripts and hooks see
// the numbers that they know. Only the codes that lxvirt uses are listed.
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

// The base of both kinds; catch this at the top of a command or where a failure is only logged.
class Exception : public std::exception {
  public:
    [[nodiscard]] virtual ErrorCode code() const noexcept = 0;
    // Returns the whole sentence as libvirt words it, including the prefix that belongs to the code
    // ("Requested operation is not valid: domain is not running").
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  protected:
    explicit Exception(std::string message) : message_(std::move(message)) {}

  private:
    std::string message_;
};

// Reports a failure that has a meaning of its own in libvirt's terms: an unknown domain, a refused
// configuration, a timeout.
class Error : public Exception {
  public:
    // `detail` is the part of the sentence after the prefix of `code`.
    Error(ErrorCode code, std::string_view detail);
    [[nodiscard]] ErrorCode code() const noexcept override { return code_; }

  private:
    ErrorCode code_;
};

// Reports a failed system call. The code is always ErrorCode::system_error.
class SystemError : public Exception {
  public:
    // `what` names the act and its object: "mount '/srv/web' on '/data'". The text of `error`, an
    // errno, is appended after a colon.
    SystemError(int error, std::string_view what);
    [[nodiscard]] ErrorCode code() const noexcept override { return ErrorCode::system_error; }
    // Returns the errno.
    [[nodiscard]] int error() const noexcept { return error_; }

  private:
    int error_;
};

// Carries an error that another process has already worded, prefix included.
class PreparedError : public Exception {
  public:
    PreparedError(ErrorCode code, std::string message)
        : Exception(std::move(message)), code_(code) {}
    [[nodiscard]] ErrorCode code() const noexcept override { return code_; }

  private:
    ErrorCode code_;
};

// Returns the sentence of any exception: message() of ours. An exception of a library is a fault of this
// program, and gets "internal error: " before its own words.
[[nodiscard]] std::string message_of(const std::exception& error);

// Returns the prefix that libvirt's virErrorMsg() puts before the detail; empty for codes without
// one.
[[nodiscard]] std::string_view error_prefix(ErrorCode code) noexcept;

// Returns "No such file or directory" for ENOENT. Never translated: strerrordesc_np(3) reads no
// locale, which the static helper could not load.
[[nodiscard]] std::string errno_text(int error);

// Throws Error with a formatted detail: fail(ErrorCode::no_domain, "no domain with name '{}'",
// name).
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// Throws SystemError with the current errno: fail_errno("open '{}'", path). Formatting may change
// errno, so it is saved first.
template <typename... Args>
[[noreturn]] void fail_errno(fmt::format_string<Args...> format, Args&&... args) {
    const int saved = errno;
    throw SystemError(saved, fmt::format(format, std::forward<Args>(args)...));
}

// Throws SystemError with an errno that did not come through `errno`, such as netlink's.
template <typename... Args>
[[noreturn]] void fail_with(int error, fmt::format_string<Args...> format, Args&&... args) {
    throw SystemError(error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lxvirt::base
