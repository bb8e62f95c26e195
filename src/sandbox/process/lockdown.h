// Takes from the calling process, step by step and for good, everything that
// a parser of hostile bytes does not need.
#pragma once

#include <cstdint>

#include "sandbox/pool.h"

namespace countersign::sandbox {

// The one place that knows whether this is a sanitizer build. Its runtimes
// reserve terabytes of address space (no memory limit possible) and make
// system calls of their own (wider list in system_calls.cc).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// The descriptor number of a child's only socket.
inline constexpr int kSocket = 3;

// Makes `socket` descriptor 3 and closes all others but 0 to 2. False when the
// kernel refuses.
[[nodiscard]] bool KeepOnlySocket(int socket);

// The same for a worker: unless it is -1, `scratch` becomes kScratch.
[[nodiscard]] bool KeepOnly(int socket, int scratch);

// Points descriptors 0 to 2 at /dev/null (in sanitizer builds 2 stays, for
// their reports). False when that cannot be opened.
[[nodiscard]] bool SilenceStandardStreams();

// Resets signal mask and (but for the sanitizers') handlers to the defaults of
// the system.
void ResetSignals();

// Asks the kernel for SIGKILL when process `parent`, which must be the parent,
// ends; exits at once if it already has.
void FollowParent(int parent);

// What a process has now; 0 when unknown.
struct MemoryUse {
  uint64_t private_bytes = 0;  // heap and writable maps
  uint64_t address_bytes = 0;  // everything mapped
};

// The memory of the calling process.
[[nodiscard]] MemoryUse OwnMemory();

// Locks down the spawner as far as forking and locking down workers allows.
// Errors are not reported: each worker proves its own layers.
void LockDownSpawner();

// Locks down a worker and yields the layers it found in force afterwards.
// `born_with` is OwnMemory() at birth.
[[nodiscard]] Layers LockDownWorker(const PoolOptions& options,
                                    const MemoryUse& born_with);

}  // namespace countersign::sandbox
