// The caller's handle on the spawner process.
#pragma once

#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <string>

#include "sandbox/pool.h"

namespace countersign::sandbox {

// A worker process seen from the caller, which owns the socket.
struct Spawned {
  uint64_t number = 0;
  int pid = -1;
  int socket = -1;
};

// All functions but Start may be called from several threads at once.
class Spawner {
 public:
  Spawner() = default;
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;
  // Ends the spawner, which ends its workers; waits for it.
  ~Spawner();

  // Forks the spawner. Fails with a sentence when the process has threads or
  // the kernel refuses.
  std::expected<void, std::string> Start(const PoolOptions& options,
                                         const Service& service);

  // Yields a new worker, which has yet to send kReady. Fails with a sentence.
  std::expected<Spawned, std::string> Spawn();

  // Kills and reaps `worker`, closes its socket, and yields its status as
  // waitpid would; nothing when the spawner itself is gone.
  std::optional<int> End(Spawned& worker);

  // As End, without waiting for it.
  void Retire(Spawned& worker);

  // True when the spawner was found dead.
  [[nodiscard]] bool IsGone() const;

 private:
  void Abandon();

  mutable std::mutex mutex_;
  bool needs_scratch_ = false;
  std::string scratch_directory_;
  int control_ = -1;  // -1 = the spawner is gone
  int pid_ = -1;
  uint64_t last_number_ = 0;
};

}  // namespace countersign::sandbox
