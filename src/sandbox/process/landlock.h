// Landlock: the kernel refuses file, TCP and signal access by rules a process
// lays on itself. See Linux Documentation/userspace-api/landlock.rst.
#pragma once

namespace countersign::sandbox {

// Denies the calling thread every access that the kernel's Landlock knows, for
// ever. Yields the ABI version in force, or 0 when the kernel has none or
// refuses. Needs PR_SET_NO_NEW_PRIVS.
[[nodiscard]] int DenyAllByLandlock();

}  // namespace countersign::sandbox
