// The interactive shell: a prompt with readline on a terminal, or lines from a pipe. Piped lines
// are printed behind the prompt, as virsh prints them, so that the output shows which result
// belongs to which command.
#pragma once

namespace lxvirt::shell {

class Session;

// Prints the greeting, then reads and runs lines until `quit` or the end of the input. Returns the
// exit status of the program: 0 if the last command succeeded, 1 if it failed or if there was no
// connection. A shell that was called as virsh returns 0 also after a failed command, as virsh
// does.
int run_interactive(Session& session);

}  // namespace lxvirt::shell
