// File descriptors: UniqueFd owns one, Fd borrows one. Every descriptor in lxvirt is close-on-exec
// from its birth (O_CLOEXEC, open(2)), so that no exec of another part can leak it; code that needs
// a descriptor to cross an exec duplicates it, or clears the flag, at that place.
#pragma once

#include <unistd.h>

#include <utility>

namespace lxvirt::base {

// Borrows a descriptor that its owner keeps open longer. Converts implicitly from UniqueFd,
// explicitly from int.
class Fd {
  public:
    constexpr Fd() = default;
    constexpr explicit Fd(int fd) : fd_(fd) {}
    [[nodiscard]] constexpr int get() const noexcept { return fd_; }
    [[nodiscard]] constexpr bool valid() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// Owns a descriptor and closes it on destruction. The result of close(2) is ignored on purpose:
// code that cares about the data calls fsync(2) first.
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
    // Gives the descriptor up to the caller, who has to close it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    // Closes the descriptor that is held, if any, and takes over `fd`.
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) (void)::close(fd_);
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

}  // namespace lxvirt::base
