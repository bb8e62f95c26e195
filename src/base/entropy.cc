#include "base/entropy.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace countersign::base {

double EntropyBits(Bytes bytes) {
  std::array<uint64_t, 256> counts{};
  for (const uint8_t byte : bytes) {
    ++counts[byte];
  }
  double entropy = 0;
  for (const uint64_t count : counts) {
    if (count != 0) {
      const double share =
          static_cast<double>(count) / static_cast<double>(bytes.size());
      entropy -= share * std::log2(share);
    }
  }
  return entropy;
}

}  // namespace countersign::base
