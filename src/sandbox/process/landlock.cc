#include "sandbox/process/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace countersign::sandbox {
namespace {

// Why: an own declaration, because the headers of the build machine may be
// older than the kernel it runs on. The kernel takes shorter versions.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

// What each ABI version handles; every bit handled and not granted by a rule
// is denied, and we add no rule.
// Spec: include/uapi/linux/landlock.h of Linux 6.18. ABI 7 and 8 add logging
// and threads, no access rights.
struct Row {
  int abi;
  unsigned fs_bits;     // low bits of handled_access_fs
  unsigned net_bits;    // of handled_access_net: TCP bind, connect
  unsigned scope_bits;  // of scoped: abstract unix sockets, signals
  size_t size_bytes;    // of RulesetAttributes
};
constexpr std::array<Row, 6> kRows = {{
    {1, 13, 0, 0, 8},   // Linux 5.13
    {2, 14, 0, 0, 8},   // 5.19: rename across directories
    {3, 15, 0, 0, 8},   // 6.2: truncate
    {4, 15, 2, 0, 16},  // 6.7: TCP
    {5, 16, 2, 0, 16},  // 6.10: ioctl on devices
    {6, 16, 2, 2, 24},  // 6.12: scopes
}};
static_assert(sizeof(RulesetAttributes) == 24);

constexpr uint64_t LowBits(unsigned count) {
  return (uint64_t{1} << count) - 1;
}

// LANDLOCK_CREATE_RULESET_VERSION.
constexpr unsigned kAskVersion = 1;

}  // namespace

int DenyAllByLandlock() {
  const auto abi = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion));
  if (abi < 1) {
    return 0;
  }
  const Row& row =
      kRows[std::min<size_t>(static_cast<size_t>(abi), kRows.size()) - 1];
  const RulesetAttributes attributes{
      LowBits(row.fs_bits), LowBits(row.net_bits), LowBits(row.scope_bits)};
  const auto ruleset = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &attributes, row.size_bytes, 0));
  if (ruleset < 0) {
    return 0;
  }
  const bool in_force = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return in_force ? abi : 0;
}

}  // namespace countersign::sandbox
