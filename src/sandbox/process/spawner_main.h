// What runs in the spawner process, and what the pool says to it.
#pragma once

#include <cstdint>

#include "sandbox/pool.h"

namespace countersign::sandbox {

// Pool and spawner talk over a SOCK_SEQPACKET pair: one request, and for all
// but kRetire one reply, at a time.
enum class Order : uint32_t {
  kSpawn,   // make a worker; the reply carries its socket by SCM_RIGHTS
  kEnd,     // kill a worker if it lives; the reply says how it died
  kRetire,  // kill a worker; no reply
};

// Workers are named by a number that is never used again; a process id may be,
// as soon as the spawner has reaped it.
struct SpawnerRequest {
  Order order = Order::kSpawn;
  uint64_t worker = 0;
};

struct SpawnerReply {
  uint64_t worker = 0;
  int32_t pid = -1;    // kSpawn; -1 = could not be made
  int32_t status = 0;  // kEnd: as by waitpid; kSpawn failed: errno
};

// Serves the pool in process `parent` until it closes `control` or ends; then
// kills and reaps all workers. Never returns.
[[noreturn]] void SpawnerMain(int control, int parent,
                              const PoolOptions& options,
                              const Service& service);

}  // namespace countersign::sandbox
