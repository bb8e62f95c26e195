// MSZIP: deflate in blocks that share a history. Private to the formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// The blocks of one folder, in order.
class MszipDecoder {
 public:
  MszipDecoder();
  MszipDecoder(const MszipDecoder&) = delete;
  MszipDecoder& operator=(const MszipDecoder&) = delete;
  ~MszipDecoder();

  // Writes the `size` bytes of the next block to `output`; yields how many
  // bytes of `packed` (65,535 at most) it took. `size` is 32 KiB at most. Fails
  // with where `packed` is damaged, after what came out before was written, or
  // with the error of `output`; nothing may be decoded after that.
  [[nodiscard]] base::Result<uint64_t> Next(base::Input packed, size_t size,
                                            ByteSink& output);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::formats
