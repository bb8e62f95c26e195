// The filters that compressors put in front of themselves: they turn relative
// jumps of a processor into absolute ones, or bytes into differences. Private
// to the formats.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class BranchFilter : uint8_t {
  kDelta,
  kX86,
  kPowerPc,
  kIa64,
  kArm,
  kArmThumb,
  kSparc,
  kArm64,
};

// Takes filtered bytes and passes on what they were before.
class BranchFilterSink : public ByteSink {
 public:
  // `properties` as in 7z and xz: none or the u32 of the first address; for
  // kDelta one byte, the distance less 1. `offset` is where the filter is
  // described, for errors. `next` must outlive it.
  BranchFilterSink(BranchFilter filter, base::Bytes properties, uint64_t offset,
                   ByteSink& next);
  ~BranchFilterSink() override;

  // Fails with kMalformed when the properties are wrong, kLimit when memory
  // ends, or with the error of `next`.
  base::Result<void> Write(base::Bytes bytes) override;
  // Passes on what is still held back; to be called once, at the end.
  base::Result<void> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::formats
