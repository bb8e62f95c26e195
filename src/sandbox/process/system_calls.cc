// The worker's filter has a default of "kill the process" and a list of what
// remains; where a call is harmless only for some arguments, the arguments are
// part of the rule. A filter sees registers, never memory, hence:
//
// - Answers leave by sendto, not sendmsg: its address and flags are registers,
//   and it cannot pass descriptors.
// - fstat(3) of glibc is newfstatat(descriptor, "", ...), which with another
//   path would reveal size and times of any file (Landlock does not cover
//   stat). So newfstatat raises SIGSYS, and the handler makes the plain fstat
//   of it for the empty path.
// - malloc, when memory runs out, asks for the number of processors and for a
//   setting of the kernel; the handler tells it that they cannot be had, which
//   it takes well. Every other stopped call is fatal after all.
#include "sandbox/process/system_calls.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "sandbox/process/lockdown.h"

namespace countersign::sandbox {
namespace {

constexpr uint64_t kWord = 0xffffffff;  // an int argument: the upper half of
                                        // its register means nothing

using When = std::initializer_list<scmp_arg_cmp>;

constexpr scmp_arg_cmp Equals(unsigned argument, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, kWord, value & kWord};
}

// True of an argument that has no bits beyond `allowed`, and all of `required`.
constexpr scmp_arg_cmp Only(unsigned argument, uint64_t allowed,
                            uint64_t required = 0) {
  return {argument, SCMP_CMP_MASKED_EQ, ~allowed | required, required};
}

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    // Why: threads exist only as background threads of sanitizers; the filter
    // must hold for all there are.
    fine_ = context_ != nullptr &&
            seccomp_attr_set(context_, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() {
    if (context_ != nullptr) {
      seccomp_release(context_);
    }
  }

  void Add(uint32_t action, int call, When when = {}) {
    fine_ = fine_ && seccomp_rule_add_array(context_, action, call,
                                            static_cast<unsigned>(when.size()),
                                            when.begin()) == 0;
  }
  void Allow(int call, When when = {}) { Add(SCMP_ACT_ALLOW, call, when); }

  [[nodiscard]] bool Load() { return fine_ && seccomp_load(context_) == 0; }

 private:
  scmp_filter_ctx context_;
  bool fine_ = false;
};

void AllowMemory(Filter& filter) {
  // Never executable; private, so that RLIMIT_DATA counts it; no bits that
  // escape that limit (MAP_GROWSDOWN) or reserve physical pages.
  filter.Allow(
      SCMP_SYS(mmap),
      {Only(2, PROT_READ | PROT_WRITE),
       Only(3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, MAP_PRIVATE)});
  // Why: malloc grows arenas left over from the caller's threads. Only to
  // writable: what is made read-only is no longer counted.
  filter.Allow(SCMP_SYS(mprotect),
               {{2, SCMP_CMP_EQ, PROT_READ | PROT_WRITE, 0}});
  filter.Allow(SCMP_SYS(munmap));
  filter.Allow(SCMP_SYS(mremap));
  filter.Allow(SCMP_SYS(brk));
  // Normal, random, sequential, will-need, don't-need; later ones include
  // MADV_HWPOISON.
  filter.Allow(SCMP_SYS(madvise), {{2, SCMP_CMP_LE, MADV_DONTNEED, 0}});
}

void AllowFiles(Filter& filter, bool has_scratch) {
  filter.Allow(SCMP_SYS(recvmsg), {Equals(0, kSocket)});
  filter.Allow(SCMP_SYS(sendto), {Equals(0, kSocket), Equals(3, MSG_NOSIGNAL),
                                  Only(4, 0), Only(5, 0)});
  filter.Allow(SCMP_SYS(pread64));
  if (has_scratch) {
    filter.Allow(SCMP_SYS(pwrite64), {Equals(0, kScratch)});
    filter.Allow(SCMP_SYS(ftruncate), {Equals(0, kScratch)});
  }
  filter.Allow(SCMP_SYS(close));
  filter.Allow(SCMP_SYS(fstat));
  filter.Add(SCMP_ACT_TRAP, SCMP_SYS(newfstatat));
  filter.Add(SCMP_ACT_TRAP, SCMP_SYS(openat));
  filter.Add(SCMP_ACT_TRAP, SCMP_SYS(sched_getaffinity));
  // Last words of abort() and of failed checks; it is /dev/null.
  filter.Allow(SCMP_SYS(write), {Equals(0, STDERR_FILENO)});
  filter.Allow(SCMP_SYS(writev), {Equals(0, STDERR_FILENO)});
}

void AllowProcess(Filter& filter) {
  // Why: pthread_once wakes waiters without asking whether there are any.
  filter.Allow(SCMP_SYS(futex));
  // Why: a virtual machine without a steady counter has no fast path.
  filter.Allow(SCMP_SYS(clock_gettime));
  filter.Allow(SCMP_SYS(getrandom));
  filter.Allow(SCMP_SYS(exit_group));
  filter.Allow(SCMP_SYS(rt_sigreturn));
  // What abort() needs.
  filter.Allow(SCMP_SYS(rt_sigprocmask));
  filter.Allow(SCMP_SYS(getpid));
  filter.Allow(SCMP_SYS(gettid));
  filter.Allow(SCMP_SYS(tgkill), {Equals(0, static_cast<uint64_t>(getpid()))});
}

// THE place where sanitizer builds are weaker than release builds: shadow
// memory, background threads, reports. What would only lose a report is
// refused instead of punished.
void AllowSanitizers(Filter& filter) {
  filter.Allow(SCMP_SYS(mmap), {Only(2, PROT_READ | PROT_WRITE)});
  filter.Allow(SCMP_SYS(mprotect), {Only(2, PROT_READ | PROT_WRITE)});
  for (const int call :
       {SCMP_SYS(madvise), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction),
        SCMP_SYS(sched_yield), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
        SCMP_SYS(exit), SCMP_SYS(restart_syscall), SCMP_SYS(getrusage),
        SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(gettimeofday),
        // UBSan asks whether memory is readable by writing it to a pipe.
        SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(write)}) {
    filter.Allow(call);
  }
  for (const int call :
       {SCMP_SYS(open), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
        SCMP_SYS(access), SCMP_SYS(stat), SCMP_SYS(prctl), SCMP_SYS(ioctl),
        SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(setrlimit)}) {
    filter.Add(SCMP_ACT_ERRNO(EACCES), call);
  }
}

volatile sig_atomic_t stat_calls_caught = 0;

struct StoppedCall {
  int64_t number;
  std::array<uint64_t, 4> arguments;
};

// Ends the process as the filter does, by a call that is on no list.
int64_t Die() { return kSanitized ? -EACCES : syscall(SYS_kill, 0, SIGSYS); }

// What the stopped call yields: zero or a negative errno.
int64_t Emulate(const StoppedCall& call) {
  if (call.number == SYS_sched_getaffinity) {
    return -EPERM;
  }
  const auto& [descriptor, path, buffer, flags] = call.arguments;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds the pointer.
  const char* name = reinterpret_cast<const char*>(path);
  if (call.number == SYS_newfstatat && name[0] == '\0' &&
      (flags & AT_EMPTY_PATH) != 0) {
    stat_calls_caught = 1;
    return syscall(SYS_fstat, descriptor, buffer) == 0 ? 0 : -errno;
  }
  if (call.number == SYS_openat &&
      std::strcmp(name, "/proc/sys/vm/overcommit_memory") == 0) {
    return -EACCES;
  }
  return Die();
}

void OnStoppedCall(int /*signal*/, siginfo_t* info, void* context) {
  const int saved = errno;
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  auto& all = registers.gregs;
  const auto argument = [&](int name) {
    return static_cast<uint64_t>(all[name]);
  };
  all[REG_RAX] = Emulate({info->si_syscall,
                          {argument(REG_RDI), argument(REG_RSI),
                           argument(REG_RDX), argument(REG_R10)}});
#elif defined(__aarch64__)
  auto& all = registers.regs;
  all[0] = static_cast<uint64_t>(
      Emulate({info->si_syscall, {all[0], all[1], all[2], all[3]}}));
#else
#error "Say here where this processor keeps the arguments of a system call."
#endif
  errno = saved;
}

bool CatchStoppedCalls() {
  struct sigaction action{};
  action.sa_sigaction = OnStoppedCall;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGSYS, &action, nullptr) == 0;
}

}  // namespace

bool DenySystemCallsOfWorker(bool has_scratch) {
  Filter filter(SCMP_ACT_KILL_PROCESS);
  AllowMemory(filter);
  AllowFiles(filter, has_scratch);
  AllowProcess(filter);
  if (kSanitized) {
    AllowSanitizers(filter);
  }
  if (!CatchStoppedCalls() || !filter.Load()) {
    return false;
  }
  // Proof: this one call must come back through our handler.
  struct stat status{};
  return syscall(SYS_newfstatat, kSocket, "", &status, AT_EMPTY_PATH) == 0 &&
         stat_calls_caught != 0;
}

void DenySystemCallsOfSpawner() {
  Filter filter(SCMP_ACT_ALLOW);
  for (const int call :
       {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
        SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
        SCMP_SYS(bpf), SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns),
        SCMP_SYS(io_uring_setup), SCMP_SYS(userfaultfd)}) {
    filter.Add(SCMP_ACT_KILL_PROCESS, call);
  }
  (void)filter.Load();
}

}  // namespace countersign::sandbox
