// A stack for clone(2), for a task that shares our memory or has a copy of it.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "base/error.hh"

namespace lxvirt::helper {

// Owns the mapping. Memory is only used as far as the task touches it.
class Stack {
  public:
    explicit Stack(std::size_t size)
        : size_(size),
          start_(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)) {
        if (start_ == MAP_FAILED) base::fail_errno("allocate a stack");
    }
    ~Stack() {
        if (start_ != nullptr) (void)::munmap(start_, size_);
    }
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    // Returns the highest address, where a stack begins.
    [[nodiscard]] void* top() const { return static_cast<char*>(start_) + size_; }
    // Leaves the mapping to the task, which uses it as long as it lives.
    void give_away() { start_ = nullptr; }

  private:
    std::size_t size_;
    void* start_;
};

}  // namespace lxvirt::helper
