#include "terminal/interrupt.hh"

#include "base/error.hh"

namespace lxvirt::terminal {

namespace {

// Counts SIGINTs; a handler may touch nothing else (signal-safety(7)).
volatile std::sig_atomic_t interrupts = 0;

void count_interrupt(int) {
    interrupts = interrupts + 1;
}

}  // namespace

InterruptGuard::InterruptGuard() : before_(static_cast<unsigned>(interrupts)) {
    struct sigaction action {};
    action.sa_handler = count_interrupt;  // no SA_RESTART: a wait must return with EINTR
    if (sigaction(SIGINT, &action, &former_) != 0) base::fail_errno("catch SIGINT");
}

InterruptGuard::~InterruptGuard() {
    (void)sigaction(SIGINT, &former_, nullptr);
}

bool InterruptGuard::interrupted() const {
    return static_cast<unsigned>(interrupts) != before_;
}

}  // namespace lxvirt::terminal
