#include "sandbox/process/lockdown.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sandbox/process/landlock.h"
#include "sandbox/process/system_calls.h"

namespace countersign::sandbox {
namespace {

// Sets soft and hard limit, or lowers to the hard limit in force if that is
// less already.
bool Limit(__rlimit_resource resource, uint64_t soft, uint64_t hard) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) {
    return false;
  }
  const rlimit wanted{std::min<rlim_t>(soft, now.rlim_max),
                      std::min<rlim_t>(hard, now.rlim_max)};
  return setrlimit(resource, &wanted) == 0;
}

// Limit: streams, socket and scratch are 0 to 4, the file of a job (at start-up
// the Landlock ruleset) is 5; a few to spare for the sanitizers.
constexpr uint64_t kDescriptors = 8;
// Limit: the usual main stack; deep recursion ends in SIGSEGV, one file lost.
constexpr uint64_t kStackBytes = uint64_t{8} << 20;

bool LimitResources(const PoolOptions& options) {
  bool fine = Limit(RLIMIT_CORE, 0, 0);
  fine =
      Limit(RLIMIT_FSIZE, options.scratch_bytes, options.scratch_bytes) && fine;
  fine = Limit(RLIMIT_NOFILE, kDescriptors, kDescriptors) && fine;
  fine = Limit(RLIMIT_NPROC, 0, 0) && fine;
  fine = Limit(RLIMIT_MEMLOCK, 0, 0) && fine;
  fine = Limit(RLIMIT_STACK, kStackBytes, kStackBytes) && fine;
  if (options.cpu_seconds_per_job != 0 && options.jobs_per_worker != 0) {
    // Why: the pool measures the processor time of each job itself. This limit
    // covers the whole life (one share more for `prepare`), so it only matters
    // when the pool is stopped and cannot watch.
    const uint64_t life = uint64_t{options.cpu_seconds_per_job} *
                          (uint64_t{options.jobs_per_worker} + 1);
    fine = Limit(RLIMIT_CPU, life, life + 1) && fine;
  }
  return fine;
}

// `born` and the bytes on top of it; the largest number when that is too much.
uint64_t Above(uint64_t born, uint64_t more) {
  return more > RLIM_INFINITY - born ? RLIM_INFINITY : born + more;
}

// RLIMIT_DATA counts private writable memory only (since Linux 4.7), so that a
// file of many GiB can be mapped read-only while the heap stays bounded. The
// filter refuses what it would not count. RLIMIT_AS is far above and is there
// for the page tables, which nothing else limits.
bool LimitMemory(const PoolOptions& options, const MemoryUse& born_with) {
  const uint64_t data = Above(born_with.private_bytes, options.memory_bytes);
  const uint64_t address = Above(
      Above(born_with.address_bytes, options.memory_bytes), options.map_bytes);
  return Limit(RLIMIT_DATA, data, data) && Limit(RLIMIT_AS, address, address);
}

bool DropCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  return syscall(SYS_capset, &header, none.data()) == 0;
}

bool OpeningRootIsRefused() {
  const int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0) {
    close(root);
    return false;
  }
  return errno == EACCES;
}

// Why: under this emulation flag every readable page is executable too.
void ForgetExecutableReads() {
  const int now = personality(0xffffffff);
  if (now != -1 && (now & READ_IMPLIES_EXEC) != 0) {
    (void)personality(static_cast<unsigned long>(now & ~READ_IMPLIES_EXEC));
  }
}

}  // namespace

bool KeepOnlySocket(int socket) { return KeepOnly(socket, -1); }

bool KeepOnly(int socket, int scratch) {
  // Why first away from the numbers wanted: one may sit on the other's.
  constexpr int kAside = 16;
  if (scratch >= 0) {
    scratch = fcntl(scratch, F_DUPFD_CLOEXEC, kAside);
    if (scratch < 0) {
      return false;
    }
  }
  const bool has_socket = socket == kSocket || dup2(socket, kSocket) == kSocket;
  const bool has_scratch = scratch < 0 || dup2(scratch, kScratch) == kScratch;
  const int first_other = scratch < 0 ? kSocket + 1 : kScratch + 1;
  return has_socket && has_scratch &&
         close_range(static_cast<unsigned>(first_other), ~0U, 0) == 0;
}

bool SilenceStandardStreams() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    return false;
  }
  const int last = kSanitized ? STDOUT_FILENO : STDERR_FILENO;
  bool fine = true;
  for (int stream = STDIN_FILENO; stream <= last; ++stream) {
    fine = (null == stream || dup2(null, stream) == stream) && fine;
  }
  if (null > STDERR_FILENO) {
    close(null);
  }
  return fine;
}

void ResetSignals() {
  for (int number = 1; number < NSIG && !kSanitized; ++number) {
    (void)signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void FollowParent(int parent) {
  // Why the second look: the parent may have ended before the first call.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
    _exit(1);
  }
}

MemoryUse OwnMemory() {
  MemoryUse use;
  std::FILE* status = std::fopen("/proc/self/status", "re");
  if (status == nullptr) {
    return use;
  }
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), status) != nullptr) {
    const auto bytes = [&line] {
      return std::strtoull(line.data() + 7, nullptr, 10) * 1024;
    };
    if (std::strncmp(line.data(), "VmData:", 7) == 0) {
      use.private_bytes = bytes();
    } else if (std::strncmp(line.data(), "VmSize:", 7) == 0) {
      use.address_bytes = bytes();
    }
  }
  std::fclose(status);
  return use;
}

void LockDownSpawner() {
  (void)Limit(RLIMIT_CORE, 0, 0);
  (void)DropCapabilities();
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ForgetExecutableReads();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    (void)DenyAllByLandlock();
    DenySystemCallsOfSpawner();
  }
}

Layers LockDownWorker(const PoolOptions& options, const MemoryUse& born_with) {
  Layers layers;
  layers.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                             prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  layers.no_capabilities = DropCapabilities();
  layers.not_traceable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                         prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
  layers.resource_limits = LimitResources(options);
  layers.memory_limit = !kSanitized && LimitMemory(options, born_with);
  layers.landlock_abi = DenyAllByLandlock();
  layers.file_system_denied =
      layers.landlock_abi >= 1 && OpeningRootIsRefused();
  layers.network_denied = layers.landlock_abi >= 4;
  layers.signals_denied = layers.landlock_abi >= 6;
  layers.system_calls_denied =
      DenySystemCallsOfWorker(options.scratch_bytes != 0);
  return layers;
}

}  // namespace countersign::sandbox
