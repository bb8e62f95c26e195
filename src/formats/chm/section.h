// The compressed section of a storage. Private to chm/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Where the files lie that say how the section is compressed.
struct ChmSectionFiles {
  base::ByteRange content;
  base::ByteRange control;
  base::ByteRange resets;
};

// Stretches of one size that are decompressed each by itself.
class ChmSection {
 public:
  // Fails with what is wrong with the files, or not supported of them.
  static base::Result<ChmSection> Open(base::Bytes file,
                                       const ChmSectionFiles& files);

  // Writes `size` bytes from `offset` of the section to `output`. Fails with
  // its error, that of `budget`, or the damage of a stretch.
  base::Result<void> Write(uint64_t offset, uint64_t size, base::Budget& budget,
                           ByteSink& output);

  [[nodiscard]] uint64_t Size() const { return size_; }
  // Bytes of the content that are behind the last stretch.
  [[nodiscard]] base::ByteRange Behind() const { return behind_; }

 private:
  base::Result<void> Decompress(uint64_t number, base::Budget& budget);

  base::Bytes file_;
  base::ByteRange content_;
  base::ByteRange behind_;
  uint64_t size_ = 0;  // of what comes out
  uint64_t stretch_ = 0;
  unsigned window_bits_ = 0;
  std::vector<uint64_t> starts_;  // of the stretches, in `content_`
  uint64_t packed_ = 0;           // bytes of `content_` that are of use
  std::optional<uint64_t> at_hand_;
  std::optional<base::Error> damage_;  // of the stretch at hand
  std::vector<uint8_t> bytes_;
};

}  // namespace countersign::formats
