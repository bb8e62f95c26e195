// File entries, and where the content of a file lies. Private to udf/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "formats/udf/partition.h"

namespace countersign::formats {

enum class UdfFileType : uint8_t {
  kUnspecified = 0,
  kDirectory = 4,
  kRegular = 5,
  kBlockDevice = 6,
  kCharacterDevice = 7,
  kFifo = 9,
  kSocket = 10,
  kSymbolicLink = 12,
  kStreamDirectory = 13,
  kRealTime = 249,
  kMetadata = 250,
  kMetadataMirror = 251,
  kMetadataBitmap = 252,
};

struct UdfFileEntry {
  base::ByteRange stored;  // the entry itself
  UdfFileType type = UdfFileType::kUnspecified;
  uint64_t size = 0;             // Information Length
  std::vector<UdfPiece> pieces;  // `size` bytes, or less if there is damage
  std::optional<base::Error> damage;  // why content is missing
  UdfAddress streams;                 // of the stream directory
  bool has_attributes_elsewhere = false;
  bool is_embedded = false;              // the content is in the entry
  std::vector<base::ByteRange> claimed;  // of the structures
};

// The entry at `address`, which stands at `evidence`. Fails when there is none
// that can be read, or when the budget is spent.
[[nodiscard]] base::Result<UdfFileEntry> ReadUdfEntry(
    const UdfContext& context, const UdfPartitions& partitions,
    const UdfAddress& address, uint64_t evidence);

// An address of 16 bytes as descriptors hold it.
[[nodiscard]] UdfAddress ReadUdfAddress(base::Reader& reader,
                                        const char* field);

// The content of `entry`: as it lies in the image, or put together into
// `buffer`. Fails when it is incomplete or has more than `most_bytes`.
[[nodiscard]] base::Result<base::Input> UdfContent(
    const UdfContext& context, const UdfFileEntry& entry, uint64_t most_bytes,
    std::vector<uint8_t>& buffer);

}  // namespace countersign::formats
