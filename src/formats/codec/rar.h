// Decompression of members of RAR archives. Private to the formats.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct RarContent {
  base::Input packed;
  std::optional<uint64_t> size;  // of what comes out, if it is known
  uint64_t dictionary = 0;       // bytes; a match reaches back so far
  bool is_solid = false;         // goes on where the member before ended
};

// Limit: bytes of a dictionary. RAR makes 32 MiB unless told otherwise.
inline constexpr uint64_t kMostRarDictionary = uint64_t{256} << 20;

// Keeps what solid members share. Each writes what comes out to `output`, and
// fails with its error; with kTruncated when the data end first, kMalformed
// when they are none, kUnsupported for what is not read of the method, and
// kLimit for a dictionary that is too large. What came out before was written.
class RarDecoder {
 public:
  virtual ~RarDecoder() = default;
  virtual base::Result<void> Decompress(const RarContent& content,
                                        ByteSink& output) = 0;
  // After kUnsupported: what it is that is not read, as a clause, or "".
  [[nodiscard]] virtual std::string Unread() const { return {}; }
};

// The method of RAR 5 and 6, filters included.
[[nodiscard]] std::unique_ptr<RarDecoder> NewRar5Decoder();
// Both methods of RAR 2.9 to 4, LZ and PPMd, filters included.
[[nodiscard]] std::unique_ptr<RarDecoder> NewRar3Decoder();

}  // namespace countersign::formats
