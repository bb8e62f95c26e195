// What is left of the limits of one input. Once something was refused, the
// limit's name stays, so that nobody can forget to report it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "vet/unpack_limits.h"

namespace countersign::vet {

class Allowance {
 public:
  using Clock = std::chrono::steady_clock;

  // Time runs from `begin` on.
  Allowance(const UnpackLimits& limits, uint64_t input_bytes,
            Clock::time_point begin = Clock::now())
      : limits_(limits), input_bytes_(input_bytes), begin_(begin) {}

  // Each fails with kLimit at `offset`, and the limit's name as the field.
  base::Result<void> TakeMember(uint64_t offset);
  // For the path of a member, its containers' included.
  base::Result<void> TakePath(uint64_t bytes, uint64_t offset);
  // For the next bytes of a member that has taken `stored_bytes` in its
  // container and given `given_bytes` before.
  base::Result<void> TakeOutput(uint64_t bytes, uint64_t given_bytes,
                                uint64_t stored_bytes, uint64_t offset);
  base::Result<void> CheckTime(uint64_t offset);

  // Begins what one container holds.
  void BeginLayer();

  // Whether all that was done so far could be done once more in time.
  [[nodiscard]] bool HasTimeToRepeat() const;

  // True when nothing more may be taken out of any container.
  [[nodiscard]] bool IsSpent() const { return spent_ != nullptr; }
  // The limit because of which, or null.
  [[nodiscard]] const char* Spent() const { return spent_; }
  // The value of the limit of that name; 0 for one that is not from here.
  [[nodiscard]] uint64_t ValueOf(std::string_view name) const;

 private:
  base::Result<void> Refuse(const char* name, uint64_t offset, bool for_good);

  const UnpackLimits& limits_;
  uint64_t input_bytes_;
  uint64_t members_ = 0;
  uint64_t path_bytes_ = 0;
  uint64_t output_bytes_ = 0;
  Clock::time_point begin_;
  int64_t layer_begin_ns_ = 0;
  const char* spent_ = nullptr;  // static storage
};

}  // namespace countersign::vet
