// File descriptors: UniqueFd owns one, Fd borrows one. Every descriptor in lxvirt is close-on-exec
// from its birth (open(2), O_CLOEXEC); what must cross an exec is dup'ed on purpose at that place.
#pragma once

#include <unistd.h>

#include <utility>

namespace lxvirt::base {

// A borrowed descriptor; the owner outlives it. Implicit from UniqueFd and explicit from int.
class Fd {
  public:
    constexpr Fd() = default;
    constexpr explicit Fd(int fd) : fd_(fd) {}
    [[nodiscard]] constexpr int get() const noexcept { return fd_; }
    [[nodiscard]] constexpr bool valid() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// Closes on destruction; a close error is ignored on purpose (the data paths that care fsync
// first).
class UniqueFd {
  public:
    constexpr UniqueFd() = default;
    constexpr explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    explicit operator bool() const noexcept { return valid(); }
    operator Fd() const noexcept { return Fd(fd_); }
    // Gives the descriptor up to the caller.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) (void)::close(fd_);
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

}  // namespace lxvirt::base
