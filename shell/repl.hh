// The shell that is talked to: a prompt with readline on a terminal, or lines from a pipe, which
// are shown with the prompt as virsh shows them.
#pragma once

namespace lxvirt::shell {

class Session;

// Greets, reads and runs lines until `quit` or the end of input. Returns the exit status: that of
// the last command, or 0 when called as virsh.
int run_interactive(Session& session);

}  // namespace lxvirt::shell
