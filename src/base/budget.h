// What one input may cost. Every loop that input drives charges it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace countersign::base {

// Upper bounds for one input. Zero allows nothing.
struct Limits {
  // Limit: 2,000,000 elements. The largest real Authenticode structure we
  // have seen (a 190 kB trust list) holds 26,000.
  uint64_t steps = 2'000'000;
  // Limit: nested signatures inside nested signatures. Windows writes one
  // level; four leaves room for what re-signers do.
  uint64_t depth = 4;
  // Limit: signatures of one file. Real files have up to 3.
  uint64_t signatures = 64;
  // Limit: public-key operations, which cost 20-900 us each.
  uint64_t public_key_operations = 2'000;
};

// Counts down. Once a counter is spent it stays spent, and the first limit
// that was reached is remembered, so that nobody can forget to report it.
class Budget {
 public:
  explicit Budget(const Limits& limits = {}) : left_(limits) {}

  // Pays `count` steps, or fails with kLimit at `offset`.
  Result<void> ChargeSteps(uint64_t count, uint64_t offset) {
    return Charge(left_.steps, count, offset, "steps");
  }
  Result<void> ChargeSignature(uint64_t offset) {
    return Charge(left_.signatures, 1, offset, "signatures");
  }
  Result<void> ChargePublicKeyOperation(uint64_t offset) {
    return Charge(left_.public_key_operations, 1, offset,
                  "public-key operations");
  }

  // Records that a limit kept elsewhere was reached.
  void NoteReached(uint64_t offset, const char* what) {
    if (!reached_) {
      reached_ = Error{Fault::kLimit, offset, what};
    }
  }

  [[nodiscard]] const Limits& Left() const { return left_; }
  // The first limit that was reached, if any was.
  [[nodiscard]] const std::optional<Error>& Reached() const { return reached_; }

 private:
  Result<void> Charge(uint64_t& left, uint64_t count, uint64_t offset,
                      const char* what) {
    if (count > left) {
      left = 0;
      NoteReached(offset, what);
      return Fail(Fault::kLimit, offset, what);
    }
    left -= count;
    return {};
  }

  Limits left_;
  std::optional<Error> reached_;
};

}  // namespace countersign::base
