// What unpacking one input may cost.
#pragma once

#include <chrono>
#include <cstdint>

namespace countersign::vet {

// Whatever lies behind a limit was not inspected, which the report says.
struct UnpackLimits {
  // Containers inside containers; the input is at depth 0.
  uint64_t depth = 12;
  // Members of all containers together, directories included.
  uint64_t members = 100'000;
  // Bytes that come out of all containers together.
  uint64_t output_bytes = uint64_t{4} << 30;
  uint64_t member_bytes = uint64_t{1} << 30;
  // Bytes out for each byte in, of a member and of the whole, once
  // `ratio_from_bytes` came out.
  uint64_t ratio = 200;
  uint64_t ratio_from_bytes = uint64_t{64} << 20;
  // Processor time for what one container holds.
  std::chrono::milliseconds layer_time{60'000};
  // Time on the clock for the whole input. A tenth of it is kept for what is
  // to be said of what was found until then.
  std::chrono::milliseconds total_time{300'000};
};

}  // namespace countersign::vet
