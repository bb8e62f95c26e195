// What runs in a worker process.
#pragma once

#include <cstdint>

#include "sandbox/pool.h"
#include "sandbox/process/lockdown.h"

namespace countersign::sandbox {

// Exit status of a worker whose memory ran out where nobody could be told.
inline constexpr int kExitOutOfMemory = 97;
// Exit status of a worker that could not even begin.
inline constexpr int kExitNoStart = 98;

// Locks down the calling process, a fresh fork of process `spawner`, prepares
// the service, and serves jobs from `socket` until it is closed. `scratch` is
// its scratch file, or -1; `born_with` the memory it was born with. Never
// returns.
[[noreturn]] void WorkerMain(int socket, int scratch, int spawner,
                             const PoolOptions& options, const Service& service,
                             const MemoryUse& born_with);

}  // namespace countersign::sandbox
