// Which exit code a run ends with. The table is in the manual; the order and
// its reason are here.
//
//   1  some input is at or above --fail-on
//   2  no such input, but one could not be read
//   3  neither, but one was not inspected completely
//   0  none of these
//
// Why 1 before 2 before 3: who supplies the files can always add one that is
// unreadable or too large to finish. If that could turn a 1 into a 2, a script
// that blocks on 1 and retries on 2 would let a blocked file pass.
//
// An input held for nothing but its incompleteness counts as 3 and not as 1,
// so that "look closer, or raise a limit" can be told from "something speaks
// against it".
#pragma once

#include <cstdint>

#include "model/report.h"

namespace countersign::app {

enum class FailOn : uint8_t { kAllow, kHold, kBlock, kNever };

[[nodiscard]] bool IsAtOrAbove(model::Decision verdict, FailOn fail_on);

// True when `report` is held, was not completed, and no finding that carries
// the verdict (is one of its reasons) says anything but that.
[[nodiscard]] bool IsHeldAsIncompleteOnly(const model::Report& report);

class ExitTally {
 public:
  explicit ExitTally(FailOn fail_on) : fail_on_(fail_on) {}

  void Add(const model::Report& report);
  void AddUnreadable() { unreadable_ = true; }

  [[nodiscard]] int Code() const;

 private:
  FailOn fail_on_;
  bool found_ = false;
  bool unreadable_ = false;
  bool incomplete_ = false;
};

}  // namespace countersign::app
