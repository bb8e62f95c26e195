// seccomp: which system calls a child process may still make.
#pragma once

namespace countersign::sandbox {

// Kills the calling process at every system call that is not on the worker's
// list, from now on. True when the filter was seen to act. Needs
// PR_SET_NO_NEW_PRIVS. With `has_scratch` it may write to kScratch.
[[nodiscard]] bool DenySystemCallsOfWorker(bool has_scratch);

// Kills the spawner when it tries to run a program, trace, or open a network
// connection; inherited by its workers.
void DenySystemCallsOfSpawner();

}  // namespace countersign::sandbox
